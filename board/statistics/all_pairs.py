"""The paired tests of all pairs of a board's models, a block at a time: who is told apart."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .t_distribution import critical_t
from .tasks import LEVEL, MICROPOINTS, PRINTED, Floats, Ints, Tasks, exact

Correction = Literal["holm", "bh", "none"]
Bools = NDArray[np.bool]
Rows = slice | Ints

_BLOCK = 256
_EXACT = 1 << 50
_ROOM = 1 << 19
"""Undecided pairs that are held at once, in 16 MB."""


@dataclass(frozen=True)
class Contrasts:
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

    def apart(self, needed: float, rows: Rows, columns: Rows) -> Bools:
        """Return which pairs of *rows* and *columns* have |t| > *needed*."""
        return self.beyond(needed, *self.squares(rows, columns))

    def squares(self, rows: Rows, columns: Rows) -> tuple[Floats, Floats]:
        """Return the pairs' squared differences, and the squares of their residuals'."""
        differences = np.subtract.outer(self.totals[rows], self.totals[columns])
        differences *= differences
        return differences, self.left[rows] @ self.right[columns].T

    def beyond(self, needed: float, differences: Floats, noise: Floats) -> Bools:
        """Return which pairs of these squares have |t| > *needed*."""
        told = differences > noise * (self.factor * needed * needed)
        told &= differences > self.least
        return told

    def blocks(self) -> Iterator[tuple[slice, slice, Floats, Floats]]:
        """Yield `squares` for all rows before columns; a pair that is not has no difference."""
        models = len(self.totals)
        for top in range(0, models, _BLOCK):
            rows = slice(top, top + _BLOCK)
            for left in range(top, models, _BLOCK):
                columns = slice(left, left + _BLOCK)
                differences, noise = self.squares(rows, columns)
                yield rows, columns, np.triu(differences) if left == top else differences, noise


class Tally:
    """How many models are significantly better and worse than each, at any *t* in a span."""

    def __init__(self, contrasts: Contrasts, low: float, high: float) -> None:
        """Count the pairs beyond *high*, and keep those between *low* and *high*."""
        models = len(contrasts.totals)
        self._contrasts = contrasts
        self._better, self._worse = np.zeros((2, models), np.int64)
        kept: list[tuple[Ints, Floats, Floats]] = []
        for rows, columns, differences, noise in contrasts.blocks():
            sure = contrasts.beyond(high, differences, noise)
            self._better[columns] += sure.sum(axis=0, dtype=np.uint16)
            self._worse[rows] += sure.sum(axis=1, dtype=np.uint16)
            open_ = np.flatnonzero(contrasts.beyond(low, differences, noise) ^ sure)
            i, j = np.divmod(open_, sure.shape[1])
            place = (i + rows.start) * models + j + columns.start
            kept.append((place, differences.ravel()[open_], noise.ravel()[open_]))
        self._places, self._differences, self._noise = map(np.concatenate, zip(*kept, strict=True))
        self._sure = int(self._better.sum())

    def pairs(self, needed: float) -> int:
        """Return how many pairs have |t| > *needed*."""
        return self._sure + int(np.count_nonzero(self._beyond(needed)))

    def counts(self, needed: float) -> tuple[Ints, Ints]:
        """Return for every model how many are significantly better, and how many worse."""
        models = len(self._better)
        worse, better = np.divmod(self._places[self._beyond(needed)], models)
        return (
            self._better + np.bincount(better, minlength=models),
            self._worse + np.bincount(worse, minlength=models),
        )

    def _beyond(self, needed: float) -> Bools:
        return self._contrasts.beyond(needed, self._differences, self._noise)


def contrasts(tasks: Tasks, sums: Ints) -> Contrasts:
    """Prepare the pairs of the models in *sums*.

    Residuals are rounded to micro-points, or to a power of two of them on a suite so large that
    their squares would not add up exactly.
    """
    steps, effective = tasks.steps, tasks.effective
    numbers, count = exact(sums, steps), int(steps.sum())
    totals = numbers.sum(axis=1)
    largest = MICROPOINTS**2 * sum(int(size) ** 2 for size in steps)
    unit = 1 << max(0, math.ceil(math.log2(largest / _EXACT) / 2))
    whole = np.rint((numbers - totals[:, None] * (steps / count)) / unit)
    squares, ones = (whole**2).sum(axis=1)[:, None], np.ones((len(whole), 1))
    return Contrasts(
        totals=totals,
        left=np.hstack([-2 * whole, squares, ones]),
        right=np.hstack([whole, ones, squares]),
        factor=unit * unit * effective / (effective - 1),
        least=float(count * (MICROPOINTS // PRINTED)) ** 2,
    )


def decide(contrasts: Contrasts, freedom: int, correction: Correction) -> tuple[float, Ints, Ints]:
    """Return the |t| that a pair must exceed, and how many are then better and worse than each.

    The rows are sorted, best first. With F(c) the number of pairs beyond c, and c(k) the critical
    value at which k pairs are rejected, Holm's first failure is the smallest k with F(c(k)) = k,
    reached from k = 0 by k <- F(c(k)), as whatever lies beyond a threshold lies beyond all later,
    lower ones. Benjamini and Hochberg's last success is the largest such k, reached in the same
    way from above. So every step from both ends leaves fewer pairs undecided; the last ones are
    held in memory, and no pair is ever sorted.
    """
    models = len(contrasts.totals)
    pairs, level = models * (models - 1) // 2, 1 - LEVEL
    if pairs == 0:
        return critical_t(level, freedom), *np.zeros((2, models), np.int64)

    def critical(rejected: int) -> float:
        holm, bh = 1 / max(pairs - rejected, 1), max(rejected, 1) / pairs
        share = {"holm": holm, "bh": bh, "none": 1.0}[correction]
        return critical_t(level * share, freedom)

    few, many = 0, 0 if correction == "none" else pairs
    while many - few > _ROOM:
        closer = _count(contrasts, critical(few), critical(many))
        if closer in ((few, many), (0, 0)):
            break
        few, many = closer
    tally = Tally(contrasts, critical(many), critical(few))
    rejected = few if correction == "holm" else many
    while True:
        needed = critical(rejected)
        found = tally.pairs(needed)
        if found == rejected or correction == "none" or (correction == "bh" and found == 0):
            return needed, *tally.counts(needed)
        rejected = found


def _count(contrasts: Contrasts, *needed: float) -> tuple[int, ...]:
    """Return for each of *needed* how many pairs have a larger |t|."""
    found = [0] * len(needed)
    for _, _, differences, noise in contrasts.blocks():
        for at, one in enumerate(needed):
            found[at] += int(np.count_nonzero(contrasts.beyond(one, differences, noise)))
    return tuple(found)
