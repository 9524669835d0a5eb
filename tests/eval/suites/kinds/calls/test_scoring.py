"""What an answer is worth: its outcome, its reasons, and what is only told beside the score."""

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.words.catalogue import Words
from cardboard.eval.records import Protocol, Said, Step, ToolCall
from cardboard.eval.suites.conversations import flat
from cardboard.eval.suites.kinds.aggregate import measured
from cardboard.eval.suites.kinds.calls.kind import CALLS, LANGUAGES
from cardboard.eval.suites.kinds.calls.parsers.families import FAMILIES, family_of, named
from cardboard.eval.suites.kinds.calls.parsers.reading import Call
from cardboard.eval.suites.kinds.calls.prompting import account, prompted
from cardboard.eval.suites.kinds.calls.scoring import FAULTS, OUTCOMES, beside, recount, score, view
from cardboard.eval.suites.kinds.kind import Scored
from cardboard.eval.suites.shapes.calls import as_printed
from cardboard.eval.suites.source import load

SUITE = load("calls-mini")
BY_KEY = {(row.task_id, row.groups["language"]): row for row in SUITE.rows}
WEATHER = BY_KEY["weather-three-days", "ko"]
RIGHT = '[{"name": "get_weather", "arguments": {"city": "Lisbon", "days": 3}}]'


def scored(answer: str, row: Any = WEATHER, **beside: Any) -> Scored:
    return score({**row.reference, **beside}, answer, "1")


def step_of(answer: str, row: Any = WEATHER, **more: Any) -> Step:
    found = scored(answer, row, **more)
    return Step(
        task_id=row.task_id,
        step_idx=row.step_idx,
        groups=row.groups,
        reference=row.reference,
        answer=answer,
        parsed=found.parsed,
        scores=dict(found.scores),
    )


@pytest.mark.parametrize(
    ("answer", "outcome", "faults"),
    [
        (RIGHT, "exact", []),
        (RIGHT.replace("Lisbon", "리스본"), "wrong-call", ["translated-value"]),
        (RIGHT.replace("Lisbon", "Porto"), "wrong-call", ["wrong-value"]),
        (RIGHT.replace("3", '"3"'), "wrong-call", ["wrong-type"]),
        (RIGHT.replace("days", "hours"), "wrong-call", ["invented-parameter", "missing-parameter"]),
        (RIGHT.replace("get_weather", "weather"), "wrong-call", ["invented-tool"]),
        ("맑습니다.", "missing-call", []),
        ("", "missing-call", []),
        (RIGHT[:-3], "unparsable", []),
        ("get_weather(city='Lisbon', days=3)", "unparsable", []),
        (f"{RIGHT[:-1]}, {RIGHT[1:]}", "needless-call", []),
    ],
)
def test_each_answer_has_its_outcome_and_its_reasons(
    answer: str, outcome: str, faults: list[str]
) -> None:
    found = scored(answer)
    assert (found.parsed["outcome"], [one["fault"] for one in found.parsed["wrong"]]) == (
        outcome,
        faults,
    )
    told = {name for name in (*OUTCOMES, *FAULTS) if found.scores[name.replace("-", "_")]}
    assert told == {outcome, *faults} - {"exact"}
    assert found.scores["exact"] == float(outcome == "exact")


@pytest.mark.parametrize(
    ("task", "answer", "outcome"),
    [
        ("seven-times-eight", "56", "exact"),
        ("seven-times-eight", "", "unsaid"),
        ("seven-times-eight", "<think>a tool? no", "unsaid"),
        ("seven-times-eight", RIGHT, "needless-call"),
        ("seven-times-eight", '{"name": "get_weather", ', "unparsable"),
        ("timer-how-long", "How long shall it run?", "exact"),
        ("tell-the-tide", "Low water is at 11:03.", "exact"),
        ("tell-the-tide", "간조는 11:03입니다.", "exact"),
        ("tell-the-tide", "Low water is at 111:03.", "unsaid"),
        ("tell-the-tide", "At 11:30.", "unsaid"),
        ("an-error-that-ends-it", "It was sent on 2026-01-12.", "exact"),
        ("an-error-that-ends-it", "Done.", "unsaid"),
    ],
)
def test_words_are_right_where_no_call_is_and_only_if_they_say_what_counts(
    task: str, answer: str, outcome: str
) -> None:
    assert scored(answer, BY_KEY[task, "en"]).parsed["outcome"] == outcome


