"""Rank ranges from the test of all pairs of models: of the whole board, and each model's own."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from .pairs import Pairs
from .sign_flips import told_apart
from .tasks import Ints, Tasks, printed_means


class RankRange(Struct, frozen=True, kw_only=True):
    """The ranks that the tests leave open to a model."""

    low: int
    """1 + number of models that are surely better, all ranges of the board taken together."""
    high: int
    """Number of entries - number of models that are surely worse."""
    own_low: int
    """The same with 95 % for this model alone: narrower, and not for several models at once."""
    own_high: int
    level_below: int
    """How many entries right below it, one after another, are not told from it."""


class RankRanges(Struct, frozen=True, kw_only=True):
    """All rank ranges of a board, in the order of the rows given, and the test behind them."""

    ranges: tuple[RankRange, ...]
    pairs: int
    separable: int
    """Pairs that the test tells apart."""
    critical: float | None
    """What the statistic of a pair must exceed; `None` when the suite has too few tasks."""
    lead: float
    """How many whole tasks a pair's difference must come to."""


def rank_ranges(
    tasks: Tasks, sums: Ints, unmeasured: int = 0, *, bounded: bool = True
) -> RankRanges:
    """Test every pair of models over the suite's tasks and return what ranks stay open.

    *sums* [models, tasks] in micro-points, rows in the board's display order (ties of the printed
    score keep it). *unmeasured* counts ranked entries without per-step data: nothing is known of
    where they belong, so each widens every range.

    The test is `told_apart`: all ranges together hold the true ranks with at least 95 %. A model's
    own range rests on its own pairs, with 95 % for that model. *bounded*: whether the shares 0 and
    1 are the metric's own bounds. Models that differ by less than a
    printed unit (0.01 points) are never separated.
    """
    models = len(sums)
    order = np.argsort(-printed_means(tasks, sums), kind="stable")
    found = told_apart(tasks, sums[order], bounded=bounded)
    last = models + unmeasured
    ranges = tuple(
        RankRange(
            low=1 + int(found.better[at]),
            high=last - int(found.worse[at]),
            own_low=1 + int(found.own_better[at]),
            own_high=last - int(found.own_worse[at]),
            level_below=int(found.run[at]),
        )
        for at in np.argsort(order)
    )
    return RankRanges(
        ranges=ranges,
        pairs=models * (models - 1) // 2,
        separable=int(found.better.sum()),
        critical=found.critical,
        lead=found.lead,
    )


def separable(
    tasks: Tasks, sums: Ints, pairs: Sequence[tuple[int, int]], of: RankRanges
) -> list[bool]:
    """Return for each pair of rows whether the board's test tells the two apart.

    *of* are the ranges of the whole board, so that a comparison of two models and the board's rank
    ranges never disagree.
    """
    if of.critical is None:
        return [False] * len(pairs)
    one, other = slice(0, 1), slice(1, 2)
    found = []
    for pair in pairs:
        _, value, lead = Pairs(tasks, sums[list(pair)]).judged(one, other)
        found.append(bool(value[0, 0] > of.critical and lead[0, 0] >= of.lead))
    return found
