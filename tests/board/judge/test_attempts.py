"""Several results of one model: one stands, the others are shown with the reason."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.words.findings import reading as remark
from cardboard.eval.records import Adapter, Counts, Model
from cardboard.eval.records import Protocol as Sent
from cardboard.tests.making import (
    a_reading,
    a_result,
    a_workspace,
    boards_of,
    entries_of,
    measured,
)


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


def timed(f1, stamp, name="org/model", **more):
    """Return the reading of a result of that time, with an offset or without one."""
    if stamp is None or stamp.endswith("Z") or stamp[19:]:
        return a_reading(a_result(name, f1=f1, finished_at=stamp), **more)
    naive = remark("naive-time", file="a.json", key="timestamp", value=stamp)
    reading = a_reading(a_result(name, f1=f1), findings=(naive,), **more)
    return replace(reading, sha256=sha256(f"{f1} {stamp}".encode()).hexdigest())


def of(*readings, **settings):
    return build_boards(readings, a_workspace(**settings)).boards[0].entries


def codes(entry):
    return {finding.code for finding in entry.findings}


OLD, NEW = "2026-05-10T10:00:00", "2026-05-20T10:00:00"


@pytest.mark.parametrize(
    ("one", "other", "doubtful"),
    [
        (f"{OLD}Z", f"{NEW}Z", False),
        (OLD, NEW, True),
        (f"{OLD}Z", NEW, True),
        (OLD, f"{NEW}Z", True),
        (None, f"{NEW}Z", True),
        (None, NEW, True),
        ("2099-01-01T00:00:00Z", f"{NEW}Z", True),
        ("2099-01-01T00:00:00", f"{NEW}Z", True),
        ("1970-01-01T00:00:00Z", f"{NEW}Z", True),
    ],
)
def test_the_later_time_stands_and_what_makes_that_doubtful_is_told(one, other, doubtful):
    others = [timed(0.1, f"2026-04-{day:02}T00:00:00Z", f"org/{day}") for day in (1, 2, 3)]
    entries = of(timed(0.9, one), timed(0.4, other), *others)
    (entry,) = (entry for entry in entries if entry.model == "org/model")
    assert (entry.score, "attempt-doubtful" in codes(entry)) == (40.0, doubtful)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, None),
        (f"{OLD}Z", f"{OLD}Z"),
        (OLD, OLD),
        (f"{OLD}Z", "2026-05-10T20:00:00"),
        ("2099-01-01T00:00:00Z", None),
    ],
)
def test_where_times_do_not_tell_none_stands_and_both_are_listed(one, other):
    entries = of(timed(0.9, one), timed(0.4, other), timed(0.1, f"{OLD}Z", "org/other"))
    (ranked,) = (entry for entry in entries if entry.rank)
    assert ranked.model == "org/other"
    both = [entry for entry in entries if entry.model == "org/model"]
    assert {entry.score for entry in both} == {90.0, 40.0}
    assert all("attempt-undecided" in codes(entry) for entry in both)


def test_a_time_that_cannot_be_is_told_and_the_year_after_a_pause_is_not():
    years = [timed(0.1, f"{year}-01-01T00:00:00Z", f"org/{year}") for year in (2024, 2025, 2026)]
    entries = of(*years, timed(0.5, "2030-01-01T00:00:00Z"))
    assert {e.model for e in entries if "time-unusable" in codes(e)} == {"org/model"}


def test_many_times_in_the_future_of_one_model_do_not_bear_each_other_out():
    future = [timed(0.9, f"{year}-01-01T00:00:00Z") for year in (2098, 2099)]
    (entry,) = of(timed(0.4, f"{OLD}Z"), *future)
    assert entry.score == 40.0


def test_the_end_of_the_calendar_is_a_time_like_any_other():
    last = "9999-12-31T23:59:59"
    assert len(of(timed(0.4, last), timed(0.5, f"{last}Z"))) == 2


def test_a_run_cannot_end_before_it_began():
    stamps = {"started_at": f"{NEW}Z", "finished_at": f"{OLD}Z"}
    (entry,) = entries_of(a_result(**stamps))
    assert "time-unusable" in codes(entry)


def test_rows_stand_before_means_whatever_their_time():
    rows = measured("org/model", [0.5, 0.5], [0.5, 0.5], [0.5, 0.5], finished_at=f"{OLD}Z")
    (entry,) = of(rows, timed(0.9, f"{NEW}Z"))
    assert (entry.score, entry.evidence) == (50.0, "rows")


def test_a_quoted_table_stands_behind_means():
    (entry,) = of(timed(0.5, f"{OLD}Z"), timed(0.9, f"{NEW}Z", kind="published-table"))
    assert entry.score == 50.0


def test_recording_less_never_helps():
    """Warnings play no part: an older result that says more of itself does not lose to silence."""
    told = a_result(f1=0.4, finished_at=f"{NEW}Z", prompts=a_result().prompts)
    silent = a_result(f1=0.9, finished_at=f"{OLD}Z", model=Model(id="org/model"))
    off = Sent(temperature=0.5, max_tokens=1024)
    relaxed = {"off-protocol": "warning"}
    assert [e.score for e in entries_of(told, silent) if e.rank] == [40.0]
    warm = a_result(f1=0.4, finished_at=f"{NEW}Z", protocol=off)
    mute = a_result(f1=0.9, finished_at=f"{OLD}Z", protocol=Sent(max_tokens=1024))
    assert [e.score for e in entries_of(warm, mute, policy=relaxed) if e.rank] == [40.0]


def test_a_copy_in_other_bytes_needs_no_decision():
    copies = [a_reading(a_result(), file=f"{n}.json") for n in (1, 2)]
    other = a_reading(a_result(), file="3.json")
    (entry,) = of(*copies, replace(other, sha256="f" * 64))
    assert entry.rank == 1
    assert entry.file == "1.json"


STAMPS = st.sampled_from([None, OLD, NEW, f"{OLD}Z", f"{NEW}Z", "2099-01-01T00:00:00Z"])


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3]), STAMPS), min_size=2, max_size=4))
@settings(max_examples=100)
def test_neither_hashes_nor_the_order_of_files_decide(given):
    """The same results in files with other names and hashes come to the same standing scores."""

    def standing(order, salt):
        readings = [
            timed(f1 + salt, stamp, file=f"{salt}{number}.json")
            for number, (f1, stamp) in enumerate(order)
        ]
        return sorted(round(e.score - 100 * salt, 6) for e in of(*readings) if e.rank)

    assert standing(given, 0.0) == standing(given[::-1], 0.0) == standing(given, 0.01)
