"""What a worker says to whoever waits: how far it is, and what its journals have grown by."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from msgspec import Struct

from ...engine import Answer
from ..progress import Count
from .jobs import Order

EVERY = 1.0
"""Seconds between two words about how far a worker is, and about its journals."""


class Piece(Struct, frozen=True, kw_only=True):
    """A piece of a journal, and where in it."""

    sheet: int
    """The place of its suite in the order."""
    name: str
    offset: int
    data: bytes


class Said(Struct, frozen=True, kw_only=True):
    """What one worker says at a time."""

    number: int
    count: Count | None = None
    journal: Piece | None = None


class Reporting:
    """A watch that sends what it sees; with *folders*, also what is new in their journals.

    A worker that is lost then has left its answers, but for those of the last second.
    """

    def __init__(
        self, number: int, send: Callable[[Said], object], folders: Sequence[Path] = ()
    ) -> None:
        """Speak of the part *number* through *send*."""
        self._number, self._send, self._folders = number, send, folders
        self._count, self._sent = Count(), 0.0
        self._sizes: dict[Path, int] = {}
        self._ended = threading.Event()
        self._copying = threading.Thread(target=self._copy, daemon=True)

    def __enter__(self) -> "Reporting":
        """Begin to copy journals."""
        for folder in self._folders:  # these came from where they would be sent to
            self._sizes |= {path: path.stat().st_size for path in folder.glob("*.journal")}
        if self._folders:
            self._copying.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Send what is left."""
        self._ended.set()
        if self._folders:
            self._copying.join()
            self._pieces()
        self._tell()

    def say(self, text: str) -> None:
        """Say nothing: stages of one worker are no news among many."""

    def begin(self, total: int, done: int) -> None:
        """Begin to count."""
        self._count = Count(total=total, done=done, before=done)
        self._tell()

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self._count = self._count.with_answer(answer)
        if monotonic() - self._sent >= EVERY or self._count.done == self._count.total:
            self._tell()

    def _tell(self) -> None:
        self._sent = monotonic()
        self._send(Said(number=self._number, count=self._count))

    def _copy(self) -> None:
        while not self._ended.wait(EVERY):
            self._pieces()

    def _pieces(self) -> None:
        for place, folder in enumerate(self._folders):
            for path in sorted(folder.glob("*.journal")):
                before = self._sizes.get(path, 0)
                try:
                    with path.open("rb") as file:
                        file.seek(before)
                        data = file.read()
                    data = data[: data.rfind(b"\n") + 1]  # whole lines only
                except OSError:  # it was finished and removed just now
                    continue
                if data:
                    self._sizes[path] = before + len(data)
                    piece = Piece(sheet=place, name=path.name, offset=before, data=data)
                    self._send(Said(number=self._number, journal=piece))


def keep(order: Order, piece: Piece) -> None:
    """Write *piece* of a worker's journal where the journal of *order* lies here.

    One that does not follow on what is there is left out: it is of a worker that was lost before.
    """
    path = order.sheets[piece.sheet].folder / Path(piece.name).name
    size = path.stat().st_size if path.exists() else 0
    if piece.offset != size:
        return
    with path.open("ab") as file:
        file.write(piece.data)
