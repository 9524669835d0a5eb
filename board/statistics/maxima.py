"""The largest statistics of pairs under random signs, of all and of each model's own."""

import math
import mmap
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..workers import forks, side_by_side
from .pairs import MANY_MODELS, Pairs
from .tasks import Floats, Ints

Half = NDArray[np.float32]
Near = tuple[int, int, float]
"""Two models that are much alike, and 1 / Q of the pair."""
T = TypeVar("T", bound=np.generic)

_PARTS = 32
"""Of a board of very many models, each of models with much the same score."""
_OUTERMOST = 2
"""Models at each end of a part that are looked at first."""
_ALIKE = 2.0**12
"""Pairs whose root of Q is so many times smaller than the largest sum are so much alike that half
the digits do not tell enough of them."""


def largest(maxima: NDArray[Any], place: int) -> Floats:
    """Return the *place*-th largest along the last axis."""
    return np.asarray(np.partition(maxima, -place, axis=-1)[..., -place])


def maxima(pairs: Pairs, flipped: Floats) -> tuple[Floats, Floats]:
    """Return for each vector of signs the largest statistic of all pairs, and of each model's."""
    own = np.zeros(flipped.shape)
    for rows, columns in pairs.blocks():
        gather(own, flipped, inverse(pairs.squares(rows, columns)), rows, columns)
    return own.max(axis=0), own


def screened(pairs: Pairs, flipped: Floats, place: int) -> tuple[Floats, float, Floats]:
    """Return bounds for `maxima` of all pairs, the *place*-th largest of these and each model's.

    Numbers of half the length say which vectors of signs may come *place*-th for a model; only for
    these the statistics are worked out, as `maxima` does. A root of a statistic is off by no more
    than the rounding of two sums, beside the root of Q, and by that of a few operations. Pairs so
    much alike that the former is large are left to the exact way.
    """
    screen = _Screen(pairs, flipped, place)
    found = screen.by_stripes() if len(flipped) > MANY_MODELS else screen.by_blocks()
    if found is None:
        every, own = maxima(pairs, flipped)
        return every, float(largest(every, place)), largest(own, place)
    roots, most, own = found
    slack = screen.slack
    highest = roots.max(axis=0).astype(np.float64)
    middle = largest(highest, place)
    level, every = np.abs(highest - middle) <= 2 * slack, np.zeros(len(highest))
    top = level & (roots >= highest - 2 * slack)
    for at in np.flatnonzero(top.any(axis=1)).tolist():
        of_model = inverse(pairs.squares(slice(at, at + 1), slice(0, len(flipped))))[0]
        which = np.flatnonzero(top[at])
        every[which] = np.maximum(every[which], screen.exactly(at, of_model, which))
    more = int(np.count_nonzero(highest > middle + 2 * slack))
    critical = float(largest(every[level], place - more))
    return np.square(np.maximum(highest, np.sqrt(most)) + slack), critical, own


