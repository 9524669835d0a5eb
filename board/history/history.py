"""What moved from each publish to the next, and since the last one, from snapshots."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from msgspec import Struct

from ..model import Boards
from .changes import Change, Line, Place, What, lines, moves
from .snapshots import Snapshot, order, read_snapshot, snapshot_files

# A new leader moves everybody below it by one: of such moves the first few are kept.
KEPT = 100


KINDS: tuple[What, ...] = ("new", "gone", "standing", "score", "rank")
"""What may have happened to an entry, in the order in which a reader wants to know."""


class Moves(Struct, frozen=True, kw_only=True):
    """What moved from one state of the boards to the next."""

    counts: dict[str, int]
    """Moves by kind, all of them."""
    changes: tuple[Change, ...]
    """The first `KEPT` of each kind, in the order of the boards."""
    same_files: bool
    """Whether both states were computed from the same files."""


class Publish(Struct, frozen=True, kw_only=True):
    """One snapshot, and what had moved since the one before it."""

    label: str
    date: str
    sha256: str
    files: int
    listed: int
    ranked: int
    moves: Moves | None
    """`None` for the first one."""


class History(Struct, frozen=True, kw_only=True):
    """All publishes, newest first, and what has moved since the newest."""

    publishes: tuple[Publish, ...] = ()
    since: Moves | None = None
    """`None` where there is no snapshot."""


def history(folder: Path, boards: Boards) -> History:
    """Return what the snapshots in *folder* and *boards*, the state of today, tell together.

    One snapshot after another is read, so that memory holds two of them at most. Raises
    `RecordError` for a file that is no snapshot.
    """
    dated = sorted((order(read_snapshot(path)), path) for path in snapshot_files(folder))
    publishes: list[Publish] = []
    before: tuple[str, dict[Place, Line]] | None = None
    for _, path in dated:
        snapshot = read_snapshot(path)
        after = snapshot.sha256, snapshot.lines
        publishes.append(_publish(snapshot, after[1], _between(before, after)))
        before = after
    now = _between(before, (boards.sha256, lines(boards)))
    return History(publishes=tuple(reversed(publishes)), since=now)


def _publish(snapshot: Snapshot, there: dict[Place, Line], moved: Moves | None) -> Publish:
    return Publish(
        label=snapshot.label,
        date=snapshot.date,
        sha256=snapshot.sha256,
        files=snapshot.files,
        listed=len(there),
        ranked=sum(one.rank is not None for one in there.values()),
        moves=moved,
    )


def _between(
    before: tuple[str, dict[Place, Line]] | None, after: tuple[str, dict[Place, Line]]
) -> Moves | None:
    if before is None:
        return None
    return summed(moves(before[1], after[1]), same_files=before[0] == after[0])


def summed(changes: Iterable[Change], *, same_files: bool) -> Moves:
    """Return *changes* with their numbers by kind, cut to what a page can show."""
    everything = tuple(changes)
    counts = Counter[str](change.what for change in everything)
    kept = [
        change
        for what in KINDS
        for change in islice((one for one in everything if one.what == what), KEPT)
    ]
    return Moves(counts=dict(counts), changes=tuple(kept), same_files=same_files)
