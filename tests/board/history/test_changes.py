"""What moved between two boards."""

from cardboard.board.history.changes import changes
from cardboard.eval.records import Counts
from cardboard.tests.making import a_result, boards_of


def moves(before, after):
    return [
        (c.label, c.what, c.rank_before, c.rank_after)
        for c in changes(boards_of(*before), boards_of(*after))
    ]


A, B, C = a_result("a", 0.9), a_result("b", 0.5), a_result("c", 0.1)


def test_nothing_moves_when_nothing_changed():
    assert moves([A, B], [B, A]) == []


def test_a_new_entry_moves_those_below_it():
    assert moves([A, C], [A, B, C]) == [("b", "new", None, "2"), ("c", "rank", "2", "3")]


def test_a_removed_entry_is_told_last():
    assert moves([A, B, C], [B, C]) == [
        ("b", "rank", "2", "1"),
        ("c", "rank", "3", "2"),
        ("a", "gone", "1", None),
    ]


def test_another_result_that_now_stands_is_told_even_at_the_same_rank():
    better = a_result("b", 0.6, finished_at="2026-06-01T00:00:00Z")
    assert moves([A, B], [A, B, better]) == [("b", "standing", "2", "2")]


def test_an_unranked_entry_comes_without_a_rank():
    partial = a_result("d", 0.7, counts=Counts(expected=6, scored=2))
    assert moves([A], [A, partial]) == [("d", "new", None, None)]
