"""Intervals: how often they hold the true mean beside SciPy's bootstrap, how wide, how fast."""

import time
from collections.abc import Callable
from typing import get_args

import numpy as np
from scipy import stats

from cardboard.board.statistics.intervals import intervals
from cardboard.board.statistics.tasks import MICROPOINTS, Ints, Tasks
from cardboard.tests.simulated import Clustering, Sizes, Steps, sizes, suites

TASKS = (10, 20, 50, 100, 200)
MEANS = (0.03, 0.1, 0.5, 0.9, 0.97)
SUITES = 2_000
GRADED = 500
"""Suites of graded steps, which take longer to simulate."""
MODELS = 10_000
BESIDE: tuple[tuple[int, Sizes, Clustering, float], ...] = (
    (50, "equal", "independent", 0.97),
    (50, "equal", "half", 0.03),
    (50, "equal", "half", 0.5),
    (50, "unequal", "half", 0.97),
    (200, "dominating", "whole", 0.5),
)
RESAMPLED = 200
"""Suites that SciPy resamples 2,000 times each."""


def main() -> None:
    """Print coverage over all cells, the lowest of them, a few beside SciPy, and the cost."""
    cells = [
        (*covered(tasks, kind, clustering, mean), tasks, kind, clustering, mean)
        for kind in get_args(Sizes)
        for tasks in TASKS
        if Tasks.of("cell", sizes(tasks, kind)).enough
        for clustering in get_args(Clustering)
        for mean in MEANS
    ]
    print(f"{len(cells)} cells of {SUITES:,} suites; % that hold the true mean, width in points")
    for kind in get_args(Sizes):
        own = [cell for cell in cells if cell[3] == kind]
        held, wide = (np.mean([cell[at] for cell in own]) for at in (0, 1))
        print(f"{kind:>12}: {held:5.1f} on average, least {min(own)[0]:5.1f}, width {wide:5.1f}")
    print("the lowest:")
    for held, wide, tasks, kind, clustering, mean in sorted(cells)[:8]:
        print(f"{held:7.2f} {wide:6.1f}  {tasks} {kind} tasks, {clustering}, mean {mean}")

    print(f"\nbeside SciPy's BCa, {RESAMPLED} suites of {2_000:,} resamples of tasks")
    for tasks, kind, clustering, mean in BESIDE:
        ours = covered(tasks, kind, clustering, mean)
        theirs = resampled(tasks, kind, clustering, mean)
        name = f"{tasks} {kind} tasks, {clustering}, mean {mean}"
        print(f"{name:>42}: ours {ours[0]:5.1f} / {ours[1]:4.1f}", end="")
        print(f"   BCa {theirs[0]:5.1f} / {theirs[1]:4.1f}", flush=True)

    steps = sizes(50, "unequal")
    sums = suites(MODELS, steps, 0.4, 1, "half")
    ours_s = seconds(lambda: intervals(Tasks.of("speed", steps), sums))
    each = seconds(lambda: bootstrap(sums[0], steps, 9_999))
    print(f"\n{MODELS:,} models, 50 tasks: {ours_s:.2f} s; by scipy.stats.bootstrap", end="")
    print(f" {MODELS * each:,.0f} s = {MODELS * each / ours_s:,.0f}x")


def covered(tasks: int, kind: Sizes, clustering: Clustering, mean: float) -> tuple[float, float]:
    """Return how many of 100 intervals hold the true mean, and their mean width."""
    steps = sizes(tasks, kind)
    number = GRADED if clustering in ("graded", "f1") else SUITES
    sums = suites(number, steps, mean, int(1_000 * mean) + tasks, clustering)
    found = intervals(Tasks.of("cell", steps), sums) or []
    return held([(one.low, one.high) for one in found if one is not None], 100 * mean)


def held(ends: list[tuple[float, float]], mean: float) -> tuple[float, float]:
    """Return how many of 100 *ends* hold the *mean*, and their mean width."""
    low, high = np.array(ends).T
    return 100 * float(((low <= mean) & (mean <= high)).mean()), float((high - low).mean())


def resampled(tasks: int, kind: Sizes, clustering: Clustering, mean: float) -> tuple[float, float]:
    """Return the same of SciPy's BCa intervals over tasks."""
    steps = sizes(tasks, kind)
    sums = suites(RESAMPLED, steps, mean, int(1_000 * mean) + tasks, clustering)
    return held([bootstrap(row, steps, 2_000) for row in sums], 100 * mean)


def bootstrap(row: Ints, steps: Steps, resamples: int) -> tuple[float, float]:
    """Return SciPy's BCa interval in points; a point where no resample differs."""
    if len(set((row / steps).tolist())) == 1:
        return (100 * row[0] / steps[0] / MICROPOINTS,) * 2
    found = stats.bootstrap(
        np.stack([row, steps * MICROPOINTS]),
        lambda won, whole, axis=-1: won.sum(axis=axis) / whole.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        method="BCa",
        rng=np.random.default_rng(1),
    )
    low, high = found.confidence_interval
    return 100 * float(low), 100 * float(high)


def seconds(job: Callable[[], object]) -> float:
    """Return the processor seconds of *job*."""
    began = time.process_time()
    job()
    return time.process_time() - began


if __name__ == "__main__":
    main()
