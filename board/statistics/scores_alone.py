"""What scores without rows can tell apart: the worst case, in which whole tasks are won or lost."""

import math
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from .tasks import LEVEL, NORMAL, Floats

_BLOCK = 512


class OpenRanks(NamedTuple):
    """The ranks that stay open to a model by its score alone, and how far down it is not told."""

    low: int
    high: int
    level_below: int


class ScoresAlone(Struct, frozen=True, kw_only=True):
    """What a board without rows can tell."""

    effective: float
    """How many tasks of equal size the suite is worth; its number of tasks where that is all that
    is known."""
    pairs: int
    separable: int
    blind: float
    """The share of 1 below which the difference of two models in the middle of the board may be
    chance."""
    ranges: tuple[OpenRanks, ...]


def scores_alone(shares: Floats, effective: float) -> ScoresAlone:
    """Judge all pairs of *shares*, best first, each a mean of scores between 0 and 1.

    The variance of a mean over K equal tasks is at most p (1 - p) / K, as if every task were won or
    lost as a whole. Two models are told apart only where their difference exceeds z times the root
    of both such variances, with z of a two-sided 5 % over all pairs (Bonferroni): scores of models
    on the same tasks are hardly ever negatively correlated, which would ask for more. Simulated: no
    false separation, and a standard error above the real one for every pair.
    """
    models = len(shares)
    pairs = models * (models - 1) // 2
    variances = shares * (1 - shares) / effective
    needed = _z(max(pairs, 1)) ** 2
    better, worse = np.zeros((2, models), np.int64)
    first = np.full(models, models)
    for start in range(0, models, _BLOCK):
        rows = slice(start, start + _BLOCK)
        apart = np.subtract.outer(shares[rows], shares)
        told = apart * apart > needed * np.add.outer(variances[rows], variances)
        better[rows] = (told & (apart < 0)).sum(axis=1)
        below = told & (apart > 0)
        worse[rows] = below.sum(axis=1)
        first[rows] = np.where(below.any(axis=1), below.argmax(axis=1), models)
    middle = float(shares[models // 2])
    return ScoresAlone(
        effective=effective,
        pairs=pairs,
        separable=int(better.sum()),
        blind=_z(1) * math.sqrt(2 * middle * (1 - middle) / effective),
        ranges=tuple(
            OpenRanks(1 + int(above), models - int(under), int(end) - place - 1)
            for place, (above, under, end) in enumerate(zip(better, worse, first, strict=True))
        ),
    )


def told_apart(pair: Floats, effective: float) -> bool:
    """Tell whether two shares differ by more than chance explains, as `scores_alone` has it.

    No other pair is asked about, so that nothing is corrected for.
    """
    one, other = pair
    variance = (one * (1 - one) + other * (1 - other)) / effective
    return bool((one - other) ** 2 > OF_A_PAIR**2 * variance)


def _z(pairs: int) -> float:
    return NORMAL.inv_cdf(1 - (1 - LEVEL) / (2 * pairs))


OF_A_PAIR = _z(1)
"""How many standard errors of a difference are no chance, where one pair alone is asked about."""
