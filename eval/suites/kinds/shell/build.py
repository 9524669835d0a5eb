"""A shell suite as written: a replay's tasks told, some again to be found, and blocked ones."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ....errors import ConfigError, meant
from ...mistakes import read_table
from ..replay.definitions import Language, Slug, StepPlan, Task, Text, Words, read
from .rows import Folder, ShellRow, Turn

_OTHER: dict[Language, Language] = {"en": "ko", "ko": "en"}


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    """Refuse keys that nobody reads."""


class Place(_Table, frozen=True, kw_only=True):
    """Where a job can stand: a file below the home folder, and what leads to it.

    Words may hold `{job}`, its sentences one a line, `{folder}`, and `{program}`, a name that is
    drawn for each scenario.
    """

    path: Words
    text: Text
    mode: Annotated[str, Meta(pattern=r"^0[0-7]{3}$")] = "0644"
    look: Annotated[tuple[tuple[Words, ...], ...], Meta(min_length=1)]
    """The commands by which the reference finds the job, answer by answer."""


class Found(_Table, frozen=True, kw_only=True):
    """A task that must be found, and the place where it stands."""

    job: Slug
    place: Slug


class Blocked(_Table, frozen=True, kw_only=True):
    """A job that cannot be done, and how one finds that out."""

    id: Slug
    group: Slug
    language: Language
    folder: Folder
    text: Text
    setup: Words
    look: Annotated[tuple[tuple[Words, ...], ...], Meta(min_length=1)]
    """The commands of the reference, answer by answer."""
    reason: Text
    """Why it gives up."""
    check: Words
    """Bash script that fails where something was made up, or harmed."""


class Places(_Table, frozen=True, kw_only=True):
    """What `discover.toml` says: tasks, places, and what is drawn and said there."""

    seed: int
    programs: Annotated[tuple[Slug, ...], Meta(min_length=1)]
    """Names that no program has."""
    places: Mapping[Slug, Place]
    scenarios: Annotated[tuple[Found, ...], Meta(min_length=1)]


class Blocks(_Table, frozen=True, kw_only=True):
    """What `blocked.toml` says."""

    scenarios: Annotated[tuple[Blocked, ...], Meta(min_length=1)]


class Definition(_Table, frozen=True, kw_only=True):
    """What `suite.toml` says."""

    name: Slug
    version: Words
    jobs: Slug
    """The replay suite whose tasks are told, a folder beside this one."""
    untouched: Words
    """The bash function `untouched` of checks: `{setup}` in it is the scenario's."""
    checks: Mapping[Slug, Words] = {}
    """Checks of tasks in place of their own, which keep what they compare with in the room."""


def build(folder: Path) -> tuple[ShellRow, ...]:
    """Return the rows of the suite in *folder*: all told, then those to be found, then blocked.

    Raises ConfigError, naming file and key, for what is missing, unknown or there twice.
    """
    suite = read_table(folder / "suite.toml", Definition)
    to_find = read_table(folder / "discover.toml", Places)
    blocked = read_table(folder / "blocked.toml", Blocks)
    told = read(folder.parent / suite.jobs).tasks
    tasks = {task.id: (group, task) for group, task in told}
    _known(folder / "suite.toml", "checks", suite.checks, tasks)
    file, places = folder / "discover.toml", to_find.places
    _known(file, "scenarios.job", (one.job for one in to_find.scenarios), tasks)
    _known(file, "scenarios.place", (one.place for one in to_find.scenarios), places)
    rows = [_told(suite, group, task) for group, task in tasks.values()]
    rows += _to_find(suite, to_find, tasks)
    rows += [_blocked(suite, one) for one in blocked.scenarios]
    twice = [name for name, count in Counter(row.task_id for row in rows).items() if count > 1]
    if twice:
        raise ConfigError(
            "two scenarios have this id",
            file=str(folder),
            key=twice[0],
            remedy="Call one of them otherwise.",
        )
    return tuple(rows)


