"""The shared draws: fixed by the suite's fingerprint, whole numbers, the same on every machine."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from cardboard.board.statistics.resampling import FEWEST_TASKS, MICROPOINTS, printed_draws, resample


def test_a_fingerprint_fixes_the_draws_for_ever() -> None:
    """Written down, so that a new NumPy or a changed line that moves every interval is noticed."""
    draws = resample("mini", [2, 1, 3], draws=5)
    assert draws.weights.tolist() == [[2, 0, 1], [0, 1, 2], [0, 3, 0], [0, 2, 1], [1, 1, 1]]
    assert draws.sizes.tolist() == [7, 7, 3, 5, 6]


def test_another_fingerprint_draws_otherwise() -> None:
    one, other = resample("one", [1] * 20, draws=10), resample("other", [1] * 20, draws=10)
    assert (one.weights != other.weights).any()


def test_every_draw_takes_as_many_tasks_as_there_are_and_each_task_equally_often() -> None:
    draws = resample("mini", range(1, 41))
    assert (draws.weights.sum(axis=1) == 40).all()
    assert np.abs(draws.weights.mean(axis=0) - 1).max() < 5 / np.sqrt(10_000)
    assert (draws.sizes == draws.weights @ np.arange(1, 41)).all()


def test_unequal_tasks_count_for_fewer() -> None:
    """Kish: 10 equal tasks are 10; one giant among them leaves hardly more than one."""
    assert resample("mini", [6] * 10).effective_tasks == 10
    assert resample("mini", [1] * 9 + [91]).effective_tasks == 1
    assert not resample("mini", [1] * 9 + [91]).enough


@pytest.mark.parametrize(("tasks", "enough"), [(FEWEST_TASKS - 1, False), (FEWEST_TASKS, True)])
def test_five_tasks_are_too_few_for_an_interval(tasks: int, enough: bool) -> None:
    assert resample("mini", [2] * tasks).enough is enough


def test_a_draw_is_the_ratio_of_its_sums_rounded_as_printed() -> None:
    draws = resample("mini", [1, 2, 3, 4, 5, 6], draws=50)
    sums = np.array([[123_456, 1_000_001, 0, 3_141_592, 2_718_281, 6_000_000]])
    (printed,) = printed_draws(draws, sums)
    for weights, size, value in zip(draws.weights, draws.sizes, printed, strict=True):
        assert value == round(int(weights @ sums[0]) / (100 * int(size)))


@pytest.mark.parametrize(
    "sums",
    [
        np.array([[0.5, 1.0]]),
        np.array([[MICROPOINTS + 1, 0]]),
        np.array([[1, 2, 3]]),
        np.array([1, 2]),
    ],
    ids=["not whole", "more than its steps", "another suite's tasks", "no rows"],
)
def test_sums_that_cannot_be_meant_are_refused(sums: np.ndarray) -> None:
    with pytest.raises(ValueError, match="micro-points"):
        next(printed_draws(resample("mini", [1, 1], draws=2), sums))


@pytest.mark.parametrize("steps", [[], [3, 0], [[1, 2], [3, 4]]])
def test_a_suite_without_steps_is_refused(steps: list[int]) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        resample("mini", steps)


PROGRAM = """
import numpy as np
from cardboard.board.statistics.intervals import intervals
from cardboard.board.statistics.paired import paired
from cardboard.board.statistics.rank_odds import rank_odds
from cardboard.board.statistics.rank_ranges import rank_ranges
from cardboard.board.statistics.resampling import resample
steps = np.arange(1, 41)
sums = np.random.default_rng(1).integers(0, 1_000_000 * steps, (70, 40))
draws = resample("mini", steps)
found = intervals(draws, sums), rank_odds(draws, sums), rank_ranges(draws, sums)
print(found, paired(draws, sums, [(0, 1), (5, 9)]))
"""


def test_every_blas_kernel_gives_the_same_bytes() -> None:
    """OpenBLAS is told which processor to believe in; sums of whole numbers do not care."""
    found = set()
    for kernel in ("Prescott", "Nehalem", "Sandybridge", "Haswell"):
        believed = os.environ | {"OPENBLAS_CORETYPE": kernel}
        told = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=believed, capture_output=True, check=True
        )
        found.add(hashlib.sha256(told.stdout).hexdigest())
    assert len(told.stdout) > 10_000
    assert len(found) == 1
