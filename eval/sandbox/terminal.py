"""A bash session on a terminal of its own: type a line, wait for the prompt, read the screen."""

import os
import re
import struct
import subprocess
import termios
import time
from fcntl import ioctl
from select import select
from typing import Self

from ..errors import CardboardError
from .isolation import end
from .sandbox import Sandbox

ROWS, COLUMNS = 40, 120
MAX_LINE = 4000
"""A terminal takes no more bytes of one line (4,096 with its end)."""
MAX_SCREEN = 1 << 20

SETTINGS = r"""set +H
unset HISTFILE
PS1='\0361\037$?\037\w\036' PS2='\0362\036'
"""
"""Shell code that makes the prompts which tell this module when the shell waits, and where."""

_PROMPT = re.compile(rb"\x1e(?:1\x1f(?P<status>\d+)\x1f(?P<folder>[^\x1e]*)|2)\x1e\Z")
_STYLING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_JOB_STARTED = re.compile(r"^\[(\d+)\] \d+$", re.MULTILINE)


class TerminalError(CardboardError):
    """The shell did not come back to its prompt."""


class Terminal:
    """An interactive bash in *sandbox*, started by the file *settings* of its folder.

    *seconds* is how long the shell may take to show the next prompt.
    """

    def __init__(self, sandbox: Sandbox, settings: str, *, seconds: float) -> None:
        self.status = 0
        self.unfinished = False
        self._sandbox, self._seconds = sandbox, seconds
        self._screen = ""
        self._master, slave = os.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        shell = ["bash", "--noprofile", "--noediting"]
        command = [*shell, "--rcfile", f"{sandbox.folder}/{settings}", "-i"]
        try:
            self._process: subprocess.Popen[bytes] = sandbox.start(
                command, stdin=slave, stdout=slave, terminal=True
            )
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        end(self._process)
        os.close(self._master)

    def wait(self) -> None:
        """Add what is printed until the next prompt, and that prompt, to the screen.

        Sets *unfinished* when the shell waits for the rest of a command, else *status* to the exit
        status of the last one. Raises TerminalError when the shell ends, prints without end or does
        not come back in time.
        """
        printed, end = b"", time.monotonic() + self._seconds
        while not (prompt := _PROMPT.search(printed)):
            ready, _, _ = select([self._master], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise self._failure(f"no prompt came back in {self._seconds:g} s", printed)
            printed += self._read(printed)
            if len(printed) > MAX_SCREEN:
                raise self._failure(f"more than {MAX_SCREEN} bytes were printed", b"")
        self._screen += self._readable(printed[: prompt.start()])
        self.unfinished = prompt["status"] is None
        if self.unfinished:
            self._screen += "> "
        else:
            self.status = int(prompt["status"])
            self._screen += f"dev@box:{prompt['folder'].decode('utf-8', 'replace')}$ "

    def type(self, line: str) -> None:
        """Type one *line* and wait for the next prompt."""
        typed = line.encode("utf-8")
        if len(typed) > MAX_LINE or "\n" in line:
            raise TerminalError(f"a line of {len(typed)} bytes cannot be typed", remedy="Split it.")
        os.write(self._master, typed + b"\n")
        self.wait()

    def read(self) -> str:
        """Return the screen, and begin a new one that shows the last prompt only."""
        screen = self._screen
        self._screen = screen[screen.rfind("\n") + 1 :]
        return screen

    def _read(self, printed: bytes) -> bytes:
        try:
            return os.read(self._master, 1 << 16)
        except OSError as error:
            # Linux answers so when nobody holds the other side of the terminal any more.
            raise self._failure("the shell ended", printed) from error

    def _failure(self, what: str, printed: bytes) -> TerminalError:
        return TerminalError(what, remedy=f"Its screen:\n{self._screen}{self._readable(printed)}")

    def _readable(self, printed: bytes) -> str:
        text = printed.decode("utf-8", "replace").replace("\r\n", "\n")
        text = "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))
        return self._sandbox.shown(_STYLING.sub("", text))


def stable(screen: str) -> str:
    """Return *screen* with the process ids that the shell prints for its jobs made 2001, 2002."""
    return _JOB_STARTED.sub(lambda found: f"[{found[1]}] {2000 + int(found[1])}", screen)
