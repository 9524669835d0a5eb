"""What moved between two boards: entries that came, went, or changed rank, score or standing."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec import Struct

from ..model import Board, Boards, Class, Entry

What = Literal["new", "gone", "rank", "score", "standing"]


class Place(NamedTuple):
    """Where an entry is listed, and under which name."""

    suite: str
    """Name and version."""
    class_: Class
    label: str


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What must be known of an entry to tell later whether it has moved."""

    label: str
    rank: str | None
    """As printed, e.g. `12=`; `None` without a rank."""
    score: float | None
    result: str
    """Result id of the result that stands."""
    metric: str | None = None
    """What its board is ranked by; `None` in what was written before boards said so."""


class Change(Struct, frozen=True, kw_only=True):
    """One entry's move on one board; `None` where it was not listed or had no rank."""

    suite: str
    class_: str
    label: str
    what: What
    rank_before: str | None = None
    rank_after: str | None = None
    score_before: float | None = None
    """`None` also where the board was ranked by another metric then."""
    score_after: float | None = None


def changes(before: Boards, after: Boards) -> tuple[Change, ...]:
    """Return every move from *before* to *after*, in the new boards' order, gone ones last."""
    return moves(lines(before), lines(after))


def lines(boards: Boards) -> dict[Place, Line]:
    """Return a line for every entry of every board, in the boards' order."""
    return {
        Place(board.suite.full_name, board.class_, entry.label): line(entry, board.suite.ranked.id)
        for board in boards.boards
        for entry in board.entries
    }


def line(entry: Entry, metric: str) -> Line:
    """Return what history keeps of *entry*, whose board is ranked by *metric*."""
    return Line(
        label=entry.label,
        rank=entry.rank_text if entry.rank is not None else None,
        score=entry.score,
        result=entry.result_id,
        metric=metric,
    )


def moves(before: Mapping[Place, Line], after: Mapping[Place, Line]) -> tuple[Change, ...]:
    """Return every move from *before* to *after*, in the order of *after*, gone ones last."""
    moved = [_change(place, before.get(place), after[place]) for place in after]
    left = [_change(place, before[place], None) for place in before if place not in after]
    return tuple(change for change in [*moved, *left] if change is not None)


def _change(place: Place, old: Line | None, new: Line | None) -> Change | None:
    what = _what(old, new)
    if what is None:
        return None
    return Change(
        suite=place.suite,
        class_=place.class_,
        label=place.label,
        what=what,
        rank_before=old.rank if old else None,
        rank_after=new.rank if new else None,
        score_before=old.score if old and not (new and _apart(old, new)) else None,
        score_after=new.score if new else None,
    )


def _what(old: Line | None, new: Line | None) -> What | None:
    if old is None:
        return "new"
    if new is None:
        return "gone"
    if old.result != new.result:
        return "standing"
    if old.score != new.score and not _apart(old, new):
        return "score"
    return "rank" if old.rank != new.rank else None


def _apart(old: Line, new: Line) -> bool:
    """Tell whether two scores are of different metrics: one cannot have become the other."""
    return None not in (old.metric, new.metric) and old.metric != new.metric


def title(board: Board) -> str:
    """Return the board's name in one line: suite, version and class."""
    return f"{board.suite.full_name} ({board.class_})"
