"""All pairs of models told apart by flipping the signs of tasks: one test for a whole ranking."""

import math
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .tasks import Floats, Ints, raw_stream

LEVEL = 0.05
FEW_TASKS = 11
"""With so many tasks or fewer, every vector of signs is counted."""
SKEW_ERRORS = 4.0
"""Standard errors of a skewness that are left alone, as chance makes them."""
_BLOCK = 128
_CELLS = 1 << 18
"""Differences held at once."""


class Apart(Struct, frozen=True):
    """How many models are surely better and surely worse than each, in the order of the rows."""

    better: Ints
    worse: Ints
    critical: float | None
    """What the statistic of a pair must exceed; `None` where tasks are too few for any."""


def told_apart(sums: Ints, weights: Ints, seed: str) -> Apart:
    """Test every pair of models over the same tasks; more is better.

    *sums* [models, tasks] are whole numbers below 2^26 in all, *weights* [tasks] the most that each
    of them can be. The chance of even one false separation on a whole board is at most 5 %.

    A pair's statistic is V = D^2 / Q of its tasks' differences (Efron 1969, JASA 64): for equal
    tasks a rising function of |t|. Its critical value is that of the largest V of all pairs under
    random signs of the tasks, counting the observed signs as one vector of them (Phipson and Smyth
    2010), step by step down (Westfall and Young 1993; Romano and Wolf 2005, JASA 100). Signs only
    test symmetry, so two guards stand beside it: a lead of ln(pairs / 0.05) whole tasks, for a rare
    success that nobody has seen yet, and Hall's (1992, JRSS B 54) correction of t for skewness
    against the claim. Simulated: at most 6.2 % of boards with a false separation.
    """
    models, tasks = sums.shape
    nothing = np.zeros(models, np.int64)
    signs = _signs(tasks, _flips(models), seed)
    place = int(LEVEL * (len(signs) + 1) + 1e-9)
    if models < 2 or place < 1:
        return Apart(nothing, nothing, None)
    numbers = sums.astype(np.float64)
    flipped = signs @ numbers.T
    pairs = models * (models - 1) // 2
    need = round(math.log(pairs / LEVEL), 6) * float((weights.astype(float) ** 2).sum())
    lead = need / float(weights.sum()) * _clustering(numbers, weights)
    statistic, differs = _statistics(numbers, weights, lead)
    left = np.triu(differs, 1)
    apart = np.zeros_like(left)
    critical = 0.0
    for _ in range(3 if models <= 2000 else 1):
        maxima = _maxima(flipped, numbers, left)
        critical = float(np.sort(maxima)[::-1][place - 1])
        found = left & (statistic > critical)
        if not found.any():
            break
        apart |= found
        left &= ~found
    totals = numbers.sum(axis=1)
    ahead = totals[:, None] > totals[None, :]
    apart |= apart.T
    worse, better = (apart & ahead).sum(axis=1), (apart & ahead.T).sum(axis=1)
    return Apart(better.astype(np.int64), worse.astype(np.int64), critical)


def _flips(models: int) -> int:
    return 9_999 if models <= 100 else 999 if models <= 2000 else 199


