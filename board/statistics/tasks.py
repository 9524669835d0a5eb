"""The tasks of a suite, the unit of all statistics: what they are worth, and sums over them."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class Tasks:
    """The tasks that every model of a board has answered; steps of one task resemble each other."""

    fingerprint: str
    """The suite's identity, from which all random signs follow."""
    steps: Ints
    """Steps of each task, shape [tasks], in the order of the tasks' ids."""

    @classmethod
    def of(cls, fingerprint: str, steps: Sequence[int] | Ints) -> "Tasks":
        """Return tasks of so many *steps* each."""
        counts = np.asarray(steps, dtype=np.int64)
        if counts.ndim != 1 or counts.size == 0 or counts.min() < 1:
            raise ValueError("every task needs at least one step, and there must be a task")
        return cls(fingerprint, counts)

    @cached_property
    def count(self) -> int:
        """Return the number of steps."""
        return int(self.steps.sum())

    @cached_property
    def squares(self) -> int:
        """Return the sum of the squared sizes."""
        return sum(int(size) ** 2 for size in self.steps)

    @cached_property
    def kish(self) -> float:
        """Return how many tasks of equal size say as much as these (Kish 1965)."""
        return self.count**2 / self.squares

    @cached_property
    def effective(self) -> int:
        """Return the same as a whole number."""
        return self.count**2 // self.squares

    @cached_property
    def trusted(self) -> float:
        """Return the effective number of tasks that an interval may rest on.

        It falls below `kish` where one task carries more than two thirds of the sum of squares.
        """
        largest = int(self.steps.max()) / self.count
        return min(self.kish, 2 / (3 * largest * largest))

    @cached_property
    def clusters(self) -> int:
        """Return how many tasks of equal size would tell a variance as well.

        Carter, Schnepel and Steigerwald (2017, doi 10.1162/REST_a_00639), for tasks that succeed or
        fail as a whole.
        """
        return int(self.squares**2 // sum(int(size) ** 4 for size in self.steps))

    @property
    def enough(self) -> bool:
        """Whether there is an interval at all: never where a task holds over a third of steps."""
        return int(self.trusted + 1e-9) >= FEWEST_TASKS

    @property
    def comparable(self) -> bool:
        """Whether a difference of two models has an interval."""
        return self.effective >= FEWEST_TASKS

    @property
    def freedom(self) -> int:
        """Return the degrees of freedom of a mean's variance."""
        return max(self.clusters, FEWEST_TASKS) - 1

    @cached_property
    def largest(self) -> float:
        """Return the steps of the task in which a random step lies, on average."""
        return self.squares / self.count


def raw_stream(purpose: str, fingerprint: str, words: int) -> NDArray[np.uint64]:
    """Return *words* 64-bit words that depend on nothing but *purpose* and *fingerprint*.

    Raw PCG64 output: NumPy keeps a bit generator's stream (NEP 19), but not what `Generator`
    makes of it.
    """
    seed = hashlib.sha256(f"cardboard/1/{purpose}/{fingerprint}".encode()).digest()
    return np.random.PCG64(int.from_bytes(seed, "big")).random_raw(words)


def exact(sums: Ints, steps: Ints) -> Floats:
    """Return *sums* [models, tasks] as floats whose sums stay whole numbers below 2^53.

    Then every order of addition gives the same number, and so does every BLAS.
    """
    if sums.ndim != 2 or sums.shape[1] != steps.size or sums.dtype.kind != "i":
        raise ValueError("sums must be whole micro-points, one row a model, one column a task")
    if (np.abs(sums) > MICROPOINTS * steps).any():
        raise ValueError("a task's sum exceeds its steps, or the sums are not in micro-points")
    if MICROPOINTS * int(steps.sum()) >= 1 << 53:
        raise ValueError("the suite is too large for exact sums")
    return sums.astype(np.float64)


def printed_means(tasks: Tasks, sums: Ints) -> Ints:
    """Return each model's own mean in printed units, rounded half to even."""
    totals = exact(sums, tasks.steps).sum(axis=1)
    means = np.rint(totals / (tasks.count * (MICROPOINTS // PRINTED)))
    return np.asarray(means, np.int64)


def residuals(sums: Ints | Floats, tasks: Tasks) -> tuple[Floats, float]:
    """Return what each task's sum has beyond its share of the total, in whole units, and the unit.

    The unit is a power of two of micro-points, so large that sums of squares are exact.
    """
    most = MICROPOINTS**2 * tasks.squares
    unit = float(1 << max(0, math.ceil(math.log2(most / (1 << 50)) / 2)))
    share = tasks.steps / tasks.count
    return np.rint((sums - sums.sum(axis=1, keepdims=True) * share) / unit), unit


def standard_errors(sums: Ints | Floats, tasks: Tasks) -> Floats:
    """Return the standard error of each row's mean as a share of 1, clustered by task.

    Miller (2024, arXiv 2411.00640), section 2.2: SE^2 = (1 / n^2) sum over tasks of the squared sum
    of (score - mean) over the task's steps; n counts steps. With K / (K - 1) for small numbers.
    """
    whole, unit = residuals(sums, tasks)
    small = tasks.kish / (tasks.kish - 1) if tasks.kish > 1 else 1.0
    return np.asarray(
        np.sqrt((whole * whole).sum(axis=1) * small) * (unit / (tasks.count * MICROPOINTS))
    )


def clustering(sums: Ints | Floats, tasks: Tasks) -> Floats:
    """Return each model's variance over that of tasks which succeed or fail as a whole: 0 to 1.

    Near 0 and 1 its estimate is nothing but noise, so it is pulled towards 1, the worst case, by
    half a task that fails as a whole.
    """
    mean = sums.sum(axis=1) / (tasks.count * MICROPOINTS)
    errors = standard_errors(sums, tasks) * tasks.count
    half = 0.5 * tasks.squares / tasks.steps.size
    whole = mean * (1 - mean) * tasks.squares
    return np.asarray(np.minimum((errors * errors + half) / (whole + half), 1.0))
