"""Rank ranges and tie groups from the paired tests of all pairs of models."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .resampling import LEVEL, MICROPOINTS, PRINTED, Floats, Ints, Resamples, exact, printed_means
from .student import critical_t

Correction = Literal["holm", "bh", "none"]

Rows = slice | Ints

_BLOCK = 256
_EXACT = 1 << 50


class RankRange(Struct, frozen=True, kw_only=True):
    """The ranks that the paired tests leave open to a model."""

    low: int
    """1 + number of models that are significantly better."""
    high: int
    """Number of entries - number of models that are significantly worse."""
    group: int
    """Tie group, 1 for the top one: no member is separable from the group's *first* member. Two
    members may well be separable from each other, and a member from none of a later group."""


class RankRanges(Struct, frozen=True, kw_only=True):
    """All rank ranges of a board, in the order of the rows given, and the test behind them."""

    ranges: tuple[RankRange, ...]
    correction: Correction
    pairs: int
    separable: int
    """Pairs that the test tells apart."""
    critical: float | None
    """The |t| that a pair must exceed; `None` when the suite has too few tasks for a test."""


def rank_ranges(
    resamples: Resamples, sums: Ints, correction: Correction = "holm", unmeasured: int = 0
) -> RankRanges:
    """Test every pair of models over the suite's tasks and return what ranks stay open.

    *sums* [models, tasks] in micro-points, rows in the board's display order (ties of the printed
    score keep it). *unmeasured* counts ranked entries without per-step data: nothing is known of
    where they belong, so each widens every range.

    The test of a pair is t = difference / SE with SE clustered by task (Miller 2024, arXiv
    2411.00640, sections 2.2 and 4.2) and the small-sample factor sqrt(n / (n - 1)), against
    Student's t with n - 1 degrees of freedom, n the effective tasks, two-sided, at 5 % for the
    whole board:

    - `holm` (Holm 1979, Scandinavian Journal of Statistics 6, 65-70): the chance of even one false
      separation is at most 5 %, so all ranges together hold the true ranks with at least 95 %.
    - `bh` (Benjamini and Hochberg 1995, JRSS B 57, 289-300): about 5 % of the separations are
      false (under its condition on dependence, unproven for pairs); narrower ranges that may miss.
    - `none`: each pair at 5 %; on a board of N models, hundreds of false separations.

    Models that differ by less than a printed unit (0.01 points) are never separated.
    """
    models = len(sums)
    pairs = models * (models - 1) // 2
    order = np.argsort(-printed_means(resamples, sums), kind="stable")
    better, worse, groups = np.zeros((3, models), np.int64)
    needed = None
    if resamples.enough:
        contrasts = _contrasts(resamples, sums[order])
        needed = _needed(contrasts, pairs, resamples.effective_tasks - 1, correction)
        better, worse = _tally(contrasts, needed)
        groups = _groups(contrasts, needed)
    lows, highs = 1 + better, models + unmeasured - worse
    ranges = tuple(
        RankRange(low=int(lows[at]), high=int(highs[at]), group=1 + int(groups[at]))
        for at in np.argsort(order)
    )
    separable = int(better.sum())
    return RankRanges(
        ranges=ranges, correction=correction, pairs=pairs, separable=separable, critical=needed
    )


def told_apart(
    resamples: Resamples, sums: Ints, pairs: Sequence[tuple[int, int]], critical: float | None
) -> list[bool]:
    """Return for each pair of rows whether the board's test tells the two apart.

    *critical* is `RankRanges.critical` of the whole board, so that a comparison of two models and
    the board's rank ranges never disagree.
    """
    if critical is None:
        return [False] * len(pairs)
    found = []
    for pair in pairs:
        contrasts = _contrasts(resamples, sums[list(pair)])
        found.append(bool(contrasts.apart(critical, slice(0, 1), slice(1, 2))[0, 0]))
    return found


@dataclass(frozen=True)
class _Contrasts:
    """What any pair's t needs: t^2 = (totals[i] - totals[j])^2 / (factor x left[i] @ right[j]).

    With R the clustered residuals of a model, |R_i - R_j|^2 = |R_i|^2 + |R_j|^2 - 2 R_i R_j is one
    product of whole numbers, so the same on every machine.
    """

    totals: Floats
    left: Floats
    right: Floats
    factor: float
    least: float
    """The square of a difference that still prints as one unit."""

    def apart(self, needed: float, rows: Rows, columns: Rows) -> NDArray[np.bool]:
        """Return which pairs of *rows* and *columns* have |t| > *needed*."""
        noise = self.left[rows] @ self.right[columns].T
        noise *= self.factor * needed * needed
        np.maximum(noise, self.least, out=noise)
        differences = np.subtract.outer(self.totals[rows], self.totals[columns])
        differences *= differences
        return differences > noise

    def blocks(self, needed: float) -> Iterator[tuple[slice, slice, NDArray[np.bool]]]:
        """Yield `apart` for all rows before columns, a block at a time."""
        models = len(self.totals)
        for top in range(0, models, _BLOCK):
            rows = slice(top, top + _BLOCK)
            for left in range(top, models, _BLOCK):
                columns = slice(left, left + _BLOCK)
                block = self.apart(needed, rows, columns)
                yield rows, columns, np.triu(block) if left == top else block


def _contrasts(resamples: Resamples, sums: Ints) -> _Contrasts:
    """Prepare the pairs of the models in *sums*.

    Residuals are rounded to micro-points, or to a power of two of them on a suite so large that
    their squares would not add up exactly.
    """
    steps, tasks = resamples.steps, resamples.effective_tasks
    numbers, count = exact(sums, steps), int(steps.sum())
    totals = numbers.sum(axis=1)
    largest = MICROPOINTS**2 * sum(int(size) ** 2 for size in steps)
    unit = 1 << max(0, math.ceil(math.log2(largest / _EXACT) / 2))
    whole = np.rint((numbers - totals[:, None] * (steps / count)) / unit)
    squares, ones = (whole**2).sum(axis=1)[:, None], np.ones((len(whole), 1))
    return _Contrasts(
        totals=totals,
        left=np.hstack([-2 * whole, squares, ones]),
        right=np.hstack([whole, ones, squares]),
        factor=unit * unit * tasks / (tasks - 1),
        least=float(count * (MICROPOINTS // PRINTED)) ** 2,
    )


def _needed(contrasts: _Contrasts, pairs: int, freedom: int, correction: Correction) -> float:
    """Return the |t| that a pair must exceed, found by counting pairs and never sorting them.

    With F(c) the number of pairs beyond c, and c(k) the critical value at which k pairs are
    rejected, Holm's first failure is the smallest k with F(c(k)) = k, reached from k = 0 by
    k <- F(c(k)), as whatever lies beyond a threshold lies beyond all later, lower ones. Benjamini
    and Hochberg's last success is the largest such k, reached in the same way from above.
    """
    level = 1 - LEVEL
    if correction == "none" or pairs == 0:
        return critical_t(level, freedom)
    rejected = 0 if correction == "holm" else pairs
    while True:
        holm = 1 / max(pairs - rejected, 1)
        share = holm if correction == "holm" else max(rejected, 1) / pairs
        needed = critical_t(level * share, freedom)
        found = sum(int(np.count_nonzero(block)) for _, _, block in contrasts.blocks(needed))
        if found == rejected or (correction == "bh" and found == 0):
            return needed
        rejected = found


def _tally(contrasts: _Contrasts, needed: float) -> tuple[Ints, Ints]:
    """Count for every model how many are significantly better, and how many worse."""
    better = np.zeros(len(contrasts.totals), np.int64)
    worse = np.zeros_like(better)
    for rows, columns, block in contrasts.blocks(needed):
        better[columns] += np.count_nonzero(block, axis=0)
        worse[rows] += np.count_nonzero(block, axis=1)
    return better, worse


def _groups(contrasts: _Contrasts, needed: float) -> Ints:
    """Walk down the board: the first without a group anchors one; all level with it join.

    Numbered from 0. The rule of SWE-bench.github.io's pull request 60.
    """
    groups = np.zeros(len(contrasts.totals), np.int64)
    left = np.arange(len(groups))
    number = 0
    while left.size:
        apart = contrasts.apart(needed, left[:1], left)[0]
        groups[left[~apart]] = number
        left = left[apart]
        number += 1
    return groups
