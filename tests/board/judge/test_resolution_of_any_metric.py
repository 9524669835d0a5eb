"""Statistics know no metric: they see scores brought to 0 to 1, and print as the metric prints."""

import random
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.read.step_facts import step_facts
from cardboard.board.workspace.settings import Suite
from cardboard.eval.metrics import Change
from cardboard.eval.records import Counts, Step
from cardboard.eval.records import Suite as Recorded
from cardboard.eval.suites.kinds.reported.kind import REPORTED
from cardboard.tests.making import a_reading, a_result, a_workspace, figures

TASKS, STEPS = 20, 2
SHARES = {
    f"m{number}": [
        [round(min(max(chance.gauss(0.3 + number / 10, 0.2), 0.0), 1.0), 4) for _ in range(STEPS)]
        for chance in [random.Random(number)]
        for _ in range(TASKS)
    ]
    for number in range(5)
}
"""Scores from 0 to 1 of five models, one list a task."""


def board_of(scores, value=lambda share: share, **metric):
    """Return the board of a metric whose step scores are what *value* makes of shares."""
    change = Change(**({"id": "m", "per_step": True, "ranked": True, "decimals": 9} | metric))
    suite = Suite(
        name="any", version="1", kind="reported", steps=TASKS * STEPS, changes=(change,),
       
    )  # fmt: skip
    measured = [reading(name, tasks, value, suite) for name, tasks in scores.items()]
    (board,) = build_boards(measured, a_workspace(suites=(suite,))).boards
    return board


def reading(name, tasks, value, suite):
    rows = [
        Step(task_id=f"t{task:02}", step_idx=index, scores={"m": value(share)})
        for task, shares in enumerate(tasks)
        for index, share in enumerate(shares)
    ]
    mean = suite.ranked.factor * sum(row.scores["m"] for row in rows) / len(rows)
    result = a_result(
        name,
        suite=Recorded(name="any", version="1", kind="reported"),
        metrics=figures(m=mean),
        counts=Counts(expected=len(rows), scored=len(rows)),
    )
    return a_reading(result, facts=step_facts(rows, REPORTED))


def resolved(board):
    return {entry.model: entry.resolution for entry in board.entries}


PLAIN = board_of(SHARES)
MIRRORED = board_of(
    {name: [[1 - share for share in task] for task in tasks] for name, tasks in SHARES.items()}
)
METRICS = {
    "seconds below a limit": (60.0, 0.0, {"unit": "seconds", "high": 60.0}),
    "bits without a limit": (8.0, 0.0, {"unit": "bits"}),
    "points below zero": (20.0, -10.0, {"unit": "points", "low": -10.0, "high": 10.0}),
    "a percentage of steps": (1.0, 0.0, {"unit": "percent"}),
    "a share printed as points": (1.0, 0.0, {"scale": 100.0}),
}


@pytest.mark.parametrize("name", METRICS)
class TestAMetricOutsideOf0To1:
    def test_has_the_same_ranks_and_rank_ranges(self, name):
        times, offset, metric = METRICS[name]
        board = board_of(SHARES, lambda share: offset + times * share, **metric)
        assert [entry.model for entry in board.entries] == [e.model for e in PLAIN.entries]
        for model, found in resolved(board).items():
            same = resolved(PLAIN)[model]
            assert (found.low, found.high) == (same.low, same.high)
        assert board.method.separable == PLAIN.method.separable

    def test_has_the_same_intervals_at_its_own_scale(self, name):
        times, offset, metric = METRICS[name]
        board = board_of(SHARES, lambda share: offset + times * share, **metric)
        scale = board.suite.ranked.scale * board.suite.ranked.factor
        # What has no limit is brought to 0 to 1 by a power of ten, and printed units are coarser.
        limited = board.suite.ranked.bounds[1] is not None
        near = 1e-9 if limited else 0.02
        for model, found in resolved(board).items():
            plain = resolved(PLAIN)[model].score
            assert found.score.method == ("wilson" if limited else "t")
            ends = ((found.score.low, plain.low), (found.score.high, plain.high))
            for ours, theirs in ends if limited else ():
                assert isclose(ours, scale * (offset + times * theirs), abs_tol=near)
            assert isclose(
                found.score.standard_error, scale * times * plain.standard_error, abs_tol=near
            )

    def test_where_lower_is_better_they_are_those_of_the_mirrored_scores(self, name):
        times, offset, metric = METRICS[name]
        board = board_of(SHARES, lambda share: offset + times * share, better="lower", **metric)
        assert [entry.model for entry in board.entries] == [e.model for e in MIRRORED.entries]
        upright = resolved(board_of(SHARES, lambda share: offset + times * share, **metric))
        for model, found in resolved(board).items():
            same = resolved(MIRRORED)[model]
            assert (found.low, found.high) == (same.low, same.high)
            assert found.level_with == same.level_with
            assert found.score == upright[model].score, "an interval has no direction"


