"""The figures of a replay: what steps score, and what only all of them together show."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.records import Group, Step
from cardboard.eval.suites.conversations import without_thoughts
from cardboard.eval.suites.kinds.aggregate import divided, measured
from cardboard.eval.suites.kinds.replay.kind import (
    METRICS,
    REPLAY,
    rules_of,
    score,
    score_at_first,
)
from cardboard.eval.suites.kinds.replay.scoring import FIRST_SCORER, RULES, SCORER, bucket_of

from .....replays import an_answer
from .plain_recount import plain_recount


def step(idx: int = 0, **fields: Any) -> Step:
    """Make a scored step of the first task."""
    return Step(task_id="task-000", step_idx=idx, **fields)


def found(steps: Iterable[Step]) -> dict[str, float | None]:
    """Return the figures of *steps* by the metric's id."""
    return {name: one.value for name, one in measured(REPLAY, METRICS, steps).items()}


def test_no_steps_have_no_means() -> None:
    assert found([]) == {}
    assert found([step(scored=False, error="no answer")]) == {}


def test_means_are_taken_from_the_steps_rounded_scores() -> None:
    both = {"command_precision": 1.0, "command_recall": 0.3333, "valid_json": 1.0}
    early, mid, late = (
        {**both, "command_f1": f1, "first_cmd_exact": first}
        for f1, first in ((0.5, 1.0), (0.25, 0.0), (0.2501, 1.0))
    )
    steps = [
        step(0, scores=early, groups={"bucket": "early", "source_group": "swe"}),
        step(2, scores=mid, groups={"bucket": "mid", "source_group": "math"}),
        step(7, scores=late, groups={"bucket": "late", "source_group": "swe"}),
        step(8, scored=False, groups={"bucket": "late", "source_group": "swe"}),
    ]
    assert found(steps) == {
        "command_f1": 0.333367,
        "command_precision": 1.0,
        "command_recall": 0.3333,
        "first_cmd_exact_pct": 66.666667,
        "valid_json_pct": 100.0,
    }
    parts = divided(METRICS, steps)
    assert list(parts) == ["bucket", "source_group"]
    assert {name: group.steps for name, group in parts["bucket"].items()} == {
        "early": 1,
        "late": 1,
        "mid": 1,
    }
    assert parts["source_group"]["swe"] == Group(
        steps=2,
        metrics={
            "command_f1": 0.37505,
            "command_precision": 1.0,
            "command_recall": 0.3333,
            "first_cmd_exact_pct": 100.0,
            "valid_json_pct": 100.0,
        },
    )


def test_mean_f1_is_not_the_harmonic_mean_of_the_means() -> None:
    one, other = (
        step(idx, scores={"command_precision": p, "command_recall": r, "command_f1": 0.0})
        for idx, p, r in ((0, 1.0, 0.0), (1, 0.0, 1.0))
    )
    assert found([one, other]) == {
        "command_f1": 0.0,
        "command_precision": 0.5,
        "command_recall": 0.5,
    }


def test_a_mean_is_unknown_when_a_step_lacks_the_value() -> None:
    scores = {"command_f1": 0.5}
    told = step(0, scores=scores | {"valid_json": 1.0}, parsed={"plan": True})
    assert found([told, step(1, scores=scores, parsed={})]) == {"command_f1": 0.5}


def test_completion_recall_and_premature_rate() -> None:
    told = [(True, True), (True, None), (True, False), (False, True), (False, False), (False, None)]
    figures = found(
        step(idx, reference={"task_complete": ref}, parsed={"task_complete": pred})
        for idx, (ref, pred) in enumerate(told)
    )
    assert figures["complete_true_recall_pct"] == 33.3
    assert figures["premature_complete_rate_pct"] == 33.3


def test_completion_is_unknown_where_there_is_nothing_to_complete() -> None:
    never = step(reference={"task_complete": False}, parsed={"task_complete": False})
    assert found([never]) == {"premature_complete_rate_pct": 0.0}


