"""The gate: how often it passes and fails, what it can see, and what it leaves open."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.statistics.gate import Gate, gate
from cardboard.board.statistics.intervals import Scale
from cardboard.board.statistics.tasks import MICROPOINTS, Ints, Tasks
from cardboard.tests.simulated import Shape, board, sizes

STEPS = sizes(100, "unequal")
TASKS = Tasks.of("gate", STEPS)
EVEN = Tasks.of("even", [6] * 50)


def held(sums: Ints, margin: float, tasks: Tasks = TASKS) -> Gate:
    found = gate(tasks, sums, margin)
    assert found is not None
    return found


@pytest.mark.parametrize("shape", ["f1", "0/1"])
def test_a_model_worse_by_exactly_the_margin_passes_and_fails_in_5_of_100_suites(
    shape: Shape,
) -> None:
    """1,000 suites of 100 tasks; the standard error of such a share is 0.7."""
    told = Counter(
        held(board(np.array([0.37, 0.40]), STEPS, seed, shape), 3).answer for seed in range(1_000)
    )
    assert 30 <= told["passed"] <= 75
    assert 25 <= told["failed"] <= 75


def test_an_equal_model_passes_a_margin_of_the_smallest_visible_difference_4_times_in_5() -> None:
    boards = [board(np.array([0.4, 0.4]), STEPS, seed) for seed in range(1_000)]
    margin = float(np.mean([held(sums, 3).smallest for sums in boards]))
    passed = sum(held(sums, margin).answer == "passed" for sums in boards)
    assert 760 <= passed <= 840


def test_a_difference_of_that_size_is_shown_4_times_in_5() -> None:
    boards = [board(np.array([0.332, 0.4]), STEPS, seed, "f1") for seed in range(500)]
    found = [held(sums, 0) for sums in boards]
    assert np.mean([one.smallest for one in found]) == pytest.approx(6.8, abs=0.3)
    assert 0.74 <= sum(one.answer == "failed" for one in found) / 500 <= 0.86


def test_the_same_scores_pass_any_margin_and_leave_a_margin_of_0_open() -> None:
    sums = np.tile(board(np.array([0.4]), STEPS, 1), (2, 1))
    assert held(sums, 0.01).answer == "passed"
    found = held(sums, 0)
    assert (found.answer, found.low, found.high, found.tasks_needed) == ("open", 0, 0, None)
    assert found.smallest > 0, "that nothing differs does not say that everything would be seen"


def test_a_tiny_but_constant_lag_is_no_failure() -> None:
    """A rare success of whole tasks that nobody has seen yet may make up for it."""
    sums = np.tile(EVEN.steps * MICROPOINTS // 2, (2, 1))
    sums[0] -= 6_000
    assert held(sums, 0, EVEN).answer == "open"
    sums[0] -= 600_000
    assert held(sums, 0, EVEN).answer == "failed"


def test_below_0_the_margin_is_a_gain_that_is_demanded() -> None:
    better = board(np.array([0.7, 0.4]), STEPS, 3)
    assert held(better, -5).answer == "passed"
    assert held(better, -29.9).answer == "open"
    assert held(better[::-1], -5).answer == "failed"


def test_the_tasks_needed_see_the_margin() -> None:
    """Four times as many tasks see half the difference."""
    found = held(board(np.array([0.4, 0.4]), STEPS, 3), 4)
    twice = held(board(np.array([0.4, 0.4]), STEPS, 3), 2)
    assert found.tasks_needed is not None
    assert twice.tasks_needed == pytest.approx(4 * found.tasks_needed, abs=4)


def test_figures_are_in_the_units_that_the_metric_prints() -> None:
    sums = board(np.array([0.4, 0.5]), STEPS, 3)
    plain, seconds = held(sums, 3), gate(TASKS, sums, 0.06, Scale(points=-2.0))
    assert seconds is not None
    assert seconds.answer == plain.answer
    assert seconds.low == pytest.approx(plain.low / 50)


def test_five_tasks_cannot_tell() -> None:
    assert gate(Tasks.of("few", [6] * 5), np.full((2, 5), MICROPOINTS), 3) is None


@given(st.integers(0, 200), st.floats(-20, 20))
def test_a_smaller_margin_never_helps(seed: int, margin: float) -> None:
    order = ["failed", "open", "passed"]
    sums = board(np.array([0.45, 0.4]), STEPS[:30], seed)
    tasks = Tasks.of("gate", STEPS[:30])
    strict, loose = (order.index(held(sums, one, tasks).answer) for one in (margin, margin + 5))
    assert strict <= loose
