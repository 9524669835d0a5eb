"""All pairs of models told apart by flipping the signs of tasks: one test for a whole ranking."""

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .tasks import MICROPOINTS, PRINTED, Floats, Ints, Tasks, clustering, exact, raw_stream

Bools = NDArray[np.bool_]
Half = NDArray[np.float32]

CHANCE = 0.05
"""Of even one false separation."""
FEW_TASKS = 11
"""With so many tasks or fewer, every vector of signs is counted."""
SKEW_ERRORS = 4.0
"""Standard errors of a skewness that are left alone, as chance makes them."""
MANY_MODELS = 2_000
"""A board of more is tested in one step, with fewer signs."""
SCREENED = 200
"""From so many models on, most statistics are only looked at with half the digits."""
_BLOCK = 256
_STRIPE = 64
_PARTS = 32
"""Of a board of very many models, each of models with much the same score."""
_OUTERMOST = 2
"""Models at each end of a part that are looked at first."""
_ALIKE = 2.0**12
"""Pairs whose root of Q is so many times smaller than the largest sum are so much alike that half
the digits do not tell enough of them."""
_SIGNS = 1 << 20


class Apart(Struct, frozen=True):
    """Who is told apart from whom, in the order of the rows."""

    better: Ints
    """How many models are surely better than each, all pairs of the board taken together."""
    worse: Ints
    own_better: Ints
    """The same where only the model's own pairs are taken together."""
    own_worse: Ints
    run: Ints
    """How many rows right below it, one after another, are not told from each."""
    critical: float | None
    """What the statistic of a pair must exceed; `None` where tasks are too few for any. No pair
    with fewer tasks that differ is ever told apart."""
    lead: float
    """How many whole tasks a pair's difference must come to, as far as their steps cluster; 0 for
    a score without bounds."""


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


