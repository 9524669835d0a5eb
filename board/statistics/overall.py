"""The mean of a model's scores over several suites, with its interval and what stays open."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from .sign_flips import told_apart
from .t_distribution import critical_t
from .tasks import FEWEST_TASKS, MICROPOINTS, Floats, Ints, Tasks, standard_errors

LEVEL = 0.05
ENOUGH_SUITES = 5
"""From so many suites on they say something of suites like these."""
_UNITS = 10_000_000
"""Steps that a whole suite counts for among all suites together."""


class OfSuite(NamedTuple):
    """One suite's part: sums of all models by task, in micro-points, and each task's steps."""

    sums: Ints
    steps: Ints

    @classmethod
    def of(cls, sums: Ints, steps: Sequence[int]) -> "OfSuite":
        """Return the part of a suite whose tasks have so many *steps*."""
        return cls(sums, np.array(steps, np.int64))


class Overall(Struct, frozen=True, kw_only=True):
    """A mean over suites of equal weight, 0 to 100, and how sure it is."""

    mean: float
    low: float | None
    """95 % for these suites with other tasks; `None` where a suite has too few of them."""
    high: float | None
    low_like: float | None
    """95 % for suites like these; `None` below five."""
    high_like: float | None
    rank_low: int | None
    rank_high: int | None


class Outcome(NamedTuple):
    """All models' means, and the suite that most of the uncertainty comes from."""

    of: list[Overall]
    heaviest: int | None
    """A suite that more than half of the variance comes from, for most models."""


def overall(suites: Sequence[OfSuite], seed: str) -> Outcome:
    """Return every model's mean over *suites*, which hold the same models in the same order.

    For these suites: the standard errors of the suites' means, clustered by task (Miller 2024,
    arXiv 2411.00640), added in squares, against Student's t with Satterthwaite's (1946) degrees of
    freedom. For suites like these: the suite is the unit, and t has one degree less than suites.
    Ranks: the sign flips of all tasks together, each suite's tasks weighing as much as another's.
    """
    count = len(suites)
    of = [Tasks.of(seed, one.steps) for one in suites]
    means = np.array([one.sums.sum(axis=1) / (MICROPOINTS * one.steps.sum()) for one in suites])
    each = [standard_errors(one.sums, own) for one, own in zip(suites, of, strict=True)]
    errors = np.array(each) * np.array(each)
    freedom = np.array([max(own.effective - 1, 1) for own in of])
    enough = all(own.effective >= FEWEST_TASKS for own in of)
    found = told_apart(*_stacked(suites, seed)) if enough else None
    models = means.shape[1]
    results = []
    for model in range(models):
        mean, squares = float(means[:, model].mean()), errors[:, model]
        low, high = _span(mean, squares, freedom, count) if enough else (None, None)
        like = _like(means[:, model])
        results.append(
            Overall(
                mean=_points(mean),
                low=low,
                high=high,
                low_like=like[0],
                high_like=like[1],
                rank_low=None if found is None else 1 + int(found.better[model]),
                rank_high=None if found is None else models - int(found.worse[model]),
            )
        )
    return Outcome(results, _heaviest(errors))


def _stacked(suites: Sequence[OfSuite], seed: str) -> tuple[Tasks, Ints]:
    """Return the tasks of all suites as those of one in which each suite weighs the same."""
    steps, sums = [], []
    for one in suites:
        times = _UNITS / int(one.steps.sum())
        steps.append(np.maximum(np.rint(one.steps * times).astype(np.int64), 1))
        sums.append(np.minimum(np.rint(one.sums * times).astype(np.int64), steps[-1] * MICROPOINTS))
    return Tasks.of(seed, np.concatenate(steps)), np.hstack(sums)


def _span(
    mean: float, squares: Floats, freedom: Floats, count: int
) -> tuple[float | None, float | None]:
    """Return the interval for these suites, within 0 and 100."""
    total = float(squares.sum())
    if total <= 0:  # no spread was seen, which is not to say that there is none
        return None, None
    degrees = int(total * total / float((squares * squares / freedom).sum()))
    reach = critical_t(LEVEL, max(degrees, 1)) * math.sqrt(total) / count
    return _points(max(mean - reach, 0.0)), _points(min(mean + reach, 1.0))


def _like(means: Floats) -> tuple[float | None, float | None]:
    count = len(means)
    if count < ENOUGH_SUITES:
        return None, None
    spread = float(((means - means.mean()) ** 2).sum()) / (count - 1)
    reach = critical_t(LEVEL, count - 1) * math.sqrt(spread / count)
    mean = float(means.mean())
    return _points(max(mean - reach, 0.0)), _points(min(mean + reach, 1.0))


def _points(share: float) -> float:
    return round(100 * share, 2)


def _heaviest(errors: Floats) -> int | None:
    shares = errors / np.maximum(errors.sum(axis=0), 1e-300)
    middle = np.median(shares, axis=1)
    return int(middle.argmax()) if len(middle) > 1 and middle.max() > 0.5 else None
