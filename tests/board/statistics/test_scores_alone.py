"""Scores without rows: nothing is told apart that might be chance, and what is needed is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.statistics.scores_alone import ScoresAlone, scores_alone
from cardboard.board.statistics.tasks import MICROPOINTS, Ints, Tasks, standard_errors
from cardboard.tests.simulated import Shape, board, sizes

STEPS = sizes(100, "unequal")
TASKS = Tasks.of("alone", STEPS)


def of(sums: Ints) -> ScoresAlone:
    shares = np.sort(sums.sum(axis=1) / STEPS.sum() / MICROPOINTS)[::-1]
    return scores_alone(shares, TASKS.kish)


@pytest.mark.parametrize("shape", ["f1", "0/1", "whole"])
def test_equal_models_are_not_told_apart(shape: Shape) -> None:
    """40 boards of 30 models; with steps taken for independent every board would err.

    Where tasks are won or lost as a whole, and by each model for itself, the worst case is the real
    one: then 5 of 100 boards err, and up to 5 of 40 by chance.
    """
    wrong = [of(board(np.full(30, 0.3), STEPS, seed, shape)).separable for seed in range(40)]
    assert sum(found > 0 for found in wrong) <= (5 if shape == "whole" else 0)


def test_the_worst_case_is_above_the_real_standard_error_of_every_pair() -> None:
    sums = board(np.linspace(0.6, 0.1, 30), STEPS, 1)
    shares = sums.sum(axis=1) / STEPS.sum() / MICROPOINTS
    for i in range(30):
        real = standard_errors(sums[i] - sums, TASKS)
        worst = np.sqrt((shares[i] * (1 - shares[i]) + shares * (1 - shares)) / TASKS.kish)
        assert (np.delete(real, i) < np.delete(worst, i)).all()


def test_some_pairs_of_a_spread_board_are_told_apart_all_the_same() -> None:
    found = of(board(np.linspace(0.6, 0.1, 30), STEPS, 1))
    assert 0.1 < found.separable / found.pairs < 0.3


@pytest.mark.parametrize(("tasks", "points"), [(30, 25), (66, 17), (109, 13)])
def test_the_difference_that_may_be_chance_shrinks_with_the_tasks(tasks: int, points: int) -> None:
    """Two models at 40 points; 50, 100 and 200 unequal tasks are worth so many equal ones."""
    assert 100 * scores_alone(np.full(2, 0.4), tasks).blind == pytest.approx(points, abs=0.5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(6, 500))
def test_a_range_holds_the_rank_and_runs_end_before_what_is_told_apart(
    shares: list[float], tasks: float
) -> None:
    ordered = np.sort(np.array(shares))[::-1]
    found = scores_alone(ordered, tasks)
    for place, one in enumerate(found.ranges):
        assert one.low <= place + 1 <= one.high
        assert 0 <= one.level_below <= len(shares) - place - 1
        assert one.level_below <= one.high - place - 1
    assert found.separable == sum(one.low - 1 for one in found.ranges)


def test_a_lone_model_is_alone() -> None:
    (one,) = scores_alone(np.array([0.4]), 50).ranges
    assert one == (1, 1, 0)
