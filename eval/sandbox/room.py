"""The room in which a model types: a home, a shell in it, and a check afterwards from outside.

The home belongs to the room and not to the shell: a process of ours holds it, and the shell, with
all that it starts, lives behind walls of its own, which know nothing of the check. What checks the
home comes later, behind other walls, when every process of the shell is gone.
"""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from functools import cache, partial
from pathlib import Path
from typing import Literal, Self

from msgspec import Struct

from ..errors import CardboardError, UsageError
from .console import Console, Seen
from .sandbox import Isolation, Place, Sandbox, usable
from .terminal import settings
from .walls import groups, syscalls, watch
from .walls.groups import grouped
from .walls.isolation import FOLDER, HOME, SHARED, TEMPORARY, Limits, end, limited

_MOST_ROOMS = 64
"""So many rooms of one program may be open at once without starving one another of processes."""
_HELD = {HOME: "/tmp/home", TEMPORARY: "/tmp/temporary", SHARED: "/tmp/shared"}
_KEPT = f"{FOLDER}/home"
"""The home as the model left it, where a check has a copy of it."""
_STARTING = 60.0
_ENDING = 30.0
_MOST_SETUP = 1 << 16
_MOST_OUTPUT = 1 << 16


class RoomFailed(CardboardError):
    """A room does not do what it is for: the fault is not the model's."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What a check says."""

    state: Literal["passed", "failed", "broken"]
    """`broken`: the check could not be made, which says nothing about the model."""
    why: str
    output: str
    """What it printed, its first 65,536 bytes."""
    certain: bool = True
    """False where another try may say something else."""


class Evidence(Struct, frozen=True, kw_only=True):
    """What closed a room, for its result."""

    isolation: Isolation
    bubblewrap: str | None
    """Its version."""
    filter_sha256: str | None
    """Hash of the filter of system calls."""
    memory: Literal["systemd", "cgroup", "watchdog"] | None
    """What limits the memory of all processes together: the kernel, in a control group that systemd
    or this program made, or else a process that counts. It counts beside the kernel as well."""
    limits: Limits


