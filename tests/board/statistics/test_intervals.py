"""Intervals: they cover what they claim, do not jump at 0 and 1, and know when to be silent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cardboard.board.statistics.intervals import Interval, Scale, intervals, wilson
from cardboard.board.statistics.tasks import MICROPOINTS, Ints, Tasks, clustering, standard_errors
from cardboard.eval.metrics import pass_at
from cardboard.tests.simulated import Clustering, Sizes, Steps, sizes, suites

EQUAL = np.full(50, 8)
UNEQUAL: Ints = np.arange(1, 41) % 12 + 1


def spans(steps: Steps, sums: Ints, scale: Scale | None = None) -> list[Interval]:
    """Return the intervals of *sums*, of which every row must have one."""
    found = intervals(Tasks.of("mini", steps), sums, scale or Scale())
    assert found is not None
    told = [one for one in found if one is not None]
    assert len(told) == len(found)
    return told


def failing(steps: Steps, failures: int) -> Ints:
    """Return a model that failed so many steps, each in another task."""
    sums = steps * MICROPOINTS
    sums[:failures] -= MICROPOINTS
    return sums[None]


def coverage(steps: Steps, mean: float, clustering: Clustering, number: int) -> tuple[float, float]:
    """Return how many of 100 intervals hold the true *mean*, and how wide they are on average."""
    sums = suites(number, steps, mean, 1, clustering)
    ends = np.array([(one.low, one.high) for one in spans(steps, sums)])
    held = (ends[:, 0] <= 100 * mean) & (100 * mean <= ends[:, 1])
    return 100 * float(held.mean()), float((ends[:, 1] - ends[:, 0]).mean())


@pytest.mark.parametrize(
    ("tasks", "kind", "clustering", "mean"),
    [
        (50, "unequal", "half", 0.97),
        (200, "unequal", "whole", 0.9),
        (100, "equal", "whole", 0.9),
        (10, "equal", "graded", 0.03),
        (50, "unequal", "independent", 0.1),
        (100, "unequal", "f1", 0.3),
        (50, "dominating", "whole", 0.1),
    ],
)
def test_the_interval_covers_also_where_tasks_cluster_and_scores_are_extreme(
    tasks: int, kind: Sizes, clustering: Clustering, mean: float
) -> None:
    """2,000 suites each; `make bench` tries every cell."""
    held, _ = coverage(sizes(tasks, kind), mean, clustering, 2_000)
    assert held >= 92


def test_in_the_middle_it_is_no_wider_than_it_must_be() -> None:
    held, width = coverage(EQUAL, 0.5, "half", 2_000)
    assert 94 <= held <= 97.5
    assert 20 <= width <= 22


def test_an_interval_that_forgets_the_tasks_does_not_cover() -> None:
    """The same steps, each taken for a task of its own."""
    steps = np.full(50, 8)
    sums = suites(400, steps, 0.5, 1, "whole")
    alone = np.repeat(sums // 8, 8, axis=1)
    held = sum(one.low <= 50 <= one.high for one in spans(np.ones(400, np.int64), alone))
    assert held / 400 < 0.6


def test_there_is_no_jump_at_the_end_of_the_scale() -> None:
    """A model that never failed, and one that failed a few steps of different tasks."""
    widths = [
        one.high - one.low
        for failures in (0, 1, 2, 5)
        for one in spans(EQUAL, failing(EQUAL, failures))
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] - widths[1] < 1
    assert widths[0] == pytest.approx(7.5, abs=0.1)


def test_a_constant_score_has_a_width() -> None:
    (found,) = spans(EQUAL, np.full((1, 50), 8 * 400_000))
    assert (found.low, found.mean, found.high) == (37.25, 40.0, 42.81)
    assert found.standard_error == 0


@pytest.mark.parametrize("share", [0, 1])
def test_at_0_and_1_it_is_wilson_on_the_tasks_rather_than_the_steps(share: int) -> None:
    reach = stats.t.ppf(0.975, 49)
    (found,) = spans(EQUAL, np.full((1, 50), share * 8 * MICROPOINTS))
    expected = wilson(share, 50, reach)
    assert (100 * found.low, 100 * found.high) == pytest.approx(expected)
    assert found.method == "wilson"


@pytest.mark.parametrize(("won", "number"), [(0, 9), (9, 9), (3, 9), (50, 101)])
def test_wilson_is_scipys(won: int, number: int) -> None:
    theirs = stats.binomtest(won, number).proportion_ci(method="wilson")
    assert wilson(won / number, number) == (round(theirs.low * 1e4), round(theirs.high * 1e4))


def test_the_standard_error_clusters_steps_by_task() -> None:
    """Miller's sum over all pairs of steps of a task, written out, with its small-sample factor."""
    sums = suites(1, UNEQUAL, 0.4, 2, "graded")
    tasks = Tasks.of("mini", UNEQUAL)
    mean = sums.sum() / UNEQUAL.sum()
    pairs = ((sums[0] - mean * UNEQUAL) ** 2).sum()
    expected = np.sqrt(pairs * tasks.kish / (tasks.kish - 1)) / UNEQUAL.sum() / MICROPOINTS
    assert standard_errors(sums, tasks)[0] == pytest.approx(expected)