def test_thoughts_are_no_part_of_an_answer() -> None:
    assert scored(f"<think>[{{'name': 'get_weather'</think>{RIGHT}").scores["exact"] == 1.0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_an_answer_is_read_as_the_recorded_family_writes_it(family: Any) -> None:
    said = family.write([Call("get_weather", {"city": "Lisbon", "days": 3})])
    found = scored(said, call_format=family.name)
    assert (found.parsed["family"], found.parsed["outcome"]) == (family.name, "exact")


def test_what_another_family_would_read_is_told_and_never_scored() -> None:
    said = named("hermes").write([Call("get_weather", {"city": "Lisbon", "days": 3})])
    found = scored(said, call_format="pythonic")
    assert found.parsed["outcome"] == "unparsable"
    assert found.parsed["recovered"] == {"family": "hermes", "outcome": "exact"}
    assert (found.scores["exact"], found.scores["recovered"]) == (0.0, 1.0)


def test_a_server_that_types_values_by_the_schema_is_told_beside_the_score() -> None:
    found = scored(RIGHT.replace("3", '"3"'))
    assert found.parsed["typed"] == "exact"
    assert (found.scores["exact"], found.scores["exact_typed"]) == (0.0, 1.0)
    assert scored(RIGHT.replace("3", '"three"')).parsed["typed"] == "wrong-call"


def test_a_servers_calls_are_scored_and_its_text_is_read_beside_them() -> None:
    call = ToolCall(name="get_weather", arguments='{"city": "Lisbon", "days": 3}')
    left = "<|tool_call_start|>[get_weather(city='Porto')]<|tool_call_end|>"
    step = step_of("x")
    step = replace(step, answer=f"{left}\n{as_printed([call])}", said=Said(tool_calls=(call,)))
    how = beside(step, Protocol(extra={"call_format": "pythonic"}))
    found = score({**WEATHER.reference, **how}, str(step.answer), "1")
    assert (found.parsed["family"], found.parsed["outcome"]) == ("api", "exact")
    assert found.parsed["text"] == {
        "family": "pythonic",
        "calls": [{"name": "get_weather", "arguments": {"city": "Porto"}}],
    }
    step = replace(step, parsed=found.parsed, scores=dict(found.scores))
    assert recount([step])[:4] == (1, (), 1, ())


def test_a_servers_broken_arguments_are_broken() -> None:
    call = ToolCall(name="get_weather", arguments='{"city": "Lisbon"')
    assert scored(as_printed([call]), server=(call,)).parsed["outcome"] == "unparsable"


def test_stored_scores_that_do_not_follow_from_the_answer_are_told() -> None:
    right = step_of(RIGHT)
    better = replace(step_of("맑습니다."), scores={**right.scores})
    read = replace(right, parsed={**(right.parsed or {}), "calls": []})
    assert recount([right])[:4] == (1, (), 1, ())
    assert recount([better])[:2] == (1, (f"{WEATHER.task_id}/{WEATHER.step_idx}",))
    assert recount([read])[2:4] == (1, (f"{WEATHER.task_id}/{WEATHER.step_idx}",))
    strange = replace(right, parsed={"family": "of nobody"})
    assert recount([strange, replace(right, parsed=None), replace(right, answer=None)]).read == 0


@pytest.mark.parametrize(
    "spoilt",
    [
        {"calls": 7},
        {"calls": [{"name": "get_weather", "arguments": {"city": "Lisbon"}}]},
        {"schemas": {"get_weather": {"properties": 7}}},
        {"schemas": {"get_weather": {"properties": {"city": 7, "days": 7}}}},
        {"call_format": "of nobody"},
        {"says": 7},
    ],
)
def test_a_reference_that_is_none_scores_nothing(spoilt: dict[str, Any]) -> None:
    found = scored(RIGHT, **spoilt)
    assert found.error is not None or found.scores["exact"] in (0.0, 1.0)


