"""What a result's steps say: exact sums, the same identity in any order, scores that follow."""

import random
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.judge.claims import recounted
from cardboard.board.read.step_facts import step_facts
from cardboard.eval.metrics import Metric, pass_all, pass_at
from cardboard.eval.records import Step
from cardboard.eval.suites.fingerprints import fingerprint, keys_sha256
from cardboard.eval.suites.kinds.aggregate import measured
from cardboard.eval.suites.kinds.replay import kind as replay_kind
from cardboard.eval.suites.kinds.replay import scoring
from cardboard.eval.suites.kinds.replay.kind import METRICS, REPLAY
from cardboard.eval.suites.kinds.reported.kind import REPORTED
from cardboard.eval.suites.kinds.shell.kind import SHELL
from cardboard.tests.bench import results as synthetic


def step(task, index, *, ref, said, scores, done, groups=None, finish="stop", flags=(True, True)):
    """Return a step of a replay; *scores* are exact, precision, recall, F1 and valid JSON."""
    names = ("first_cmd_exact", "command_precision", "command_recall", "command_f1", "valid_json")
    asked, claimed = done
    return Step(
        task_id=task,
        step_idx=index,
        groups=groups or {},
        reference={"command_units": ref, "task_complete": asked},
        parsed={
            "command_units": said,
            "task_complete": claimed,
            "valid_json": bool(scores[-1]),
            "analysis": flags[0],
            "plan": flags[1],
        },
        scores=dict(zip(names, scores, strict=True)),
        finish_reason=finish,
    )


STEPS = (
    step(
        "task-000",
        0,
        ref=["ls -la", "cat a"],
        said=["ls -la"],
        scores=(1.0, 1.0, 0.5, 0.6667, 1.0),
        done=(False, False),
        groups={"bucket": "early", "source_group": "files"},
        flags=(True, False),
    ),
    step(
        "task-000",
        2,
        ref=["make"],
        said=["make"],
        scores=(1.0, 1.0, 1.0, 1.0, 1.0),
        done=(True, True),
        groups={"bucket": "mid", "source_group": "builds"},
        finish="length",
    ),
    step(
        "task-001",
        5,
        ref=["pwd"],
        said=[],
        scores=(0.0, 0.0, 0.0, 0.0, 0.0),
        done=(False, True),
        groups={"source_group": "debugging"},
        flags=(False, False),
    ),
)


def facts(steps=STEPS, kind=REPLAY):
    found = step_facts(steps, kind)
    assert found is not None
    return found


def scored(one, **scores):
    """Return a step with some scores changed; `None` takes one away."""
    return replace(one, scores={k: v for k, v in (one.scores | scores).items() if v is not None})


def means(found):
    """Return every figure that the judge recounts, by metric."""
    return {metric.id: recounted(metric, found) for metric in METRICS}


def test_no_steps_no_facts():
    assert step_facts((), REPLAY) is None


def test_counts_and_sums_in_millionths():
    found = facts()
    assert (found.steps, found.scored, found.failed, found.unique) == (3, 3, 0, 3)
    assert (found.answers, found.trials) == (3, (1, 1))
    assert (found.tasks, found.steps_per_task) == (("task-000", "task-001"), (2, 1))
    assert found.sums == {
        "command_f1": (1_666_700, 0),
        "command_precision": (2_000_000, 0),
        "command_recall": (1_500_000, 0),
        "first_cmd_exact": (2_000_000, 0),
        "valid_json": (2_000_000, 0),
    }
    assert found.medians["command_f1"] == 0.6667
    assert found.length_stops == 1


def test_every_figure_is_computed_anew():
    assert means(facts()) == {
        "command_f1": 0.555567,
        "command_precision": 0.666667,
        "command_recall": 0.5,
        "first_cmd_exact_pct": 66.666667,
        "valid_json_pct": 66.666667,
        "has_analysis_pct": 66.7,
        "has_plan_pct": 33.3,
        "avg_ref_cmds": 1.33,
        "avg_pred_cmds": 0.67,
        "complete_true_recall_pct": 100.0,
        "premature_complete_rate_pct": 50.0,
    }


