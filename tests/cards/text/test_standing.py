"""Ranks on cards: exact while the board is small, a band where an exact one would go stale."""

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Board
from cardboard.board.notes.lasting import band, rounded_down
from cardboard.board.show.rows import summary
from cardboard.board.workspace.settings import Suite
from cardboard.cards.text.standing import standing
from cardboard.tests.making import a_result, a_workspace, boards_of, measured


def board(count: int) -> Board:
    """Return a board of *count* ranked results, org/m001 the best, and one without a rank."""
    results = [a_result(f"org/m{i:04}", round(1 - i / 10_000, 4)) for i in range(1, count + 1)]
    (made,) = boards_of(*results, a_result("org/unranked", 1.0, status="failed")).boards
    return made


FEW = a_workspace(suites=(Suite(name="mini", version="1", steps=2, tasks=2),))
TINY, SMALL, LARGE = board(9), board(40), board(240)


@pytest.mark.parametrize(
    ("rank", "count", "top"),
    [
        (1, 1000, 1), (10, 1000, 1), (11, 1000, 5), (50, 1000, 5), (51, 1000, 10),
        (100, 1000, 10), (101, 1000, 25), (250, 1000, 25), (251, 1000, 50), (500, 1000, 50),
        (501, 1000, 100), (1000, 1000, 100), (1, 1, 100), (1, 2, 50),
    ],
)  # fmt: skip
def test_a_band_is_the_smallest_that_holds_the_rank(rank, count, top):
    assert band(rank, count) == top


def test_auto_is_exact_up_to_10_entries_and_a_band_beyond():
    near = standing(TINY.ranked[7], TINY, "auto")
    far = standing(LARGE.ranked[29], LARGE, "auto")
    assert (near.number, near.band, near.of, near.unranked) == (8, None, 9, 1)
    assert (far.number, far.band, far.of, far.at_least) == (None, 25, None, 200)


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, 1), (4, 2), (9, 5), (19, 10), (48, 20), (99, 50), (100, 100), (950, 500)],
)
def test_how_many_are_ranked_is_told_in_numbers_that_seldom_change(count, told):
    assert rounded_down(count) == told


def test_what_is_open_by_scores_alone_is_told_in_bands():
    found = standing(SMALL.ranked[29], SMALL, "auto")
    assert found.alone is None
    assert found.open == (5, 100, "open-scores")


def test_the_first_ten_are_exact_everywhere():
    shown = [standing(entry, LARGE, "band") for entry in LARGE.ranked[:11]]
    assert [one.number for one in shown] == [*range(1, 11), None]
    assert {one.of for one in shown} == {None}


@pytest.mark.parametrize(("mode", "number", "top"), [("exact", 200, None), ("band", None, 100)])
def test_the_workspace_may_choose(mode, number, top):
    shown = standing(LARGE.ranked[199], LARGE, mode)
    assert (shown.number, shown.band) == (number, top)


def test_a_result_without_a_rank_has_no_standing():
    assert standing(SMALL.unranked[0], SMALL, "auto") is None


def test_a_shared_rank_names_the_first_few_that_share_it():
    shared = replace(SMALL.ranked[0], tied_with=("a", "b", "c", "d", "e"))
    shown = standing(shared, SMALL, "exact")
    assert shown.shared
    assert (shown.shared_with, shown.more_sharers) == (("a", "b", "c"), 2)
    assert not standing(SMALL.ranked[1], SMALL, "exact").shared


def test_where_too_few_tasks_allow_no_test_none_is_claimed():
    few = build_boards([measured("org/a", [1.0], [1.0]), measured("org/b", [0.0], [0.1])], FEW)
    (made,) = few.boards
    assert summary(made).endswith("2 tasks are too few for intervals and rank ranges")
    found = standing(made.ranked[0], made, "exact")
    assert (found.interval, found.span) == (None, None)
