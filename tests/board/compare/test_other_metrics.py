"""Comparisons by any metric of a suite: its own sign, decimals and divisions."""

import json
from functools import partial

import pytest
from click.testing import CliRunner

from cardboard.board.compare.comparison import by_metric, chosen, comparable, compare
from cardboard.board.compare.effects import effects_of
from cardboard.board.compare.gate import hold
from cardboard.board.judge.build import load_boards
from cardboard.board.show.comparison_tables import pair_tables, told, verdict
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import main
from cardboard.eval.errors import UsageError
from cardboard.eval.records import Counts, Model, Prompts, Result, Step, Suite, encode
from cardboard.tests.making import figures

BOARD = """\
[board]
title = { en = "A", ko = "가" }

[[suites]]
name = "timed"
version = "1"
kind = "reported"
steps = 60

[[suites.metrics]]
id = "seconds"
unit = "seconds"
better = "lower"
decimals = 1
per_step = true
ranked = true

[[suites.metrics]]
id = "right_pct"
unit = "percent"
decimals = 1
per_step = "right"

[[suites.metrics]]
id = "words"
unit = "count"
better = "neither"
decimals = 0
per_step = true

[[suites.metrics]]
id = "energy"
unit = "points"
"""
TASKS = 20


def result(name, seconds, right, words):
    """Return a result in which Korean takes twice as long, three steps a task."""
    steps = tuple(
        Step(
            task_id=f"t{task:02}",
            step_idx=index,
            groups={"language": language},
            scores={
                "seconds": (seconds + task % 5 / 10) * (2 if language == "ko" else 1),
                "right": float((task + index) % 4 < right),
                "words": float(words + task),
            },
        )
        for task in range(TASKS)
        for index, language in enumerate(("en", "en", "ko"))
    )

    def mean(score):
        return sum(step.scores[score] for step in steps) / len(steps)

    metrics = figures(
        seconds=mean("seconds"), right_pct=100 * mean("right"), words=mean("words"), energy=5.0
    )
    return Result(
        model=Model(id=name, revision="0" * 40),
        suite=Suite(name="timed", version="1", kind="reported"),
        prompts=Prompts(template_status="chat_template"),
        counts=Counts(expected=len(steps), scored=len(steps), failed=0),
        metrics=metrics,
        status="complete",
        steps=steps,
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("timed")
    (root / "board.toml").write_text(BOARD, "utf-8")
    (root / "results").mkdir()
    for name, seconds, right, words in (("quick", 1.5, 2, 50), ("slow", 4.0, 3, 90)):
        (root / "results" / f"{name}.json").write_bytes(
            encode(result(f"org/{name}", seconds, right, words))
        )
    return root


@pytest.fixture(scope="module")
def workspace(root):
    return open_workspace(root)


@pytest.fixture(scope="module")
def board(workspace):
    (board,) = load_boards(workspace).boards
    return board


@pytest.fixture
def pair(board, workspace):
    quick, slow = board.ranked

    def pair(metric, a=quick, b=slow):
        measure = board.suite.metric(metric)
        return compare(board, [(a, b)], metric=measure)[0]

    return pair


@pytest.fixture
def gated(board, workspace):
    quick, slow = board.ranked

    def gated(metric, margin, a=quick, b=slow):
        (held,) = hold(workspace, [(board, a, b)], metric, margin)
        return held

    return gated


@pytest.fixture
def run(root):
    return lambda *words: CliRunner().invoke(main, ["-C", str(root), *words])


class TestWhereLowerIsBetter:
    def test_the_faster_one_is_first_and_the_difference_keeps_its_sign(self, board, pair):
        assert [entry.model for entry in board.ranked] == ["org/quick", "org/slow"]
        found = pair("seconds")
        assert (found.better, found.metric, found.decimals) == ("lower", "seconds", 1)
        assert found.paired.difference == pytest.approx(found.score_a - found.score_b, abs=0.06)
        assert found.paired.low <= found.paired.difference <= found.paired.high < 0
        assert (found.paired.won, found.paired.lost) == (TASKS, 0)
        assert (verdict(found), found.separable) == ("better", True)

    def test_seen_from_the_other_side_everything_is_mirrored(self, board, pair):
        quick, slow = board.ranked
        one, other = pair("seconds").paired, pair("seconds", slow, quick).paired
        assert (other.difference, other.low, other.high) == (-one.difference, -one.high, -one.low)
        assert (other.won, other.lost) == (0, TASKS)
        assert verdict(pair("seconds", slow, quick)) == "worse"

    def test_tables_say_so_and_print_its_decimals(self, pair):
        found = pair("seconds")
        ((title, table),) = pair_tables([found])
        assert title == "timed 1 (models): seconds, A minus B by task; lower is better"
        row = dict(zip(table.columns, table.rows[0], strict=True))
        assert (row["A score"], row["B score"], row["difference"]) == ("2.3", "5.6", "-3.3")

    @pytest.mark.parametrize(
        ("margin", "answer"), [(0.0, "passed"), (-3.0, "passed"), (-3.5, "failed")]
    )
    def test_a_gain_is_a_fall(self, gated, margin, answer):
        assert gated("seconds", margin).answer == answer

    def test_a_rise_fails_the_gate(self, board, gated):
        quick, slow = board.ranked
        assert gated("seconds", 0.0, slow, quick).answer == "failed"
        assert gated("seconds", 4.0, slow, quick).answer == "passed"

    def test_the_gate_speaks_of_better_and_worse_in_its_unit(self, gated):
        line = told(gated("seconds", 0.5))
        assert line.startswith("passed on timed 1, seconds: 2.3 org/quick against 5.6 org/slow: at")
        assert " least 3." in line
        assert " seconds better (95 %), 0.5 allowed; these 20 tasks show only " in line

    def test_what_is_not_printed_in_points_has_no_usual_margin(self, gated):
        with pytest.raises(UsageError, match="no margin is usual"):
            gated("seconds", None)
        assert gated("right_pct", None).margin == 3


class TestByAnotherMetricThanTheRankedOne:
    def test_its_own_direction_counts(self, pair):
        found = pair("right_pct")
        assert (found.score_a, found.score_b) == (50.0, 75.0)
        assert found.paired.difference == -25.0
        assert verdict(found) == "worse"

    def test_of_what_is_neither_good_nor_bad_only_more_or_less_is_said(self, pair, gated):
        assert verdict(pair("words")) == "less"
        with pytest.raises(UsageError, match="neither more nor less words is better"):
            gated("words", 0.0)

    def test_only_metrics_that_steps_have_scores_of_are_compared(self, board):
        assert list(comparable(board)) == ["seconds", "right_pct", "words"]
        with pytest.raises(UsageError, match="'energy'") as refusal:
            chosen([board], "energy")
        assert refusal.value.remedy == "Known: seconds, right_pct, words."

    def test_of_several_boards_those_that_have_it_are_compared(self, board):
        quick, slow = board.ranked
        pairs = [(board, quick, slow)]
        assert [one[3].id for one in by_metric(pairs, None)] == ["seconds"]
        assert [one[3].id for one in by_metric(pairs, "words")] == ["words"]


class TestWithinADivision:
    def test_any_division_of_the_suite_is_taken_apart(self, workspace, board):
        found = effects_of(workspace, board, *board.ranked)
        assert {name: set(groups) for name, groups in found.items()} == {"language": {"en", "ko"}}

    def test_differences_have_the_sign_and_unit_of_the_metric(self, workspace, board):
        languages = effects_of(workspace, board, *board.ranked)["language"]
        assert languages["en"].difference == pytest.approx(-2.5, abs=0.01)
        assert languages["ko"].difference == pytest.approx(-5.0, abs=0.01)
        assert languages["ko"].won == TASKS
        assert languages["ko"].low <= languages["ko"].difference <= languages["ko"].high

    def test_so_have_those_of_another_metric(self, workspace, board):
        measure = partial(effects_of, workspace, board, *board.ranked)
        right = measure(board.suite.metric("right_pct"))["language"]
        assert all(-60 < one.difference < 0 for one in right.values())
        assert measure(board.suite.metric("energy")) == {}


class TestTheCommands:
    def test_compare_takes_a_metric_and_shows_every_division(self, run):
        found = json.loads(
            run("compare", "org/quick", "org/slow", "--metric", "right_pct", "--format", "json")
            .stdout
        )  # fmt: skip
        (pair,) = found["pairs"]
        assert (pair["metric"], pair["better"], pair["verdict"]) == ("right_pct", "higher", "worse")
        assert [(one["part_of"], one["part"]) for one in found["effects"]] == [
            ("language", "en"),
            ("language", "ko"),
        ]

    def test_an_unknown_metric_is_answered_with_the_known_ones(self, run):
        refused = run("compare", "org/quick", "org/slow", "--metric", "speed")
        assert refused.exit_code == 2
        assert "'speed'" in refused.stderr
        assert "Known: seconds, right_pct, words." in refused.stderr

    @pytest.mark.parametrize(
        ("metric", "code", "word"),
        [(("--margin", "0"), 0, "passed"), (("--metric", "right_pct"), 1, "failed"), ((), 2, "")],
    )
    def test_the_gate_holds_a_model_to_one_metric(self, run, metric, code, word):
        done = run("gate", "--model", "org/quick", "--against", "org/slow", *metric)
        assert (done.exit_code, done.stdout.partition(" ")[0]) == (code, word)
