"""Several results of one model: one stands, the others are shown with the reason."""

from cardboard.eval.records import Adapter, Counts, Model
from cardboard.eval.records import Protocol as Sent
from cardboard.tests.making import a_result, boards_of, entries_of


def attempt(f1, *, at=None, scored=6, **differs):
    return a_result(f1=f1, finished_at=at, counts=Counts(expected=6, scored=scored), **differs)


def test_the_complete_result_stands_whatever_its_score_and_date():
    partial = attempt(0.9, at="2026-06-02T00:00:00Z", scored=5)
    full = attempt(0.4, at="2026-06-01T00:00:00Z")
    (entry,) = entries_of(partial, full)
    assert (entry.score, entry.rank) == (40.0, 1)
    (other,) = entry.attempts
    assert (other.score, other.steps) == (90.0, 5)
    assert "incomplete" in {f.code for f in other.findings}


def test_the_result_on_protocol_stands_before_a_newer_one_off_it():
    warm = attempt(0.9, at="2026-06-02T00:00:00Z", protocol=Sent(temperature=1.0))
    (entry,) = entries_of(attempt(0.4, at="2026-06-01T00:00:00Z"), warm)
    assert entry.score == 40.0


def test_the_better_documented_result_stands_before_a_newer_one():
    bare = attempt(0.9, at="2026-06-02T00:00:00Z", protocol=Sent())
    (entry,) = entries_of(attempt(0.4, at="2026-06-01T00:00:00Z"), bare)
    assert entry.score == 40.0


def test_of_equal_results_the_later_one_stands_across_time_zones():
    earlier = attempt(0.4, at="2026-06-01T09:30:00+09:00")
    later = attempt(0.5, at="2026-06-01T01:00:00Z")
    (entry,) = entries_of(earlier, later)
    assert entry.score == 50.0
    (other,) = entry.attempts
    (superseded,) = [f for f in other.findings if f.code == "superseded"]
    assert superseded.values["by"] == entry.result_id


def test_a_result_without_a_date_never_supersedes_a_dated_one():
    (entry,) = entries_of(attempt(0.5), attempt(0.4, at="2026-06-01T00:00:00Z"))
    assert entry.score == 40.0


def test_where_no_result_can_be_ranked_each_is_listed_with_its_own_reasons():
    one, two = entries_of(
        attempt(0.4, scored=5), attempt(0.5, protocol=Sent(temperature=1.0, max_tokens=1024))
    )
    assert one.rank is None and two.rank is None
    assert one.model == two.model
    assert len({one.label, two.label}) == 2
    assert len({one.slug, two.slug}) == 2
    reasons = {e.score: {f.code for f in e.findings if f.severity == "error"} for e in (one, two)}
    assert reasons == {40.0: {"incomplete"}, 50.0: {"off-protocol"}}
    assert [a.result_id for a in one.attempts] == [two.result_id]


def test_the_label_of_one_of_several_says_what_was_run():
    one, _ = entries_of(attempt(0.4, scored=5), attempt(0.5, scored=4))
    assert "4/6" in one.label or "5/6" in one.label
    assert "temperature=0.0" in one.label


def test_a_policy_may_rank_every_attempt():
    entries = entries_of(
        attempt(0.4, at="2026-06-01T00:00:00Z"),
        attempt(0.5, at="2026-06-02T00:00:00Z"),
        policy={"superseded": "warning"},
    )
    assert [e.rank for e in entries] == [1, 2]
    assert len({e.slug for e in entries}) == 2


def test_a_quantised_file_and_an_adapter_are_models_of_their_own():
    plain = a_result("org/m")
    quantised = a_result(model=Model(id="org/m", quantisation="Q4_K_M"), f1=0.4)
    adapted = a_result(model=Model(id="org/m", adapter=Adapter(id="org/lora")), f1=0.3)
    assert [e.model for e in entries_of(plain, quantised, adapted)] == [
        "org/m",
        "org/m:Q4_K_M",
        "org/m+org/lora",
    ]


def test_the_same_bytes_under_two_names_are_one_result():
    (entry,) = boards_of(a_result(), a_result()).boards[0].entries
    assert entry.attempts == ()
