"""A metric: how scores of steps become its value, what it may be, and how suites change it."""

from itertools import combinations
from math import fsum, isclose
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.metrics import (
    Change,
    Metric,
    merged,
    of_step,
    pass_all,
    pass_at,
    ratio,
    value_of,
)
from cardboard.eval.suites.kinds.registry import KINDS

TRIALS = st.lists(st.booleans(), min_size=1, max_size=9)
SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=5)


class TestPassOfSeveralTrials:
    """Of n answers to a step, choose k in every way there is, and count."""

    @given(TRIALS, st.data())
    def test_the_chance_of_any_is_the_share_of_choices_with_a_success(self, trials, data):
        k = data.draw(st.integers(1, len(trials)))
        choices = list(combinations(trials, k))
        share = sum(any(choice) for choice in choices) / len(choices)
        assert isclose(pass_at(sum(trials), len(trials), k), share, abs_tol=1e-12)

    @given(TRIALS, st.data())
    def test_the_chance_of_all_is_the_share_of_choices_without_a_failure(self, trials, data):
        k = data.draw(st.integers(1, len(trials)))
        choices = list(combinations(trials, k))
        share = sum(all(choice) for choice in choices) / len(choices)
        assert isclose(pass_all(sum(trials), len(trials), k), share, abs_tol=1e-12)

    @given(TRIALS)
    def test_of_one_trial_both_are_the_mean(self, trials):
        successes, n = sum(trials), len(trials)
        assert isclose(pass_at(successes, n, 1), successes / n, abs_tol=1e-12)
        assert isclose(pass_all(successes, n, 1), successes / n, abs_tol=1e-12)

    @pytest.mark.parametrize(
        ("aggregate", "trials", "value"),
        [
            ("pass@1", (1, 0, 0, 0), 0.25),
            ("pass@2", (1, 0, 0, 0), 0.5),
            ("pass@4", (1, 0, 0, 0), 1.0),
            ("pass^1", (1, 1, 1, 0), 0.75),
            ("pass^2", (1, 1, 1, 0), 0.5),
            ("pass^4", (1, 1, 1, 0), 0.0),
            ("pass^4", (1, 1, 1, 1), 1.0),
            ("pass@5", (1, 0, 0, 0), None),
            ("pass^5", (1, 1, 1, 1), None),
        ],
    )
    def test_a_step_with_too_few_trials_tells_nothing(self, aggregate, trials, value):
        assert of_step(Metric(id="m", aggregate=aggregate), trials) == value


class TestTheValueOverSteps:
    @given(st.lists(SCORES, min_size=1, max_size=6))
    def test_trials_are_averaged_within_the_step_before_anything_else(self, steps):
        means = [fsum(one) / len(one) for one in steps]
        for aggregate, wanted in (
            ("mean", fsum(means) / len(means)),
            ("median", median(means)),
            ("sum", fsum(means)),
        ):
            found = value_of(Metric(id="m", aggregate=aggregate), steps)
            assert found == pytest.approx(wanted, abs=1e-6)

    def test_one_step_with_too_few_trials_leaves_the_whole_unknown(self):
        metric = Metric(id="m", aggregate="pass@2")
        assert value_of(metric, [(1, 0), (1, 1)]) == 1.0
        assert value_of(metric, [(1, 0), (1,)]) is None

    def test_of_no_steps_nothing_is_known(self):
        assert value_of(Metric(id="m"), []) is None
        assert value_of(Metric(id="m"), [[]]) is None

    def test_a_percentage_is_made_from_shares(self):
        assert value_of(Metric(id="m", unit="percent"), [(1,), (0,), (0,), (0,)]) == 25.0

    def test_a_ratio_of_sums_is_no_mean_of_ratios(self):
        metric = Metric(id="m", unit="percent", aggregate="ratio of sums", per_step="a", over="b")
        assert value_of(metric, [(1.0,)]) is None
        assert ratio(metric, 3, 4) == 75.0
        assert ratio(metric, 0, 0) is None