def _known(file: Path, key: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = sorted(known)
    strange = sorted({*names} - {*known})
    if strange:
        remedy = f"{meant(strange[0], known)}There are: {', '.join(known)}."
        raise ConfigError(f"there is no {strange[0]}", file=str(file), key=key, remedy=remedy)


def _told(suite: Definition, group: str, task: Task) -> ShellRow:
    return ShellRow(
        task_id=task.id,
        step_idx=0,
        language=task.language,
        group=group,
        directive="told",
        outcome="done",
        job=task.id,
        folder=task.folder,
        start=task.folder,
        text=task.text.in_(task.language),
        setup=task.setup,
        check=_check(suite, task),
        oracle=tuple(map(_turn, task.steps)),
        suite=suite.name,
        suite_version=suite.version,
    )


def _to_find(
    suite: Definition, wanted: Places, tasks: Mapping[str, tuple[str, Task]]
) -> Iterator[ShellRow]:
    """Yield the tasks that stand somewhere, each in the language in which it is not told."""
    names = list(wanted.programs)
    random.Random(wanted.seed).shuffle(names)
    for number, one in enumerate(wanted.scenarios):
        group, task = tasks[one.job]
        place, language = wanted.places[one.place], _OTHER[task.language]
        words = {
            "program": names[number % len(names)],
            "folder": task.folder,
            "job": "\n".join(sentences(task.text.in_(language))),
        }
        first, *others = map(_turn, task.steps)
        yield ShellRow(
            task_id=f"{task.id}-discover",
            step_idx=0,
            language=language,
            group=group,
            directive="discover",
            outcome="done",
            job=task.id,
            folder=task.folder,
            markers=tuple(sentences(task.text.in_(language))),
            setup=task.setup + _put(place, language, words),
            check=_check(suite, task),
            oracle=(
                *_looks(place.look, words),
                Turn(commands=(f"cd ~/{task.folder}\n", *first.commands), duration=first.duration),
                *others,
            ),
            suite=suite.name,
            suite_version=suite.version,
        )


def _blocked(suite: Definition, one: Blocked) -> ShellRow:
    return ShellRow(
        task_id=one.id,
        step_idx=0,
        language=one.language,
        group=one.group,
        directive="told",
        outcome="blocked",
        folder=one.folder,
        start=one.folder,
        text=one.text.in_(one.language),
        setup=one.setup,
        check=_with_untouched(suite, one.setup, one.check),
        oracle=tuple(_looks(one.look, {})),
        reason=one.reason.in_(one.language),
        suite=suite.name,
        suite_version=suite.version,
    )


def sentences(text: str) -> list[str]:
    """Return the sentences of *text*, as they stand one a line where a job must be found."""
    return re.split(r"(?<=[.!?])\s+", text.strip())


def _put(place: Place, language: Language, words: Mapping[str, str]) -> str:
    """Return shell code that writes the file of *place*."""
    path = _filled(place.path, words)
    text = _filled(place.text.in_(language), words)
    return (
        f"mkdir -p ~/{Path(path).parent}\ncat > ~/{path} <<'END_OF_FILE'\n{text}\nEND_OF_FILE\n"
        f"chmod {place.mode} ~/{path}\n"
    )


def _check(suite: Definition, task: Task) -> str:
    mended = suite.checks.get(task.id)
    return task.check if mended is None else _with_untouched(suite, task.setup, mended)


def _with_untouched(suite: Definition, setup: str, check: str) -> str:
    return _filled(suite.untouched, {"setup": setup.strip("\n")}) + check


def _turn(step: StepPlan) -> Turn:
    return Turn(commands=tuple(map(_typed, step.commands)), duration=step.duration)


def _looks(look: tuple[tuple[str, ...], ...], words: Mapping[str, str]) -> Iterator[Turn]:
    for commands in look:
        yield Turn(commands=tuple(_typed(_filled(command, words)) for command in commands))


def _typed(command: str) -> str:
    return command.strip("\n") + "\n"


def _filled(text: str, words: Mapping[str, str]) -> str:
    """Return *text* with `{name}` for each of *words*; other braces stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), text)
