"""What findings mean, what stands under figures, and what to do next, as keys of sentences."""

from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Entry
from cardboard.board.notes.claims import basis, meanings, on_ranks, told_of
from cardboard.board.notes.claims import template as template_of
from cardboard.board.notes.notes import Field
from cardboard.board.words.catalogue import Words
from cardboard.board.words.findings import JUDGING, MEANINGS, Finding
from cardboard.board.workspace.settings import Note, Profile
from cardboard.eval import records
from cardboard.tests.making import SETTINGS, SUITE, a_reading, a_result, a_workspace, measured

TOLD_BY_THEMSELVES = {
    "attempt-doubtful",
    "attempt-undecided",
    "not-eligible",
    "score-missing",
    "superseded",
    "time-unusable",
}
WIDE = replace(SUITE, steps=12, tasks=12)
TWELVE = [[0.1 + 0.05 * task] for task in range(12)]


def entry_of(reading: Any, **settings: Any) -> Entry:
    (board,) = build_boards([reading], a_workspace(**settings)).boards
    return board.entries[0]


def keys(entry: Entry) -> dict[str, list[str]]:
    return {
        kind: [getattr(one, "key", "") for one in said] for kind, said in told_of(entry, None, ())
    }


def test_every_finding_of_weight_says_what_it_means_for_use():
    weighty = {code for code, verdict in JUDGING.items() if verdict in ("unranked", "warning")}
    assert weighty - MEANINGS.keys() == TOLD_BY_THEMSELVES
    assert MEANINGS.keys() <= JUDGING.keys()
    for language in ("en", "ko"):
        words = Words(language)
        assert [key for _, key in MEANINGS.values() if not words.has(key)] == []


def test_a_meaning_asks_for_no_value_that_its_finding_does_not_have():
    """Findings of one meaning have different values, so only those of a single one are named."""
    for language in ("en", "ko"):
        needed = {key: Words(language).needed(key) for _, key in MEANINGS.values()}
        assert {key: set(names) for key, names in needed.items() if names} == {
            "means.valid-json": {"pct"},
            "means.settings": {"missing"},
        }


def test_findings_of_one_meaning_are_told_once():
    found = [Finding(code=code, severity="error") for code in ("incomplete", "steps-missing")]
    assert [(kind, claim.key) for kind, claim in meanings(found)] == [("limit", "means.part")]


def test_rows_that_speak_against_the_file_are_not_called_a_confirmation():
    honest = measured("org/model", [0.4, 0.6], [0.4, 0.6], [0.4, 0.6])
    assert basis(entry_of(honest), SUITE)[0].key == "basis.rows"
    assert honest.result is not None
    claimed = replace(honest, result=replace(honest.result, metrics=a_result(f1=0.9).metrics))
    told = entry_of(claimed)
    assert basis(told, SUITE)[0].key == "basis.refuted"
    assert "means.refuted" in keys(told)["limit"]


def test_rows_without_scores_recount_nothing():
    held = measured("org/model", [0.5, 0.5], [0.5, 0.5], [0.5, 0.5])
    assert held.facts is not None
    bare = entry_of(replace(held, facts=replace(held.facts, sums={})))
    assert basis(bare, SUITE)[0].key == "basis.held"


def test_a_time_that_cannot_be_right_is_no_date():
    def told(finished_at: str) -> list[str]:
        result = a_result(finished_at=finished_at)
        return [claim.key for claim in basis(entry_of(a_reading(result)), SUITE)]

    assert "basis.date" in told("2026-05-07T21:50:36+09:00")
    assert "basis.date" not in told("1999-05-07T21:50:36+09:00")


def test_no_folder_of_a_document_is_told():
    source = records.Provenance(kind="published-table", document="/home/me/reports/REPORT.md")
    entry = entry_of(a_reading(a_result(provenance=source), kind="published-table"))
    assert basis(entry, SUITE)[0].values == {"document": "REPORT.md"}