class _Screen:
    """Roots of each model's largest statistics, as half the digits tell them."""

    def __init__(self, pairs: Pairs, flipped: Floats, place: int) -> None:
        self._pairs, self._flipped, self._place = pairs, flipped, place
        # What all models have in common is no difference, and takes digits away.
        self._half = (flipped - np.rint(flipped.mean(axis=0))).astype(np.float32)
        self._by_sign = np.ascontiguousarray(flipped.T)
        self._alike = float(np.abs(self._half).max(initial=1.0) / _ALIKE) ** 2
        self._most_alike = 8 * len(flipped)
        self.slack = _ALIKE * 2.0**-23 + 2.0**-20 * (1 + math.sqrt(pairs.numbers.shape[1]))
        """By how much a root may be off."""

    def by_blocks(self) -> tuple[Half, Half, Floats] | None:
        """Return these roots, bounds for those that were not looked at, and the *place*-th of each.

        Nothing where too many pairs are much alike.
        """
        roots = np.zeros(self._flipped.shape, np.float32)
        near: list[Near] = []
        for rows, columns in self._pairs.blocks():
            scale = inverse(self._pairs.squares(rows, columns))
            near += self._near(scale, rows, columns)
            if len(near) > self._most_alike:
                return None
            gather(roots, self._half, self._apart(scale), rows, columns)
        np.sqrt(roots, out=roots)
        for one, other, factor in near:
            roots[[one, other]] = np.maximum(roots[[one, other]], self._root(one, other, factor))
        own = np.empty(len(roots))
        for rows, columns in self._pairs.stripes():
            own[rows] = self._own(rows, inverse(self._pairs.squares(rows, columns)), roots[rows])
        return roots, np.zeros(self._flipped.shape[1], np.float32), own

    def by_stripes(self) -> tuple[Half, Half, Floats] | None:
        """Return the same for very many models, on all processors."""
        furthest = _Furthest(self._half, self._place, self.slack)
        models, signs_ = self._flipped.shape
        stripes, parts = list(self._pairs.stripes()), forks()
        roots, own = shared((models, signs_), np.float32), shared((models,), np.float64)
        most, alike = shared((parts, signs_), np.float32), shared((parts,), np.int64)

        def work(part: int) -> None:
            alike[part] = 0
            for rows, columns in stripes[part::parts]:
                scale = inverse(self._pairs.squares(rows, columns))
                near = self._near(scale, rows, columns)
                alike[part] += len(near)
                if alike[part] > self._most_alike:
                    return
                roots[rows], bounds = furthest.of(rows, self._apart(scale))
                np.maximum(most[part], bounds, out=most[part])
                np.sqrt(roots[rows], out=roots[rows])
                for one, other, factor in near:  # in another stripe the other comes first
                    np.maximum(roots[one], self._root(one, other, factor), out=roots[one])
                own[rows] = self._own(rows, scale, roots[rows])

        side_by_side(work, range(parts))
        return None if alike.sum() > self._most_alike else (roots, most.max(axis=0), own)

    def exactly(self, at: int, scale: Floats, which: Ints) -> Floats:
        """Return a model's own maxima under some vectors of signs, as `maxima` does."""
        apart = self._by_sign[which] - self._by_sign[which, at, None]
        np.square(apart, out=apart)
        apart *= scale
        return np.asarray(apart.max(axis=1))

    def _near(self, scale: Floats, rows: slice, columns: slice) -> list[Near]:
        """Return the pairs of a block that are much alike, with their 1 / Q."""
        first, second = np.nonzero(scale > 1 / self._alike)
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        return [
            (rows.start + one, columns.start + other, scale[one, other]) for one, other in pairs
        ]

    def _apart(self, scale: Floats) -> Half:
        """Return 1 / Q of the other pairs."""
        return np.where(scale > 1 / self._alike, 0.0, scale).astype(np.float32)

    def _root(self, one: int, other: int, scale: float) -> Floats:
        """Return the roots of a pair's statistics, by its 1 / Q."""
        return np.asarray(np.sqrt(np.square(self._flipped[one] - self._flipped[other]) * scale))

    def _own(self, rows: slice, scales: Floats, roots: Half) -> Floats:
        """Return the *place*-th largest of each row's maxima, of which *roots* are known nearly."""
        least = largest(roots, self._place)[:, None]
        surely = np.count_nonzero(roots > least + 2 * self.slack, axis=1)
        unsure = np.abs(roots - least) <= 2 * self.slack
        return np.array([
            largest(self.exactly(at, scale, np.flatnonzero(which)), self._place - more)
            for at, scale, which, more in zip(
                range(rows.start, rows.stop), scales, unsure, surely.tolist(), strict=True
            )
        ])  # fmt: skip


def shared(shape: tuple[int, ...], kind: type[T]) -> NDArray[T]:
    """Return an array of zeros that forks of this process write into as well."""
    size = math.prod(shape) * np.dtype(kind).itemsize
    return np.frombuffer(mmap.mmap(-1, max(size, 1)), kind, math.prod(shape)).reshape(shape)