def test_identity_is_that_of_the_suite():
    keys = [(step.task_id, step.sample_idx, step.step_idx) for step in STEPS]
    found = facts()
    assert found.keys_sha256 == keys_sha256(keys)
    references = [step.reference["command_units"] for step in STEPS]
    assert found.fingerprint == fingerprint(
        (*key, units) for key, units in zip(keys, references, strict=True)
    )
    assert found.empty_references == 0


def test_where_a_kind_has_no_units_the_whole_reference_is_the_identity():
    def asked(**answer):
        return [Step(task_id="t", step_idx=0, reference=answer)]

    one, same, other = (
        facts(asked(**answer), REPORTED).fingerprint
        for answer in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3})
    )
    assert one == same != other


def test_one_step_without_its_reference_leaves_no_fingerprint():
    found = facts((*STEPS[:2], replace(STEPS[2], reference=None)))
    assert (found.fingerprint, found.empty_references) == (None, None)
    assert means(found)["avg_ref_cmds"] is None


def test_empty_references_are_counted():
    empty = replace(STEPS[0], reference={"command_units": []})
    assert facts((empty, *STEPS[1:])).empty_references == 1


def test_repeated_steps_are_named():
    found = facts((*STEPS, STEPS[1], STEPS[1], STEPS[2]))
    assert (found.steps, found.unique, found.repeated) == (6, 3, 3)
    assert found.duplicates == ("task-000/2", "task-001/5")


def test_the_same_step_of_another_sample_is_no_repetition():
    found = facts(tuple(replace(STEPS[0], sample_idx=n) for n in (None, 0, 1)))
    assert (found.unique, found.duplicates) == (3, ())


def test_failed_steps_weigh_nothing():
    failed = Step(task_id="task-001", step_idx=1, scored=False, error="timeout")
    found = facts((*STEPS, failed))
    assert (found.steps, found.scored, found.failed) == (4, 3, 1)
    assert found.steps_per_task == (2, 1)
    assert found.sums == facts().sums
    assert means(found) == means(facts())


@pytest.mark.parametrize(
    ("score", "metric"),
    [
        ("command_f1", "command_f1"),
        ("command_precision", "command_precision"),
        ("command_recall", "command_recall"),
        ("valid_json", "valid_json_pct"),
    ],
)
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), 1e300])
def test_a_missing_value_is_never_zero(score, metric, value):
    found = facts((*STEPS[:2], replace(STEPS[2], scores=STEPS[2].scores | {score: value})))
    assert score not in found.sums
    assert means(found)[metric] is None


def test_a_score_that_only_some_steps_name_has_no_sums():
    found = facts((scored(STEPS[0], extra=1.0), *STEPS[1:]))
    assert "extra" not in found.sums


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
        found = facts((STEPS[0], scored(STEPS[1], **{field: 0.5}), STEPS[2]))
        assert (found.rescored, found.rescore_differs) == (3, 1)
        assert found.rescore_example == "task-000/2"

    def test_rounding_is_no_difference(self):
        found = facts((scored(STEPS[0], command_f1=2 / 3), *STEPS[1:]))
        assert found.rescore_differs == 0

    @pytest.mark.parametrize(("value", "differs"), [(0.0, 0), (1.0, 0), (0.5, 1)])
    def test_two_empty_lists_are_worth_what_either_suite_says(self, value, differs):
        both = step("t", 0, ref=[], said=[], scores=(value,) * 4 + (1.0,), done=(False, False))
        assert facts((both,)).rescore_differs == differs

    def test_steps_without_units_or_scores_are_left_alone(self):
        bare = [
            replace(STEPS[0], parsed=None),
            replace(STEPS[1], reference=None),
            scored(STEPS[2], command_f1=None),
        ]
        assert facts(bare).rescored == 0

    def test_a_kind_that_scores_nothing_has_nothing_to_score_again(self):
        assert facts(kind=REPORTED).rescored == 0

    def test_a_hostile_file_stalls_nobody(self, monkeypatch):
        monkeypatch.setattr(replay_kind, "MAX_PAIRS", 1)
        assert facts().rescored == 2

    def test_a_step_too_large_to_score_is_left_out(self, monkeypatch):
        monkeypatch.setattr(scoring, "MAX_LOOKUPS", 3)
        monkeypatch.setattr("cardboard.eval.suites.kinds.replay.kind._met._known", {})
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