def told_apart(
    tasks: Tasks, sums: Ints, *, bounded: bool = True, flips: int | None = None
) -> Apart:
    """Test every pair of models over the same tasks; rows are in the order of the board.

    *sums* [models, tasks] in micro-points, more is better. The chance of even one false separation
    on a whole board is at most 5 %, whatever the number of *flips*; by default it is 9,999 for up
    to 100 models, 999 up to 2,000, and 199 above.

    A pair's statistic is V = D^2 / Q of its tasks' differences (Efron 1969, JASA 64): for equal
    tasks a rising function of |t|. Its critical value is that of the largest V of all pairs under
    random signs of the tasks, counting the observed signs as one vector of them (Phipson and Smyth
    2010), step by step down (Westfall and Young 1993; Romano and Wolf 2005, JASA 100). Signs only
    test symmetry, so two guards stand beside it: a lead of ln(pairs / 0.05) whole tasks, as far as
    steps of a task share its fate, for a rare success that nobody has seen yet, unless the score is
    not *bounded*, for then no success is the largest; and the correction for skewness of
    `Pairs.judged`. Simulated: 0 to 7 % of boards with a false separation (`make bench`).

    A model's own test takes the largest V of its own pairs, in one step: with 95 % for that model
    alone.
    """
    models = len(sums)
    flips = _flips(tasks.steps.size, models, flips)
    place = int(CHANCE * (flips + 1) + 1e-9)
    if models < 2 or place < 1:
        none = np.zeros(models, np.int64)
        return Apart(none, none, none, none, np.arange(models)[::-1], None, 0.0)
    pairs = Pairs(tasks, sums)
    flipped = np.hstack(
        [pairs.numbers @ some.T for some in signs(tasks.steps.size, flips, tasks.fingerprint)]
    )
    lead, own_lead = _lead(models * (models - 1) // 2, bounded), _lead(models - 1, bounded)
    if models < SCREENED:
        every, own = _maxima(pairs, flipped)
        critical, own_critical = float(_largest(every, place)), _largest(own, place)
    else:
        every, critical, own_critical = _screened(pairs, flipped, place)
    found = 0
    for _ in range(2 if models <= MANY_MODELS else 0):
        told = _count(pairs, critical, lead)
        if told == found:
            break
        found = told
        critical = _stepped_down(pairs, flipped, every, critical, lead, place)
    return _tally(pairs, critical, lead, own_critical, own_lead)


def signs(tasks: int, flips: int, seed: str) -> Iterator[Floats]:
    """Yield vectors of +1 and -1, one a row, some at a time; *flips* as `_flips` has them.

    All others than the observed one where tasks are few. A vector and its mirror give the same
    statistic, so the first sign of all of them stays.
    """
    if tasks <= FEW_TASKS:
        numbers = np.arange(1, 2 ** max(tasks - 1, 0))
        bits = (numbers[:, None] >> np.arange(max(tasks - 1, 0))) & 1
        yield np.hstack([np.ones((len(numbers), 1)), 1.0 - 2.0 * bits])
        return
    words = -(-tasks // 64)
    drawn = raw_stream("signs", seed, flips * words).astype("<u8")
    rows = drawn.view(np.uint8).reshape(flips, 8 * words)
    some = max(1, _SIGNS // tasks)
    for start in range(0, flips, some):
        drawn_bits = np.unpackbits(rows[start : start + some], axis=1, count=tasks)
        yield drawn_bits.astype(np.float64) * 2.0 - 1.0


def _flips(tasks: int, models: int, wanted: int | None) -> int:
    if tasks <= FEW_TASKS:
        return int(2 ** max(tasks - 1, 0)) - 1
    if wanted is not None:
        return wanted
    return 9_999 if models <= 100 else 999 if models <= MANY_MODELS else 199


def _power(wanted: float) -> float:
    """Return the least power of two that is no less than *wanted*, and 1 at least."""
    return float(2 ** max(0, math.ceil(math.log2(max(wanted, 1.0)))))


def _lead(pairs: int, bounded: bool) -> float:
    return round(math.log(pairs / CHANCE), 6) if bounded else 0.0


def _largest(maxima: NDArray[Any], place: int) -> Floats:
    """Return the *place*-th largest along the last axis."""
    return np.asarray(np.partition(maxima, -place, axis=-1)[..., -place])


def _maxima(pairs: Pairs, flipped: Floats) -> tuple[Floats, Floats]:
    """Return for each vector of signs the largest statistic of all pairs, and of each model's."""
    own = np.zeros(flipped.shape)
    for rows, columns in pairs.blocks():
        _gather(own, flipped, _inverse(pairs.squares(rows, columns)), rows, columns)
    return own.max(axis=0), own


def _gather(
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


def _inverse(squares: Floats) -> Floats:
    return np.divide(1.0, squares, out=np.zeros_like(squares), where=squares > 0)


def _screened(pairs: Pairs, flipped: Floats, place: int) -> tuple[Floats, float, Floats]:
    """Return bounds for `_maxima` of all pairs, the *place*-th largest of these and each model's.

    Numbers of half the length say which vectors of signs may come *place*-th for a model; only for
    these the statistics are worked out, as `_maxima` does. A root of a statistic is off by no more
    than the rounding of two sums, beside the root of Q, and by that of a few operations. Pairs so
    much alike that the former is large are left to the exact way.
    """
    models, tasks = pairs.numbers.shape
    # What all models have in common is no difference, and takes digits away.
    half = (flipped - np.rint(flipped.mean(axis=0))).astype(np.float32)
    alike = float(np.abs(half).max(initial=1.0) / _ALIKE) ** 2
    slack = _ALIKE * 2.0**-23 + 2.0**-20 * (1 + math.sqrt(tasks))
    roots = np.zeros(flipped.shape, np.float32)
    most, own = np.zeros(flipped.shape[1], np.float32), np.empty(models)
    furthest = None if models <= MANY_MODELS else _Furthest(half, place, slack)
    by_sign = np.ascontiguousarray(flipped.T)
    near: list[tuple[int, int, float]] = []
    for rows, columns in pairs.blocks() if furthest is None else pairs.stripes():
        inverse = _inverse(pairs.squares(rows, columns))
        close = np.flatnonzero(inverse > 1 / alike)
        near += [
            (rows.start + one, columns.start + other, inverse[one, other])
            for one, other in zip(*np.divmod(close, inverse.shape[1]), strict=True)
        ]
        if len(near) > 8 * models:
            every, own = _maxima(pairs, flipped)
            return every, float(_largest(every, place)), _largest(own, place)
        scale = inverse.astype(np.float32)
        scale.flat[close] = 0.0
        if furthest is None:
            _gather(roots, half, scale, rows, columns)
        else:
            roots[rows], bounds = furthest.of(rows, scale)
            np.maximum(most, bounds, out=most)
            np.sqrt(roots[rows], out=roots[rows])
            _raise(roots, flipped, near[len(near) - len(close) :])
            own[rows] = _own(by_sign, rows, inverse, roots[rows], place, slack)
    if furthest is None:
        np.sqrt(roots, out=roots)
        _raise(roots, flipped, near)
        for rows, columns in pairs.stripes():
            inverse = _inverse(pairs.squares(rows, columns))
            own[rows] = _own(by_sign, rows, inverse, roots[rows], place, slack)
    highest = roots.max(axis=0).astype(np.float64)
    middle = _largest(highest, place)
    level, every = np.abs(highest - middle) <= 2 * slack, np.zeros(len(highest))
    top = level & (roots >= highest - 2 * slack)
    for at in np.flatnonzero(top.any(axis=1)).tolist():
        of_model = _inverse(pairs.squares(slice(at, at + 1), slice(0, models)))[0]
        which = np.flatnonzero(top[at])
        every[which] = np.maximum(every[which], _exactly(by_sign, at, of_model, which))
    more = int(np.count_nonzero(highest > middle + 2 * slack))
    critical = float(_largest(every[level], place - more))
    return np.square(np.maximum(highest, np.sqrt(most)) + slack), critical, own


def _raise(roots: Half, flipped: Floats, near: list[tuple[int, int, float]]) -> None:
    """Raise *roots* of statistics to those of pairs *near* each other, with their 1 / Q."""
    for one, other, scale in near:
        value = np.sqrt(np.square(flipped[one] - flipped[other]) * scale)
        roots[[one, other]] = np.maximum(roots[[one, other]], value)


def _own(
    by_sign: Floats, rows: slice, scales: Floats, roots: Half, place: int, slack: float
) -> Floats:
    """Return the *place*-th largest of each row's own maxima, of which *roots* are known nearly."""
    least = _largest(roots, place)[:, None]
    surely = np.count_nonzero(roots > least + 2 * slack, axis=1)
    unsure = np.abs(roots - least) <= 2 * slack
    return np.array([
        _largest(_exactly(by_sign, at, scale, np.flatnonzero(which)), place - more)
        for at, scale, which, more in zip(
            range(rows.start, rows.stop), scales, unsure, surely.tolist(), strict=True
        )
    ])  # fmt: skip


def _exactly(by_sign: Floats, at: int, scale: Floats, which: Ints) -> Floats:
    """Return a model's own maxima under some vectors of signs, as `_maxima` does."""
    apart = by_sign[which] - by_sign[which, at, None]
    np.square(apart, out=apart)
    apart *= scale
    return np.asarray(apart.max(axis=1))


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
        """Return what `_gather` finds for *rows*, and for each vector of signs a bound of it.

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
        least = np.sqrt(_largest(found.T, self._place)) - 4 * self._slack
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


def _stepped_down(
    pairs: Pairs, flipped: Floats, every: Floats, critical: float, lead: float, place: int
) -> float:
    """Return the *place*-th largest maximum of the pairs that *critical* does not tell apart.

    *every* are bounds for the maxima of all pairs, which those of fewer pairs cannot exceed: so
    most vectors of signs are out of the question as soon as the first are known.
    """
    order = np.argsort(-every, kind="stable")
    found = np.empty(0)
    while True:
        some = order[len(found) : len(found) + 2 * place]
        part = np.ascontiguousarray(flipped[:, some])
        own = np.zeros(part.shape)
        for rows, columns in pairs.blocks():
            scale = _inverse(pairs.squares(rows, columns))
            scale[pairs.strength(rows, columns, lead) > critical] = 0.0
            _gather(own, part, scale, rows, columns)
        found = np.append(found, own.max(axis=0))
        least = float(_largest(found, place))
        if len(found) == len(order) or every[order[len(found)]] <= least:
            return least


def _count(pairs: Pairs, critical: float, lead: float) -> int:
    """Return how many pairs are told apart."""
    found = 0
    for rows, columns in pairs.blocks():
        told = pairs.strength(rows, columns, lead) > critical
        found += int(np.count_nonzero(np.triu(told) if rows == columns else told))
    return found


def _tally(
    pairs: Pairs, critical: float, lead: float, own_critical: Floats, own_lead: float
) -> Apart:
    models = len(pairs.numbers)
    better, worse, own_better, own_worse = np.zeros((4, models), np.int64)
    first = np.full(models, models)
    for rows, columns in pairs.blocks():
        apart, value, tasks = pairs.judged(rows, columns)
        above, below = apart > 0, apart < 0
        told = (value > critical) & (tasks >= lead)
        ahead = tasks >= own_lead
        of_rows = (value > own_critical[rows, None]) & ahead
        own_better[rows] += (of_rows & below).sum(axis=1)
        own_worse[rows] += (of_rows & above).sum(axis=1)
        better[rows] += (told & below).sum(axis=1)
        worse[rows] += (told & above).sum(axis=1)
        later: Bools = told
        if rows != columns:
            of_columns = (value > own_critical[None, columns]) & ahead
            own_better[columns] += (of_columns & above).sum(axis=0)
            own_worse[columns] += (of_columns & below).sum(axis=0)
            better[columns] += (told & above).sum(axis=0)
            worse[columns] += (told & below).sum(axis=0)
        else:
            later = np.logical_and(told, np.triu(np.ones_like(told)))
        at = np.where(later.any(axis=1), later.argmax(axis=1) + columns.start, models)
        first[rows] = np.minimum(first[rows], at)
    run = first - np.arange(models) - 1
    return Apart(better, worse, own_better, own_worse, run, critical, lead)
