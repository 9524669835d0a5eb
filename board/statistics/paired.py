"""Two models on the same tasks: difference, interval, permutation test, tasks needed."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .intervals import POINTS, Scale
from .t_distribution import critical_t
from .tasks import (
    FEWEST_TASKS,
    LEVEL,
    MICROPOINTS,
    NORMAL,
    PRINTED,
    Floats,
    Ints,
    Tasks,
    exact,
    printed_means,
    raw_stream,
    standard_errors,
)

POWER = 0.8
SIGNIFICANT = 0.05
"""p up to which two models are told apart where nothing else is tested."""
EXACT_TASKS = 16
"""With at most so many tasks that differ, all 2^16 sign flips are counted."""
FLIPS = 9_999

_BLOCK = 256
_SIGNS = 1 << 17


class Paired(Struct, frozen=True, kw_only=True):
    """Model A against model B, task by task; differences are A minus B, as the metric prints."""

    difference: float
    low: float | None
    """95 % interval by Student's t; `None` when the suite has too few tasks."""
    high: float | None
    standard_error: float
    p: float
    """Two-sided, of the sign flips; four decimals, never below 0.0001."""
    exact: bool
    """Whether all sign flips were counted, rather than drawn."""
    won: int
    """Tasks on which A is the better of the two."""
    lost: int
    tied: int
    """Tasks on which the sums of A and B agree to the micro-point."""
    tasks_needed: int | None
    """Tasks that settle a difference of this size with 80 % power; `None` for no difference."""


def paired(
    tasks: Tasks, sums: Ints, pairs: Sequence[tuple[int, int]], scale: Scale = POINTS
) -> list[Paired]:
    """Compare the models of each pair (i, j) of rows of *sums* [models, tasks], in micro-points.

    The difference is the mean over all steps, its standard error clustered by task (Miller 2024,
    arXiv 2411.00640, sections 2.2 and 4.2), its interval that times Student's t, with one degree of
    freedom less than there are effective tasks.
    """
    found: list[Paired] = []
    flips = _flips(tasks)
    for start in range(0, len(pairs), _BLOCK):
        one, other = np.array(pairs[start : start + _BLOCK]).T
        found += _block(tasks, sums[one] - sums[other], flips, scale)
    return found


def reach_of(tasks: Tasks) -> float | None:
    """Return how many standard errors the 95 % interval of a difference reaches to each side.

    `None` where there are too few tasks for one.
    """
    return critical_t(1 - LEVEL, tasks.effective - 1) if tasks.comparable else None


def effects(
    tasks: Tasks,
    steps: Mapping[str, Ints],
    sums: Mapping[str, Ints],
    scale: Scale = POINTS,
) -> dict[str, Paired]:
    """Compare two models within each part of the suite: a bucket, a source group.

    *steps* gives each part's steps by task, shape [tasks], 0 where the part has none of a task's;
    *sums* the two models' micro-points over those, shape [2, tasks]. Every part has tasks of its
    own. These are many looks at one pair: uncorrected, to read and not to rank by.
    """
    found = {}
    for part in sorted(steps):
        has = steps[part] > 0
        if has.any():
            within = Tasks.of(f"{tasks.fingerprint}/{part}", steps[part][has])
            (found[part],) = paired(within, sums[part][:, has], [(0, 1)], scale)
    return found


def _flips(tasks: Tasks) -> NDArray[np.uint8]:
    """Return the random signs that every pair's test shares: a row of bits a flip."""
    words = -(-tasks.steps.size // 64)
    drawn = raw_stream("signs", tasks.fingerprint, FLIPS * words)
    return drawn.astype("<u8").view(np.uint8).reshape(FLIPS, 8 * words)


def _drawn_p(flips: NDArray[np.uint8], apart: Floats) -> Floats:
    """Return each row's share of random sign flips whose sum is at least as far from 0.

    The flip that changes nothing counts as one of them, so that p is never 0 (Phipson and Smyth
    2010, "Permutation p-values should never be zero").
    """
    pairs, tasks = apart.shape
    totals, reached = np.abs(apart.sum(axis=1)), np.ones(pairs)
    rows = max(1, _SIGNS // tasks)
    for start in range(0, len(flips), rows):
        bits = np.unpackbits(flips[start : start + rows], axis=1, count=tasks)
        sums = (bits.astype(np.float64) * 2 - 1) @ apart.T
        reached += np.count_nonzero(np.abs(sums) >= totals, axis=0)
    return reached / (1 + len(flips))


def _block(tasks: Tasks, apart: Ints, flips: NDArray[np.uint8], scale: Scale) -> list[Paired]:
    """Describe some pairs by their differences per task, shape [pairs, tasks]."""
    steps, count = tasks.steps, tasks.steps.size
    drawn = _drawn_p(flips, exact(apart, steps))
    means, errors = printed_means(tasks, apart), standard_errors(apart, tasks)
    reach = reach_of(tasks)
    found = []
    for at, row in enumerate(apart):
        differ = row[row != 0]
        few = len(differ) <= EXACT_TASKS
        p = _all_flips(differ) if few else float(drawn[at])
        share, error = int(row.sum()) / (MICROPOINTS * tasks.count), float(errors[at])
        mean, half = int(means[at]), None if reach is None else round(reach * error * PRINTED)
        found.append(
            Paired(
                difference=scale.apart(mean),
                low=None if half is None else scale.apart(mean - half),
                high=None if half is None else scale.apart(mean + half),
                standard_error=scale.apart(round(error * PRINTED)),
                p=max(round(p, 4), 0.0001),
                exact=few,
                won=int(np.count_nonzero(row > 0)),
                lost=int(np.count_nonzero(row < 0)),
                tied=count - len(differ),
                tasks_needed=_tasks_needed(share, error, tasks),
            )
        )
    return found


def _all_flips(differ: NDArray[np.int64]) -> float:
    """Return the share of all sign flips of *differ* whose sum is at least as far from 0.

    Fisher (1935), The Design of Experiments, section 21. The first sign stays: the other half
    mirrors. A task without a difference flips to itself and needs no count.
    """
    if differ.size == 0:
        return 1.0
    reached = differ[:1]
    for apart in differ[1:]:
        reached = np.concatenate([reached + apart, reached - apart])
    return float(np.mean(np.abs(reached) >= abs(int(differ.sum()))))


def _tasks_needed(share: float, error: float, tasks: Tasks) -> int | None:
    """Return how many tasks tell a true difference of *share* from 0, with 80 % power at 5 %.

    Miller (2024, arXiv 2411.00640), section 5, with the task as the unit: n = (z_0.975 + z_0.8)^2
    x variance per task / difference^2. It takes the observed difference for the true one, which
    flatters a difference that was lucky.
    """
    if share == 0 or tasks.steps.size < 2:
        return None
    sides = NORMAL.inv_cdf((1 + LEVEL) / 2) + NORMAL.inv_cdf(POWER)
    variance = error * error * tasks.steps.size
    return max(FEWEST_TASKS, math.ceil(variance * (sides / share) ** 2))