@pytest.mark.parametrize(
    ("status", "keys"),
    [
        ("chat_template", ["template.is-stated", "template.chat_template"]),
        ("scripted", ["template.is-stated", "template.scripted"]),
        ("home-made", ["template.is-stated", "template.other"]),
        ("is-stated", ["template.is-stated", "template.other"]),
        (None, ["template.unknown"]),
    ],
)
def test_who_says_it_comes_before_what_it_stands_for(status, keys):
    entry = entry_of(a_reading(a_result(prompts=records.Prompts(template_status=status))))
    assert [claim.key for claim in template_of(entry)] == keys


def test_the_next_step_is_to_measure_where_no_steps_are_and_else_what_the_findings_ask():
    assert keys(entry_of(a_reading()))["next"] == ["next.measure"]
    bare = measured("org/model", [0.5, 0.5], [0.5, 0.5], [0.5, 0.5])
    assert bare.result is not None
    unknown = replace(bare, result=replace(bare.result, model=records.Model(id="org/model")))
    assert keys(entry_of(unknown))["next"] == ["remedy.revision-not-recorded"]
    assert "next" not in keys(entry_of(bare))


def test_what_a_rank_takes_follows_from_the_policy():
    def told(**policy: Any) -> list[str]:
        settings = replace(
            SETTINGS, policy={code.replace("_", "-"): v for code, v in policy.items()}
        )
        return [claim.key for claim in on_ranks([(SUITE, entry_of(a_reading()))], settings)]

    assert told() == ["read.judge", "read.unrecorded"]
    assert told(protocol_not_recorded="unranked") == ["read.judge"]
    assert told(incomplete="warning") == ["read.judge-any"]


def test_a_script_has_no_settings_that_could_be_missing():
    scripted = records.Protocol(backend="scripted")
    entry = entry_of(a_reading(a_result("oracle", protocol=scripted)))
    assert "protocol-not-recorded" not in {one.code for one in entry.findings}


RULES = tuple(
    Note(id=word, kind="limit", when=f"base_test == '{word}'", text={"en": word, "ko": word})
    for word in ("apart", "level", "untested")
)


@pytest.mark.parametrize(
    ("tuned", "rows", "said"),
    [
        ([[score + 0.2 for score in task] for task in TWELVE], True, "apart"),
        ([[score - 0.05] for (score,) in TWELVE], True, "apart"),
        ([[score + (0.1 if n % 2 else -0.08)] for n, (score,) in enumerate(TWELVE)], True, "level"),
        ([[score + 0.2 for score in task] for task in TWELVE], False, "untested"),
    ],
)
def test_a_fine_tune_is_better_or_worse_only_where_a_test_tells_it_from_its_base(tuned, rows, said):
    from cardboard.board.notes.notes import notes_of, rules

    base, other = measured("org/base", *TWELVE), measured("org/tuned", *tuned)
    readings = [base, other if rows else replace(other, facts=None)]
    workspace = a_workspace(
        suites=(WIDE,), notes=RULES, models={"org/tuned": Profile(base_model="org/base")}
    )
    (board,) = build_boards(readings, workspace).boards
    entry = next(one for one in board.entries if one.model == "org/tuned")
    told = notes_of(entry, Field(board), rules(workspace.settings))
    assert [one.note.id for one in told] == [said]


@pytest.mark.parametrize(
    ("sent", "kwargs", "ignored", "word"),
    [
        (True, {}, (), "on"),
        (False, {}, (), "off"),
        (None, {}, (), "unknown"),
        (None, {"enable_thinking": False}, (), "off"),
        (None, {"enable_thinking": False}, ("enable_thinking",), "unknown"),
        (None, {"enable_thinking": "no"}, (), "unknown"),
    ],
)
def test_rules_may_ask_for_evidence_and_for_the_recorded_thinking(sent, kwargs, ignored, word):
    from cardboard.board.notes.notes import notes_of, rules

    when = f"thinking == '{word}' and evidence == 'summary'"
    rule = Note(id="n", kind="limit", when=when, text={"en": "a", "ko": "a"})
    prompts = records.Prompts(
        template_status="chat_template", kwargs=kwargs, kwargs_ignored=ignored
    )
    result = a_result(protocol=records.Protocol(thinking=sent), prompts=prompts)
    workspace = a_workspace(notes=(rule,))
    (board,) = build_boards([a_reading(result)], workspace).boards
    assert notes_of(board.entries[0], Field(board), rules(workspace.settings))