class Room:
    """A context manager: `run_setup`, then `terminal`, then `check`.

    *folder* is where the shell starts, below its home; *profile* is what it reads after the setup.
    Raises UsageError where this machine cannot close a room, unless *isolation* says `plain`.
    """

    terminal: Console

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        folder: str = "work",
        profile: str = "",
        isolation: Isolation | None = None,
    ) -> None:
        self.limits, self.isolation = limits or Limits(), isolation or "bubblewrap"
        if self.isolation != "plain":
            require()
        self._groups = None if self.isolation == "plain" else groups.usable()
        self.evidence = _evidence(self.isolation, self.limits, self._groups or "watchdog")
        self._killed = 0
        self._folder, self._profile = folder, profile
        self._stack = ExitStack()
        self._holder: int | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        self._shell: Sandbox | None = None

    def __enter__(self) -> Self:
        try:
            if self.isolation != "plain":
                self._hold()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    @property
    def killed(self) -> int:
        """How many processes were killed because all together held too much memory."""
        if self._watch is not None and self._watch.stdout is not None:
            with suppress(BlockingIOError):
                for line in os.read(self._watch.stdout.fileno(), 1 << 16).splitlines():
                    self._killed += int(line)
        return self._killed

    def run_setup(self, script: str) -> Seen:
        """Run *script* as the shell's first deed, and return its first screen, the prompt alone.

        What it starts in the background stays; its text is nowhere in the room. Raises RoomFailed
        where it fails.
        """
        text = script.encode("utf-8")
        if len(text) > _MOST_SETUP:
            raise RoomFailed(f"a setup has at most {_MOST_SETUP} bytes, and this {len(text)}")
        read, write = os.pipe()
        try:
            with os.fdopen(write, "wb") as file:
                file.write(text)
            # The pipe is empty when the script was read, and closed before anybody types.
            opened = settings(
                self._folder,
                setup=f"<(cat <&{read})",
                profile=f"exec {read}<&-\nRANDOM=42\n{self._profile}\n",
            )
            self._shell = self._stack.enter_context(self._sandbox({"settings": opened}))
            self.terminal = Console(
                partial(self._start_shell, self._shell, read), self._shell.shown
            )
            self._stack.callback(self.terminal.close)
            first = self.terminal.open(_STARTING)
        finally:
            os.close(read)
        if first.state != "prompt":
            raise RoomFailed("the setup failed", remedy=first.screen)
        self.terminal.first = first
        return first

    def check(self, script: str, seconds: float = 30.0) -> Verdict:
        """End every process of the room, then see whether *script* agrees with what is left.

        It runs in a fresh process, in a copy of the home, where it may try what was written.
        `/job/processes` tells it what ran until now, a command line each. What does not end in
        *seconds* has a second chance, and so has what cannot be started.
        """
        running = self._running()
        self.terminal.close()
        if self._shell is not None:
            self._shell.end()
        return self._verdict(script, seconds, running)

    def peek(self, script: str, seconds: float = 30.0) -> Verdict:
        """Do what `check` does, but leave the processes of the room alone."""
        return self._verdict(script, seconds, self._running())

    def _running(self) -> str:
        return "".join(f"{line}\n" for line in self._shell.commands()) if self._shell else ""

    def _verdict(self, script: str, seconds: float, running: str) -> Verdict:
        if self._watch is not None and self._watch.poll() is not None:
            return Verdict(state="broken", why="nothing watches its memory any more", output="")
        files = {"check": script, "processes": running}
        verdict = self._judged(files, seconds)
        return verdict if verdict.certain else self._judged(files, seconds)

    def _judged(self, files: dict[str, str], seconds: float) -> Verdict:
        with tempfile.TemporaryFile() as output, ExitStack() as stack:
            room, path = self._around_check(files, stack)
            read, write = os.pipe()
            begun = stack.enter_context(os.fdopen(read, "rb"))
            # What the model made unreadable for itself is not copied, and not there for the check.
            begin = f"[ ! -d {_KEPT} ] || cp -a {_KEPT}/. ~ 2> /dev/null\n"
            begin += f'printf x >&{write}; exec {write}>&-; cd "$1" && exec "${{@:2}}"'
            bash = ["bash", "--noprofile", "--norc"]
            command = [*bash, "-c", begin, "bash", f"{room.home}/{self._folder}"]
            command += [*bash, "-eux", "-o", "pipefail", path]
            try:
                process = room.start(
                    command, stdin=subprocess.DEVNULL, stdout=output.fileno(), passed=[write]
                )
            finally:
                os.close(write)
            self._watched(room)
            try:
                status: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = None
            if room is self._shell:
                end(process)
            else:
                room.end()
            began = begun.read() == b"x"
            output.seek(0)
            text = room.shown(output.read(_MOST_OUTPUT).decode("utf-8", "replace"))
        if not began:
            return Verdict(state="broken", why="it did not start", output=text, certain=False)
        if status is None:
            why = f"it did not end in {seconds:g} s"
            return Verdict(state="failed", why=why, output=text, certain=False)
        why = f"it ended with status {status}" if status else ""
        return Verdict(state="failed" if status else "passed", why=why, output=text)

    def _around_check(self, files: dict[str, str], stack: ExitStack) -> tuple[Sandbox, str]:
        """Return the walls around a check, and where it is behind them."""
        if self._holder is None and self._shell is not None:
            # A plain room has one folder for all, which may be anything by now.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cardboard-")))
            folder.chmod(0o755)
            for name, content in files.items():
                (folder / name).write_text(content, encoding="utf-8")
            return self._shell, str(folder / "check")
        room = stack.enter_context(self._sandbox(files, checks=True))
        return room, f"{room.folder}/check"

    def _hold(self) -> None:
        """Start the process that holds the home, and the watch over the memory of the room."""
        argv = [*limited(self.limits, rooms=_MOST_ROOMS), "bwrap", "--unshare-user"]
        argv += ["--die-with-parent", "--uid", "1000", "--gid", "1000", "--dev-bind", "/", "/"]
        argv += ["--size", "1048576", "--tmpfs", "/tmp"]
        for folder in _HELD.values():
            argv += ["--size", str(self.limits.disk_bytes), "--tmpfs", folder]
        news, stands = watch.INFORMATION, watch.STANDING
        begin = f"printf x >&{stands}; exec {stands}>&- {news}>&-; exec sleep infinity"
        argv += ["--info-fd", str(news), "bash", "--noprofile", "--norc", "-c", begin]
        watching = [sys.executable, "-I", "-S", watch.__file__, str(self.limits.total_bytes)]
        self._watch = subprocess.Popen(
            [*watching, *_HELD.values(), "--", *argv],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            start_new_session=True,
        )
        self._stack.callback(_end_watch, self._watch)
        assert self._watch.stdout is not None
        self._holder = int(self._watch.stdout.readline() or b"0") or None
        if self._holder is None:
            raise RoomFailed("the room did not open")
        os.set_blocking(self._watch.stdout.fileno(), False)

    def _sandbox(self, files: dict[str, str], *, checks: bool = False) -> Sandbox:
        """Return walls around the home; inside of those that *check*, nobody can write to it."""
        if self._holder is None:
            return Sandbox(limits=self.limits, files=files, isolation="plain")
        target = ["--target", str(self._holder)]
        folders = []
        for path, held in _HELD.items():
            if checks:
                folders += ["--size", str(self.limits.disk_bytes), "--tmpfs", path]
            else:
                folders += ["--bind", held, path]
        if checks:
            folders += ["--ro-bind", _HELD[HOME], _KEPT]
        around: list[str] = []
        if self._groups is not None:
            most, processes = self.limits.total_bytes, self.limits.processes
            try:
                around = grouped(self._groups, most, processes, self._stack)
            except (OSError, LookupError) as error:
                raise RoomFailed(f"its memory cannot be limited: {error}") from error
        place = Place(
            around=tuple(around),
            folders=tuple(folders),
            enter=("nsenter", "--user", "--mount", "--preserve-credentials", *target, "--"),
            inside=("prlimit", f"--nproc={self.limits.processes}", "--"),
            rooms=_MOST_ROOMS,
            path="/usr/bin:/bin" if checks else None,
        )
        return Sandbox(limits=self.limits, files=files, isolation="bubblewrap", place=place)

    def _start_shell(self, shell: Sandbox, script: int, slave: int) -> subprocess.Popen[bytes]:
        bash = ["bash", "--noprofile", "--noediting", "--rcfile", f"{shell.folder}/settings", "-i"]
        process = shell.start(bash, stdin=slave, stdout=slave, terminal=True, passed=[script])
        self._watched(shell)
        return process

    def _watched(self, room: Sandbox) -> None:
        if self._watch is not None and self._watch.stdin is not None and room.first is not None:
            with suppress(BrokenPipeError):
                self._watch.stdin.write(b"%d\n" % room.first)


