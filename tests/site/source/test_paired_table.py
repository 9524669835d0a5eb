"""Whom an entry is compared with, and what may be said of the difference."""

import pytest

from cardboard.board.judge.build import build_boards
from cardboard.board.workspace.settings import Profile
from cardboard.site.data.figures import signed
from cardboard.site.source.paired_table import rivals_of
from cardboard.tests.making import SUITE, a_reading, a_result, a_workspace, measured


def board(readings, **settings):
    return build_boards(readings, a_workspace(**settings)).boards[0]


def of(board, model):
    entry = next(e for e in board.ranked if e.model == model)
    return rivals_of(board).get(entry.result_id, ())


def test_two_on_each_side_are_neighbours():
    here = board([a_reading(a_result(f"org/{n}", 0.9 - n / 10)) for n in range(7)])
    found = [(one.relation, one.label) for one in of(here, "org/3")]
    assert found == [
        ("above", "org/1"),
        ("above", "org/2"),
        ("below", "org/4"),
        ("below", "org/5"),
    ]
    assert [one.label for one in of(here, "org/0")] == ["org/1", "org/2"]


@pytest.mark.parametrize("base", [0, 2, 6])
def test_the_base_model_is_there_once_wherever_it_stands(base):
    models = {"org/3": Profile(base_model=f"ORG/{base}")}
    here = board([a_reading(a_result(f"org/{n}", 0.9 - n / 10)) for n in range(7)], models=models)
    found = {one.label: one.relation for one in of(here, "org/3")}
    assert found[f"org/{base}"] == "base"
    assert len(found) == len(of(here, "org/3"))


def test_without_steps_there_is_a_difference_and_nothing_more():
    here = board([a_reading(a_result(f"org/{n}", 0.9 - n / 10)) for n in range(2)])
    (one,) = of(here, "org/1")
    assert one.difference == "−10.00"
    assert (one.low, one.won, one.apart) == (None, None, None)


def test_with_steps_the_tasks_are_counted():
    high = [[1.0], [1.0], [0.5], [0.5], [0.5], [1.0]]
    low = [[0.5], [0.5], [0.5], [1.0], [0.0], [0.0]]
    here = board([measured("org/a", *high), measured("org/b", *low)])
    (one,) = of(here, "org/a")
    assert (one.won, one.tied, one.lost) == (4, 1, 1)
    assert one.apart is not None


def test_a_lone_entry_has_no_rival():
    assert of(board([a_reading()]), "org/model") == ()


def test_a_long_board_is_not_tested_pair_by_pair(monkeypatch):
    monkeypatch.setattr("cardboard.site.source.paired_table.MOST_MEASURED", 1)
    here = board([measured(f"org/{n}", [n / 4] * 6) for n in range(3)])
    assert all(one.low is None and one.apart is None for one in of(here, "org/1"))


@pytest.mark.parametrize(
    ("difference", "text"),
    [(1.234, "+1.23"), (-0.5, "−0.50"), (0.0, "0.00"), (-0.001, "0.00"), (10.0, "+10.00")],
)
def test_a_difference_has_a_sign_unless_it_prints_as_zero(difference, text):
    assert signed(SUITE.ranked, difference) == text
