"""Tasks: what they are worth, which sums are refused, and the same bytes on every machine."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from cardboard.board.statistics.tasks import (
    FEWEST_TASKS,
    MICROPOINTS,
    Tasks,
    printed_means,
    raw_stream,
)


def test_a_fingerprint_fixes_the_signs_for_ever() -> None:
    """Written down, so that a new NumPy or a changed line that moves every test is noticed."""
    words = raw_stream("signs", "mini", 2)
    assert [int(word) for word in words] == [1060455498593857990, 7941741198374268821]
    assert (raw_stream("signs", "other", 2) != words).all()


def test_unequal_tasks_count_for_fewer() -> None:
    """Kish: 10 equal tasks are 10; one giant among them leaves hardly more than one."""
    assert Tasks.of("mini", [6] * 10).effective == 10
    assert Tasks.of("mini", [1] * 9 + [91]).effective == 1


def test_fewer_still_tell_a_variance() -> None:
    tasks = Tasks.of("mini", [8] * 49 + [80])
    assert tasks.effective > tasks.clusters > 0
    assert Tasks.of("mini", [8] * 50).clusters == 50


@pytest.mark.parametrize(("tasks", "enough"), [(FEWEST_TASKS - 1, False), (FEWEST_TASKS, True)])
def test_five_tasks_are_too_few_for_an_interval(tasks: int, enough: bool) -> None:
    assert Tasks.of("mini", [2] * tasks).enough is enough


@pytest.mark.parametrize(("largest", "enough"), [(25, True), (26, False)])
def test_no_task_may_hold_more_than_a_third_of_all_steps(largest: int, enough: bool) -> None:
    assert Tasks.of("mini", [1] * 50 + [largest]).enough is enough


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
        printed_means(Tasks.of("mini", [1, 1]), sums)


@pytest.mark.parametrize("steps", [[], [3, 0], [[1, 2], [3, 4]]])
def test_a_suite_without_steps_is_refused(steps: list[int]) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        Tasks.of("mini", steps)


PROGRAM = """
import numpy as np
from cardboard.board.statistics.intervals import intervals
from cardboard.board.statistics.paired import paired
from cardboard.board.statistics.rank_ranges import rank_ranges
from cardboard.board.statistics.tasks import Tasks
steps = np.arange(1, 41)
sums = np.random.default_rng(1).integers(0, 1_000_000 * steps, (70, 40))
tasks = Tasks.of("mini", steps)
found = intervals(tasks, sums), rank_ranges(tasks, sums)
print(found, paired(tasks, sums, [(0, 1), (5, 9)]))
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
    assert len(told.stdout) > 5_000
    assert len(found) == 1
