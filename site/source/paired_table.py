"""An entry against those that it is compared with: its neighbours in the ranking and its base."""

from typing import Literal

from msgspec import Struct

from ...board.compare.comparison import Comparison, compare
from ...board.compare.counted import counted
from ...board.model import Board, Entry
from ...eval.metrics import Metric
from ..data.figures import as_printed, signed

MOST_MEASURED = 500
"""Ranked entries up to which every pair is tested; `cardboard compare` tests any other."""

_EACH_SIDE = 2

Relation = Literal["above", "below", "base"]

MOST_AGAINST = 20
"""Entries that the best one is compared with on the page of comparisons."""


class Rival(Struct, frozen=True, kw_only=True):
    """Another entry, and this one's difference from it, as a page prints them."""

    relation: Relation | None
    """What the other is to this one; `None` where that is not told."""
    label: str
    slug: str
    rank: str
    score: str
    difference: str
    low: str | None
    """95 % interval; `None` where the two share no per-step data."""
    high: str | None
    won: int | None
    """Tasks on which this entry does better."""
    lost: int | None
    tied: int | None
    apart: bool | None
    """Whether the board's own corrected test tells the two apart."""


def rivals_of(board: Board) -> dict[str, tuple[Rival, ...]]:
    """Return the rivals of every ranked entry of *board*, best first, by its result id."""
    places = {entry.model.lower(): place for place, entry in enumerate(board.ranked)}
    chosen = [
        (entry, relation, board.ranked[place])
        for at, entry in enumerate(board.ranked)
        for place, relation in _chosen(at, len(board.ranked), _base(entry, places))
    ]
    tested: list[Comparison] = []
    metric = board.suite.ranked
    if len(board.ranked) <= MOST_MEASURED:
        tested = compare(board, [(one, other) for one, _, other in chosen])
    found: dict[str, list[Rival]] = {}
    for number, (one, relation, other) in enumerate(chosen):
        rival = _rival(one, relation, other, tested[number] if tested else None, metric)
        found.setdefault(one.result_id, []).append(rival)
    return {result_id: tuple(rivals) for result_id, rivals in found.items()}


def best_against(board: Board) -> tuple[Rival, ...]:
    """Return the best entry of *board* against those that follow it."""
    best, *others = board.ranked[: MOST_AGAINST + 1] or (None,)
    if best is None or len(board.ranked) > MOST_MEASURED:
        return ()
    tested = compare(board, [(best, other) for other in others])
    return tuple(
        _rival(best, None, other, one, board.suite.ranked)
        for other, one in zip(others, tested, strict=True)
    )


def _base(entry: Entry, places: dict[str, int]) -> int | None:
    return places.get((entry.profile.base_model or "").lower())


def _chosen(at: int, count: int, base: int | None) -> list[tuple[int, Relation]]:
    """Return the places of the two entries on each side of *at*, and of its base, in order."""
    around = range(max(at - _EACH_SIDE, 0), min(at + _EACH_SIDE + 1, count))
    chosen: dict[int, Relation] = {n: "above" if n < at else "below" for n in around if n != at}
    if base is not None and base != at:
        chosen[base] = "base"
    return sorted(chosen.items())


def _rival(
    one: Entry, relation: Relation | None, other: Entry, tested: Comparison | None, metric: Metric
) -> Rival:
    assert one.score is not None and other.score is not None, "both are ranked"
    found = tested.paired if tested else None
    bounds = (found.low, found.high) if found else (None, None)
    low, high = (None if bound is None else signed(metric, bound) for bound in bounds)
    return Rival(
        relation=relation,
        label=other.label,
        slug=other.slug,
        rank=other.rank_text,
        score=_counted(other, metric) or as_printed(metric, other.score) or "",
        difference=signed(metric, found.difference if found else one.score - other.score),
        low=low,
        high=high,
        won=found.won if found else None,
        lost=found.lost if found else None,
        tied=found.tied if found else None,
        apart=tested.separable if tested else None,
    )


def _counted(entry: Entry, metric: Metric) -> str | None:
    found = counted(entry, metric)
    return found.text if found is not None else None
