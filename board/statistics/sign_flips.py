"""All pairs of models told apart by flipping the signs of tasks: one test for a whole ranking."""

import math
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..workers import forks, side_by_side
from .maxima import gather, inverse, largest, maxima, screened, shared
from .pairs import MANY_MODELS, Pairs
from .tasks import Floats, Ints, Tasks, raw_stream

Bools = NDArray[np.bool_]

CHANCE = 0.05
"""Of even one false separation."""
FEW_TASKS = 11
"""With so many tasks or fewer, every vector of signs is counted."""
SCREENED = 200
"""From so many models on, most statistics are only looked at with half the digits."""
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
        every, own = maxima(pairs, flipped)
        critical, own_critical = float(largest(every, place)), largest(own, place)
    else:
        every, critical, own_critical = screened(pairs, flipped, place)
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


def _lead(pairs: int, bounded: bool) -> float:
    return round(math.log(pairs / CHANCE), 6) if bounded else 0.0


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
            scale = inverse(pairs.squares(rows, columns))
            scale[pairs.strength(rows, columns, lead) > critical] = 0.0
            gather(own, part, scale, rows, columns)
        found = np.append(found, own.max(axis=0))
        least = float(largest(found, place))
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
    blocks, parts = list(pairs.blocks()), forks() if len(pairs.numbers) > MANY_MODELS else 1
    counts, firsts = shared((parts, 4, models), np.int64), shared((parts, models), np.int64)

    def work(part: int) -> None:
        counts[part], first = 0, firsts[part]
        better, worse, own_better, own_worse = counts[part]
        first[:] = models
        for rows, columns in blocks[part::parts]:
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

    side_by_side(work, range(parts))
    run = firsts.min(axis=0) - np.arange(models) - 1
    better, worse, own_better, own_worse = counts.sum(axis=0)
    return Apart(better, worse, own_better, own_worse, run, critical, lead)