def test_signing_a_language_makes_no_other_suite() -> None:
    known = BY_KEY["rhyme", "ar"].reference
    assert CALLS.identity(known) == CALLS.identity({**known, "reviewed": True})
    assert CALLS.identity(known) != CALLS.identity({**known, "says": [["x"]]})


def test_each_unreviewed_language_is_called_so() -> None:
    reviewed = {row.groups["language"] for row in SUITE.rows if row.reference["reviewed"]}
    for language, mark in (("en", "(unreviewed)"), ("ko", "(미검수)")):
        words = Words(language)
        for one in LANGUAGES:
            assert (mark in words.of_kind("calls", f"group.{one}")) is (one not in reviewed)


class TestToolsInTheSystemText:
    def test_every_tool_is_named_there_and_every_turn_is_a_text(self) -> None:
        for row in SUITE.rows:
            system, *turns = prompted(row)
            assert all(name in system.content for name in row.named)
            assert {turn.role for turn in turns} <= {"user", "assistant"}
            assert not any(turn.beside for turn in turns)
            assert turns[-1].role == "user"

    def test_a_call_made_before_and_what_the_tool_answered_are_told(self, golden: Any) -> None:
        golden("calls-prompted.txt", flat(prompted(BY_KEY["next-call-with-the-id", "ko"])))

    def test_a_template_tells_the_family_unless_tools_are_told(self) -> None:
        template = "<tool_call>\n{{ call }}</tool_call>"
        assert account(template, False) == {"call_format": "hermes"}
        assert account(template, True) == {"call_format": "json-list"}
        assert (family_of("{{ x }}"), account(None, False)) == (None, {"call_format": "json-list"})


CATEGORIES = {
    "one-call": 12, "choice": 12, "repeated": 8, "several": 8, "no-tool": 8, "missing": 6,
    "after-result": 6,
}  # fmt: skip
"""Tasks; of those after a tool's answer, 3 call again and 3 say what it answered."""
CALLING, SILENT, SAYING = 12 + 12 + 8 + 8 + 3, 8 + 6, 3


def metrics(baseline: str) -> dict[str, float | None]:
    rule = CALLS.baselines[baseline](SUITE.rows, {})
    steps = [step_of(rule(row), row) for row in SUITE.rows]
    again = recount(steps)
    assert (again.read, again.differs, again.misread) == (540, (), ())
    assert all(view(step) for step in steps)
    return {name: one.value for name, one in measured(CALLS, CALLS.metrics, steps).items()}


def percent(tasks: float) -> Any:
    return pytest.approx(100 * tasks / 60, abs=1e-5)


def test_what_each_baseline_scores_is_known_beforehand() -> None:
    """All nine versions of a task are alike to a rule, so shares of tasks are those of steps."""
    wanted = Counter(len(row.reference["calls"]) for row in SUITE.rows if row.step_idx == 0)
    assert wanted == {1: 27, 2: 13, 3: 3, 0: SILENT + SAYING}
    calls = 27 + 2 * 13 + 3 * 3
    found = {name: metrics(name) for name in CALLS.baselines}
    assert found["oracle"]["exact_pct"] == found["oracle"]["call_f1_pct"] == 100.0
    for name in ("never-calls", "echo"):
        assert found[name]["exact_pct"] == percent(SILENT)
        assert found[name]["missing_call_pct"] == percent(CALLING)
        assert found[name]["unsaid_pct"] == percent(SAYING)
        assert "call_precision_pct" not in found[name]
        assert (found[name]["call_recall_pct"], found[name]["call_f1_pct"]) == (0.0, 0.0)
    always = found["always-calls"]
    assert always["exact_pct"] == percent(CALLING)
    assert always["needless_call_pct"] == percent(SILENT + SAYING)
    made = calls + SILENT + SAYING
    assert always["call_recall_pct"] == 100.0
    assert always["call_precision_pct"] == pytest.approx(100 * calls / made, abs=1e-5)
    assert always["call_f1_pct"] == pytest.approx(200 * calls / (calls + made), abs=1e-5)
    for name in ("first-tool", "all-tools"):
        assert found[name]["exact_pct"] == 0.0
        assert found[name]["needless_call_pct"] == percent(SILENT + SAYING)
        assert found[name]["wrong_call_pct"] == percent(CALLING)
    assert [found[name]["invented_tool_pct"] for name in found] == [0.0] * 6