@given(st.permutations(range(5)), st.sampled_from(["higher", "lower"]))
@settings(max_examples=20)
def test_a_rank_range_holds_the_rank_whichever_way_is_better(order, better):
    names = list(SHARES)
    mixed = {names[place]: SHARES[name] for place, name in zip(order, names, strict=True)}
    board = board_of(mixed, better=better)
    for entry in board.entries:
        assert entry.resolution.low <= entry.rank <= entry.resolution.high


class TestSeveralTrials:
    """The task is what is resampled, and weighs by its steps: trials make no step heavier."""

    SUITE = Suite(
        name="any", version="1", kind="reported", steps=TASKS * STEPS,
        changes=(
            Change(id="pass_at_2", aggregate="pass@2", per_step="m", ranked=True, scale=100),
            Change(id="pass_all_2", aggregate="pass^2", per_step="m", scale=100),
        ),
    )  # fmt: skip

    def readings(self, trials):
        for number in range(3):
            chance = random.Random(number)
            rows = [
                Step(task_id=f"t{task:02}", step_idx=index, trial=trial,
                     scores={"m": float(chance.random() < 0.3 + number / 5)})
                for task in range(TASKS)
                for index in range(STEPS)
                for trial in range(trials)
            ]  # fmt: skip
            facts = step_facts(rows, REPORTED)
            of_steps = {sign: sum(facts.sums[f"m{sign}2"]) / facts.scored / 1e6 for sign in "@^"}
            yield a_reading(
                a_result(
                    f"m{number}",
                    suite=Recorded(name="any", version="1", kind="reported"),
                    metrics=figures(pass_at_2=of_steps["@"], pass_all_2=of_steps["^"]),
                    counts=Counts(expected=TASKS * STEPS, scored=TASKS * STEPS),
                ),
                facts=facts,
            )

    def board(self, suite=SUITE):
        (board,) = build_boards(self.readings(4), a_workspace(suites=(suite,))).boards
        return board

    def test_the_chance_of_any_of_two_has_an_interval_and_a_range(self):
        board = self.board()
        assert [entry.model for entry in board.ranked] == ["m2", "m1", "m0"]
        assert board.method.tasks == TASKS
        for entry in board.ranked:
            span = entry.resolution.score
            assert span.low < entry.score < span.high
            assert entry.score == pytest.approx(100 * entry.value("pass_at_2"), abs=0.006)

    def test_so_has_the_chance_of_both(self):
        for entry in self.board().ranked:
            span = entry.resolution.interval("pass_all_2")
            assert span.low < 100 * entry.value("pass_all_2") < span.high

    def test_trials_that_are_too_few_are_told(self):
        changes = (Change(id="pass_at_2", aggregate="pass@5", per_step="m", ranked=True),)
        board = self.board(replace(self.SUITE, changes=changes))
        assert board.ranked == ()
        for entry in board.entries:
            (found,) = [one for one in entry.findings if one.code == "trials-missing"]
            assert found.values == {"trials": 4, "wanted": 5}
