"""Moves between two states of the boards, as pages and feeds print them."""

from typing import NamedTuple

from ...board.history.changes import Change
from ...board.history.history import KINDS, Moves
from ...eval.metrics import Metric
from ..data.figures import as_printed
from ..source.source import Source


class Row(NamedTuple):
    """One move as it is printed; `slug` is `None` for what has no page any more."""

    slug: str | None
    label: str
    rank_before: str | None
    rank_after: str | None
    score_before: str | None
    score_after: str | None
    board: str


class Kind(NamedTuple):
    """The moves of one kind; `rows` may be fewer than `total`."""

    what: str
    total: int
    rows: tuple[Row, ...]


class Told(NamedTuple):
    """What moved from one state to the next."""

    kinds: tuple[Kind, ...]
    same_files: bool


def told(moves: Moves, source: Source) -> Told:
    """Return *moves* by kind, those that nobody made left out."""
    titles, metrics = _titles(source), _metrics(source)
    kinds = tuple(
        Kind(
            what=what,
            total=moves.counts[what],
            rows=tuple(
                _row(one, source, titles, metrics) for one in moves.changes if one.what == what
            ),
        )
        for what in KINDS
        if moves.counts.get(what)
    )
    return Told(kinds, moves.same_files)


def _titles(source: Source) -> dict[tuple[str, str], str]:
    """Return the title of every board that there is now, by suite and class."""
    return {
        (board.suite.full_name, board.class_): place.title
        for place, board in zip(source.places, source.boards.boards, strict=True)
    }


_SCORE = Metric(id="score", unit="points")
"""How the scores of a suite are printed that is not configured any more."""


def _metrics(source: Source) -> dict[str, Metric]:
    """Return what every suite that there is now is ranked by, by name and version."""
    return {one.full_name: one.ranked for one in source.settings.suites}


def _row(
    change: Change,
    source: Source,
    titles: dict[tuple[str, str], str],
    metrics: dict[str, Metric],
) -> Row:
    place, metric = (change.suite, change.class_), metrics.get(change.suite, _SCORE)
    return Row(
        slug=source.slugs.get(change.label),
        label=change.label,
        rank_before=change.rank_before,
        rank_after=change.rank_after,
        score_before=as_printed(metric, change.score_before),
        score_after=as_printed(metric, change.score_after),
        board=titles.get(place, " ".join(place)),
    )