def _signs(tasks: int, flips: int, seed: str) -> Floats:
    """Return vectors of +1 and -1, one a row; all others than the observed one where these are few.

    A vector and its mirror give the same statistic, so the first sign of all of them stays.
    """
    if tasks <= FEW_TASKS:
        numbers = np.arange(1, 2 ** max(tasks - 1, 0))
        bits = (numbers[:, None] >> np.arange(max(tasks - 1, 0))) & 1
        return np.hstack([np.ones((len(numbers), 1)), 1.0 - 2.0 * bits])
    words = -(-tasks // 64)
    drawn = raw_stream("signs", seed, flips * words).astype("<u8")
    rows = drawn.view(np.uint8).reshape(flips, 8 * words)
    return np.asarray(np.unpackbits(rows, axis=1, count=tasks) * 2.0 - 1.0, np.float64)


def _clustering(numbers: Floats, weights: Ints) -> Floats:
    """Return each model's variance over that of tasks which succeed or fail as a whole: 0 to 1.

    Pulled towards 1, the worst case, by half a task that fails as a whole.
    """
    steps = weights.astype(np.float64)
    total, squares = steps.sum(), (steps * steps).sum()
    effective = total * total / squares
    mean = numbers.sum(axis=1) / total
    residuals = numbers - mean[:, None] * steps
    spread = (residuals * residuals).sum(axis=1) * effective / max(effective - 1, 1e-9)
    half = 0.5 * squares / len(steps)
    return np.asarray(np.minimum((spread + half) / (mean * (1 - mean) * squares + half), 1.0))


def _blocks(models: int) -> Iterator[slice]:
    for start in range(0, models, _BLOCK):
        yield slice(start, min(start + _BLOCK, models))


def _statistics(numbers: Floats, weights: Ints, lead: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return V of every pair, 0 where a guard stops it, and which pairs differ on any task."""
    models, tasks = numbers.shape
    share = weights / weights.sum()
    effective = float(weights.sum()) ** 2 / float((weights.astype(float) ** 2).sum())
    soft = SKEW_ERRORS * math.sqrt(6) / tasks
    found = np.zeros((models, models))
    differs = np.zeros((models, models), bool)
    for rows in _blocks(models):
        for columns in _blocks(models):
            apart = numbers[rows, None, :] - numbers[None, columns, :]
            total, squares = apart.sum(axis=2), (apart * apart).sum(axis=2)
            known = squares > 0
            squares = np.where(known, squares, 1.0)
            value = total * total / squares
            residuals = apart - total[:, :, None] * share
            second = (residuals * residuals).sum(axis=2)
            third = (residuals * residuals * residuals).sum(axis=2)
            spread = second > 1e-12 * squares
            second = np.where(spread, second, 1.0)
            t = np.abs(total) / np.sqrt(second * effective / max(effective - 1, 1e-9))
            skew = np.sign(total) * third / (second * np.sqrt(second))
            skew = np.minimum(np.where(spread, skew, 0.0) + soft, 0.0)
            bent = t + skew * t * t / 3 + skew * skew * t * t * t / 27 + skew / 6
            factor = np.clip(np.where(t > 0, bent / np.where(t > 0, t, 1.0), 1.0), 0.0, 1.0)
            of_v = (tasks - 1) * value / np.maximum(tasks - value, 1e-9) * factor * factor
            value = np.where(factor < 1, tasks * of_v / (tasks - 1 + of_v), value)
            enough = np.abs(total) >= np.maximum(lead[rows, None], lead[None, columns])
            found[rows, columns] = np.where(known & enough, value, 0.0)
            differs[rows, columns] = known
    return found, differs


def _maxima(flipped: Floats, numbers: Floats, left: NDArray[np.bool_]) -> Floats:
    """Return for each vector of signs the largest statistic of the pairs that are *left*."""
    maxima = np.zeros(len(flipped))
    norms = (numbers * numbers).sum(axis=1)
    for rows in _blocks(len(numbers)):
        for columns in _blocks(len(numbers)):
            mask = left[rows, columns]
            if not mask.any():
                continue
            squares = norms[rows, None] + norms[None, columns]
            squares = squares - 2 * (numbers[rows] @ numbers[columns].T)
            scale = np.where(mask, 1.0 / np.where(mask, squares, 1.0), 0.0)
            some = max(1, _CELLS // scale.size)
            for start in range(0, len(flipped), some):
                part = slice(start, start + some)
                apart = flipped[part, rows, None] - flipped[part, None, columns]
                np.square(apart, out=apart)
                apart *= scale
                np.maximum(maxima[part], apart.max(axis=(1, 2)), out=maxima[part])
    return maxima
