"""What a result's steps say: exact sums, the same identity in any order, scores that follow."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.read import score_check as rescoring
from cardboard.board.read.step_facts import step_facts
from cardboard.eval.records import Aggregate, Step
from cardboard.eval.score import scoring
from cardboard.eval.score.scoring import aggregate
from cardboard.eval.suites.fingerprints import fingerprint, keys_sha256
from cardboard.tests.bench import results as synthetic

STEPS = (
    Step(
        task_id="task-000",
        step_idx=0,
        bucket="early",
        source_group="files",
        ref_command_units=("ls -la", "cat a"),
        pred_command_units=("ls -la",),
        ref_task_complete=False,
        pred_task_complete=False,
        valid_json=True,
        has_analysis=True,
        has_plan=False,
        first_cmd_exact=1.0,
        command_precision=1.0,
        command_recall=0.5,
        command_f1=0.6667,
        finish_reason="stop",
    ),
    Step(
        task_id="task-000",
        step_idx=2,
        bucket="mid",
        source_group="builds",
        ref_command_units=("make",),
        pred_command_units=("make",),
        ref_task_complete=True,
        pred_task_complete=True,
        valid_json=True,
        has_analysis=True,
        has_plan=True,
        first_cmd_exact=1.0,
        command_precision=1.0,
        command_recall=1.0,
        command_f1=1.0,
        finish_reason="length",
    ),
    Step(
        task_id="task-001",
        step_idx=5,
        source_group="debugging",
        ref_command_units=("pwd",),
        pred_command_units=(),
        ref_task_complete=False,
        pred_task_complete=True,
        valid_json=False,
        has_analysis=False,
        has_plan=False,
        first_cmd_exact=0.0,
        command_precision=0.0,
        command_recall=0.0,
        command_f1=0.0,
        finish_reason="stop",
    ),
)


def facts(steps=STEPS, **options):
    found = step_facts(steps, **options)
    assert found is not None
    return found


def test_no_steps_no_facts():
    assert step_facts(()) is None


def test_counts_and_sums_in_millionths():
    found = facts()
    assert (found.steps, found.scored, found.failed, found.unique) == (3, 3, 0, 3)
    assert (found.tasks, found.steps_per_task) == (("task-000", "task-001"), (2, 1))
    assert found.f1_sums == (1_666_700, 0)
    assert found.precision_sums == (2_000_000, 0)
    assert found.recall_sums == (1_500_000, 0)
    assert found.valid_json_sums == (2_000_000, 0)
    assert found.length_stops == 1


def test_the_aggregate_is_computed_anew():
    assert facts().aggregate == Aggregate(
        avg_command_f1=0.5556,
        avg_command_precision=0.6667,
        avg_command_recall=0.5,
        first_cmd_exact_pct=66.7,
        valid_json_pct=66.7,
        has_analysis_pct=66.7,
        has_plan_pct=33.3,
        avg_ref_cmds=1.33,
        avg_pred_cmds=0.67,
        complete_true_recall_pct=100.0,
        premature_complete_rate_pct=50.0,
    )


def test_identity_is_that_of_the_suite():
    keys = [(step.task_id, step.sample_idx, step.step_idx) for step in STEPS]
    found = facts()
    assert found.keys_sha256 == keys_sha256(keys)
    references = [step.ref_command_units for step in STEPS]
    assert found.fingerprint == fingerprint(
        (*key, units) for key, units in zip(keys, references, strict=True)
    )
    assert found.empty_references == 0


def test_one_step_without_its_reference_leaves_no_fingerprint():
    found = facts((*STEPS[:2], replace(STEPS[2], ref_command_units=None)))
    assert (found.fingerprint, found.empty_references) == (None, None)
    assert found.aggregate.avg_ref_cmds is None


def test_empty_references_are_counted():
    assert facts((replace(STEPS[0], ref_command_units=()), *STEPS[1:])).empty_references == 1


def test_repeated_steps_are_named():
    found = facts((*STEPS, STEPS[1], STEPS[1], STEPS[2]))
    assert (found.steps, found.unique) == (6, 3)
    assert found.duplicates == ("task-000/2", "task-001/5")


def test_the_same_step_of_another_sample_is_no_repetition():
    found = facts(tuple(replace(STEPS[0], sample_idx=n) for n in (None, 0, 1)))
    assert (found.unique, found.duplicates) == (3, ())


def test_failed_steps_weigh_nothing():
    failed = Step(task_id="task-001", step_idx=1, scored=False, error="timeout")
    found = facts((*STEPS, failed))
    assert (found.steps, found.scored, found.failed) == (4, 3, 1)
    assert found.steps_per_task == (2, 1)
    assert found.f1_sums == facts().f1_sums
    assert found.aggregate == facts().aggregate


@pytest.mark.parametrize(
    ("field", "sums", "mean"),
    [
        ("command_f1", "f1_sums", "avg_command_f1"),
        ("command_precision", "precision_sums", "avg_command_precision"),
        ("command_recall", "recall_sums", "avg_command_recall"),
        ("valid_json", "valid_json_sums", "valid_json_pct"),
    ],
)
def test_a_missing_value_is_never_zero(field, sums, mean):
    found = facts((*STEPS[:2], replace(STEPS[2], **{field: None})))
    assert getattr(found, sums) == ()
    assert getattr(found.aggregate, mean) is None


def test_finish_reasons_that_nobody_recorded_are_unknown():
    assert facts(tuple(replace(step, finish_reason=None) for step in STEPS)).length_stops is None


class TestScoringAgain:
    def test_stored_scores_that_follow(self):
        found = facts()
        assert (found.rescored, found.rescore_differs, found.rescore_example) == (3, 0, None)

    @pytest.mark.parametrize(
        "field", ["first_cmd_exact", "command_precision", "command_recall", "command_f1"]
    )
    def test_one_that_does_not_is_named(self, field):
        found = facts((STEPS[0], replace(STEPS[1], **{field: 0.5}), STEPS[2]))
        assert (found.rescored, found.rescore_differs) == (3, 1)
        assert found.rescore_example == "task-000/2"

    def test_rounding_is_no_difference(self):
        found = facts((replace(STEPS[0], command_f1=2 / 3), *STEPS[1:]))
        assert found.rescore_differs == 0

    @pytest.mark.parametrize(("value", "differs"), [(0.0, 0), (1.0, 0), (0.5, 1)])
    def test_two_empty_lists_are_worth_what_either_suite_says(self, value, differs):
        both = replace(
            STEPS[0],
            ref_command_units=(),
            pred_command_units=(),
            first_cmd_exact=value,
            command_precision=value,
            command_recall=value,
            command_f1=value,
        )
        assert facts((both,)).rescore_differs == differs

    def test_steps_without_units_or_scores_are_left_alone(self):
        bare = [
            replace(STEPS[0], pred_command_units=None),
            replace(STEPS[1], ref_command_units=None),
            replace(STEPS[2], command_f1=None),
        ]
        assert facts(bare).rescored == 0

    def test_it_can_be_left_out(self):
        assert facts(rescore=False).rescored == 0

    def test_a_hostile_file_stalls_nobody(self, monkeypatch):
        monkeypatch.setattr(rescoring, "MAX_PAIRS", 1)
        assert facts().rescored == 2

    def test_a_step_too_large_to_score_is_left_out(self, monkeypatch):
        monkeypatch.setattr(scoring, "MAX_LOOKUPS", 3)
        found = facts()
        assert (found.rescored, found.rescore_differs) == (2, 0)


def test_the_order_of_steps_changes_nothing():
    steps = list(synthetic.result(3, text=True).steps)
    before = facts(steps)
    random.Random(0).shuffle(steps)
    assert facts(steps) == before


@pytest.mark.parametrize("number", range(4))
def test_synthetic_results_are_honest(number):
    result = synthetic.result(number, text=True)
    found = facts(result.steps)
    assert found.fingerprint == result.suite.fingerprint
    assert (found.unique, len(found.tasks)) == (synthetic.STEPS, synthetic.TASKS)
    assert (found.rescored, found.rescore_differs) == (synthetic.STEPS, 0)


shares = st.none() | st.integers(0, 10_000).map(lambda n: n / 10_000)
flags = st.none() | st.booleans()
some_steps = st.lists(
    st.builds(
        Step,
        task_id=st.sampled_from(["a", "b", "c"]),
        step_idx=st.integers(0, 7),
        bucket=st.sampled_from([None, "early", "mid", "late"]),
        source_group=st.sampled_from([None, "x", "y"]),
        scored=st.booleans(),
        ref_command_units=st.sampled_from([None, (), ("ls",), ("ls", "pwd")]),
        pred_command_units=st.sampled_from([None, (), ("ls",)]),
        ref_task_complete=flags,
        pred_task_complete=flags,
        valid_json=flags,
        has_analysis=flags,
        has_plan=flags,
        first_cmd_exact=shares,
        command_precision=shares,
        command_recall=shares,
        command_f1=shares,
    ),
    min_size=1,
    max_size=12,
)


@given(steps=some_steps)
@settings(max_examples=200, deadline=None)
def test_the_aggregate_is_the_scorers_but_for_the_rounding_of_a_tie(steps):
    ours, theirs = facts(steps).aggregate, aggregate(steps)
    for name in Aggregate.__struct_fields__[:-2]:
        tolerance = 0.11 if name.endswith("_pct") else 0.011 if name.endswith("cmds") else 1.1e-4
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=tolerance)


@given(steps=some_steps)
@settings(max_examples=100, deadline=None)
def test_sums_add_up_to_the_mean(steps):
    found = facts(steps)
    assert sum(found.steps_per_task) == found.scored
    if found.f1_sums and found.aggregate.avg_command_f1 is not None:
        mean = sum(found.f1_sums) / found.scored / 1_000_000
        assert mean == pytest.approx(found.aggregate.avg_command_f1, abs=5.1e-5)
