"""One seeded resampling of a suite's tasks, shared by every model, metric and comparison."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from .t_distribution import critical_t

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVEL = 0.95
MICROPOINTS = 1_000_000
"""A step's score of 1 in the sums that come in."""
PRINTED = 10_000
"""A score of 1 in printed units: 100 x score with two decimals."""
FEWEST_TASKS = 6
"""Below six tasks no paired test can reach 5 %, as 2 / 2^5 > 0.05; so there is no interval."""
NORMAL = NormalDist()

_BLOCK = 64


@dataclass(frozen=True)
class Resamples:
    """How often each draw takes each task: one set of draws for all models of a suite."""

    fingerprint: str
    steps: Ints
    """Steps of each task, shape [tasks]."""
    weights: Floats
    """Whole numbers, shape [draws, tasks]; every row adds up to the number of tasks."""
    sizes: Floats
    """Steps in each draw, shape [draws]."""

    @property
    def effective_tasks(self) -> int:
        """How many tasks of equal size say as much as these (Kish 1965): (sum n)^2 / sum n^2."""
        steps = [int(count) for count in self.steps]
        return sum(steps) ** 2 // sum(count * count for count in steps)

    @property
    def enough(self) -> bool:
        """Whether there are tasks enough for an interval at all."""
        return self.effective_tasks >= FEWEST_TASKS

    @property
    def reach(self) -> float:
        """How many standard errors a 95 % bootstrap interval reaches, where the normal says 1.96.

        Hesterberg (2015, arXiv 1411.5279), "expanded percentile": the bootstrap's spread is too
        small by sqrt((n - 1) / n) and ignores that the spread is itself an estimate, so take
        t(n - 1) x sqrt(n / (n - 1)), with n the effective number of tasks.
        """
        tasks = self.effective_tasks
        return critical_t(1 - LEVEL, tasks - 1) * math.sqrt(tasks / (tasks - 1))


def raw_stream(purpose: str, fingerprint: str, words: int) -> NDArray[np.uint64]:
    """Return *words* 64-bit words that depend on nothing but *purpose* and *fingerprint*.

    Raw PCG64 output: NumPy keeps a bit generator's stream (NEP 19), but not what `Generator`
    makes of it.
    """
    seed = hashlib.sha256(f"cardboard/1/{purpose}/{fingerprint}".encode()).digest()
    return np.random.PCG64(int.from_bytes(seed, "big")).random_raw(words)


def resample(fingerprint: str, steps: Sequence[int] | Ints, draws: int = 10_000) -> Resamples:
    """Draw the suite's tasks with replacement, *draws* times; *steps* counts each task's steps.

    The task is the unit (Miller 2024, arXiv 2411.00640, section 2.2), since the steps of a task
    are alike. The order of *steps* must be the same in every run: tasks sorted by their ids. A word
    is scaled to a task by its upper half, with a bias below tasks / 2^32.
    """
    counts = np.asarray(steps, dtype=np.int64)
    if counts.ndim != 1 or counts.size == 0 or counts.min() < 1 or draws < 1:
        raise ValueError("every task needs at least one step, and there must be a task and a draw")
    tasks = counts.size
    words = raw_stream("tasks", fingerprint, draws * tasks)
    chosen = ((words >> np.uint64(32)) * np.uint64(tasks) >> np.uint64(32)).astype(np.int64)
    chosen += np.repeat(np.arange(draws) * tasks, tasks)
    weights = np.bincount(chosen, minlength=draws * tasks).reshape(draws, tasks)
    sizes = (weights @ counts).astype(np.float64)
    return Resamples(fingerprint, counts, weights.astype(np.float64), sizes)


def exact(sums: Ints, steps: Ints) -> Floats:
    """Return *sums* [models, tasks] as floats whose weighted sums stay whole numbers below 2^53.

    Then every order of addition gives the same number, and so does every BLAS.
    """
    if sums.ndim != 2 or sums.shape[1] != steps.size or sums.dtype.kind != "i":
        raise ValueError("sums must be whole micro-points, one row a model, one column a task")
    if (np.abs(sums) > MICROPOINTS * steps).any():
        raise ValueError("a task's sum exceeds its steps, or the sums are not in micro-points")
    if MICROPOINTS * int(steps.max()) * steps.size >= 1 << 53:
        raise ValueError("the suite is too large for exact sums")
    return sums.astype(np.float64)


def printed_draws(resamples: Resamples, sums: Ints) -> Iterator[NDArray[np.int64]]:
    """Yield each model's mean in every draw, in printed units (hundredths of a point), in order.

    The ratio estimator: a draw's sum over its own number of steps. Rounding first loses nothing,
    for it keeps order: the rounded quantile is the quantile of the rounded. Memory stays bounded.
    """
    scale = resamples.sizes * (MICROPOINTS // PRINTED)
    numbers = exact(sums, resamples.steps)
    for start in range(0, len(numbers), _BLOCK):
        means = numbers[start : start + _BLOCK] @ resamples.weights.T
        means /= scale
        np.rint(means, out=means)
        yield from means.astype(np.int64)


def printed_means(resamples: Resamples, sums: Ints) -> NDArray[np.int64]:
    """Return each model's own mean in printed units, rounded half to even."""
    totals = exact(sums, resamples.steps).sum(axis=1)
    means = np.rint(totals / (int(resamples.steps.sum()) * (MICROPOINTS // PRINTED)))
    return np.asarray(means, np.int64)
