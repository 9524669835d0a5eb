"""Paired comparisons: permutations counted by brute force, intervals, tasks needed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cardboard.board.statistics.paired import FLIPS, Paired, effects, paired
from cardboard.board.statistics.tasks import MICROPOINTS, Ints, Tasks
from cardboard.tests.simulated import board, suites

STEPS = np.arange(1, 41) % 12 + 1


def compare(one: list[int], other: list[int]) -> Paired:
    """Compare two models on tasks of 6 steps, by how many steps of each task they win."""
    tasks = Tasks.of("mini", [6] * len(one))
    (found,) = paired(tasks, np.array([one, other]) * MICROPOINTS, [(0, 1)])
    return found


def brute_force(differences: list[int]) -> float:
    """Return the share of all sign flips that reach as far as the differences do."""
    flips = [
        abs(sum(sign * apart for sign, apart in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(flip >= abs(sum(differences)) for flip in flips) / len(flips)


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=9))
def test_few_tasks_count_every_flip(differences: list[int]) -> None:
    one, other = [max(0, d) for d in differences], [max(0, -d) for d in differences]
    found = compare(one, other)
    assert found.exact
    assert found.p == max(round(brute_force(differences), 4), 0.0001)


def test_the_exact_test_is_scipys() -> None:
    one, other = [5, 3, 6, 2, 4, 6, 1, 3, 5, 2], [3, 3, 5, 2, 5, 4, 0, 1, 5, 3]
    theirs = stats.permutation_test(
        (one, other), lambda a, b: a.sum() - b.sum(), permutation_type="samples", n_resamples=2000
    )
    assert compare(one, other).p == round(float(theirs.pvalue), 4)


@pytest.mark.parametrize("lead", [0, 1, 2])
def test_many_tasks_draw_flips_that_agree_with_counting_all(lead: int) -> None:
    """18 tasks that differ: 2^18 flips by brute force, within four standard errors of 9,999."""
    random = np.random.default_rng(lead)
    differences = random.choice([-3, -2, -1, 1, 2, 3], 18) + lead * random.integers(0, 2, 18)
    differences[differences == 0] = 1
    found = compare(np.maximum(differences, 0).tolist(), np.maximum(-differences, 0).tolist())
    sums = np.zeros(1)
    for apart in differences:
        sums = np.concatenate([sums + apart, sums - apart])
    p = np.mean(np.abs(sums) >= abs(differences.sum()))
    assert not found.exact
    assert found.p == pytest.approx(p, abs=4 * (p * (1 - p) / FLIPS) ** 0.5 + 1e-4)


def test_a_clear_win_never_has_p_0() -> None:
    found = compare([6] * 40, [0] * 40)
    assert (found.p, found.exact) == (0.0001, False)


def test_two_identical_runs_are_level_in_everything() -> None:
    found = compare([3, 4, 5, 6, 1, 2, 3], [3, 4, 5, 6, 1, 2, 3])
    assert found == Paired(
        difference=0.0,
        low=0.0,
        high=0.0,
        standard_error=0.0,
        p=1.0,
        exact=True,
        won=0,
        lost=0,
        tied=7,
        tasks_needed=None,
    )


def test_tasks_are_won_lost_and_tied() -> None:
    found = compare([6, 5, 4, 3, 2, 1], [0, 5, 5, 1, 1, 1])
    assert (found.won, found.lost, found.tied) == (3, 1, 2)
    assert found.difference == round(100 * 8 / 36, 2)


def test_five_tasks_give_a_p_but_no_interval() -> None:
    found = compare([6] * 5, [0] * 5)
    assert found.p == 2 / 2**5
    assert found.low is found.high is None


def test_the_interval_of_a_difference_covers_it() -> None:
    """400 pairs of models, one 10 points better, on 50 tasks x 6 steps."""
    one = suites(400, np.full(50, 6), 0.5, 1, "half")
    other = suites(400, np.full(50, 6), 0.4, 2, "half")
    tasks = Tasks.of("coverage", [6] * 50)
    pairs = [(at, 400 + at) for at in range(400)]
    found = paired(tasks, np.concatenate([one, other]), pairs)
    held = sum((one.low or 0) <= 10 <= (one.high or 0) for one in found)
    assert 0.92 <= held / 400 <= 0.98


def test_the_tasks_needed_do_settle_it_four_times_in_five() -> None:
    """Ask a pilot of 40,000 tasks how many are needed, then play 300 suites of that size."""
    means = np.array([0.45, 0.35])
    sums = board(means, np.full(40_000, 6), seed=6)
    (pilot,) = paired(Tasks.of("pilot", [6] * 40_000), sums, [(0, 1)])
    needed = pilot.tasks_needed
    assert needed is not None
    assert 60 < needed < 300
    settled = 0
    for seed in range(300):
        one, other = board(means, np.full(needed, 6), seed=seed)
        settled += int(stats.ttest_rel(one, other).pvalue < 0.05)
    assert 0.73 <= settled / 300 <= 0.87


def test_swapping_the_models_swaps_the_result() -> None:
    sums = board(np.linspace(0.5, 0.3, 8), STEPS, seed=9)
    tasks = Tasks.of("mini", STEPS)
    pairs = [(i, j) for i in range(8) for j in range(i)]
    there = paired(tasks, sums, pairs)
    back = paired(tasks, sums, [(j, i) for i, j in pairs])
    for one, other in zip(there, back, strict=True):
        assert other.low is not None
        assert other.high is not None
        assert (one.difference, one.low, one.high) == (-other.difference, -other.high, -other.low)
        assert (one.p, one.won, one.tied) == (other.p, other.lost, other.tied)
        assert one.tasks_needed == other.tasks_needed


def test_a_pair_says_the_same_in_a_crowd() -> None:
    sums: Ints = board(np.linspace(0.6, 0.3, 150), STEPS, seed=9)
    tasks = Tasks.of("mini", STEPS)
    crowd = paired(tasks, sums, [(at, at + 1) for at in range(149)])
    assert crowd[100:101] == paired(tasks, sums[100:102], [(0, 1)])


def test_effects_compare_each_part_by_its_own_tasks() -> None:
    sums = board(np.array([0.5, 0.3]), STEPS, seed=9)
    early = np.where(np.arange(40) < 10, STEPS, 0)
    tasks = Tasks.of("mini", STEPS)
    found = effects(
        tasks,
        {"early": early, "late": STEPS - early, "none": np.zeros(40, np.int64)},
        {"early": sums * (early > 0), "late": sums * (early == 0), "none": sums * 0},
    )
    assert list(found) == ["early", "late"]
    assert found["early"].won + found["early"].lost + found["early"].tied == 10
    (alone,) = paired(Tasks.of("mini/late", STEPS[10:]), sums[:, 10:], [(0, 1)])
    assert found["late"] == alone
