"""All pairs by sign flips: what is told apart, what never is, and how often it errs."""

import numpy as np
import pytest

from cardboard.board.statistics.sign_flips import told_apart

UNIT = 10_000


def board(rng, models, tasks, steps, *, spread=0.0, difficulty=1.0):
    """Return sums [models, tasks] and weights of steps that are passed or failed."""
    skill = np.linspace(0, spread, models)[:, None]
    ease = rng.normal(0, difficulty, tasks)[None, :]
    own = rng.normal(0, 0.7, (models, tasks))
    chance = 1 / (1 + np.exp(-(skill + ease + own - spread / 2)))
    sizes = np.full(tasks, steps)
    return rng.binomial(steps, chance) * UNIT, sizes * UNIT


def test_a_model_that_is_better_on_every_task_is_told_apart() -> None:
    rng = np.random.default_rng(1)
    low = rng.integers(0, 3, (1, 40)) * UNIT
    sums, weights = np.vstack([low, low + 4 * UNIT]), np.full(40, 8 * UNIT)
    found = told_apart(sums, weights, "a")
    assert found.better.tolist() == [1, 0]
    assert found.worse.tolist() == [0, 1]


def test_models_with_the_same_rows_are_never_told_apart() -> None:
    row = np.random.default_rng(2).integers(0, 8, (1, 50)) * UNIT
    found = told_apart(np.vstack([row] * 4), np.full(50, 8 * UNIT), "a")
    assert not found.better.any()
    assert not found.worse.any()


@pytest.mark.parametrize(("tasks", "apart"), [(5, False), (6, True)])
def test_six_tasks_are_the_fewest_that_can_tell(tasks: int, apart: bool) -> None:
    """With five, one of 16 sign vectors is the observed one: 1/16 > 0.05 > 1/32."""
    steps = 1000  # many steps a task, so that the lead counts as whole tasks
    sums = np.array([[0] * tasks, [steps * UNIT] * tasks])
    found = told_apart(sums, np.full(tasks, steps * UNIT), "a")
    assert bool(found.better.any()) == apart


def test_order_and_names_change_nothing() -> None:
    rng = np.random.default_rng(3)
    sums, weights = board(rng, 12, 60, 8, spread=2.0)
    mixed = rng.permutation(12)
    one, other = told_apart(sums, weights, "a"), told_apart(sums[mixed], weights, "a")
    assert one.better[mixed].tolist() == other.better.tolist()
    assert one.worse[mixed].tolist() == other.worse.tolist()
    assert one.better.sum() == one.worse.sum() > 0


def test_level_models_are_seldom_told_apart() -> None:
    """At most 5 % of boards hold one false separation; with 60 boards, chance makes up to 8."""
    rng = np.random.default_rng(4)
    false = 0
    for number in range(60):
        sums, weights = board(rng, 12, 50, 8)
        false += bool(told_apart(sums, weights, f"{number}").better.any())
    assert false <= 8


def test_a_success_that_nobody_has_seen_yet_is_no_difference() -> None:
    """One model earns a tenth everywhere, the other all or nothing on a tenth of the tasks."""
    rng = np.random.default_rng(5)
    false = 0
    for number in range(40):
        steady = np.full((1, 50), UNIT)
        rare = (rng.random((1, 50)) < 0.1) * 10 * UNIT
        sums = np.vstack([steady, rare]).astype(np.int64)
        false += bool(told_apart(sums, np.full(50, 10 * UNIT), f"{number}").better.any())
    assert false <= 5
