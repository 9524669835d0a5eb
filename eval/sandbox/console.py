"""A terminal for somebody who may type anything: each turn has an end, and none is an error."""

import os
import re
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from select import select
from typing import Literal

from msgspec import Struct

from .terminal import COLUMNS, MAX_LINE, MAX_SCREEN, PROMPT, ROWS, readable, stable
from .walls.isolation import end

State = Literal["prompt", "continues", "running", "ended", "flooded"]

_PATIENCE = 1.0
"""Seconds for a line that is followed by others; those are then typed ahead, as people do."""
_SETTLING = 0.15
_TAIL = 1 << 13
_PIECE = re.compile(r"[^\n]*\n|[^\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Seen(Struct, frozen=True, kw_only=True):
    """What a turn showed, beginning with the prompt that it was typed at, and how it stands."""

    screen: str
    """Text alone: neither escape sequences nor control characters but tab and end of line."""
    state: State
    """`prompt`: the shell waits; `continues`: it waits for the rest of a command; `running`: a
    program runs or waits for keys; `ended`: the shell is gone; `flooded`: it was stopped because it
    printed more than a mebibyte."""
    status: int | None
    """Exit status of the last command, or of a shell that ended (negative: a signal)."""
    folder: str | None
    """Where the shell stands, as its prompt says."""


class Console:
    """A bash that *start* starts on the terminal whose descriptor it is given."""

    def __init__(
        self, start: Callable[[int], subprocess.Popen[bytes]], shown: Callable[[str], str]
    ) -> None:
        self._shown = shown
        self.first: Seen | None = None
        """The first screen: the prompt alone."""
        self._head, self._printed, self._tail, self._lost = "", bytearray(), b"", 0
        self._state: State = "running"
        self._status: int | None = None
        self._folder: str | None = None
        self._shell: int | None = None
        self._ahead = False
        """Whether keys were typed that nobody may have read yet."""
        self._master, slave = os.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        modes = termios.tcgetattr(slave)
        modes[0] &= ~termios.IXON  # else Ctrl-S would stop the screen for good
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        self._modes = modes
        os.set_blocking(self._master, False)
        try:
            self._process = start(slave)
        finally:
            os.close(slave)

    def open(self, seconds: float) -> Seen:
        """Wait for the first prompt."""
        self._await(0, time.monotonic() + seconds)
        with suppress(OSError):
            self._shell = os.tcgetpgrp(self._master)
        return self._seen(self._state)

    def type(self, keys: str, seconds: float) -> Seen:
        """Type *keys* as they are, line by line, and wait until the prompt is back.

        That takes *seconds* at most. Lines that follow one which is not done in a second are typed
        ahead. Nothing that comes of it is raised.
        """
        until = time.monotonic() + seconds
        pieces = _PIECE.findall(keys)
        for number, piece in enumerate(pieces):
            if self._state in ("ended", "flooded"):
                break
            waits = self._state in ("prompt", "continues")
            if waits and not _CONTROL.search(piece):
                self._echo(piece, until)
                continue
            mark = len(self._printed)
            if waits and len(piece.encode("utf-8", "replace")) > MAX_LINE:
                self._printed += f"(longer than {MAX_LINE} bytes: not typed)".encode()
                piece = "\n"
            self._ahead = self._ahead or not waits
            self._write(piece, until)
            patience = 0.0 if self._ahead else _PATIENCE
            last = number == len(pieces) - 1
            self._await(mark, until if last else min(until, time.monotonic() + patience))
        if not pieces:
            self._await(len(self._printed), until)
        if self._state == "flooded":
            self._stop()
            return self._seen("ended" if self._is("ended") else "flooded")
        return self._seen(self._state)

    def interrupt(self) -> Seen:
        """Press Ctrl-C, kill what does not mind it, and return when the prompt is back.

        A shell that cannot be brought back to its prompt is ended.
        """
        if self._state not in ("prompt", "ended"):
            self._stop()
        return self._seen(self._state)

    def close(self) -> None:
        """End the shell and what belongs to its terminal."""
        end(self._process)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        if self._state != "ended":
            self._state, self._status = "ended", self._process.returncode

    def _stop(self) -> None:
        for seconds in (0.5, 1.0, 1.0):
            if self._state == "ended":
                return
            mark, self._ahead = len(self._printed), True
            self._write("\x03", time.monotonic() + seconds)
            self._await(mark, time.monotonic() + seconds, drain=True)
            if self._state in ("prompt", "ended"):
                return
            self._kill_foreground()
            self._await(mark, time.monotonic() + seconds, drain=True)
            if self._state in ("prompt", "ended"):
                return
        self.close()

    def _kill_foreground(self) -> None:
        with suppress(OSError):
            group = os.tcgetpgrp(self._master)
            if group > 1 and group != self._shell and self._shell is not None:
                os.killpg(group, signal.SIGKILL)
                termios.tcsetattr(self._master, termios.TCSANOW, self._modes)

    def _echo(self, text: str, until: float) -> None:
        """Type a part of a line at the prompt, where nothing but its echo is to come."""
        mark = len(self._printed)
        self._write(text, until)
        deadline = min(until, time.monotonic() + _PATIENCE)
        wanted = len(text.encode("utf-8", "replace"))
        while len(self._printed) - mark < wanted and time.monotonic() < deadline:
            if not self._read(deadline):
                break

    def _write(self, text: str, until: float) -> None:
        left = text.encode("utf-8", "replace")
        while left:
            _, ready, _ = select([], [self._master], [], max(0.0, until - time.monotonic()))
            if not ready:
                return  # nobody reads: the keys are lost, as they are on a full keyboard buffer
            try:
                left = left[os.write(self._master, left) :]
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                self._ended()
                return

    def _await(self, mark: int, until: float, *, drain: bool = False) -> None:
        """Read until a prompt stands at the end of what came after *mark*."""
        if self._state == "ended":
            return
        self._state = "running"
        while True:
            found = self._prompt(mark)
            if found and not (self._ahead and self._read(time.monotonic() + _SETTLING)):
                break
            if self._state == "running" and not found and not self._read(until):
                return
            if self._is("ended"):
                return
            if self._lost and not drain:
                self._state = "flooded"
                return
        if self._state == "running":
            self._state, self._ahead = "continues", False
            if found["status"] is not None:
                self._state, self._status = "prompt", int(found["status"])
                self._folder = found["folder"].decode("utf-8", "replace")

    def _prompt(self, mark: int) -> re.Match[bytes] | None:
        if self._lost:
            return PROMPT.search(self._tail)
        return PROMPT.search(self._printed[max(mark, len(self._printed) - _TAIL) :])

    def _read(self, until: float) -> bool:
        """Take what is printed next; tell whether there was anything before *until*."""
        ready, _, _ = select([self._master], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return False
        try:
            new = os.read(self._master, 1 << 16)
        except OSError:
            # Linux answers so when nobody holds the other side of the terminal any more.
            self._ended()
            return False
        room = MAX_SCREEN - len(self._printed)
        self._printed += new[:room]
        if len(new) > room:
            self._lost += len(new) - room
            self._tail = (self._tail + new[room:])[-_TAIL:]
        return True

    def _is(self, state: State) -> bool:
        """Tell the state anew: what was called in between may have changed it."""
        return self._state == state

    def _ended(self) -> None:
        if self._state != "ended":
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                end(self._process)
            self._state, self._status = "ended", self._process.returncode

    def _seen(self, state: State) -> Seen:
        text = readable(bytes(self._printed))
        if self._lost:
            text += f"\n[{self._lost} bytes more]\n{readable(self._tail)}"
        screen = self._head + self._shown(text)
        self._head = screen[screen.rfind("\n") + 1 :] if self._state != "running" else ""
        self._printed, self._tail, self._lost = bytearray(), b"", 0
        return Seen(
            screen=stable(screen),
            state=state,
            status=None if state == "running" else self._status,
            folder=self._folder,
        )
