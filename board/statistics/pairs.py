"""The statistics of all pairs of models, from sums of whole numbers."""

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from .tasks import MICROPOINTS, PRINTED, Floats, Ints, Tasks, clustering, exact

SKEW_ERRORS = 4.0
"""Standard errors of a skewness that are left alone, as chance makes them."""
MANY_MODELS = 2_000
"""A board of more is tested in one step, with fewer signs."""
_BLOCK = 256
_STRIPE = 64


class Pairs:
    """The statistics of all pairs, a block at a time; every sum is of whole numbers below 2^53.

    So each is the same in every order and on every machine, and what follows are single operations.
    """

    def __init__(self, tasks: Tasks, sums: Ints) -> None:
        """Take *sums* [models, tasks] in micro-points; more is better."""
        full = tasks.steps * float(MICROPOINTS)
        unit = _power(float(full.sum()) / (1 << 26))
        self.numbers: Floats = np.rint(exact(sums, tasks.steps) / unit)
        self.totals = self.numbers.sum(axis=1)
        self._norms = (self.numbers * self.numbers).sum(axis=1)
        residual = self.numbers - self.totals[:, None] * (tasks.steps / tasks.count)
        cubes = float(((full / unit) ** 3).sum())
        self._fine = _power((8 * cubes / (1 << 52)) ** (1 / 3))
        self._whole = np.rint(residual / self._fine)
        self._squared = self._whole * self._whole
        self._second = self._squared.sum(axis=1)
        self._third = (self._squared * self._whole).sum(axis=1)
        self._clustering = clustering(sums, tasks)
        self._task = tasks.largest * MICROPOINTS / unit
        self._count = tasks.steps.size
        self._small = tasks.kish / (tasks.kish - 1) if tasks.kish > 1 else 1.0
        self._least = tasks.count * (MICROPOINTS / PRINTED) / unit

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Yield rows and columns of the upper half, row by row."""
        models = len(self.numbers)
        for top in range(0, models, _BLOCK):
            for left in range(top, models, _BLOCK):
                yield slice(top, min(top + _BLOCK, models)), slice(left, min(left + _BLOCK, models))

    def stripes(self) -> Iterator[tuple[slice, slice]]:
        """Yield some rows and all columns, from top to bottom."""
        models = len(self.numbers)
        for top in range(0, models, _STRIPE):
            yield slice(top, min(top + _STRIPE, models)), slice(0, models)

    def squares(self, rows: slice, columns: slice) -> Floats:
        """Return Q, the sum of the squared differences of every pair."""
        both = self._norms[rows, None] + self._norms[None, columns]
        return np.asarray(both - 2 * (self.numbers[rows] @ self.numbers[columns].T))

    @cached_property
    def _strengths(self) -> dict[tuple[int, int], Floats]:
        """Return what `strength` found before; boards of very many models keep nothing."""
        return {}

    def strength(self, rows: slice, columns: slice, lead: float) -> Floats:
        """Return the guarded statistic of every pair, 0 where its lead is less than *lead* tasks.

        *lead* is the same each time.
        """
        place = rows.start, columns.start
        found = self._strengths.get(place)
        if found is None:
            _, value, tasks = self.judged(rows, columns)
            found = np.where(tasks >= lead, value, 0.0)
            if len(self.numbers) <= MANY_MODELS:
                self._strengths[place] = found
        return found

    def judged(self, rows: slice, columns: slice) -> tuple[Floats, Floats, Floats]:
        """Return the difference, the guarded statistic and the lead in tasks of every pair.

        The statistic is 0 where a difference would not print. It is that of `told_apart` with t
        made smaller for skewness against the claim beyond what chance makes (Hall 1992, JRSS B 54,
        221-228, the monotone cubic transformation).
        """
        apart = np.subtract.outer(self.totals[rows], self.totals[columns])
        squares, size, count = self.squares(rows, columns), np.abs(apart), self._count
        value = np.divide(apart * apart, squares, out=np.zeros_like(squares), where=squares > 0)
        value[size < self._least] = 0.0
        a, b, aa, bb = (part[at] for part in (self._whole, self._squared) for at in (rows, columns))
        second = self._second[rows, None] + self._second[None, columns] - 2 * (a @ b.T)
        third = (
            self._third[rows, None] - self._third[None, columns] - 3 * (aa @ b.T) + 3 * (a @ bb.T)
        )
        spread = np.where(second > 0, second, 1.0)
        skew = np.sign(apart) * third / (spread * np.sqrt(spread))
        skew += SKEW_ERRORS * math.sqrt(6) / count
        bent = np.flatnonzero((skew < 0) & (second > 0) & (size > 0))
        value.flat[bent] = self._bent(*(of.ravel()[bent] for of in (value, size, second, skew)))
        lead = size / (
            self._task * np.maximum(self._clustering[rows, None], self._clustering[None, columns])
        )
        return apart, value, lead

    def _bent(self, value: Floats, size: Floats, second: Floats, skew: Floats) -> Floats:
        """Return statistics of pairs whose *skew* speaks against the claim, so much smaller."""
        count = self._count
        t = size / np.sqrt(second * (self._fine * self._fine * self._small))
        bent = t + skew * t * t / 3 + skew * skew * t * t * t / 27 + skew / 6
        factor = np.clip(bent / t, 0.0, 1.0)
        of_t = (count - 1) * value / np.maximum(count - value, 1e-9) * factor * factor
        return np.where(factor < 1, count * of_t / (count - 1 + of_t), value)


def _power(wanted: float) -> float:
    """Return the least power of two that is no less than *wanted*, and 1 at least."""
    return float(2 ** max(0, math.ceil(math.log2(max(wanted, 1.0)))))
