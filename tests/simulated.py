"""Simulated scores whose true means are known: what intervals and rank ranges are tried on."""

import numpy as np
from numpy.typing import NDArray

from cardboard.board.statistics.resampling import MICROPOINTS, Floats, Ints

Steps = NDArray[np.int64]


def suites(
    number: int,
    steps: Steps,
    mean: float,
    seed: int,
    correlation: float = 0.5,
    smooth: bool = False,
) -> list[Ints]:
    """Simulate *number* suites of tasks with *steps* steps: micro-points of every step, by task.

    Gives one array [number, steps of the task] a task. A task's ease is Beta with the true *mean*;
    a step succeeds with that chance or, when *smooth*, scores a Beta around it. Two steps of a task
    correlate by *correlation*, exactly: for a Beta of strength k, 1 / (1 + k) of the variance of
    0/1 steps lies between tasks, and a step's Beta of strength c shrinks the rest by 1 / (1 + c).
    """
    random = np.random.default_rng(seed)
    strength = 1 / correlation - 1
    around = 3.0
    if smooth:
        strength *= around + 1
    ease = random.beta(mean * strength, (1 - mean) * strength, (number, len(steps)))
    ease = np.clip(ease, 1e-9, 1 - 1e-9)
    found = []
    for task, count in enumerate(steps):
        chance = np.repeat(ease[:, task, None], count, axis=1)
        if smooth:
            scores = random.beta(chance * around, (1 - chance) * around)
        else:
            scores = random.binomial(1, chance).astype(np.float64)
        found.append(np.rint(scores * MICROPOINTS).astype(np.int64))
    return found


def by_task(steps: list[Ints]) -> Ints:
    """Return the sums by task, shape [suites, tasks]."""
    return np.stack([scores.sum(axis=1) for scores in steps], axis=1)


def board(means: Floats, steps: Steps, seed: int, shared: float = 0.6) -> Ints:
    """Simulate models of true *means* on the same tasks: micro-points, shape [models, tasks].

    Chances of success as in `suites` with correlation 0.5, but the same tasks are hard for all
    models: chances correlate by *shared* across models (a Gaussian copula).
    """
    from scipy import stats

    random = np.random.default_rng(seed)
    own = random.normal(size=(len(means), len(steps)))
    common = random.normal(size=len(steps))
    ease = stats.norm.cdf(np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    chance = np.clip(stats.beta.ppf(ease, means[:, None], 1 - means[:, None]), 0, 1)
    return random.binomial(steps, chance).astype(np.int64) * MICROPOINTS
