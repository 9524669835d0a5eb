"""A terminal's screen as lines of text: what programs wrote, after all that moved the cursor."""

import re
from collections.abc import Callable

from .conversation import Unreadable

MOST_COLUMNS, MOST_ROWS = 1000, 500
MOST_LINES = 50_000
"""Of one recording."""

Place = tuple[int, int]
"""Row and column."""

_STEP = re.compile(
    r"\x1b\[(?P<args>[0-?]{0,64})[ -/]{0,4}(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]{0,4096})(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]{0,65536}\x1b\\"
    r"|\x1b[ -/]{0,4}[0-~]"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])",
    re.DOTALL,
)
_CUT = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,4}|\][^\x07\x1b]{0,4096}\x1b?|[PX^_][^\x1b]{0,65536}\x1b?)?\Z"
)
_ALTERNATE = {"?47", "?1047", "?1049"}


class Screen:
    """Takes what a program writes, and keeps all lines that ever stood on the main screen.

    Nothing of it is obeyed but what moves the cursor and erases; every other sequence is dropped.
    Full-screen programs write on another screen, of which nothing is kept.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = min(max(columns, 1), MOST_COLUMNS)
        self._rows = min(max(rows, 1), MOST_ROWS)
        self.lines: list[list[str] | str] = [[]]
        """Those above the screen, where nothing is changed any more, as texts."""
        self.row = self.column = 0
        self._base = 0
        self.full_screen = False
        self.marks: list[tuple[str, Place]] = []
        """What the shell said of its own prompts (OSC 133), and where."""
        self._rest = ""

    def write(self, text: str) -> None:
        """Take what was written next; a sequence may be cut in the middle."""
        text = self._rest + text
        self._rest = ""
        if (cut := _CUT.search(text, max(len(text) - 70_000, 0))) is not None:
            text, self._rest = text[: cut.start()], text[cut.start() :]
        for found in _STEP.finditer(text):
            kind = found.lastgroup
            if kind == "final":
                self._sequence(found["final"], found["args"])
            elif kind == "osc":
                self._told(found["osc"])
            elif kind == "text" and not self.full_screen:
                self._print(found["text"])
            elif kind == "control" and not self.full_screen:
                self._control(found["control"])

    def between(self, start: Place, end: Place | None = None) -> str:
        """Return what stands from the place *start* up to *end*, or to the end."""
        last = len(self.lines) - 1 if end is None else min(end[0], len(self.lines) - 1)
        lines = ["".join(line) for line in self.lines[start[0] : last + 1]]
        if lines and end is not None and last == end[0]:
            lines[-1] = lines[-1][: end[1]]
        if lines:
            lines[0] = lines[0][start[1] :]
        return "\n".join(line.rstrip() for line in lines).rstrip("\n")

    def line(self, row: int) -> str:
        """Return the line in *row*."""
        return "".join(self.lines[row]) if row < len(self.lines) else ""

    @property
    def place(self) -> Place:
        """Return row and column of the cursor, counted from the first line."""
        return self.row, self.column

    def _print(self, text: str) -> None:
        while text:
            if self.column >= self.columns:
                self._newline()
                self.column = 0
            part, text = text[: self.columns - self.column], text[self.columns - self.column :]
            line = self._line()
            line[self.column : self.column + len(part)] = part
            self.column += len(part)

    def _line(self) -> list[str]:
        line = self.lines[self.row]
        if isinstance(line, str):
            line = self.lines[self.row] = list(line)
        if len(line) < self.column:
            line.extend(" " * (self.column - len(line)))
        return line

    def _newline(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])
            gone = len(self.lines) - self._rows - 1
            if gone >= 0:
                self.lines[gone] = "".join(self.lines[gone])
        if len(self.lines) > MOST_LINES:
            raise Unreadable(
                f"shows more than {MOST_LINES} lines", remedy="Cut the recording into shorter ones."
            )

    def _control(self, sign: str) -> None:
        if sign in "\n\x0b\x0c":
            self._newline()
        elif sign == "\r":
            self.column = 0
        elif sign == "\b":
            self.column = max(min(self.column, self.columns) - 1, 0)
        elif sign == "\t":
            self.column = min((self.column // 8 + 1) * 8, self.columns - 1)

    def _sequence(self, final: str, args: str) -> None:
        if final in "hl" and args in _ALTERNATE:
            self.full_screen = final == "h"
        if self.full_screen:
            return
        moves: dict[str, Callable[[int], None]] = {
            "A": lambda n: self._to(self.row - n, self.column),
            "B": lambda n: self._to(min(self.row + n, len(self.lines) - 1), self.column),
            "C": lambda n: self._to(self.row, self.column + n),
            "D": lambda n: self._to(self.row, self.column - n),
            "G": lambda n: self._to(self.row, n - 1),
            "P": self._delete,
            "@": self._insert,
            "X": self._blank,
        }
        numbers = [int(one) if one.isdigit() else 0 for one in args.split(";")[:4]]
        first = min(numbers[0], 9999)
        if final in moves:
            moves[final](max(first, 1))
        elif final in "Hf":
            second = numbers[1] if len(numbers) > 1 else 1
            self._to(self._top() + min(max(first, 1), self._rows) - 1, max(second, 1) - 1)
        elif final == "K":
            self._erase_line(first)
        elif final == "J":
            self._erase(first)

    def _top(self) -> int:
        return max(len(self.lines) - self._rows, self._base)

    def _to(self, row: int, column: int) -> None:
        row = max(row, self._top())
        while row >= len(self.lines):
            self.lines.append([])
        self.row, self.column = row, min(max(column, 0), self.columns - 1)

    def _delete(self, count: int) -> None:
        del self._line()[self.column : self.column + count]

    def _insert(self, count: int) -> None:
        line = self._line()
        line[self.column : self.column] = " " * min(count, self.columns)
        del line[self.columns :]

    def _blank(self, count: int) -> None:
        line = self._line()
        line[self.column : self.column + count] = " " * min(count, len(line) - self.column)

    def _erase_line(self, how: int) -> None:
        line = self._line()
        if how == 0:
            del line[self.column :]
        elif how == 1:
            line[: self.column + 1] = " " * min(self.column + 1, len(line))
        else:
            line.clear()

    def _erase(self, how: int) -> None:
        """Erase below the cursor; a screen that is cleared whole begins below what stood there."""
        if how == 0 and (self.row, self.column) != (self._top(), 0):
            self._erase_line(0)
            del self.lines[self.row + 1 :]
        elif how in (0, 2, 3):
            if self.lines[-1]:
                self.lines.append([])
            self._base = self.row = len(self.lines) - 1
            self.column = 0

    def _told(self, said: str) -> None:
        if said.startswith("133;") and not self.full_screen:
            self.marks.append((said[4:5], self.place))
