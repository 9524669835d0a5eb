"""Ranks: shared by equal printed scores, blind to names, files and order."""

import random

from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.judge.build import build_boards
from cardboard.tests.making import a_reading, a_result, a_workspace, entries_of

SCORES = st.lists(st.integers(0, 10_000).map(lambda n: n / 10_000), min_size=1, max_size=30)


def ranks(entries):
    return {entry.model: entry.rank for entry in entries}


def test_the_rank_counts_the_strictly_better_scores():
    entries = entries_of(a_result("a", 0.3), a_result("b", 0.5), a_result("c", 0.1))
    assert [(e.model, e.rank, e.rank_text) for e in entries] == [
        ("b", 1, "1"),
        ("a", 2, "2"),
        ("c", 3, "3"),
    ]


def test_equal_printed_scores_share_a_rank_and_leave_a_gap_below():
    entries = entries_of(
        a_result("a", 0.5), a_result("b", 0.2), a_result("c", 0.5), a_result("d", 0.1)
    )
    assert [(e.model, e.rank_text, e.tied_with) for e in entries] == [
        ("a", "1=", ("c",)),
        ("c", "1=", ("a",)),
        ("b", "3", ()),
        ("d", "4", ()),
    ]


def test_scores_that_print_alike_are_equal():
    first, second = entries_of(a_result("a", 0.50004), a_result("b", 0.5))
    assert (first.rank, second.rank) == (1, 1)


def test_a_tie_is_shown_by_recall_then_precision_then_valid_json_then_name():
    def tied(name, recall, precision, valid):
        result = a_result(name)
        aggregate = type(result.aggregate)(
            avg_command_f1=0.5,
            avg_command_recall=recall,
            avg_command_precision=precision,
            valid_json_pct=valid,
        )
        return a_result(name, aggregate=aggregate)

    entries = entries_of(
        tied("e", 0.4, 0.6, 70.0),
        tied("d", 0.4, 0.6, 70.0),
        tied("c", 0.4, 0.6, 80.0),
        tied("b", 0.4, 0.7, 10.0),
        tied("a", 0.9, 0.1, 10.0),
    )
    assert "".join(e.model for e in entries) == "abcde"
    assert {e.rank for e in entries} == {1}


def test_two_scores_of_zero_are_scores_and_share_a_rank():
    entries = entries_of(a_result("a", 0.4), a_result("b", 0.0), a_result("c", 0.0))
    assert [e.rank_text for e in entries] == ["1", "2=", "2="]


def test_without_a_score_there_is_no_rank():
    scored, missing = entries_of(a_result("b", 0.0), a_result("a", None))
    assert (scored.rank, missing.rank, missing.score) == (1, None, None)
    assert "score-missing" in {f.code for f in missing.findings}


@given(SCORES)
def test_every_rank_is_one_more_than_the_number_of_better_scores(scores):
    entries = entries_of(*(a_result(f"m{i}", f1) for i, f1 in enumerate(scores)))
    assert len(entries) == len(scores)
    for entry in entries:
        assert entry.rank == 1 + sum(other.score > entry.score for other in entries)


@given(SCORES, st.randoms(use_true_random=False))
def test_shuffling_renaming_and_copying_files_changes_no_rank(scores, chance: random.Random):
    workspace = a_workspace()
    readings = [a_reading(a_result(f"m{i}", f1)) for i, f1 in enumerate(scores)]
    renamed = [
        type(r)(file=f"{chance.random()}.json", sha256=r.sha256, kind=r.kind, result=r.result)
        for r in readings + readings[::2]
    ]
    chance.shuffle(renamed)
    before = build_boards(readings, workspace).boards[0].entries
    after = build_boards(renamed, workspace).boards[0].entries
    assert [(e.model, e.rank, e.result_id) for e in before] == [
        (e.model, e.rank, e.result_id) for e in after
    ]