class TestWhatAValueMayBe:
    @pytest.mark.parametrize(
        ("unit", "given_bounds", "bounds"),
        [
            ("share", {}, (0.0, 1.0)),
            ("percent", {}, (0.0, 100.0)),
            ("points", {}, (None, None)),
            ("seconds", {}, (0.0, None)),
            ("bits", {}, (0.0, None)),
            ("share", {"low": -1.0}, (-1.0, 1.0)),
            ("seconds", {"high": 60.0}, (0.0, 60.0)),
        ],
    )
    def test_bounds_follow_from_the_unit_unless_they_are_given(self, unit, given_bounds, bounds):
        metric = Metric(id="m", unit=unit, **given_bounds)
        assert metric.bounds == bounds
        for value in (-2.0, 0.0, 0.5, 1.0, 100.0, 1e9):
            low, high = bounds
            inside = (low is None or low <= value) and (high is None or value <= high)
            assert metric.holds(value) is inside

    @pytest.mark.parametrize(
        ("metric", "value", "printed"),
        [
            (Metric(id="m", scale=100), 0.22449, 22.45),
            (Metric(id="m", decimals=4), 0.22449, 0.2245),
            (Metric(id="m", unit="percent", decimals=1), 22.449, 22.4),
            (Metric(id="m", unit="bits", decimals=0), 1.6, 2.0),
            (Metric(id="m", unit="seconds", scale=1000, decimals=0), 0.0123, 12.0),
        ],
    )
    def test_it_is_printed_at_its_scale_with_its_decimals(self, metric, value, printed):
        assert metric.printed(value) == printed

    @pytest.mark.parametrize(("better", "sign"), [("higher", 1), ("lower", -1), ("neither", 0)])
    def test_the_sign_says_which_way_is_better(self, better, sign):
        assert Metric(id="m", better=better).sign == sign

    @pytest.mark.parametrize(
        ("per_step", "score"), [(True, "m"), (False, None), ("", None), ("passed", "passed")]
    )
    def test_it_is_made_from_a_score_of_steps_that_may_be_called_otherwise(self, per_step, score):
        assert Metric(id="m", per_step=per_step).score == score


OWN = (
    Metric(id="f1", scale=100, per_step=True, ranked=True, shown="board"),
    Metric(id="recall", per_step=True, shown="board"),
)


class TestWhatASuiteChanges:
    def test_without_changes_it_has_its_kinds_metrics(self):
        assert [metric.own for metric in merged(OWN, ())] == list(OWN)

    def test_a_metric_is_changed_in_part(self):
        first, second = merged(OWN, [Change(id="f1", title={"en": "F-score"}, decimals=0)])
        assert (first.title, first.decimals, first.scale) == ({"en": "F-score"}, 0, 100)
        assert second.own == OWN[1]

    def test_one_that_the_kind_lacks_is_added_behind(self):
        found = merged(OWN, [Change(id="turns", unit="count", better="lower")])
        assert [metric.id for metric in found] == ["f1", "recall", "turns"]
        assert found[-1] == Metric(id="turns", unit="count", better="lower")

    def test_one_is_hidden(self):
        assert merged(OWN, [Change(id="recall", hidden=True)]) == OWN[:1]

    def test_another_one_is_ranked_by_saying_so_of_it_alone(self):
        found = merged(OWN, [Change(id="recall", ranked=True)])
        assert {metric.id: metric.ranked for metric in found} == {"f1": False, "recall": True}

    def test_shares_beside_a_score_out_of_100_are_printed_out_of_100(self):
        exact = Metric(id="recall", decimals=4, shown="board")
        (f1, recall) = merged((OWN[0], exact), ())
        assert (f1.printed(0.4815), recall.printed(0.61963)) == (48.15, 61.96)
        assert recall.own == exact, "alone it is printed as it was written"
        percent = Metric(id="passed", unit="percent", ranked=True)
        assert merged((percent, exact), ())[1].printed(0.61963) == 61.96

    @pytest.mark.parametrize(
        "ranked",
        [
            Metric(id="f1", ranked=True),
            Metric(id="f1", unit="bits", ranked=True),
            Metric(id="f1", unit="points", ranked=True),
        ],
    )
    def test_beside_another_score_they_stay_as_they_are(self, ranked):
        assert merged((ranked, OWN[1]), ()) == (ranked, OWN[1])

    @pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.metrics])
    def test_a_row_of_each_kind_has_one_scale(self, kind):
        metrics = merged(kind.metrics, ())
        shares = [one for one in metrics if one.unit in ("share", "percent")]
        assert len(shares) > 2
        assert {one.scale * (one.bounds[1] or 0) for one in shares} == {100.0}

    def test_a_scale_that_a_suite_states_stays_its_own(self):
        assert merged(OWN, [Change(id="recall", scale=1.0)]) == OWN

    @pytest.mark.parametrize(
        ("own", "changes", "told"),
        [
            ((), [], "no metric is ranked"),
            ((), [Change(id="a")], "no metric is ranked"),
            (OWN, [Change(id="f1", ranked=False)], "no metric is ranked"),
            (OWN, [Change(id="f1", hidden=True)], "no metric is ranked"),
            (
                OWN,
                [Change(id="a", ranked=True), Change(id="b", ranked=True)],
                "a and b are ranked; one of them must be",
            ),
            (OWN, [Change(id="f1", better="neither")], "f1 is ranked, so higher or lower"),
            (OWN, [Change(id="r", aggregate="ratio of sums", per_step="a")], "r is a ratio"),
        ],
    )
    def test_what_cannot_be_is_refused_by_the_metrics_name(self, own, changes, told):
        with pytest.raises(ValueError, match=told):
            merged(own, changes)
