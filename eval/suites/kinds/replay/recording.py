"""Play each task's reference in a sandbox and keep what the terminal really showed, as rows.

The same definition gives the same bytes. For that the room is fixed (user, host, folders, locale,
time zone, terminal size), and so are two things that a terminal shows and no task is about:

- file times run on a clock of their own, see `sandbox/terminal.py`;
- the process id that bash prints when it starts a job in the background is 2000 + the job number.

A task must not show the time of day, other process ids, inode numbers or unsorted folders. In a
plain room the machine's own user shows: record under bubblewrap what is to be published.
"""

import json
from collections.abc import Callable

from ....errors import CardboardError
from ....sandbox.sandbox import Isolation, Sandbox
from ....sandbox.terminal import Terminal, TerminalError, settings, stable
from ....sandbox.walls.isolation import Limits
from .answers import parse_answer
from .definitions import Definition, StepPlan, Task
from .rows import Command, Message, ReplayRow

MAX_SCREEN = 6000
"""Characters that the commands of one step may show."""


class RecordingError(CardboardError):
    """A task does not play as its definition says."""


def record(
    definition: Definition,
    *,
    isolation: Isolation | None = None,
    only: str | None = None,
    limits: Limits | None = None,
    progress: Callable[[str], None] = lambda task: None,
) -> tuple[ReplayRow, ...]:
    """Play every task of *definition*, or *only* one of them, and return the suite's rows.

    Raises RecordingError, naming task and step, when a command fails or succeeds against the
    definition, a screen is too long, the shell hangs, or the final check is not met.
    """
    rows: list[ReplayRow] = []
    for index, (group, task) in enumerate(definition.tasks):
        if only in (None, task.id):
            progress(task.id)
            screens = play(task, isolation=isolation, limits=limits or Limits())
            rows += rows_of(definition, group, index, task, screens)
    if not rows:
        raise RecordingError("there is no such task", key=only)
    return tuple(rows)


def play(task: Task, *, isolation: Isolation | None, limits: Limits) -> tuple[str, ...]:
    """Return what the terminal shows before the first step and after each of them."""
    opened = settings(task.folder, setup='"${BASH_SOURCE%/*}/setup"')
    files = {"settings": opened, "setup": task.setup, "check": task.check}
    place = "setup"
    with Sandbox(limits=limits, files=files, isolation=isolation) as sandbox:
        try:
            with Terminal(sandbox, "settings", seconds=limits.wall_seconds) as terminal:
                terminal.wait()
                screens = [terminal.read()]
                for number, step in enumerate(task.steps, start=1):
                    place = f"step {number}"
                    screens.append(_played(terminal, step))
                place = "check"
                _check(terminal, task.folder, f"{sandbox.folder}/check")
        except (TerminalError, RecordingError) as error:
            raise RecordingError(
                error.what, key=f"{task.id}, {place}", remedy=error.remedy
            ) from error
    return tuple(stable(screen).rstrip() for screen in screens)


def rows_of(
    definition: Definition, group: str, index: int, task: Task, screens: tuple[str, ...]
) -> list[ReplayRow]:
    """Return the rows of one task from its *screens*; *index* is its number in the suite."""
    text = task.text.in_(task.language)
    messages = [
        Message(role="system", content=definition.system.in_(task.language)),
        Message(role="user", content=f"{text}\n\n{_shown(screens[0])}"),
    ]
    rows = []
    for number, step in enumerate(task.steps):
        final = number == len(task.steps) - 1
        raw = answer(step, task_complete=final)
        read = parse_answer(raw)
        rows.append(
            ReplayRow(
                task_id=task.id,
                sample_idx=index,
                step_idx=number,
                total_steps=len(task.steps),
                is_final_step=final,
                source=definition.name,
                source_group=group,
                messages=tuple(messages),
                ref_raw=raw,
                ref_analysis=step.analysis,
                ref_plan=step.plan,
                ref_task_complete=final,
                ref_commands=commands(step),
                ref_command_units=read.command_units,
                ref_parse_ok=read.valid_json,
                suite=definition.name,
                suite_version=definition.version,
            )
        )
        messages.append(Message(role="assistant", content=raw))
        messages.append(Message(role="user", content=_shown(screens[number + 1])))
    return rows


def commands(step: StepPlan) -> tuple[Command, ...]:
    """Return what *step* types, each command with the key that ends it."""
    return tuple(
        Command(keystrokes=command.strip("\n") + "\n", duration=step.duration)
        for command in step.commands
    )


def answer(step: StepPlan, *, task_complete: bool) -> str:
    """Return the reference answer of *step* as the suite's system prompt asks for it."""
    return json.dumps(
        {
            "analysis": step.analysis,
            "plan": step.plan,
            "commands": [
                {"keystrokes": command.keystrokes, "duration": command.duration}
                for command in commands(step)
            ],
            "task_complete": task_complete,
        },
        ensure_ascii=False,
        indent=2,
    )


def _played(terminal: Terminal, step: StepPlan) -> str:
    failed = False
    for command in step.commands:
        for line in command.strip("\n").split("\n"):
            terminal.type(line)
        if terminal.unfinished:
            raise RecordingError("the shell waits for the rest of a command", remedy=command)
        failed = failed or terminal.status != 0
        if terminal.status != 0 and not step.fails:
            raise RecordingError(
                f"a command ended with status {terminal.status}", remedy=terminal.read()
            )
    screen = terminal.read()
    if step.fails and not failed:
        raise RecordingError("no command failed, and one should", remedy=screen)
    if len(screen) > MAX_SCREEN:
        raise RecordingError(f"shows {len(screen)} characters, more than {MAX_SCREEN}")
    return screen


def _check(terminal: Terminal, folder: str, script: str) -> None:
    terminal.type(f"cd ~/{folder} && bash -eux -o pipefail {script}")
    if terminal.status != 0:
        raise RecordingError("the final check is not met", remedy=terminal.read())


def _shown(screen: str) -> str:
    return f"<terminal>\n{screen}\n</terminal>"
