"""Step scores and aggregates: real scored steps, rules by suite, and the plain scorer's bits."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from cardboard.eval.records import Aggregate, Slice, Step
from cardboard.eval.score.matching import Reference, References
from cardboard.eval.score.scoring import RULES, UnscorableStep, aggregate, bucket_of, rescore
from cardboard.eval.score.units import bag

from ..plain_scoring import plain_rescore

GOLDEN = json.loads((Path(__file__).parents[2] / "data/golden_steps.json").read_text())
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


def step(idx: int = 0, **fields: object) -> Step:
    """Make a scored step of the first task."""
    return Step(task_id="task-000", step_idx=idx, **fields)  # type: ignore[arg-type]  # by name


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


@given(units.filter(bool), units)
def test_loop_and_matrix_find_the_same_floats(ref: list[str], pred: list[str]) -> None:
    reference, bags = Reference(ref), [bag(unit) for unit in pred] or [bag("ls")]
    assert reference._match_by_loop(bags) == reference._match_by_matrix(bags)


def test_loop_and_matrix_agree_on_large_steps_with_long_units() -> None:
    rng = random.Random(7)
    made = [[str(rng.randrange(40)) for _ in range(rng.choice((1, 3, 200)))] for _ in range(500)]
    lines = [" ".join(tokens) for tokens in made]
    reference, bags = Reference(lines[:200]), [bag(line) for line in lines[200:]]
    assert reference._match_by_loop(bags) == reference._match_by_matrix(bags)


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


def test_no_steps_have_no_means() -> None:
    assert aggregate([]) == Aggregate()
    assert aggregate([step(scored=False, error="no answer")]) == Aggregate()


def test_means_are_taken_from_the_steps_rounded_scores() -> None:
    scores = {"command_precision": 1.0, "command_recall": 0.3333, "valid_json": True}
    found = aggregate(
        [
            step(
                0, command_f1=0.5, first_cmd_exact=1.0, bucket="early", source_group="swe", **scores
            ),
            step(2, command_f1=0.25, first_cmd_exact=0.0, source_group="math", **scores),
            step(7, command_f1=0.2501, first_cmd_exact=1.0, source_group="swe", **scores),
            step(8, scored=False, source_group="swe", bucket="late"),
        ]
    )
    assert found == Aggregate(
        avg_command_f1=0.3334,
        avg_command_precision=1.0,
        avg_command_recall=0.3333,
        first_cmd_exact_pct=66.7,
        valid_json_pct=100.0,
        by_bucket={
            "early": Slice(steps=1, avg_command_f1=0.5, first_cmd_exact_pct=100.0),
            "late": Slice(steps=1, avg_command_f1=0.2501, first_cmd_exact_pct=100.0),
            "mid": Slice(steps=1, avg_command_f1=0.25, first_cmd_exact_pct=0.0),
        },
        by_source_group={
            "math": Slice(steps=1, avg_command_f1=0.25, first_cmd_exact_pct=0.0),
            "swe": Slice(steps=2, avg_command_f1=0.375, first_cmd_exact_pct=100.0),
        },
    )


def test_mean_f1_is_not_the_harmonic_mean_of_the_means() -> None:
    found = aggregate(
        [
            step(command_precision=1.0, command_recall=0.0, command_f1=0.0),
            step(command_precision=0.0, command_recall=1.0, command_f1=0.0),
        ]
    )
    assert (found.avg_command_precision, found.avg_command_recall) == (0.5, 0.5)
    assert found.avg_command_f1 == 0.0


def test_a_mean_is_unknown_when_a_step_lacks_the_value() -> None:
    found = aggregate([step(command_f1=0.5, has_plan=True), step(command_f1=0.5)])
    assert (found.avg_command_f1, found.has_plan_pct, found.has_analysis_pct) == (0.5, None, None)


def test_completion_recall_and_premature_rate() -> None:
    told = [(True, True), (True, None), (True, False), (False, True), (False, False), (False, None)]
    found = aggregate([step(ref_task_complete=ref, pred_task_complete=pred) for ref, pred in told])
    assert found.complete_true_recall_pct == 33.3
    assert found.premature_complete_rate_pct == 33.3


def test_completion_is_unknown_where_there_is_nothing_to_complete() -> None:
    found = aggregate([step(ref_task_complete=False, pred_task_complete=False)])
    assert found.complete_true_recall_pct is None
    assert found.premature_complete_rate_pct == 0.0


def test_command_counts_have_two_decimals() -> None:
    found = aggregate(
        [
            step(ref_command_units=("a", "b"), pred_command_units=()),
            step(ref_command_units=("a",), pred_command_units=("a",)),
            step(ref_command_units=("a",), pred_command_units=("a",)),
        ]
    )
    assert (found.avg_ref_cmds, found.avg_pred_cmds) == (1.33, 0.67)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10_000)), min_size=1))
def test_buckets_weighted_by_their_steps_give_the_mean_back(rows: list[tuple[int, int]]) -> None:
    found = aggregate([step(idx, command_f1=score / 10_000) for idx, score in rows])
    total = sum(part.steps * (part.avg_command_f1 or 0.0) for part in found.by_bucket.values())
    assert sum(part.steps for part in found.by_bucket.values()) == len(rows)
    assert total / len(rows) == pytest.approx(found.avg_command_f1, abs=1.01e-4)
