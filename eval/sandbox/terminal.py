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
from .sandbox import Sandbox
from .walls.isolation import end

ROWS, COLUMNS = 40, 120
MAX_LINE = 4000
"""A terminal takes no more bytes of one line (4,096 with its end)."""
MAX_SCREEN = 1 << 20

SETTINGS = r"""set +H
unset HISTFILE
PS1='\0361\037$?\037\w\036' PS2='\0362\036'
"""
"""Shell code that makes the prompts which tell this module when the shell waits, and where."""

_CLOCK_START = 1748854800
# File times after this one are those of the machine's own clock.
_CLOCK_END = _CLOCK_START + 30 * 86400

_OPENED = """
export TIME_STYLE=long-iso PAGER=cat GIT_PAGER=cat GIT_EDITOR=true GIT_CONFIG_NOSYSTEM=1
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
__clock={start}
__tick() {{
  __clock=$((__clock + 60))
  export GIT_AUTHOR_DATE="@$__clock +0000" GIT_COMMITTER_DATE="@$__clock +0000"
  export SOURCE_DATE_EPOCH=$__clock
  find "$HOME" "${{TMPDIR:-/tmp}}" -newermt @{end} -exec touch -h -d "@$__clock" {{}} + 2>/dev/null
}}
umask 022
__tick
mkdir -p ~/{folder}
cd ~/{folder}
__said=$(bash -eu -o pipefail {setup} </dev/null 2>&1) || {{
  echo "$__said"
  exit
}}
unset __said
{profile}PROMPT_COMMAND=__tick
"""

_ANY_PROMPT = rb"\x1e(?:1\x1f(?P<status>\d+)\x1f(?P<folder>[^\x1e]*)|2)\x1e"
PROMPT = re.compile(_ANY_PROMPT + rb"\Z")
"""The prompt, where it is the last thing that was printed."""
_PROMPTS = re.compile(_ANY_PROMPT)
_STYLING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Commands of a terminal: a string for it (title, clipboard, link), a sequence, or two characters.
_ESCAPE = re.compile(
    r"\x1b[\]PX^_][^\n]*?(?:\x07|\x1b\\|(?=\n)|\Z)|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]|\x1b"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_JOB_STARTED = re.compile(r"^\[(\d+)\] \d+$", re.MULTILINE)


def settings(folder: str, *, setup: str, profile: str = "") -> str:
    """Return what a shell reads first: prompts, a clock, and the script *setup*, a word of bash.

    File times run on a clock of their own, one minute a prompt from 2025-06-02 09:00 UTC: what a
    command wrote carries the time of the next prompt, so that newer is newer and `make` works. Git
    takes the same clock for its commits, and `SOURCE_DATE_EPOCH` tells it to other tools.
    """
    return SETTINGS + _OPENED.format(
        start=_CLOCK_START, end=_CLOCK_END, folder=folder, setup=setup, profile=profile
    )


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
        while not (prompt := PROMPT.search(printed)):
            ready, _, _ = select([self._master], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise self._failure(f"no prompt came back in {self._seconds:g} s", printed)
            printed += self._read(printed)
            if len(printed) > MAX_SCREEN:
                raise self._failure(f"more than {MAX_SCREEN} bytes were printed", b"")
        self._screen += self._readable(printed[: prompt.start()])
        self.unfinished = prompt["status"] is None
        self._screen += shown_prompt(prompt).decode("utf-8", "replace")
        if not self.unfinished:
            self.status = int(prompt["status"])

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


def shown_prompt(prompt: re.Match[bytes]) -> bytes:
    """Return a prompt as a reader sees it."""
    return b"> " if prompt["status"] is None else b"dev@box:%b$ " % prompt["folder"]


def readable(printed: bytes) -> str:
    """Return what was *printed* as plain text, its prompts included, whatever it was to do.

    Nothing is left that would act on the terminal, the page or the log that shows it.
    """
    text = _PROMPTS.sub(shown_prompt, printed).decode("utf-8", "replace").replace("\r\n", "\n")
    text = _ESCAPE.sub("", text)
    text = "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))
    return _CONTROLS.sub("", text)


def stable(screen: str) -> str:
    """Return *screen* with the process ids that the shell prints for its jobs made 2001, 2002."""
    return _JOB_STARTED.sub(lambda found: f"[{found[1]}] {2000 + int(found[1])}", screen)
