"""Intervals: they cover what they claim, agree with SciPy, and do not collapse at 0 and 1."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cardboard.board.statistics.intervals import (
    Interval,
    acceleration,
    bca,
    intervals,
    standard_errors,
    wilson,
)
from cardboard.board.statistics.resampling import (
    MICROPOINTS,
    Ints,
    printed_draws,
    printed_means,
    resample,
)
from cardboard.tests.simulated import by_task, suites

UNEQUAL: Ints = np.arange(1, 41) % 12 + 1
NORMAL_REACH = 1.959964


def some_sums(models: int = 3, steps: Ints = UNEQUAL, seed: int = 7) -> Ints:
    """Simulate a few models on one suite."""
    return by_task(suites(models, steps, 0.4, seed, smooth=True))


def covers(found: list[Interval] | None, mean: float) -> float:
    """Return the share of intervals, in per cent, that hold the true *mean*."""
    assert found is not None
    return 100 * sum(one.low <= 100 * mean <= one.high for one in found) / len(found)


@pytest.mark.parametrize("smooth", [False, True], ids=["0/1 steps", "graded steps"])
@pytest.mark.parametrize("mean", [0.25, 0.5])
def test_the_interval_covers_and_one_that_forgets_the_tasks_does_not(
    mean: float, smooth: bool
) -> None:
    """400 suites of 50 tasks x 6 steps, within-task correlation 0.5; `make bench` takes 2,000."""
    steps = suites(400, np.full(50, 6), mean, seed=1, smooth=smooth)
    clustered = intervals(resample("coverage", [6] * 50), by_task(steps))
    unclustered = intervals(resample("coverage", [1] * 300), np.concatenate(steps, axis=1))
    assert 92 <= covers(clustered, mean) <= 98
    assert covers(unclustered, mean) < 80


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_the_bootstrap_is_scipys_within_its_monte_carlo_error(
    method: Literal["percentile", "BCa"],
) -> None:
    """At the normal's reach; the ends of two sets of 10,000 draws differ by about 0.04 SE."""
    sums = some_sums()
    draws = resample("scipy", UNEQUAL)
    for row, printed, mean, lean in zip(
        sums,
        printed_draws(draws, sums),
        printed_means(draws, sums),
        acceleration(sums, UNEQUAL),
        strict=True,
    ):
        if method == "percentile":
            ours = np.percentile(printed, [2.5, 97.5])
        else:
            ours = np.array(bca(printed, int(mean), float(lean), NORMAL_REACH))
        theirs = stats.bootstrap(
            np.stack([row, UNEQUAL * MICROPOINTS]),
            lambda won, steps, axis=-1: won.sum(axis=axis) / steps.sum(axis=axis),
            paired=True,
            method=method,
            rng=np.random.default_rng(3),
        )
        expected = 10_000 * np.array(theirs.confidence_interval)
        assert np.abs(ours - expected).max() < 0.16 * 10_000 * theirs.standard_error


def test_the_acceleration_is_that_of_leaving_out_one_task_at_a_time() -> None:
    (row,) = some_sums(1)
    left = [
        np.delete(row, task).sum() / np.delete(UNEQUAL, task).sum() for task in range(len(UNEQUAL))
    ]
    assert acceleration(row[None], UNEQUAL)[0] == pytest.approx(-stats.skew(left) / 6 / 40**0.5)


def test_the_standard_error_clusters_steps_by_task() -> None:
    """Miller's sum over all pairs of steps of a task, written out."""
    steps = suites(1, UNEQUAL, 0.4, seed=2, smooth=True)
    mean = np.concatenate(steps, axis=1).mean()
    pairs = sum(((task - mean)[0, :, None] * (task - mean)[0]).sum() for task in steps)
    (found,) = standard_errors(by_task(steps), UNEQUAL)
    assert found == pytest.approx(pairs**0.5 / UNEQUAL.sum() / MICROPOINTS)


def test_the_standard_error_backs_the_interval() -> None:
    found = intervals(resample("mini", UNEQUAL), some_sums(20))
    assert found is not None
    for one in found:
        assert one.standard_error is not None
        assert one.high - one.low == pytest.approx(2 * 2.05 * one.standard_error, rel=0.12)


@pytest.mark.parametrize(("share", "expected"), [(0, (0.0, 7.13)), (1, (92.87, 100.0))])
def test_at_0_and_1_wilson_speaks_for_50_tasks_rather_than_300_steps(
    share: int, expected: tuple[float, float]
) -> None:
    found = intervals(resample("edge", [6] * 50), np.full((1, 50), share * 6 * MICROPOINTS))
    assert found is not None
    assert (found[0].low, found[0].high) == expected
    assert found[0].method == "wilson"
    assert found[0].standard_error is None


@pytest.mark.parametrize(("won", "number"), [(0, 9), (9, 9), (3, 9), (50, 101)])
def test_wilson_is_scipys(won: int, number: int) -> None:
    theirs = stats.binomtest(won, number).proportion_ci(method="wilson")
    assert wilson(won / number, number) == (round(theirs.low * 1e4), round(theirs.high * 1e4))


def test_one_failed_step_is_not_an_edge() -> None:
    sums = np.full((1, 50), 6 * MICROPOINTS)
    sums[0, 7] -= MICROPOINTS
    found = intervals(resample("edge", [6] * 50), sums)
    assert found is not None
    assert found[0] == Interval(
        mean=99.67, low=98.0, high=100.0, standard_error=0.33, method="bootstrap"
    )


def test_no_models_have_no_intervals() -> None:
    assert intervals(resample("mini", UNEQUAL), some_sums()[:0]) == []


def test_too_few_tasks_have_no_interval() -> None:
    assert intervals(resample("few", [9] * 5), np.ones((2, 5), np.int64)) is None


def test_a_model_keeps_its_interval_whoever_else_is_on_the_board() -> None:
    draws, sums = resample("mini", UNEQUAL), some_sums(200)
    together, alone = intervals(draws, sums), intervals(draws, sums[130:131])
    assert together is not None
    assert alone == together[130:131]


@given(st.lists(st.integers(0, 6), min_size=6, max_size=12), st.integers(1, 3))
def test_the_interval_holds_the_mean_and_stays_within_0_and_100(won: list[int], seed: int) -> None:
    sums = np.array([won]) * MICROPOINTS
    found = intervals(resample(str(seed), [6] * len(won), draws=400), sums)
    assert found is not None
    assert 0 <= found[0].low <= found[0].mean <= found[0].high <= 100


@given(st.lists(st.integers(-6, 6), min_size=6, max_size=12))
def test_the_interval_of_the_opposite_is_the_opposite_interval(won: list[int]) -> None:
    steps = np.full(len(won), 6)
    draws = resample("mirror", steps, draws=400)
    sums = np.array([won]) * MICROPOINTS
    ends = []
    for side in (sums, -sums):
        (printed,), (mean,) = printed_draws(draws, side), printed_means(draws, side)
        ends.append(bca(printed, int(mean), float(acceleration(side, steps)[0]), 2.2))
    (low, high), (opposite_low, opposite_high) = ends
    assert (low, high) == (-opposite_high, -opposite_low)
