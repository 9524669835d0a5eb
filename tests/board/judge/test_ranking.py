"""Ranks: shared by equal printed scores, blind to names, files and order."""

import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.eval.metrics import Change, Measured
from cardboard.eval.records import Suite
from cardboard.tests.making import (
    SUITE,
    a_reading,
    a_result,
    a_workspace,
    boards_of,
    entries_of,
    figures,
)

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


def test_a_tie_is_shown_by_the_other_metrics_of_the_board_in_their_order_then_by_name():
    def tied(name, precision, recall, valid):
        told = {
            "command_f1": 0.5,
            "command_precision": precision,
            "command_recall": recall,
            "valid_json_pct": valid,
        }
        return a_result(name, metrics={key: Measured(value=one) for key, one in told.items()})

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


class TestAnyMetric:
    """Ranks follow from what is printed and from which way is better, and from nothing else."""

    @staticmethod
    def suite(**differs):
        metric = Change(**({"id": "m", "unit": "points", "ranked": True} | differs))
        return replace(SUITE, kind="reported", changes=(metric,), protocol=None)

    @staticmethod
    def results(values):
        reported = Suite(name="mini", version="1", kind="reported")
        return [
            a_result(f"m{number}", suite=reported, metrics=figures(m=value))
            for number, value in enumerate(values)
        ]

    def test_where_lower_is_better_the_lowest_comes_first(self):
        suite = self.suite(unit="bits", better="lower", decimals=1)
        entries = entries_of(*self.results([0.94, 0.7, 0.72, 1.3]), suites=(suite,))
        assert [(e.model, e.rank_text, e.score) for e in entries] == [
            ("m1", "1=", 0.7),
            ("m2", "1=", 0.7),
            ("m0", "3", 0.9),
            ("m3", "4", 1.3),
        ]

    @given(
        st.lists(st.integers(-500, 500).map(lambda n: n / 100), min_size=1, max_size=12),
        st.sampled_from(["higher", "lower"]),
        st.sampled_from([0.01, 1.0, 100.0]),
        st.integers(0, 4),
    )
    def test_whatever_its_direction_scale_and_decimals(self, values, better, scale, decimals):
        suite = self.suite(better=better, scale=scale, decimals=decimals)
        entries = entries_of(*self.results(values), suites=(suite,))
        printed = [round(scale * value, decimals) for value in values]
        sign = -1 if better == "lower" else 1
        for entry in entries:
            own = printed[int(entry.model[1:])]
            assert entry.score == own
            assert entry.rank == 1 + sum(sign * other > sign * own for other in printed)
            level = sum(other == own for other in printed) - 1
            assert (entry.rank_text == f"{entry.rank}=", len(entry.tied_with)) == (level > 0, level)
        ranks = [entry.rank for entry in entries]
        assert ranks == sorted(ranks)

    @given(SCORES)
    def test_what_it_is_called_changes_words_only(self, values):
        named = self.suite(title={"en": "Cleverness"}, explanation={"en": "how clever it is"})
        plain, renamed = (
            boards_of(*self.results(values), suites=(suite,)).boards[0]
            for suite in (self.suite(), named)
        )
        assert renamed.suite.ranked.title == {"en": "Cleverness"}
        assert renamed.entries == plain.entries

    @given(SCORES)
    def test_one_more_figure_moves_no_rank(self, values):
        """Only inside a shared rank may another metric that boards show give another order."""
        more = (*self.suite().changes, Change(id="extra", unit="points", shown="board"))
        results = [
            replace(one, metrics=one.metrics | figures(extra=float(number % 3)))
            for number, one in enumerate(self.results(values))
        ]
        before, after = (
            ranks(entries_of(*results, suites=(suite,)))
            for suite in (self.suite(), replace(self.suite(), changes=more))
        )
        assert before == after

    def test_a_value_that_it_cannot_have_is_no_score(self):
        (entry,) = entries_of(*self.results([1.2]), suites=(self.suite(unit="share"),))
        assert (entry.rank, entry.score) == (None, None)
        (missing,) = [one for one in entry.findings if one.code == "score-missing"]
        assert missing.values == {"metric": "m", "value": 1.2}

    def test_by_another_metric_of_the_same_kind(self):
        recall = replace(SUITE, changes=(Change(id="command_recall", ranked=True),))
        entries = entries_of(
            a_result("a", metrics=figures(command_f1=0.9, command_recall=0.1)),
            a_result("b", metrics=figures(command_f1=0.1, command_recall=0.9)),
            suites=(recall,),
        )
        assert [(entry.model, entry.score) for entry in entries] == [("b", 0.9), ("a", 0.1)]
