"""The figures of a replay: what steps score, and what only all of them together show."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.records import Group, Step
from cardboard.eval.suites.kinds.aggregate import divided, measured
from cardboard.eval.suites.kinds.replay.kind import METRICS, REPLAY, rules_of, score
from cardboard.eval.suites.kinds.replay.scoring import RULES, bucket_of

from .....replays import an_answer


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
    values = [score(empty, "", version).scores["command_f1"] for version in ("legacy386", "1")]
    assert values == [1.0, 0.0]