def gather(
    own: NDArray[Any], flipped: NDArray[Any], scale: NDArray[Any], rows: slice, columns: slice
) -> None:
    """Raise *own* to the largest squared difference times *scale* of a block of pairs.

    *own* and *flipped* are by model and vector of signs, [models, signs].
    """
    room = np.empty((scale.shape[1], own.shape[1]), own.dtype)
    for at, model in enumerate(range(rows.start, rows.stop)):
        # Of a block across the middle, only what lies right of it.
        left = max(columns.start, model + 1)
        others = slice(left, columns.stop)
        if left >= columns.stop:
            continue
        apart = room[: columns.stop - left]
        np.subtract(flipped[model], flipped[others], out=apart)
        np.square(apart, out=apart)
        apart *= scale[at, left - columns.start :, None]
        np.maximum(own[others], apart, out=own[others])
        np.maximum(own[model], apart.max(axis=0), out=own[model])


def inverse(squares: Floats) -> Floats:
    """Return 1 / Q, and 0 where Q is."""
    return np.divide(1.0, squares, out=np.zeros_like(squares), where=squares > 0)


class _Furthest:
    """The largest statistics of a model, looked for where they are likely to be.

    Under one vector of signs a model differs most from those that lie furthest out. So it is held
    against the outermost of each part of the board first. What all others of a part can come to at
    most is known by how far out they lie and by their smallest Q; where that may count, they are
    looked at as well.
    """

    def __init__(self, half: Half, place: int, slack: float) -> None:
        models, signs_ = half.shape
        size = max(_OUTERMOST + 1, -(-models // _PARTS))
        parts = -(-models // size)
        self._place, self._slack = place, slack
        self._starts = np.arange(parts) * size
        ends, bounds = [], []
        for start, part in zip(self._starts, np.split(half, self._starts[1:]), strict=True):
            some = min(_OUTERMOST, len(part) - 1)
            last = len(part) - 1 - some
            order = np.argpartition(part, sorted({some, last}), axis=0)
            ends += [order[:some] + start, order[last + 1 :] + start]
            bounds.append(np.take_along_axis(part, order[[some, last]], axis=0))
        self._ends = np.ascontiguousarray(np.vstack(ends).T)
        self._bounds = np.array(bounds)
        whole = np.zeros((signs_, parts * size), np.float32)
        whole[:, :models] = half.T
        self._by_part = whole.reshape(signs_, parts, size)

    def of(self, rows: slice, scale: Half) -> tuple[Half, Half]:
        """Return what `gather` finds for *rows*, and for each vector of signs a bound of it.

        *scale* [rows, models] are the factors of their pairs. What surely comes *place*-th neither
        of a row's own nor of all may be told too small.
        """
        signs_, parts, size = self._by_part.shape
        by_sign = self._by_part.reshape(signs_, -1)
        half, by_model = by_sign[:, rows], np.ascontiguousarray(scale.T)
        found = np.empty_like(half)
        for at, ends in enumerate(self._ends):
            apart = by_sign[at, ends, None] - half[at]
            np.square(apart, out=apart)
            apart *= by_model[ends]
            apart.max(axis=0, out=found[at])
        least = np.sqrt(largest(found.T, self._place)) - 4 * self._slack
        enough = np.maximum(found, np.square(np.maximum(least, 0.0)))
        rest = np.zeros_like(half)
        unsure = np.empty((len(scale), parts, signs_), np.bool_)
        for part, (most, (low, high)) in enumerate(
            zip(np.maximum.reduceat(by_model, self._starts, axis=0), self._bounds, strict=True)
        ):
            reach = np.maximum(half - low[:, None], high[:, None] - half)
            np.square(reach, out=reach)
            reach *= most
            more = reach > enough
            unsure[:, part] = more.T
            reach[more] = 0.0
            np.maximum(rest, reach, out=rest)
        whole = np.zeros((len(scale), parts * size), np.float32)
        whole[:, : scale.shape[1]] = scale
        for row, (which, factors) in enumerate(
            zip(unsure.reshape(len(scale), -1), whole.reshape(-1, parts, size), strict=True)
        ):
            of_part, sign = np.divmod(np.flatnonzero(which), signs_)
            apart = self._by_part[sign, of_part]
            apart -= half[sign, row, None]
            np.square(apart, out=apart)
            apart *= factors[of_part]
            np.maximum.at(found[:, row], sign, apart.max(axis=1))
        return found.T, np.maximum(found, rest).max(axis=1)