def _end_watch(process: subprocess.Popen[bytes]) -> None:
    """Let the watch end all of the room, and then itself."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(b"end\n")
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING)
        end(process)


def require() -> None:
    """Raise UsageError, with what mends it, where this machine cannot close a room."""
    if usable() == "bubblewrap" and os.uname().machine in syscalls.MACHINES:
        return
    raise UsageError(
        "no closed room can be made here, and a model must not type anywhere else",
        key="--isolation",
        remedy=remedy(),
    )


def remedy() -> str:
    """Return the commands that let bubblewrap make a room on machines which refuse it."""
    return (
        "Install it: sudo apt install bubblewrap util-linux\n"
        "On Ubuntu, whose AppArmor denies user namespaces: "
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n"
        "In a container without user namespaces, start it with: "
        "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
        "--cap-add SYS_ADMIN ...\n"
        "Or say --isolation plain: commands then reach this machine's files and network, and the "
        "result is not ranked."
    )


@cache
def _evidence(
    isolation: Isolation, limits: Limits, memory: Literal["systemd", "cgroup", "watchdog"]
) -> Evidence:
    if isolation == "plain":
        return Evidence(
            isolation=isolation, bubblewrap=None, filter_sha256=None, memory=None, limits=limits
        )
    said = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"[0-9][0-9.]*", said.stdout)
    return Evidence(
        isolation=isolation,
        bubblewrap=version[0] if version else None,
        filter_sha256=syscalls.sha256(),
        memory=memory,
        limits=limits,
    )
