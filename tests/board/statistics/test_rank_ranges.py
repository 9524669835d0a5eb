"""Rank ranges: the truth inside, twins level, and what cannot be known left open."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardboard.board.statistics.rank_ranges import RankRanges, rank_ranges, separable
from cardboard.board.statistics.tasks import MICROPOINTS, Ints, Tasks, printed_means
from cardboard.tests.simulated import board

EQUAL = np.full(50, 6)
UNEQUAL: Ints = np.arange(1, 41) % 12 + 1
TASKS, OTHER = Tasks.of("mini", EQUAL), Tasks.of("mini", UNEQUAL)


def a_board(models: int = 30, steps: Ints = EQUAL, seed: int = 3) -> Ints:
    """Simulate a board from 70 points down to 10."""
    return board(np.linspace(0.7, 0.1, models), steps, seed)


def test_the_ranges_hold_every_true_rank() -> None:
    """All 20 at once, and each model's own range its own; `make bench` takes more."""
    means, held, own, width, narrow = np.linspace(0.6, 0.1, 20), 0, 0, 0, 0
    for seed in range(5):
        ranges = rank_ranges(TASKS, board(means, EQUAL, seed)).ranges
        held += all(one.low <= 1 + at <= one.high for at, one in enumerate(ranges))
        own += sum(one.own_low <= 1 + at <= one.own_high for at, one in enumerate(ranges))
        width += sum(one.high - one.low for one in ranges)
        narrow += sum(one.own_high - one.own_low for one in ranges)
    assert held >= 4
    assert own >= 97
    assert narrow < 0.95 * width < 0.95 * 100 * 14


def test_identical_runs_are_level_and_share_a_range() -> None:
    ranges = rank_ranges(OTHER, np.repeat(a_board(8, UNEQUAL), 2, axis=0)).ranges
    joint = [(one.low, one.high, one.own_low, one.own_high) for one in ranges]
    assert joint[::2] == joint[1::2]


def test_a_pair_is_told_apart_as_the_ranges_have_it() -> None:
    sums = a_board()
    found = rank_ranges(TASKS, sums)
    pairs = [(i, j) for i in range(30) for j in range(i)]
    told = separable(TASKS, sums, pairs, found)
    assert sum(told) == found.separable > 0
    assert found.pairs == len(pairs)


def test_entries_without_steps_may_be_anywhere() -> None:
    alone, mixed = rank_ranges(TASKS, a_board()), rank_ranges(TASKS, a_board(), unmeasured=4)
    for one, other in zip(alone.ranges, mixed.ranges, strict=True):
        assert (other.low, other.high) == (one.low, one.high + 4)
        assert (other.own_low, other.own_high) == (one.own_low, one.own_high + 4)


def test_too_few_tasks_tell_nothing_apart() -> None:
    sums = np.array([[6] * 5, [0] * 5]) * MICROPOINTS
    tasks = Tasks.of("few", [6] * 5)
    found = rank_ranges(tasks, sums)
    assert found.critical is None
    assert [(one.low, one.high) for one in found.ranges] == [(1, 2), (1, 2)]
    assert separable(tasks, sums, [(0, 1)], found) == [False]


@pytest.mark.parametrize("models", [0, 1])
def test_a_board_of_one_or_none_has_no_pairs(models: int) -> None:
    found = rank_ranges(TASKS, a_board(2)[:models])
    assert found.pairs == found.separable == 0
    assert fields(found) == [(1, 1)] * models


def test_a_suite_too_large_for_micro_points_is_rounded_not_wrong() -> None:
    """60 tasks of 2,000 steps: sums lose their last bits and the counts stay."""
    sums = board(np.linspace(0.6, 0.3, 20), np.full(60, 6), 1)
    small = rank_ranges(Tasks.of("same", [6] * 60), sums)
    large = rank_ranges(Tasks.of("same", [2_000] * 60), sums // 6 * 2_000)
    assert fields(small) == fields(large)


def fields(found: RankRanges) -> list[tuple[int, int]]:
    """Return the ranges as pairs of numbers."""
    return [(one.low, one.high) for one in found.ranges]


@settings(max_examples=10)
@given(st.permutations(range(12)))
def test_the_order_of_the_models_does_not_matter(order: list[int]) -> None:
    sums = a_board(12)
    found, shuffled = rank_ranges(TASKS, sums), rank_ranges(TASKS, sums[order])
    assert list(shuffled.ranges) == [found.ranges[at] for at in order]


@settings(max_examples=10)
@given(st.integers(0, 1000), st.sampled_from([2, 5, 12]))
def test_a_range_holds_the_rank(seed: int, models: int) -> None:
    sums = a_board(models, UNEQUAL, seed)
    printed = printed_means(OTHER, sums)
    for at, one in enumerate(rank_ranges(OTHER, sums).ranges):
        rank = 1 + int((printed > printed[at]).sum())
        assert 1 <= one.low <= rank <= one.high <= models
        assert one.own_low <= rank <= one.own_high
