"""All pairs and the gate: false separations, sharpness and power beside the rules before; speed."""

import os
import resource
import subprocess
import sys
import time
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cardboard.board.statistics.gate import gate
from cardboard.board.statistics.overall import OfSuite, overall
from cardboard.board.statistics.scores_alone import scores_alone
from cardboard.board.statistics.sign_flips import told_apart
from cardboard.board.statistics.tasks import MICROPOINTS, Floats, Ints, Tasks
from cardboard.tests.simulated import Shape, Sizes, Steps, board, sizes

BOARDS, SPREAD, GATES, SUITES = 400, 10, 1_000, 100
FLIPS = 499
MODELS = (56, 1_000, 10_000)
EQUAL: tuple[tuple[Shape, float, int, Sizes], ...] = (
    ("f1", 0.4, 10, "equal"),
    ("f1", 0.4, 50, "unequal"),
    ("f1", 0.4, 50, "dominating"),
    ("0/1", 0.1, 50, "unequal"),
    ("0/1", 0.97, 50, "unequal"),
    ("whole", 0.1, 50, "unequal"),
    ("mix", 0.04, 10, "equal"),
    ("mix", 0.04, 50, "equal"),
    ("mix", 0.1, 50, "unequal"),
    ("mix", 0.1, 200, "unequal"),
    ("mix", 0.2, 50, "equal"),
)
GROUPS = np.r_[np.full(10, 0.6), np.full(10, 0.3)]


def holm(sums: Ints, steps: Steps) -> NDArray[np.bool_]:
    """Return which pairs Holm's method over clustered t-tests tells apart: the rule before."""
    i, j = np.triu_indices(len(sums), 1)
    d: Floats = (sums[i] - sums[j]) / MICROPOINTS
    kish = steps.sum() ** 2 / (steps**2).sum()
    residual = d - d.sum(axis=1, keepdims=True) * steps / steps.sum()
    noise = np.sqrt((residual**2).sum(axis=1) * kish / (kish - 1))
    t = np.divide(np.abs(d.sum(axis=1)), noise, out=np.zeros(len(d)), where=noise > 0)
    p = 2 * stats.t.sf(t, max(int(kish) - 1, 1))
    order = np.argsort(p)
    passed = np.logical_and.accumulate(p[order] <= 0.05 / (len(p) - np.arange(len(p))))
    told = np.zeros(len(p), bool)
    told[order[passed]] = True
    return told


def errors() -> None:
    """Print how many boards hold a false separation."""
    print(f"% of {BOARDS} boards of 20 equal models with a false separation; % of models by their")
    print(f"own range\n{'':<34}{'Holm over t':>12}{'sign flips':>12}{'own range':>12}")
    for shape, mean, tasks, kind in EQUAL:
        steps, found = sizes(tasks, kind), np.zeros(3)
        for seed in range(BOARDS):
            sums = board(np.full(20, mean), steps, seed, shape)
            one = told_apart(Tasks.of(f"{seed}", steps), sums, flips=FLIPS)
            own = (one.own_better + one.own_worse > 0).mean()
            found += holm(sums, steps).any(), one.worse.any(), own
        name = f"{shape}, mean {mean}, {tasks} {kind}"
        print(f"{name:<34}" + "".join(f"{100 * one / BOARDS:>12.1f}" for one in found), flush=True)
    steps, err = sizes(50, "unequal"), 0
    for seed in range(BOARDS):
        one = told_apart(Tasks.of(f"{seed}", steps), board(GROUPS, steps, seed, "f1"), flips=FLIPS)
        above, below = one.better[:10].any(), one.worse[10:].any()
        more = (one.worse[:10] > 10).any() or (one.better[10:] > 10).any()
        err += bool(above or below or more)
    print(f"{'two groups, level pairs, 50 unequal':<46}{100 * err / BOARDS:>12.1f}")


def sharpness() -> None:
    """Print how many pairs of a spread board are told apart, and how wide ranges are."""
    means, places = np.linspace(0.6, 0.1, 56), np.arange(56)
    print(
        f"\n56 models from 60 to 10 points, {SPREAD} boards: % of pairs told apart, mean width of"
    )
    print(
        f"a range in places\n{'':<22}{'Holm':>8}{'flips':>8}{'joint':>8}{'own':>8}{'wrong way':>11}"
    )
    shapes: tuple[Shape, ...] = ("f1", "0/1")
    for shape in shapes:
        for tasks in (50, 100, 200):
            steps, found = sizes(tasks, "unequal"), np.zeros(5)
            for seed in range(SPREAD):
                sums = board(means, steps, seed, shape)
                one = told_apart(Tasks.of(f"{seed}", steps), sums, flips=999)
                found += (
                    100 * holm(sums, steps).mean(),
                    100 * one.worse.sum() / 1_540,
                    (55 - one.better - one.worse).mean(),
                    (55 - one.own_better - one.own_worse).mean(),
                    (one.better > places).any(),
                )
            name, mean = f"{shape}, {tasks} unequal", found / SPREAD
            told = "".join(f"{value:>8.1f}" for value in mean[:4])
            print(f"{name:<22}{told}{int(found[4]):>11}", flush=True)


