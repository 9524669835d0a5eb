"""Whether a model holds its ground against another: passed, failed, or not shown by these tasks."""

import math
from typing import Literal

from msgspec import Struct

from .intervals import POINTS, Scale
from .t_distribution import critical_t
from .tasks import LEVEL, MICROPOINTS, NORMAL, PRINTED, Ints, Tasks, clustering, standard_errors

POWER = 0.8
Answer = Literal["passed", "failed", "open"]


class Gate(Struct, frozen=True, kw_only=True):
    """The new model against the old one, in printed units; above 0 the new one is better."""

    answer: Answer
    difference: float
    low: float
    """With 95 % the true difference is no less."""
    high: float
    """With 95 % it is no more."""
    smallest: float
    """A true difference of this size is shown in four of five suites like this one."""
    tasks_needed: int | None
    """How many tasks like these see a difference as large as the margin; `None` for a margin of
    0."""


def gate(tasks: Tasks, sums: Ints, margin: float, scale: Scale = POINTS) -> Gate | None:
    """Hold the first row of *sums* [2, tasks] against the second; more is better.

    *margin* is how much worse is still acceptable in printed units, below 0 how much better is
    demanded. `None` where tasks are too few.

    The mean difference over steps with its standard error clustered by task (Miller 2024, arXiv
    2411.00640, sections 2.2 and 4.2), and a one-sided bound of 95 % on either side. A model that is
    worse by exactly the margin passes in about 5 of 100 suites. What failed must also be behind by
    so much that no failure or success of whole tasks which nobody has seen yet explains it:
    ln(1 / 0.05) tasks, as far as steps of a task share its fate (`clustering`); scores without two
    bounds have no such limit.
    """
    if not tasks.comparable:
        return None
    apart = (sums[0] - sums[1])[None]
    difference = int(apart.sum()) / (MICROPOINTS * tasks.count)
    error = float(standard_errors(apart, tasks)[0])
    freedom, points = tasks.effective - 1, abs(scale.points)
    sure, often = critical_t(2 * (1 - LEVEL), freedom), critical_t(2 * (1 - POWER), freedom)
    low, high, wanted = difference - sure * error, difference + sure * error, -margin / points
    unseen = 0.0
    if scale.bounded:
        unseen = -math.log(1 - LEVEL) * float(clustering(sums, tasks).max()) / tasks.kish
    answer: Answer = "open"
    if low > wanted:
        answer = "passed"
    elif high < wanted and wanted - difference >= unseen:
        answer = "failed"
    return Gate(
        answer=answer,
        difference=points * difference,
        low=points * low,
        high=points * high,
        smallest=points * max((sure + often) * error, unseen),
        tasks_needed=_needed(tasks, error, abs(wanted)),
    )


def _needed(tasks: Tasks, error: float, margin: float) -> int | None:
    """Return how many tasks like these see a difference of *margin* with 80 % power."""
    if margin * PRINTED < 1:
        return None
    sides = NORMAL.inv_cdf(LEVEL) + NORMAL.inv_cdf(POWER)
    return math.ceil(tasks.steps.size * (sides * error / margin) ** 2)