def test_command_counts_have_two_decimals() -> None:
    figures = found(
        step(idx, reference={"command_units": ref}, parsed={"command_units": pred})
        for idx, (ref, pred) in enumerate([(["a", "b"], []), (["a"], ["a"]), (["a"], ["a"])])
    )
    assert (figures["avg_ref_cmds"], figures["avg_pred_cmds"]) == (1.33, 0.67)


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_buckets_weighted_by_their_steps_give_the_mean_back(scores: list[int]) -> None:
    steps = [
        step(idx, scores={"command_f1": one / 10_000}, groups={"bucket": bucket_of(idx)})
        for idx, one in enumerate(scores)
    ]
    parts = divided(METRICS, steps)["bucket"].values()
    total = sum(part.steps * (part.metrics["command_f1"] or 0.0) for part in parts)
    assert sum(part.steps for part in parts) == len(scores)
    assert total / len(scores) == pytest.approx(found(steps)["command_f1"], abs=1.01e-6)


def test_what_was_read_from_an_answer_is_kept_beside_its_scores() -> None:
    reference = {"command_units": ["ls", "pwd"], "task_complete": False}
    assert score(reference, an_answer("ls"), "1").parsed == {
        "command_units": ["ls"],
        "task_complete": False,
        "valid_json": True,
        "analysis": True,
        "plan": True,
    }
    assert score(reference, an_answer("ls"), "1").scores == {
        "command_f1": 0.6667,
        "command_precision": 1.0,
        "command_recall": 0.5,
        "first_cmd_exact": 1.0,
        "valid_json": 1.0,
    }


def test_suites_of_other_versions_are_scored_as_the_corrected_one() -> None:
    assert rules_of("legacy386") == RULES["legacy386"]
    assert rules_of("1") == rules_of(None) == RULES["corrected303"]
    empty = {"command_units": [], "task_complete": False}
    values = [score(empty, "{}", version).scores["command_f1"] for version in ("legacy386", "1")]
    assert values == [1.0, 0.0]


class TestTheScorersOfReplays:
    """The second one reads no thoughts and gives nothing for nothing; the first is kept."""

    THOUGHT = '<think>{"commands": [{"keystrokes": "rm -r /"}]}'
    REFERENCE: ClassVar[dict[str, Any]] = {"command_units": ["ls"], "task_complete": False}

    @pytest.mark.parametrize(
        "text",
        [
            f"{THOUGHT}</think>{an_answer('ls')}",
            f"{THOUGHT.removeprefix('<think>')}</think>{an_answer('ls')}",
            f"{THOUGHT.replace('<think>', '[THINK]')}[/THINK]{an_answer('ls')}",
            f"{an_answer('ls')}\n{THOUGHT}",
        ],
        ids=["closed", "begun by the prompt", "another mark", "afterwards and never closed"],
    )
    def test_a_command_in_a_thought_is_no_command(self, text: str) -> None:
        assert score(self.REFERENCE, text, "1").parsed["command_units"] == ["ls"]
        assert score(self.REFERENCE, text, "1").scores["command_f1"] == 1.0
        first = score_at_first(self.REFERENCE, text, "1")
        assert "rm -r /" in first.parsed["command_units"]

    def test_an_answer_that_is_all_thought_types_nothing(self) -> None:
        found = score(self.REFERENCE, self.THOUGHT, "1")
        assert (found.parsed["command_units"], found.parsed["valid_json"]) == ([], False)

    def test_a_mark_within_the_texts_of_an_answer_is_no_thought(self) -> None:
        said = json.dumps({"analysis": "<think> is a mark", "commands": [{"keystrokes": "ls"}]})
        assert score(self.REFERENCE, said, "1").scores["command_f1"] == 1.0

    @pytest.mark.parametrize("text", ["", " \n", "<think>hm</think>\n", "<think>hm"])
    def test_an_empty_answer_is_worth_nothing_even_where_nothing_is_to_be_typed(
        self, text: str
    ) -> None:
        nothing = {"command_units": [], "task_complete": False}
        found = score(nothing, text, "legacy386")
        assert set(found.scores.values()) == {0.0}
        assert score_at_first(nothing, text, "legacy386").scores["command_f1"] == 1.0

    @given(st.sampled_from(["", "<think>", "</think>", "ls"]), st.text(max_size=20))
    def test_they_agree_on_every_text_without_thoughts(self, mark: str, text: str) -> None:
        said = f"{mark}{text}"
        if without_thoughts(said) == said and said.strip():
            assert score(self.REFERENCE, said, "1") == score_at_first(self.REFERENCE, said, "1")

    @pytest.mark.parametrize(
        ("scorer", "scoring"),
        [("token-f1/1", score_at_first), (None, score_at_first), (SCORER, score)],
    )
    def test_a_result_is_checked_by_the_scorer_that_it_names(
        self, scorer: str | None, scoring: Any
    ) -> None:
        text = f"{self.THOUGHT}</think>{an_answer('ls')}"
        read = scoring(self.REFERENCE, text, "1")
        told = step(reference=self.REFERENCE, answer=text, parsed=read.parsed, scores=read.scores)
        found = REPLAY.as_scored_by(scorer).recount([told, step(1, answer=an_answer("ls"))])
        assert (found.misread, found.differs, found.otherwise) == ((), (), 1)
        other = "token-f1/1" if scorer == SCORER else SCORER
        assert REPLAY.as_scored_by(other).recount([told]).misread == ("task-000/0",)

    def test_a_scorer_of_somebody_else_changes_nothing(self) -> None:
        assert REPLAY.as_scored_by("own-f1/3") is REPLAY
        assert REPLAY.scorers == ("token-f1/1", "token-f1/2")