def power() -> None:
    """Print what the gate answers, beside the rule before: the whole interval below 0 fails."""
    print(f"\n% of {GATES} gates, two models near 40 points; before: not shown to be worse")
    print(f"{'':<36}{'passed':>8}{'failed':>8}{'open':>8}{'visible':>9}{'before':>8}")
    for tasks in (50, 100, 200):
        steps = sizes(tasks, "unequal")
        of = Tasks.of("gate", steps)
        reach = stats.t.ppf(0.975, of.effective - 1) / stats.t.ppf(0.95, of.effective - 1)
        for margin, worse in ((3.0, 0), (3.0, 3), (5.0, 0), (5.0, 5), (5.0, 10)):
            told: Counter[str] = Counter()
            visible, before = 0.0, 0
            for seed in range(GATES):
                sums = board(np.array([0.4 - worse / 100, 0.4]), steps, seed, "f1")
                found = gate(of, sums, margin)
                assert found is not None
                told[found.answer] += 1
                visible += found.smallest / GATES
                before += found.difference + reach * (found.high - found.difference) >= 0
            name = f"{tasks} tasks, margin {margin:.0f}, {worse} worse"
            shares = "".join(
                f"{100 * told[one] / GATES:>8.1f}" for one in ("passed", "failed", "open")
            )
            print(f"{name:<36}{shares}{visible:>9.1f}{100 * before / GATES:>8.1f}", flush=True)


def without_rows() -> None:
    """Print what scores alone tell apart of 30 models, and how often wrongly."""
    print("\n% of pairs of 30 models told apart by scores alone; boards of equal models that err")
    for tasks in (50, 100, 200):
        steps, told, wrong = sizes(tasks, "unequal"), 0.0, 0
        worth = Tasks.of("alone", steps).kish
        for seed in range(40):
            for means in (np.linspace(0.6, 0.1, 30), np.full(30, 0.3)):
                sums = board(means, steps, seed, "f1")
                shares = np.sort(sums.sum(axis=1) / steps.sum() / MICROPOINTS)[::-1]
                found = scores_alone(shares, worth).separable
                if means[0] == 0.6:
                    told += 100 * found / 435 / 40
                else:
                    wrong += found > 0
        print(f"{tasks:>6} tasks {told:>8.1f} {wrong:>6} of 40", flush=True)


def several() -> None:
    """Print the same of the mean over several suites."""
    print(f"\nseveral suites, 20 equal models, {SUITES} times: % with a false separation, % of")
    print("intervals that hold the mean")
    for name, tasks in (
        ("2 of 50", (50, 50)),
        ("4 of 40", (40,) * 4),
        ("uneven", (12, 30, 60, 150)),
    ):
        wrong, held = 0, 0.0
        for seed in range(SUITES):
            parts = [
                OfSuite(board(np.full(20, 0.4), steps, 1_000 * seed + at, "f1"), steps)
                for at, steps in enumerate(sizes(count, "unequal") for count in tasks)
            ]
            found = overall(parts, f"{seed}").of
            wrong += any((one.rank_low or 1) > 1 for one in found)
            held += sum((one.low or 0) <= 40 <= (one.high or 100) for one in found) / 20 / SUITES
        print(f"{name:>14} {100 * wrong / SUITES:>8.1f} {100 * held:>8.1f}", flush=True)


def speed(models: int) -> None:
    """Measure one size, in a process of its own so that the peak is its own."""
    steps = sizes(100, "unequal")
    sums = board(np.linspace(0.6, 0.1, models), steps, 1)
    began, spent = time.perf_counter(), processor()
    found = told_apart(Tasks.of("speed", steps), sums)
    seconds, spent = time.perf_counter() - began, processor() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{models:>7,} {seconds:>8.2f} s {spent:>8.2f} s {peak:>6.0f} MB", end="")
    print(f"   V > {found.critical:.1f}", flush=True)


def processor() -> float:
    """Return the seconds of processor that this process and its forks have taken."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, kinds))


def main() -> None:
    """Print all tables."""
    errors()
    sharpness()
    power()
    without_rows()
    several()
    print("\nall pairs with every model's own range, 100 tasks, one BLAS thread a process: seconds")
    print("passed, seconds of processor, peak of one process")
    for models in MODELS:
        one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.bench.separation", str(models)]
        subprocess.run(command, env=one_thread, check=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        speed(int(sys.argv[1]))
    else:
        main()
