"""The mean over several suites: its interval, the ranks left open, and what never moves it."""

import numpy as np
import pytest

from cardboard.board.statistics.overall import OfSuite, overall
from cardboard.board.statistics.tasks import Floats
from cardboard.tests.simulated import board, sizes


def suites(means: Floats, tasks: tuple[int, ...], seed: int) -> list[OfSuite]:
    """Simulate the same models on suites of so many tasks."""
    parts = [sizes(count, "unequal") for count in tasks]
    return [
        OfSuite(board(means, steps, 100 * seed + place, "f1"), steps)
        for place, steps in enumerate(parts)
    ]


def test_equal_models_are_seldom_ranked_apart_and_intervals_hold_the_mean() -> None:
    """12 times four suites of 40 tasks; `make bench` takes 100."""
    wrong, held = 0, 0
    for seed in range(12):
        found = overall(suites(np.full(12, 0.4), (40, 40, 40, 40), seed), str(seed)).of
        wrong += any((one.rank_low or 0) > 1 for one in found)
        held += sum((one.low or 0) <= 40 <= (one.high or 100) for one in found)
    assert wrong <= 3
    assert held >= 0.88 * 12 * 12


def test_models_that_differ_are_ranked_apart_the_right_way_round() -> None:
    found = overall(suites(np.linspace(0.6, 0.1, 12), (12, 30, 60, 150), 1), "mini").of
    for place, one in enumerate(found, start=1):
        assert (one.rank_low or 0) <= place <= (one.rank_high or 0)
    assert (found[0].rank_high or 12) < 5


def test_every_suite_weighs_the_same_however_many_steps_it_has() -> None:
    large, small = np.full(100, 10), np.full(10, 2)
    parts = [
        OfSuite(np.array([large * 800_000, large * 200_000]), large),
        OfSuite(np.array([small * 200_000, small * 800_000]), small),
    ]
    assert [one.mean for one in overall(parts, "mini").of] == [50.0, 50.0]


def test_whoever_else_is_there_never_changes_a_mean_or_its_interval() -> None:
    parts = suites(np.linspace(0.6, 0.2, 6), (40, 60), 2)
    fewer = [OfSuite(part.sums[:3], part.steps) for part in parts]
    for one, other in zip(overall(fewer, "mini").of, overall(parts, "mini").of, strict=False):
        assert (one.mean, one.low, one.high) == (other.mean, other.low, other.high)


@pytest.mark.parametrize(("count", "there"), [(4, False), (5, True)])
def test_from_five_suites_on_something_is_said_of_suites_like_these(
    count: int, there: bool
) -> None:
    found = overall(suites(np.array([0.5, 0.3]), (30,) * count, 3), "mini").of
    assert all((one.low_like is not None) is there for one in found)


def test_a_suite_of_five_tasks_leaves_everything_open() -> None:
    found = overall(suites(np.array([0.9, 0.1]), (40, 5), 4), "mini").of
    assert {(one.low, one.rank_low) for one in found} == {(None, None)}


def test_the_suite_that_most_of_the_variance_comes_from_is_named() -> None:
    assert overall(suites(np.full(6, 0.4), (200, 10), 5), "mini").heaviest == 1
    assert overall(suites(np.full(6, 0.4), (50, 50, 50), 5), "mini").heaviest is None
