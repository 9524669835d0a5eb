"""The 95 % interval of a mean over steps, from the tasks: one formula from 0 to 1, no draws."""

import math
from functools import partial
from typing import Literal

from msgspec import Struct

from .t_distribution import critical_t
from .tasks import (
    LEVEL,
    MICROPOINTS,
    NORMAL,
    PRINTED,
    Floats,
    Ints,
    Tasks,
    clustering,
    exact,
    printed_means,
    standard_errors,
)


class Scale(Struct, frozen=True, kw_only=True):
    """How a share of 1, which all statistics work with, is printed: offset + points x share."""

    points: float = 100.0
    offset: float = 0.0
    bounded: bool = True
    """Whether the shares 0 and 1 are the metric's own bounds, and nothing lies beyond."""

    def at(self, printed: int) -> float:
        """Return a value that has so many printed units."""
        return self.offset + self.apart(printed)

    def apart(self, printed: int) -> float:
        """Return a difference, or a spread, of so many printed units."""
        return printed * self.points / PRINTED


POINTS = Scale()
"""0 to 100."""


class Interval(Struct, frozen=True, kw_only=True):
    """Where a model's mean lies on tasks like these, as the metric is printed."""

    mean: float
    low: float
    high: float
    standard_error: float
    """Clustered by task. 0 where no spread is seen, which is not to say that there is none."""
    method: Literal["wilson", "t"]


def intervals(tasks: Tasks, sums: Ints, scale: Scale = POINTS) -> list[Interval | None] | None:
    """Return the 95 % interval of every model's mean over the suite's steps.

    *sums* [models, tasks] holds micro-points (1e-6 of a step's score) summed over a task's steps;
    any metric, brought to 0 to 1 a step, and printed by *scale*. `None` when the suite has too few
    tasks, or one that holds more than a third of all steps.

    Of a score with two bounds: Wilson's interval on the effective number of tasks over the
    `clustering` of the model's steps, with Student's t in place of z (after Korn and Graubard 1998,
    Survey Methodology 24). In simulations of 10 to 200 tasks, of equal, unequal and dominating
    size, with independent steps, steps that cluster, and tasks that succeed or fail as a whole, it
    holds the true mean in at least 93.5 of 100 suites (`make bench`). A model that never failed has
    a wider interval than its steps alone would give: nobody knows yet how its failures cluster.

    A score without such bounds has no worst case, so there t on the clustered standard error
    stands, and no interval where no spread is seen.
    """
    if not tasks.enough:
        return None
    means, errors = printed_means(tasks, sums), standard_errors(sums, tasks)
    reach = critical_t(1 - LEVEL, tasks.freedom)
    if scale.bounded:
        spans = _bounded(tasks, sums, reach)
    else:
        spans = list(map(partial(_plain, reach), means.tolist(), errors.tolist()))
    return [
        span
        and Interval(
            mean=scale.at(int(means[model])),
            low=scale.at(span[0]),
            high=scale.at(span[1]),
            standard_error=scale.apart(round(float(errors[model]) * PRINTED)),
            method="wilson" if scale.bounded else "t",
        )
        for model, span in enumerate(spans)
    ]


def _bounded(tasks: Tasks, sums: Ints, reach: float) -> list[tuple[int, int] | None]:
    shares = exact(sums, tasks.steps).sum(axis=1) / (MICROPOINTS * tasks.count)
    numbers: Floats = tasks.trusted / clustering(sums, tasks)
    return [
        wilson(float(share), float(number), reach)
        for share, number in zip(shares, numbers, strict=True)
    ]


def _plain(reach: float, mean: int, error: float) -> tuple[int, int] | None:
    if error <= 0:
        return None
    half = round(reach * error * PRINTED)
    return max(mean - half, 0), mean + half


def wilson(
    share: float, number: float, reach: float = NORMAL.inv_cdf((1 + LEVEL) / 2)
) -> tuple[int, int]:
    """Return Wilson's 95 % score interval of *share* out of *number* trials, in printed units.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    shrink = 1 + reach * reach / number
    centre = (share + reach * reach / (2 * number)) / shrink
    variance = share * (1 - share) / number + (reach / (2 * number)) ** 2
    half = reach / shrink * math.sqrt(variance)
    return round((centre - half) * PRINTED), round((centre + half) * PRINTED)
