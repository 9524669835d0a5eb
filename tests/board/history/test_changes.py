"""What moved between two boards."""

from msgspec.structs import replace

from cardboard.board.history.changes import changes
from cardboard.eval.metrics import Change as Changed
from cardboard.eval.records import Counts
from cardboard.tests.making import SUITE, a_result, boards_of, figures


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


class TestABoardThatIsRankedByAnotherMetricNow:
    """A figure of one metric cannot have become that of another."""

    RECALL = replace(SUITE, changes=(Changed(id="command_recall", ranked=True),))

    def told(self, *results):
        return changes(boards_of(*results), boards_of(*results, suites=(self.RECALL,)))

    def test_no_score_has_moved(self):
        one = a_result("a", metrics=figures(command_f1=0.9, command_recall=0.5))
        assert self.told(one) == ()

    def test_ranks_have_and_the_old_figure_is_not_put_beside_the_new_one(self):
        one = a_result("a", metrics=figures(command_f1=0.9, command_recall=0.1))
        other = a_result("b", metrics=figures(command_f1=0.5, command_recall=0.6))
        told = self.told(one, other)
        assert [(c.label, c.what, c.rank_before, c.rank_after) for c in told] == [
            ("b", "rank", "2", "1"),
            ("a", "rank", "1", "2"),
        ]
        assert [(c.score_before, c.score_after) for c in told] == [(None, 0.6), (None, 0.1)]