PLAIN = [
    an_answer("ls"),
    an_answer("ls", "cat 파일"),
    an_answer(""),
    an_answer("a\nb", complete=True),
]
OTHER = ["", " ", "ls", PLAIN[0][:-1], "{}", "{}\n{}", f"{PLAIN[0]}\n{PLAIN[1]}", "{" * 101 + "}"]
OTHER += ['{"a":"}', '{","commands":[]}', f"```json\n{PLAIN[0]}\n```"]
OTHER += [f"<think>{PLAIN[1]}</think>"]
OTHER += [f"<think>x</think>{PLAIN[2]}", '{"commands":[{"keystrokes":"\\\\n \\n"', "{\ud800}"]
OTHER += [json.dumps({"commands": [{"keystrokes": "x" * 5000}]})]
WANTED = [["ls"], ["ls", "cat 파일"], [], ["b", "a"], [1], [[]], "ls", None, ["<WAIT>"]]
FLAWS: list[dict[str, Any]] = [
    {"scored": False, "scores": {}},
    {"answer": None},
    {"answer": None, "parsed": None},
    {"parsed": None},
    {"parsed": {"command_units": ["rm"], "valid_json": 1, "note": {}}},
    {"scores": {"command_f1": 0.3}},
    {"scores": {"command_f1": None, "valid_json": 1.0}},
    {"scores": {"valid_json": 0.0, "command_f1": 1.0, "command_recall": 1.00005}},
    {"reference": None},
]


@st.composite
def stored_steps(draw: st.DrawFn) -> list[Step]:
    """Draw steps as results hold them, of which some are not what their answers come to."""
    steps = []
    for number in range(draw(st.integers(0, 6))):
        text = draw(st.sampled_from(PLAIN + PLAIN + OTHER))
        reference = {"command_units": draw(st.sampled_from(WANTED)), "task_complete": False}
        if draw(st.integers(0, 5)) == 0:
            reference["form"] = draw(st.sampled_from(["shell", "calls", "json", 1]))
        read = draw(st.sampled_from([score, score_at_first]))(reference, text, "1")
        told = {"reference": reference, "answer": text, "parsed": read.parsed}
        flaw = draw(st.sampled_from([{}, {}, *FLAWS]))
        steps.append(step(number, **({**told, "scores": dict(read.scores)} | flaw)))
    return steps


@given(stored_steps(), st.sampled_from([SCORER, FIRST_SCORER]))
def test_answers_are_read_and_scored_again_as_one_by_one(steps: list[Step], scorer: str) -> None:
    assert REPLAY.as_scored_by(scorer).recount(steps) == plain_recount(steps, scorer)
