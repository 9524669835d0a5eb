"""Step scores: real scored steps, rules by suite, and the plain scorer's bits."""

import json
import random
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from cardboard.eval.suites.kinds.replay import matching
from cardboard.eval.suites.kinds.replay.matching import Reference, References
from cardboard.eval.suites.kinds.replay.scoring import (
    RULES,
    UnscorableStep,
    _references,
    bucket_of,
    rescore,
)
from cardboard.eval.suites.kinds.replay.units import bag

from .plain_scoring import plain_rescore

GOLDEN = json.loads((Path(__file__).parents[4] / "data/golden_steps.json").read_text())
CASES = [case for part in ("cases", "rule_cases", "odd_typed") for case in GOLDEN[part]]
SCORES = ("first_cmd_exact", "command_precision", "command_recall", "command_f1")
CORRECTED, LEGACY = RULES["corrected303"], RULES["legacy386"]

units = st.lists(
    st.one_of(
        st.sampled_from(
            ["ls -la", "LS  -la", "cat a", "cat b a", "a a a", "", "<WAIT>", "echo 'a"]
        ),
        st.lists(st.sampled_from("abcdAB'\"\\ "), max_size=8).map(" ".join),
        st.text(max_size=6),
    ),
    max_size=9,
)


def test_there_are_35_real_steps_to_be_right_about() -> None:
    assert len(GOLDEN["cases"]) == 35


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_published_step_scores_are_reproduced(case: dict[str, object]) -> None:
    score = rescore(case["ref_command_units"], case["pred_command_units"], RULES[case["suite"]])  # type: ignore[arg-type,index]  # JSON
    assert to_builtins(score) == {name: case[name] for name in SCORES}


@pytest.mark.parametrize(
    ("ref", "pred", "corrected", "legacy"),
    [([], [], 0.0, 1.0), ([], ["ls"], 0.0, 0.0), (["ls"], [], 0.0, 0.0)],
)
def test_suites_differ_only_where_both_sides_are_empty(
    ref: list[str], pred: list[str], corrected: float, legacy: float
) -> None:
    assert set(to_builtins(rescore(ref, pred, CORRECTED)).values()) == {corrected}
    assert set(to_builtins(rescore(ref, pred, LEGACY)).values()) == {legacy}


def test_one_prediction_may_serve_many_references() -> None:
    score = rescore(["ls", "ls", "ls"], ["ls"], CORRECTED)
    assert (score.command_precision, score.command_recall) == (1.0, 1.0)


@given(units, units, st.sampled_from(list(RULES.values())))
def test_scores_are_the_plain_scorer_s_to_the_last_bit(
    ref: list[str], pred: list[str], rules: object
) -> None:
    assert rescore(ref, pred, rules) == plain_rescore(ref, pred, rules)  # type: ignore[arg-type]  # hypothesis widens it


@given(units.filter(bool), st.lists(units.filter(bool), max_size=4), st.integers(1, 30))
def test_what_is_remembered_of_other_answers_changes_no_bit(
    ref: list[str], answers: list[list[str]], pairs: int
) -> None:
    """Whether units are looked up, remembered or compared by matrix, or all three in one step."""
    _references.forget()
    with patch.object(matching, "_MATRIX_PAIRS", pairs), patch.object(matching, "_LONG", 4):
        for pred in [*answers, *answers]:
            assert rescore(ref, pred, CORRECTED) == plain_rescore(ref, pred, CORRECTED)
    _references.forget()


def by_loop(ref: list[str], pred: list[str]) -> tuple[list[float], list[float]]:
    tops: dict[str, float] = {}
    best = Reference(ref)._match_by_loop(pred, tops)
    return [tops[unit] for unit in pred], best


def by_matrix(ref: list[str], pred: list[str]) -> tuple[list[float], list[float]]:
    return Reference(ref)._match_by_matrix([bag(unit) for unit in pred])


@given(units.filter(bool), units)
def test_loop_and_matrix_find_the_same_floats(ref: list[str], pred: list[str]) -> None:
    assert by_loop(ref, pred or ["ls"]) == by_matrix(ref, pred or ["ls"])


def test_loop_and_matrix_agree_on_large_steps_with_long_units() -> None:
    rng = random.Random(7)
    made = [[str(rng.randrange(40)) for _ in range(rng.choice((1, 3, 200)))] for _ in range(500)]
    lines = [" ".join(tokens) for tokens in made]
    assert by_loop(lines[:200], lines[200:]) == by_matrix(lines[:200], lines[200:])


def test_a_hostile_answer_of_5000_units_is_scored() -> None:
    score = rescore(
        [f"a b c d{i}" for i in range(160)], [f"a b c e{i}" for i in range(5000)], CORRECTED
    )
    assert score.command_f1 == 0.75


def test_a_step_that_would_stall_the_run_is_refused() -> None:
    many = [f"a{i} b" for i in range(10_000)]
    with pytest.raises(UnscorableStep, match="10000 different predicted commands against 10000"):
        rescore(many, many, CORRECTED)


def test_references_are_remembered_up_to_a_size() -> None:
    memory = References(room=39)
    first, second, huge = ("ls", "pwd"), ("cat a",), ("a" * 100,)
    assert memory.get(first) is memory.get(first)
    kept = memory.get(first)
    assert memory.get(second).order == [0]
    assert memory.get(first) is not kept
    assert memory.get(huge) is not memory.get(huge)


@pytest.mark.parametrize(
    ("idx", "bucket"),
    [(0, "early"), (1, "early"), (2, "mid"), (4, "mid"), (5, "late"), (9, "late")],
)
def test_buckets_follow_the_step_index(idx: int, bucket: str) -> None:
    assert bucket_of(idx) == bucket
