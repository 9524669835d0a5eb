"""Rank ranges and tie groups: Holm and Benjamini-Hochberg by the book, and the truth inside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cardboard.board.statistics import all_pairs as contrasts
from cardboard.board.statistics.all_pairs import Correction
from cardboard.board.statistics.paired import paired
from cardboard.board.statistics.rank_ranges import RankRanges, rank_ranges, told_apart
from cardboard.board.statistics.tasks import MICROPOINTS, Ints, Tasks, printed_means
from cardboard.tests.simulated import board

EQUAL = np.full(50, 6)
UNEQUAL = np.arange(1, 41) % 12 + 1
CORRECTIONS: tuple[Correction, ...] = ("holm", "bh", "none")


def a_board(models: int = 30, steps: Ints = EQUAL, seed: int = 3) -> Ints:
    """Simulate a board from 70 points down to 10."""
    return board(np.linspace(0.7, 0.1, models), steps, seed)


def textbook(sums: Ints, correction: Correction) -> set[tuple[int, int]]:
    """Return the pairs (better, worse) that SciPy's paired t-tests tell apart, all p sorted."""
    pairs = [(i, j) for i in range(len(sums)) for j in range(len(sums)) if i < j]
    tests = [stats.ttest_rel(sums[i], sums[j]) for i, j in pairs]
    p = np.array([test.pvalue for test in tests])
    order = np.argsort(p)
    if correction == "holm":
        passed = p[order] <= 0.05 / (len(p) - np.arange(len(p)))
        passed = np.logical_and.accumulate(passed)
    elif correction == "bh":
        passed = np.sort(stats.false_discovery_control(p)) <= 0.05
    else:
        passed = p[order] <= 0.05
    return {
        pairs[at] if tests[at].statistic > 0 else pairs[at][::-1] for at in order[: passed.sum()]
    }


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("seed", range(4))
def test_counting_pairs_gives_what_sorting_all_p_values_gives(
    correction: Correction, seed: int
) -> None:
    """On tasks of equal size the clustered t is the paired t-test of the tasks' means."""
    sums = a_board(seed=seed)
    apart = textbook(sums, correction)
    found = rank_ranges(Tasks.of("mini", EQUAL), sums, correction)
    assert found.separable == len(apart)
    for model, one in enumerate(found.ranges):
        assert one.low == 1 + sum(worse == model for _, worse in apart)
        assert one.high == 30 - sum(better == model for better, _ in apart)


def test_the_blocks_of_a_large_board_do_not_show() -> None:
    """700 models take six blocks; copies of one board repeat its counts exactly."""
    few, tasks = a_board(70), Tasks.of("mini", EQUAL)
    once = rank_ranges(tasks, few, "none")
    many = rank_ranges(tasks, np.tile(few, (10, 1)), "none")
    assert many.separable == 100 * once.separable
    for at, one in enumerate(many.ranges):
        assert one.low - 1 == 10 * (once.ranges[at % 70].low - 1)
        assert 700 - one.high == 10 * (70 - once.ranges[at % 70].high)


def test_the_ranges_hold_every_true_rank() -> None:
    """All 56 at once, in at least 95 of 100 boards; `make bench` takes 2,000."""
    means = np.linspace(0.6, 0.1, 56)
    tasks, held, width = Tasks.of("mini", EQUAL), 0, 0.0
    for seed in range(100):
        ranges = rank_ranges(tasks, board(means, EQUAL, seed)).ranges
        held += all(one.low <= 1 + at <= one.high for at, one in enumerate(ranges))
        width += sum(one.high - one.low for one in ranges) / 56 / 100
    assert held >= 95
    assert width < 45


def test_equal_models_are_hardly_ever_told_apart_with_holm_and_always_without() -> None:
    """The family-wise error on boards of 56 equal models."""
    tasks = Tasks.of("mini", EQUAL)
    boards = [board(np.full(56, 0.3), EQUAL, seed) for seed in range(100)]
    wrong = {
        rule: sum(rank_ranges(tasks, sums, rule).separable > 0 for sums in boards)
        for rule in CORRECTIONS
    }
    assert wrong["holm"] <= 10
    assert wrong["none"] == 100