ANSWERS = {("a", 0): (1, 0, 0), ("a", 1): (1, 1, 0), ("b", 0): (1, 1, 1)}
"""Whether each of three answers to each of three steps passed."""


class TestTrials:
    """Several answers to the same step are averaged within it before anything else."""

    def rows(self, answers=None):
        return [
            Step(task_id=task, step_idx=index, trial=number, scores={"passed": float(value)})
            for (task, index), values in (answers or ANSWERS).items()
            for number, value in enumerate(values)
        ]

    def test_steps_are_counted_once_and_answers_each(self):
        found = facts(self.rows(), REPORTED)
        assert (found.steps, found.answers, found.scored, found.unique) == (9, 9, 3, 3)
        assert (found.trials, found.duplicates) == ((3, 3), ())

    def test_tasks_are_weighed_by_their_steps_and_not_by_their_trials(self):
        uneven = {("a", 0): (1, 0), ("a", 1): (1, 1), ("b", 0): (1, 0, 0, 0)}
        found = facts(self.rows(uneven), REPORTED)
        assert (found.steps_per_task, found.trials) == ((2, 1), (2, 4))
        assert found.sums["passed"] == (1_500_000, 250_000)

    def test_they_are_averaged_within_the_step(self):
        found = facts(self.rows(), REPORTED)
        assert found.sums["passed"] == (333_333 + 666_667, 1_000_000)
        assert found.medians["passed"] == pytest.approx(2 / 3)

    def test_the_same_trial_twice_is_a_repetition(self):
        rows = self.rows()
        found = facts([*rows, rows[0]], REPORTED)
        assert (found.repeated, found.duplicates) == (1, ("a/0",))

    def test_a_step_answered_less_often_is_told(self):
        assert facts(self.rows()[:-2], REPORTED).trials == (1, 3)

    def test_a_failed_trial_is_no_answer(self):
        rows = self.rows()
        failed = facts([replace(rows[0], scored=False, scores={}), *rows[1:]], REPORTED)
        assert (failed.answers, failed.failed, failed.scored, failed.trials) == (8, 1, 3, (2, 3))
        assert failed.sums["passed"] == (666_667, 1_000_000)

    @pytest.mark.parametrize("k", [2, 3])
    def test_chances_of_any_and_of_all_are_the_estimators(self, k):
        found = facts(self.rows(), REPORTED)
        for sign, chance in (("@", pass_at), ("^", pass_all)):
            each = [round(1e6 * chance(sum(one), 3, k)) for one in ANSWERS.values()]
            assert found.sums[f"passed{sign}{k}"] == (each[0] + each[1], each[2])

    def test_only_what_is_had_or_not_has_chances(self):
        rows = [replace(row, scores={"f1": 0.5}) for row in self.rows()]
        assert set(facts(rows, REPORTED).sums) == {"f1"}

    def test_no_chance_is_given_of_more_trials_than_each_step_has(self):
        found = facts(self.rows({("a", 0): (1, 0, 0), ("a", 1): (1, 1)}), REPORTED)
        assert {name for name in found.sums if name != "passed"} == {"passed@2", "passed^2"}

    @given(
        answers=st.dictionaries(
            st.tuples(st.sampled_from("abc"), st.integers(0, 4)),
            st.lists(st.integers(0, 1), min_size=1, max_size=5),
            min_size=1,
            max_size=8,
        ),
        chance=st.randoms(use_true_random=False),
    )
    def test_order_changes_nothing_and_values_are_those_of_the_evaluator(self, answers, chance):
        rows = self.rows(answers)
        found = facts(rows, REPORTED)
        chance.shuffle(rows)
        assert facts(rows, REPORTED) == found
        fewest = min(map(len, answers.values()))
        metrics = [
            Metric(id=f"m{n}", per_step="passed", aggregate=aggregate)
            for n, aggregate in enumerate(
                ["mean", "median", "sum", f"pass@{fewest}", f"pass^{fewest}"]
            )
        ]
        said = measured(REPORTED, metrics, rows)
        for metric in metrics:
            again = recounted(metric, found)
            assert again == pytest.approx(said[metric.id].value, abs=2e-5), metric.aggregate

    @given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=6))
    def test_the_sum_of_a_ratio_is_over_all_steps(self, pairs):
        rows = [
            Step(task_id="t", step_idx=n, scores={"hits": float(a), "tries": float(b)})
            for n, (a, b) in enumerate(pairs)
        ]
        metric = Metric(
            id="rate", unit="percent", per_step="hits", over="tries", aggregate="ratio of sums"
        )
        tries = sum(b for _, b in pairs)
        wanted = round(100 * sum(a for a, _ in pairs) / tries, 6) if tries else None
        assert recounted(metric, facts(rows, REPORTED)) == pytest.approx(wanted)

    def test_a_chance_is_a_share_of_all_choices_of_trials(self):
        """All choices of 2 of 3 trials, counted: any succeeds, all succeed."""
        found = facts(self.rows({("a", 0): (1, 0, 0)}), REPORTED)
        assert found.sums["passed@2"] == (round(1e6 * (comb(3, 2) - comb(2, 2)) / comb(3, 2)),)
        assert found.sums["passed^2"] == (0,)


