"""What moved between two boards: entries that came, went, or changed rank, score or standing."""

from typing import Literal

from msgspec import Struct

from .model import Board, Boards, Entry


class Change(Struct, frozen=True, kw_only=True):
    """One entry's move on one board; `None` where it was not listed or had no rank."""

    suite: str
    class_: str
    label: str
    slug: str
    what: Literal["new", "gone", "rank", "score", "standing"]
    rank_before: str | None = None
    rank_after: str | None = None
    score_before: float | None = None
    score_after: float | None = None


def changes(before: Boards, after: Boards) -> tuple[Change, ...]:
    """Return every move from *before* to *after*, in the new boards' order, gone ones last."""
    old, new = _lines(before), _lines(after)
    moved = [_change(place, old.get(place), new[place]) for place in new]
    left = [_change(place, old[place], None) for place in old if place not in new]
    return tuple(change for change in [*moved, *left] if change is not None)


_Place = tuple[str, str, str]


def _lines(boards: Boards) -> dict[_Place, Entry]:
    return {
        (f"{board.suite.name} {board.suite.version}", board.class_, entry.label): entry
        for board in boards.boards
        for entry in board.entries
    }


def _change(place: _Place, old: Entry | None, new: Entry | None) -> Change | None:
    suite, class_, label = place
    there = new or old
    assert there is not None
    if old is None:
        what = "new"
    elif new is None:
        what = "gone"
    elif old.result_id != new.result_id:
        what = "standing"
    elif old.score != new.score:
        what = "score"
    elif old.rank_text != new.rank_text:
        what = "rank"
    else:
        return None
    return Change(
        suite=suite,
        class_=class_,
        label=label,
        slug=there.slug,
        what=what,  # type: ignore[arg-type]  # one of the literals above
        rank_before=_rank(old),
        rank_after=_rank(new),
        score_before=old.score if old else None,
        score_after=new.score if new else None,
    )


def _rank(entry: Entry | None) -> str | None:
    return entry.rank_text if entry and entry.rank is not None else None


def title(board: Board) -> str:
    """Return the board's name in one line: suite, version and class."""
    return f"{board.suite.name} {board.suite.version} ({board.class_})"
