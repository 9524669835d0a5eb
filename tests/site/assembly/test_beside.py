"""Another process: it does the work meanwhile, says what went wrong, and may die."""

import os

import pytest

from cardboard.site.assembly.beside import beside
from cardboard.tests.site.jobs import die_elsewhere, double, fail


def test_work_is_done_in_another_process_one_after_the_other():
    with beside() as elsewhere:
        waits = [elsewhere.begin(double, value) for value in (1, 2)]
        values, processes = zip(*(wait() for wait in waits), strict=True)
    assert values == (2, 4)
    assert os.getpid() not in processes
    assert len(set(processes)) == 2, "each takes its memory with it"


def test_where_the_process_is_killed_the_work_is_done_here():
    with beside() as elsewhere:
        assert elsewhere.begin(die_elsewhere, os.getpid())() == "done here"


def test_what_goes_wrong_there_is_raised_here():
    with beside() as elsewhere, pytest.raises(ValueError, match="no"):
        elsewhere.begin(fail)()