numbers = st.none() | st.integers(0, 10_000).map(lambda n: n / 10_000)
flags = st.none() | st.booleans()
units = st.sampled_from([None, [], ["ls"], ["ls", "pwd"]])
NAMES = ("command_f1", "command_precision", "command_recall", "first_cmd_exact", "valid_json")
some_steps = st.lists(
    st.builds(
        Step,
        task_id=st.sampled_from(["a", "b", "c"]),
        step_idx=st.integers(0, 7),
        groups=st.dictionaries(st.sampled_from(["bucket", "language"]), st.sampled_from("xy")),
        scored=st.booleans(),
        reference=st.none() | st.fixed_dictionaries({"command_units": units}),
        parsed=st.none()
        | st.fixed_dictionaries(
            {"command_units": units, "task_complete": flags, "analysis": flags, "plan": flags}
        ),
        scores=st.fixed_dictionaries(dict.fromkeys(NAMES, numbers)),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda one: (one.task_id, one.step_idx),
)


@given(steps=some_steps)
@settings(max_examples=200, deadline=None)
def test_every_figure_is_the_evaluators(steps):
    ours, theirs = means(facts(steps)), measured(REPLAY, METRICS, steps)
    for metric in METRICS:
        said = theirs[metric.id].value if metric.id in theirs else None
        assert ours[metric.id] == pytest.approx(said, abs=2e-4), metric.id


@given(steps=some_steps)
@settings(max_examples=100, deadline=None)
def test_sums_add_up_to_the_mean(steps):
    found = facts(steps)
    assert sum(found.steps_per_task) == found.scored
    for name, sums in found.sums.items():
        values = [step.scores[name] for step in steps if step.scored]
        assert sum(sums) == round(1e6 * sum(values))


def test_equal_answers_have_one_hash_in_any_order_and_others_another():
    steps = [replace(one, answer=f"answer {number}") for number, one in enumerate(STEPS)]
    same = step_facts(steps[::-1], REPLAY).answers_sha256
    assert same == step_facts(steps, REPLAY).answers_sha256 is not None
    other = [replace(steps[0], answer="another"), *steps[1:]]
    assert step_facts(other, REPLAY).answers_sha256 != same


def test_where_answers_are_not_kept_what_was_read_of_them_is_hashed():
    found = step_facts(STEPS, REPLAY).answers_sha256
    changed = [replace(STEPS[0], parsed={"command_units": ["other"]}), *STEPS[1:]]
    assert found != step_facts(changed, REPLAY).answers_sha256


@pytest.mark.parametrize("text", ["", "the same"])
def test_one_answer_to_everything_makes_no_copy(text):
    steps = [replace(one, answer=text) for one in STEPS]
    assert step_facts(steps, REPLAY).answers_sha256 is None


def test_an_episode_has_the_tokens_of_all_its_answers_and_is_cut_where_it_says_so():
    first, *others = (
        Step(task_id=f"job-{n}", step_idx=0, output_tokens=tokens, finish_reason=end)
        for n, (tokens, end) in enumerate([(20 * 32, "turns"), (96, "tokens"), (90, "exit")])
    )
    found = step_facts([first, *others], SHELL, limit=32)
    assert found is not None
    assert (found.too_long, found.length_stops) == (0, 2)
    longer = step_facts([replace(first, output_tokens=20 * 32 + 1)], SHELL, limit=32)
    assert longer is not None
    assert longer.too_long == 1
