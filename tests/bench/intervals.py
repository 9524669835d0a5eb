"""Intervals, rank odds, rank ranges: seconds and MB beside SciPy, and how often they hold."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from cardboard.board.statistics.intervals import acceleration, bca, intervals
from cardboard.board.statistics.paired import paired
from cardboard.board.statistics.rank_odds import RankOdds, rank_odds
from cardboard.board.statistics.rank_ranges import RankRange, rank_ranges
from cardboard.board.statistics.resampling import (
    NORMAL,
    Floats,
    Ints,
    Resamples,
    printed_draws,
    printed_means,
    resample,
)
from cardboard.tests.simulated import Steps, board, by_task, suites

SIZES = (100, 1_000, 10_000)
STEPS: Steps = np.array([7, 7, 7] + [6] * 47) + np.array([-2, 2] * 25)
"""303 steps of 50 tasks."""
SAMPLE = 60
SUITES = 2_000
BOARDS = 500
CASES = (
    (50, 0.5, False), (50, 0.25, False), (50, 0.1, False), (50, 0.5, True), (50, 0.25, True),
    (20, 0.25, False), (10, 0.25, False), (20, 0.25, True), (10, 0.25, True),
)  # fmt: skip
NORMAL_SCORES = np.array([NORMAL.inv_cdf((at + 0.5) / 56) for at in range(56)])
SKEWED: Steps = np.random.default_rng(3).geometric(1 / 6, 50).clip(1, 24)


def seconds(job: Callable[[], object]) -> float:
    """Return the wall seconds of *job*."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def speed(models: int) -> None:
    """Measure one size, in a process of its own so that the peak is its own."""
    random = np.random.default_rng(1)
    level = random.beta(8, 8, (models, 1))
    shares = (random.beta(1, 2, (models, STEPS.size)) + level) / 2
    sums = (shares * STEPS * 1_000_000).astype(np.int64)
    draws = resample("bench", STEPS)
    order = np.argsort(-sums.sum(axis=1)).tolist()
    jobs: dict[str, Callable[[], object]] = {
        "draws": lambda: resample("bench", STEPS),
        "intervals": lambda: intervals(draws, sums),
        "rank odds": lambda: rank_odds(draws, sums),
        "rank ranges": lambda: rank_ranges(draws, sums),
        "neighbours": lambda: paired(draws, sums, list(pairwise(order))),
    }
    taken, peaks = {}, {}
    for name, job in jobs.items():
        taken[name] = seconds(job)
        peaks[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ours = taken["draws"] + taken["intervals"]
    line = f"{models:>7,} " + " ".join(f"{taken[name]:>10.3f}" for name in jobs)
    line += f" {peaks['intervals']:>10.0f} {peaks['neighbours']:>10.0f}"
    for method in ("percentile", "BCa"):
        theirs = models * scipy_seconds(sums, method)
        line += f" {theirs:>8.1f} = {theirs / ours:>4.0f}x"
    print(line, flush=True)


def scipy_seconds(sums: Ints, method: str) -> float:
    """Return the seconds that SciPy's 10,000 resamples take per model, over a few models."""
    from scipy import stats

    def bootstrap(row: Ints) -> None:
        stats.bootstrap(
            np.stack([row, STEPS]),
            lambda won, steps, axis=-1: won.sum(axis=axis) / steps.sum(axis=axis),
            paired=True,
            vectorized=True,
            n_resamples=10_000,
            method="BCa" if method == "BCa" else "percentile",
            rng=np.random.default_rng(1),
        )

    def sample() -> None:
        for row in sums[:SAMPLE]:
            bootstrap(row)

    bootstrap(sums[0])
    return seconds(sample) / SAMPLE


def coverage(name: str, steps: Steps, mean: float, smooth: bool) -> str:
    """Return how many of 2,000 suites' intervals hold the true mean, by method, and which miss."""
    each = suites(SUITES, steps, mean, seed=11, smooth=smooth)
    sums, alone = by_task(each), np.concatenate(each, axis=1)
    draws, unclustered = resample("coverage", steps), resample("coverage", [1] * alone.shape[1])
    means, leans = printed_means(draws, sums), acceleration(sums, steps)
    rows = zip(printed_draws(draws, sums), means, leans, strict=True)
    ends = {
        "ours": [(one.low, one.high) for one in intervals(draws, sums) or []],
        "BCa": [np.array(bca(row, int(at), float(lean), 1.96)) / 100 for row, at, lean in rows],
        "percentile": [np.percentile(row, (2.5, 97.5)) / 100 for row in printed_draws(draws, sums)],
        "unclustered": [(one.low, one.high) for one in intervals(unclustered, alone) or []],
    }
    line = f"{name:<32}"
    for found in ends.values():
        low, high = np.array(found).T
        above, below = 100 * (low > 100 * mean).mean(), 100 * (high < 100 * mean).mean()
        line += f"{100 - above - below:>8.1f} ({below:>4.1f} {above:>4.1f})"
    return line


def held(name: str, means: Floats) -> str:
    """Return how often ranges hold the true ranks of 56 models, by rule.

    All models of a board at once, one by one, and the mean width. Models of equal means may take
    any rank among them, and a range must hold all of those.
    """
    steps = np.full(50, 6)
    draws = resample("held", steps, draws=2_000)
    best = 1 + (means > means[:, None]).sum(axis=1)
    worst = len(means) - (means < means[:, None]).sum(axis=1)
    line = f"{name:<32}"
    totals = np.zeros((len(RULES), 3))
    for seed in range(BOARDS):
        sums = board(means, steps, seed)
        for at, rule in enumerate(RULES):
            low, high = np.array([(one.low, one.high) for one in rule(draws, sums)]).T
            inside = (low <= best) & (high >= worst)
            totals[at] += inside.all(), inside.mean(), (high - low).mean()
    for every, each, width in totals / BOARDS:
        line += f"{100 * every:>8.1f} {100 * each:>5.1f} {width:>5.1f}"
    return line


RULES: tuple[Callable[[Resamples, Ints], Sequence[RankRange | RankOdds]], ...] = (
    lambda draws, sums: rank_ranges(draws, sums, "holm").ranges,
    lambda draws, sums: rank_ranges(draws, sums, "bh").ranges,
    lambda draws, sums: rank_ranges(draws, sums, "none").ranges,
    lambda draws, sums: rank_odds(draws, sums) or [],
)


def main() -> None:
    """Print the three tables: speed, coverage of intervals, coverage of ranks."""
    heads = ("draws", "intervals", "odds", "ranges", "neighbours", "MB, int.", "MB, all")
    print("Seconds, one BLAS thread, 10,000 draws of 50 tasks; SciPy from 60 models")
    print(f"{'models':>7}", *(f"{head:>10}" for head in heads), f"{'percentile':>16} {'BCa':>16}")
    for models in SIZES:
        one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        subprocess.run([sys.executable, __file__, str(models)], env=one_thread, check=True)

    print(f"\n% of {SUITES:,} suites whose interval holds the true mean (too low, too high)")
    methods = ("ours", "textbook BCa", "percentile", "unclustered")
    print(f"{'within-task correlation 0.5':<32}", *(f"{method:>19}" for method in methods))
    for tasks, mean, smooth in CASES:
        kind = "graded" if smooth else "0/1"
        print(coverage(f"{tasks} x 6 {kind} steps, mean {mean}", np.full(tasks, 6), mean, smooth))
    for mean in (0.5, 0.25):
        print(coverage(f"50 x 1-24 0/1 steps, mean {mean}", SKEWED, mean, False))

    print(f"\n% of {BOARDS:,} boards whose ranges hold all 56 true ranks, % of models, mean width")
    rules = ("Holm", "Benjamini-Hochberg", "uncorrected", "rank interval")
    print(f"{'50 tasks x 6 steps':<32}", *(f"{rule:>19}" for rule in rules))
    print(held("means 10 to 60, even", np.linspace(0.6, 0.1, 56)))
    print(held("means around 30, normal", np.sort(0.3 + 0.08 * NORMAL_SCORES)[::-1]))
    print(held("all means 30", np.full(56, 0.3)))


if __name__ == "__main__":
    if sys.argv[1:]:
        speed(int(sys.argv[1]))
    else:
        main()
