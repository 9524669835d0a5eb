"""Where a model ranks when the tasks are drawn again: rank intervals, odds of a place, duels."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .resampling import MICROPOINTS, NORMAL, PRINTED, Ints, Resamples, exact, printed_draws

TOPS = (1, 3, 5, 10)

_CELLS = 20_000_000
"""Ranks held at once: 10,000 draws of up to 2,000 models, 2,000 draws of 10,000 (40 MB)."""
_BLOCK = 64


class RankOdds(Struct, frozen=True, kw_only=True):
    """The ranks that a model takes over the draws."""

    low: int
    high: int
    top: dict[int, float]
    """Share of draws in which it ranks k-th or better, for each k of `TOPS`; three decimals."""


def rank_odds(resamples: Resamples, sums: Ints) -> list[RankOdds] | None:
    """Return every model's 95 % rank interval and its odds of a place, among these models.

    *sums* as for `intervals`. The interval is the percentile interval at Hesterberg's reach (see
    `Resamples.reach`). It says how the ranking sways with the tasks and promises no coverage: among
    near-equal models the bootstrap of a rank is inconsistent (Hall and Miller 2009, Annals of
    Statistics 37, 3929-3959); `rank_ranges` is the one that promises. Boards of more than 2,000
    models use the first draws only, so that the ranks fit in memory. `None` when the suite has too
    few tasks.
    """
    if not resamples.enough:
        return None
    ranks = _ranks(resamples, sums)
    number, models = ranks.shape
    skipped = int(NORMAL.cdf(-resamples.reach) * number)
    places = (skipped, number - 1 - skipped)
    found = []
    for start in range(0, models, _BLOCK):
        block = np.ascontiguousarray(ranks[:, start : start + _BLOCK].T)
        tops = [np.count_nonzero(block <= top, axis=1) / number for top in TOPS]
        block.partition(places, axis=1)
        for at, row in enumerate(block):
            top = {
                place: round(float(shares[at]), 3) for place, shares in zip(TOPS, tops, strict=True)
            }
            found.append(RankOdds(low=int(row[places[0]]), high=int(row[places[1]]), top=top))
    return found


def duels(resamples: Resamples, sums: Ints, pairs: Sequence[tuple[int, int]]) -> list[float]:
    """Return for each pair (i, j) of rows the share of draws in which i prints higher than j.

    What is missing to 1 is j's share plus the draws that print level. Three decimals.
    """
    ahead = []
    for start in range(0, len(pairs), _BLOCK):
        one, other = np.array(pairs[start : start + _BLOCK]).T
        draws = printed_draws(resamples, sums[one]), printed_draws(resamples, sums[other])
        ahead += [round(float(np.mean(i > j)), 3) for i, j in zip(*draws, strict=True)]
    return ahead


def _ranks(resamples: Resamples, sums: Ints) -> NDArray[np.uint16 | np.uint32]:
    """Rank the models in every draw as the board does, shape [draws, models].

    Rank = 1 + number of models with a strictly higher mean at printed precision; each draw's means
    are rounded to two decimals of a point first, so equal means share a rank. Counting how many
    models print each value costs less than sorting them.
    """
    numbers, models = exact(sums, resamples.steps).T, len(sums)
    draws = min(len(resamples.weights), max(1, _CELLS // max(models, 1)))
    ranks = np.empty((draws, models), np.uint16 if models < 1 << 16 else np.uint32)
    for start in range(0, draws, _BLOCK):
        rows = slice(start, min(start + _BLOCK, draws))
        means = resamples.weights[rows] @ numbers
        means /= resamples.sizes[rows, None] * (MICROPOINTS // PRINTED)
        np.rint(means, out=means)
        for at, printed in enumerate(means.astype(np.int64), start):
            higher = models - np.bincount(printed).cumsum()
            ranks[at] = 1 + higher[printed]
    return ranks