def test_tasks_that_succeed_or_fail_as_a_whole_cluster_completely() -> None:
    tasks = Tasks.of("mini", EQUAL)
    whole, alone = (suites(300, EQUAL, 0.5, 1, kind) for kind in ("whole", "independent"))
    assert clustering(whole, tasks).mean() == pytest.approx(1, abs=0.03)
    assert clustering(alone, tasks).mean() == pytest.approx(1 / 8, abs=0.05)


def test_a_score_without_bounds_gets_t_standard_errors_and_none_where_no_spread_is_seen() -> None:
    spread = suites(1, UNEQUAL, 0.4, 2, "graded")
    sums = np.vstack([spread, UNEQUAL * 400_000])
    found, constant = intervals(Tasks.of("mini", UNEQUAL), sums, Scale(bounded=False)) or []
    assert constant is None
    assert found is not None
    assert found.method == "t"
    tasks = Tasks.of("mini", UNEQUAL)
    reach = stats.t.ppf(0.975, tasks.freedom)
    assert found.high - found.low == pytest.approx(2 * reach * found.standard_error, abs=0.03)


def test_no_models_have_no_intervals() -> None:
    assert intervals(Tasks.of("mini", UNEQUAL), np.zeros((0, 40), np.int64)) == []


@pytest.mark.parametrize(
    "steps",
    [np.full(5, 9), np.array([30] + [1] * 50)],
    ids=["five tasks", "over a third in one of 51"],
)
def test_too_few_tasks_have_no_interval_nor_a_suite_that_is_mostly_one(steps: Steps) -> None:
    assert intervals(Tasks.of("few", steps), steps[None] * 500_000) is None


def test_a_model_keeps_its_interval_whoever_else_is_on_the_board() -> None:
    sums = suites(200, UNEQUAL, 0.4, 7, "graded")
    assert spans(UNEQUAL, sums[130:131]) == spans(UNEQUAL, sums)[130:131]


@given(st.lists(st.integers(0, 6), min_size=6, max_size=12))
def test_the_interval_holds_the_mean_and_stays_within_0_and_100(won: list[int]) -> None:
    (found,) = spans(np.full(len(won), 6), np.array([won]) * MICROPOINTS)
    assert 0 <= found.low <= found.mean <= found.high <= 100
    assert found.low < found.high


@given(st.lists(st.integers(0, 6), min_size=6, max_size=12))
def test_the_interval_of_the_opposite_is_the_opposite_interval(won: list[int]) -> None:
    steps = np.full(len(won), 6)
    sums = np.array([won]) * MICROPOINTS
    (there,), (back,) = spans(steps, sums), spans(steps, steps * MICROPOINTS - sums)
    assert (there.low, there.high) == pytest.approx((100 - back.high, 100 - back.low))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_trials_need_nothing_of_their_own_since_their_noise_is_in_the_sums(k: int) -> None:
    """600 suites of 50 tasks, 4 steps, 5 trials of each; the chance that any of k succeeds."""
    random, steps, trials = np.random.default_rng(k), np.full(50, 4), 5
    logit = random.normal(0, 1.2, (600, 50, 1)) + random.normal(-0.5, 1.2, (600, 50, 4))
    many = random.normal(0, 1.2, 400_000) + random.normal(-0.5, 1.2, 400_000)
    true = 100 * float((1 - (1 - 1 / (1 + np.exp(-many))) ** k).mean())
    passed = random.binomial(trials, 1 / (1 + np.exp(-logit)))
    chances = np.array([pass_at(count, trials, k) for count in range(trials + 1)])
    sums = np.rint(chances[passed].sum(axis=2) * MICROPOINTS).astype(np.int64)
    held = sum(one.low <= true <= one.high for one in spans(steps, sums))
    assert held / 600 >= 0.93
