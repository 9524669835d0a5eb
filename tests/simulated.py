"""Simulated suites and boards whose truth is known: what intervals and tests are tried on.

Sizes of tasks: `equal` (8 steps each), `unequal` (log-normal) and `dominating` (one task holds a
third of all steps). All sums are micro-points by task.
"""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cardboard.board.statistics.tasks import MICROPOINTS, Floats, Ints

Steps = NDArray[np.int64]
Sizes = Literal["equal", "unequal", "dominating"]
Clustering = Literal["independent", "half", "whole", "graded", "f1"]
Shape = Literal["f1", "0/1", "whole", "mix"]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_TASK, _OWN, _STEP = 1.0, 0.7, 1.5
"""On the logit scale: how tasks differ for all models, and a model's own turns; and the strength of
a graded step's Beta."""


def sizes(tasks: int, kind: Sizes) -> Steps:
    """Return the steps of each task."""
    if kind == "unequal":
        drawn = np.random.default_rng(1).normal(1.8, 0.8, tasks)
        return np.maximum(1, np.round(np.exp(drawn))).astype(np.int64)
    found = np.full(tasks, 8)
    if kind == "dominating":
        found[0] = 8 * (tasks - 1) // 2
    return found


def _micro(scores: Floats) -> Ints:
    return np.asarray(np.rint(scores * MICROPOINTS), np.int64)


def suites(number: int, steps: Steps, mean: float, seed: int, clustering: Clustering) -> Ints:
    """Simulate one model of true *mean* on *number* suites: micro-points, shape [number, tasks].

    Steps fail independently, correlate by a half within a task, or share their whole task's fate;
    `graded` and `f1` are scores between 0 and 1, many of the latter near the ends.
    """
    random, shape = np.random.default_rng(seed), (number, len(steps))
    if clustering == "independent":
        return random.binomial(steps, mean, shape) * MICROPOINTS
    if clustering == "half":
        return random.binomial(steps, random.beta(mean, 1 - mean, shape)) * MICROPOINTS
    if clustering == "whole":
        return (random.random(shape) < mean) * steps * MICROPOINTS
    strength, step = (2.0, 3.0) if clustering == "graded" else (3.0, _STEP)
    ease = random.beta(mean * strength, (1 - mean) * strength, shape)
    return _graded(random, np.clip(ease, 1e-4, 1 - 1e-4), steps, step)


def _graded(random: np.random.Generator, chance: Floats, steps: Steps, strength: float) -> Ints:
    """Return the sums of scores that lie around *chance*, shape [rows, tasks]."""
    each = np.repeat(chance, steps, axis=1)
    scores = random.beta(strength * each, strength * (1 - each))
    return _micro(np.add.reduceat(scores, np.r_[0, np.cumsum(steps)[:-1]], axis=1))


def board(means: Floats, steps: Steps, seed: int, shape: Shape = "0/1") -> Ints:
    """Simulate models of true *means* on the same tasks: micro-points, shape [models, tasks].

    `mix`: the first half of the models earns about its mean on every step, the other half all or
    nothing on whole tasks; so means can be equal and shapes are not.
    """
    random, models = np.random.default_rng(seed), len(means)
    if shape == "whole":
        return (random.random((models, len(steps))) < means[:, None]) * steps * MICROPOINTS
    if shape == "mix":
        half = models // 2
        chance = np.repeat(means[:half, None], len(steps), axis=1)
        steady = _graded(random, chance, steps, 10.0)
        rare = (random.random((models - half, len(steps))) < means[half:, None]) * steps
        return np.vstack([steady, rare * MICROPOINTS])
    logit = np.array([_centre(float(mean)) for mean in means])[:, None]
    common = random.normal(0, _TASK, len(steps))
    own = random.normal(0, _OWN, (models, len(steps)))
    chance = np.clip(_expit(logit + common + own), 1e-4, 1 - 1e-4)
    if shape == "0/1":
        return random.binomial(steps, chance) * MICROPOINTS
    return _graded(random, chance, steps, _STEP)


def _expit(value: Floats) -> Floats:
    return 1 / (1 + np.exp(-value))


@cache
def _centre(mean: float) -> float:
    """Return the logit around which chances must lie so that scores have this *mean*."""
    spread, low, high = np.hypot(_TASK, _OWN), -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        below = float((_WEIGHTS * _expit(middle + spread * _NODES)).sum()) < mean
        low, high = (middle, high) if below else (low, middle)
    return low
