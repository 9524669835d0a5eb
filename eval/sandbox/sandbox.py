"""A closed room for shell commands: bubblewrap where it works, else a bare temporary folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Literal, Self

from msgspec import Struct

from ..errors import UsageError
from .walls.isolation import (
    FOLDER,
    HOME,
    TEMPORARY,
    USER,
    Limits,
    empty_folders,
    end,
    first_process,
    free_uid,
    limited,
    remove,
    running,
    sweep,
    told_pid,
    wait,
    walls,
)

Isolation = Literal["bubblewrap", "plain"]

PLAIN_WARNING = (
    "Bubblewrap is not in use: commands run in a plain temporary folder. Time, memory, processes "
    "and file sizes are limited, but commands reach the network and this machine's files."
)


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a script: its exit status (negative: the signal that ended it) and output."""

    status: int
    output: str
    timed_out: bool


class Place(Struct, frozen=True, kw_only=True):
    """Where a sandbox stands that is not by itself: around the home that somebody else holds."""

    around: tuple[str, ...]
    """The command that everything is started by."""
    folders: tuple[str, ...]
    """What bubblewrap mounts for home, temporary files and shared memory."""
    enter: tuple[str, ...]
    """The command that bubblewrap is started by."""
    inside: tuple[str, ...]
    """The command that bubblewrap starts others by."""
    rooms: int
    """How many of them share a user."""
    path: str | None
    """Where programs are looked for, where it is not the usual."""


class Sandbox:
    """One room; what is started in it finds its files in *folder* and may write to *home*.

    Under bubblewrap each start has an empty home, no network but its own loopback, its own process
    ids and a read-only system. A plain room keeps one home until it is closed.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        files: Mapping[str, str] | None = None,
        isolation: Isolation | None = None,
        place: Place | None = None,
    ) -> None:
        self.isolation: Isolation = isolation or usable()
        self.first: int | None = None
        """Number of the first process of what was started last (bubblewrap only)."""
        self._place = place
        self.limits, self._files = limits, dict(files or {})
        self._root: Path | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self._firsts: list[int | None] = []
        self.home, self.folder, self.temporary = HOME, FOLDER, TEMPORARY
        if self.isolation == "plain":
            self._furnish(Path(tempfile.mkdtemp(prefix="cardboard-")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def start(
        self,
        command: Sequence[str],
        *,
        stdin: int,
        stdout: int,
        terminal: bool = False,
        passed: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start *command*, its standard error going where its standard output goes.

        With *terminal*, *stdin* is a terminal and becomes the one that controls the command. The
        descriptors *passed* stay open in it.
        Raises UsageError where the system lacks the programs that set the limits.
        """
        place, rooms = self._place, self._place.rooms if self._place else 1
        argv = ["setsid", "--ctty"] if terminal else []
        argv += [*(place.around if place else ()), *limited(self.limits, rooms=rooms)]
        with ExitStack() as outer:
            with ExitStack() as inner:
                descriptors = [*passed]
                if self._root is None:
                    folders = place.folders if place else empty_folders(self.limits.disk_bytes)
                    inside, held = walls(self._files, folders, inner)
                    news, told = os.pipe()
                    reader = outer.enter_context(os.fdopen(news, "rb"))
                    inner.callback(os.close, told)
                    argv += [*(place.enter if place else ()), *inside, "--info-fd", str(told)]
                    argv += place.inside if place else ()
                    descriptors += [*held, told]
                process = self._spawn([*argv, *command], stdin, stdout, terminal, descriptors)
            self._started.append(process)
            if self._root is None:
                self.first = told_pid(reader.read())
                self._firsts.append(first_process(self.first))
        return process

    def commands(self) -> list[str]:
        """Return the command lines of what runs in this room, in order and each on one line."""
        return running(self.first, self._root)

    def end(self) -> None:
        """End every process of this room."""
        for process in self._started:
            end(process)
        for first in self._firsts:
            if first is not None:
                wait(first, 30)
        self._started.clear()
        self._firsts.clear()
        if self._root is not None:
            sweep(self._root)

    def close(self) -> None:
        """End every process of this room and remove its files."""
        self.end()
        if self._root is not None:
            remove(self._root)

    def _spawn(
        self,
        argv: Sequence[str],
        stdin: int,
        stdout: int,
        terminal: bool,
        descriptors: Sequence[int],
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                argv,
                stdin=stdin,
                stdout=stdout,
                stderr=stdout,
                cwd="/" if self._root is None else self.home,
                env=self._environment(),
                pass_fds=descriptors,
                start_new_session=not terminal,
            )
        except FileNotFoundError as error:
            raise UsageError(
                f"{error.filename} is not installed", remedy="Install the package util-linux."
            ) from error

    def shown(self, text: str) -> str:
        """Return *text* with the folders of a plain room named as bubblewrap would name them."""
        return text if self._root is None else text.replace(str(self._root), "")

    def _furnish(self, root: Path) -> None:
        self._root = root
        self.home, self.folder, self.temporary = (
            f"{root}{path}" for path in (HOME, FOLDER, TEMPORARY)
        )
        for folder in (self.home, self.folder, self.temporary):
            Path(folder).mkdir(parents=True)
        for name, content in self._files.items():
            Path(self.folder, name).write_text(content, encoding="utf-8")
        if os.geteuid() == 0:
            for path in (root, *root.rglob("*")):
                os.chown(path, free_uid(), free_uid())

    def _environment(self) -> dict[str, str]:
        environment = {
            "HOME": self.home,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "LOGNAME": USER,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SHELL": "/bin/bash",
            "TERM": "dumb",
            "TZ": "UTC",
            "USER": USER,
        }
        if self._place is not None and self._place.path is not None:
            environment["PATH"] = self._place.path
        return environment if self._root is None else environment | {"TMPDIR": self.temporary}


def run(
    script: str, *, limits: Limits | None = None, isolation: Isolation | None = None
) -> Outcome:
    """Run a bash *script* in a room of its own, and end whatever it leaves behind."""
    limits = limits or Limits()
    with tempfile.TemporaryFile() as output:
        with Sandbox(limits=limits, isolation=isolation) as sandbox:
            process = sandbox.start(
                ["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=output.fileno()
            )
            try:
                process.wait(limits.wall_seconds)
                timed_out = False
            except subprocess.TimeoutExpired:
                timed_out = True
        output.seek(0)
        text = sandbox.shown(output.read().decode("utf-8", "replace"))
    return Outcome(status=process.returncode, output=text, timed_out=timed_out)


@cache
def usable() -> Isolation:
    """Return `bubblewrap` where a command really starts under it, else `plain`."""
    if shutil.which("bwrap") is None or run("true", isolation="bubblewrap").status != 0:
        return "plain"
    return "bubblewrap"


def chosen(wish: str) -> Isolation:
    """Return what `auto`, `bubblewrap` or `plain` means on this machine.

    Raises UsageError where bubblewrap is asked for and not usable.
    """
    if wish == "bubblewrap" and usable() != "bubblewrap":
        raise UsageError(
            "bubblewrap is not usable here",
            key="--isolation",
            remedy="Install the package bubblewrap and allow user namespaces, or choose plain.",
        )
    return "plain" if wish == "plain" else usable()