def test_identical_runs_are_level_and_share_a_tie_group() -> None:
    """Step data of one run under two names: p = 1, one tie group, one rank range."""
    sums = np.repeat(a_board(8, UNEQUAL), 2, axis=0)
    tasks = Tasks.of("mini", UNEQUAL)
    ranges = rank_ranges(tasks, sums, "none").ranges
    assert ranges[::2] == ranges[1::2]
    assert len({one.group for one in ranges}) > 1
    assert {one.p for one in paired(tasks, sums, [(0, 1), (6, 7)])} == {1.0}


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("room", [0, 40, 700])
def test_pairs_that_do_not_fit_in_memory_are_counted_all_the_same(
    correction: Correction, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 2,415 pairs only *room* may be held, so the others are narrowed down from both ends."""
    sums, tasks = a_board(70), Tasks.of("mini", EQUAL)
    held = rank_ranges(tasks, sums, correction)
    monkeypatch.setattr(contrasts, "_ROOM", room)
    assert rank_ranges(tasks, sums, correction) == held


def test_a_constant_lead_on_every_task_is_told_apart_but_not_one_that_does_not_print() -> None:
    sums = np.full((3, 50), 3 * MICROPOINTS)
    sums[1] -= 6 * 100
    sums[2] -= 6 * 101
    tasks = Tasks.of("mini", EQUAL)
    assert told_apart(tasks, sums, [(0, 1), (0, 2), (1, 2)], 4.0) == [False, True, False]


def test_members_of_a_tie_group_are_level_with_its_first_member() -> None:
    sums, tasks = a_board(), Tasks.of("mini", EQUAL)
    found = rank_ranges(tasks, sums, "none")
    groups = np.array([one.group for one in found.ranges])
    order = np.argsort(-printed_means(tasks, sums), kind="stable")
    seen: dict[int, int] = {}
    for model in order.tolist():
        anchor = seen.setdefault(groups[model], model)
        level = [told_apart(tasks, sums, [(a, model)], found.critical) for a in seen.values()]
        assert level.index([False]) == list(seen.values()).index(anchor)
    assert list(seen) == list(range(1, len(seen) + 1))
    assert len(seen) > 2


def test_entries_without_steps_may_be_anywhere() -> None:
    tasks, sums = Tasks.of("mini", EQUAL), a_board()
    alone, mixed = rank_ranges(tasks, sums), rank_ranges(tasks, sums, unmeasured=4)
    for one, other in zip(alone.ranges, mixed.ranges, strict=True):
        assert (other.low, other.high) == (one.low, one.high + 4)


def test_too_few_tasks_tell_nothing_apart() -> None:
    sums = np.array([[6] * 5, [0] * 5]) * MICROPOINTS
    found = rank_ranges(Tasks.of("few", [6] * 5), sums, "none")
    assert found.critical is None
    assert [(one.low, one.high, one.group) for one in found.ranges] == [(1, 2, 1), (1, 2, 1)]


@pytest.mark.parametrize("models", [0, 1])
@pytest.mark.parametrize("correction", CORRECTIONS)
def test_a_board_of_one_or_none_has_no_pairs(models: int, correction: Correction) -> None:
    found = rank_ranges(Tasks.of("mini", EQUAL), a_board(2)[:models], correction)
    assert found.pairs == found.separable == 0
    assert [(one.low, one.high, one.group) for one in found.ranges] == [(1, 1, 1)] * models


def test_a_suite_too_large_for_micro_points_is_rounded_not_wrong() -> None:
    """60 tasks of 2,000 steps: residuals lose their last bits and the counts stay."""
    steps = np.full(60, 2_000)
    sums = board(np.linspace(0.6, 0.3, 20), np.full(60, 6), seed=1) // 6 * 2_000
    assert rank_ranges(Tasks.of("large", steps), sums).separable == len(textbook(sums, "holm"))


def fields(found: RankRanges) -> list[tuple[int, int]]:
    """Return the ranges as pairs of numbers."""
    return [(one.low, one.high) for one in found.ranges]


@given(st.permutations(range(30)), st.sampled_from(CORRECTIONS))
def test_the_order_of_the_models_does_not_matter(order: list[int], correction: Correction) -> None:
    tasks, sums = Tasks.of("mini", EQUAL), a_board()
    found = rank_ranges(tasks, sums, correction)
    shuffled = rank_ranges(tasks, sums[order], correction)
    assert list(shuffled.ranges) == [found.ranges[at] for at in order]


@given(st.integers(0, 1000), st.sampled_from([2, 5, 30]))
def test_a_range_holds_the_rank_and_narrows_from_holm_to_none(seed: int, models: int) -> None:
    sums, tasks = a_board(models, UNEQUAL, seed), Tasks.of("mini", UNEQUAL)
    printed = printed_means(tasks, sums)
    holm, bh, none = (fields(rank_ranges(tasks, sums, rule)) for rule in CORRECTIONS)
    for at in range(models):
        rank = 1 + int((printed > printed[at]).sum())
        assert holm[at][0] <= bh[at][0] <= none[at][0] <= rank
        assert rank <= none[at][1] <= bh[at][1] <= holm[at][1]
