"""The shipped tasks: right calls are right in every family, each corruption is wrong by name."""

import gzip
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.eval.suites.kinds.calls.build import build, oracle
from cardboard.eval.suites.kinds.calls.matching import Wanted, match, types_of
from cardboard.eval.suites.kinds.calls.parsers.families import FAMILIES
from cardboard.eval.suites.kinds.calls.parsers.reading import Call, Family, Reading
from cardboard.eval.suites.kinds.calls.rows import CallsRow, schemas_of
from cardboard.eval.suites.source import load, packaged_rows
from cardboard.eval.suites.suite import PACKAGED, encode

ROWS = build(PACKAGED / "calls-mini")
CALLING = [row for row in ROWS if row.wanted]
WORDS = [row for row in ROWS if not row.wanted]


def worth(row: CallsRow, calls: Sequence[Call]) -> tuple[str, list[str]]:
    found = match(
        Reading(calls=tuple(calls)), row.wanted, schemas_of(row.offered), ordered=row.ordered
    )
    return found.outcome, [one.fault for one in found.wrong]


def with_first(row: CallsRow, **arguments: Any) -> list[Call]:
    """Return the right calls, with other *arguments* of the first."""
    first, *others = oracle(row).calls
    return [replace(first, arguments={**first.arguments, **arguments}), *others]


def test_the_rows_are_what_the_tasks_build(request: pytest.FixtureRequest) -> None:
    """They are packed: what a person reviews are the tasks."""
    file = packaged_rows("calls-mini")
    if request.config.getoption("--refresh"):
        file.write_bytes(gzip.compress(encode(ROWS), 9, mtime=0))
    assert gzip.decompress(file.read_bytes()) == encode(ROWS)
    assert load("calls-mini@1").rows == ROWS


def test_sixty_tasks_stand_in_nine_languages() -> None:
    tasks = Counter((row.category, row.language) for row in ROWS)
    counts = {"one-call": 12, "choice": 12, "repeated": 8, "several": 8} | {
        "no-tool": 8,
        "missing": 6,
        "after-result": 6,
    }
    languages = ("en", "ar", "zh", "fr", "de", "ja", "ko", "pt", "es")
    assert tasks == {(one, language): n for one, n in counts.items() for language in languages}
    assert {row.language for row in ROWS if row.reviewed} == {"en", "ko"}
    assert len({(row.language, row.messages[0]["content"]) for row in ROWS}) == 540


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_the_right_calls_are_right_as_each_family_writes_them(family: Family) -> None:
    for row in CALLING:
        schemas = schemas_of(row.offered)
        found = family.read(family.write(oracle(row).calls), schemas)
        assert match(found, row.wanted, schemas, ordered=row.ordered).outcome == "exact", row


def test_a_dropped_call_is_missing_and_a_further_one_needless() -> None:
    for row in CALLING:
        calls = oracle(row).calls
        assert worth(row, calls[1:])[0] == "missing-call"
        assert worth(row, [*calls, calls[0]])[0] == "needless-call"
    for row in WORDS:
        assert worth(row, [])[0] == "exact"
        assert worth(row, [Call(row.offered[0]["function"]["name"], {})])[0] == "needless-call"


def test_an_invented_parameter_and_an_invented_tool_have_their_names() -> None:
    for row in CALLING:
        assert worth(row, with_first(row, mood="calm")) == ("wrong-call", ["invented-parameter"])
        first, *others = oracle(row).calls
        calls = [Call(f"{first.name}_now", first.arguments), *others]
        assert worth(row, calls) == ("wrong-call", ["invented-tool"])


def test_a_missing_parameter_has_its_name() -> None:
    for row in CALLING:
        first, *others = oracle(row).calls
        required = schemas_of(row.offered)[first.name]["required"][0]
        left = {key: one for key, one in first.arguments.items() if key != required}
        calls = [Call(first.name, left), *others]
        assert worth(row, calls) == ("wrong-call", ["missing-parameter"])


def of_another_type(value: Any, types: frozenset[str]) -> Any:
    return [value] if "array" not in types else str(value)


def another_value(value: Any, schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return next(one for one in schema["enum"] if one != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return [*value, value[0]] if isinstance(value, list) else f"{value}x"


def test_each_argument_of_another_type_or_value_is_told() -> None:
    for row in CALLING:
        first = oracle(row).calls[0]
        properties = schemas_of(row.offered)[first.name]["properties"]
        for key, value in first.arguments.items():
            wrong = of_another_type(value, types_of(properties[key]))
            assert worth(row, with_first(row, **{key: wrong})) == ("wrong-call", ["wrong-type"])
            other = another_value(value, properties[key])
            outcome, faults = worth(row, with_first(row, **{key: other}))
            assert outcome == "wrong-call", (row.task_id, row.language, key)
            assert faults == ["wrong-value"]


def test_a_value_in_the_users_language_is_told_as_translated() -> None:
    seen = Counter[str]()
    for row in CALLING:
        first: Wanted = row.wanted[0]
        properties = schemas_of(row.offered)[first.name]["properties"]
        for key, values in first.translated.items():
            if "enum" not in properties[key]:
                for value in values:
                    seen[row.language] += 1
                    assert worth(row, with_first(row, **{key: value})) == (
                        "wrong-call",
                        ["translated-value"],
                    )
    assert all(seen[language] >= 3 for language in ("ar", "zh", "fr", "de", "ja", "ko", "pt", "es"))


def test_an_order_that_is_asked_for_is_kept() -> None:
    ordered = [row for row in CALLING if row.ordered]
    assert len(ordered) == 9
    for row in CALLING:
        outcome = worth(row, oracle(row).calls[::-1])
        assert outcome == (("wrong-call", ["wrong-order"]) if row.ordered else ("exact", []))


COPIED = {
    ("set_timer", "label"), ("send_message", "to"), ("send_message", "text"),
    ("find_contact", "name"), ("add_to_list", "item"), ("translate", "text"),
    ("create_event", "title"), ("play_music", "title"), ("order_status", "order_id"),
    ("cancel_order", "order_id"), ("find_flight", "from"),
}  # fmt: skip
"""What the tools say is given as the user writes it."""


def test_what_is_copied_stands_in_the_question() -> None:
    for row in CALLING:
        if row.category == "after-result":
            continue
        question = unicodedata.normalize("NFKC", row.messages[0]["content"]).casefold()
        for wanted in row.wanted:
            for key, values in wanted.arguments.items():
                if (wanted.name, key) in COPIED:
                    found = [str(one).casefold() in question for one in values]
                    assert any(found), (row.task_id, row.language, key)


def test_what_a_tool_answered_is_what_is_right_after_it() -> None:
    for row in ROWS:
        if row.category == "after-result":
            result = row.messages[-1]["content"]
            assert row.says or row.wanted
            for said in row.says:
                plain = {one.replace(",", "").replace(".", "").replace(" ", "") for one in said}
                assert any(
                    one in result or one.replace("\u202f", "") in result for one in {*said, *plain}
                )
