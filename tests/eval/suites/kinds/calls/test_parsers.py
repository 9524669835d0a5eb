"""Readers of tool calls: what each family writes is read as it was meant, and nothing else is."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import format as formatted
from transformers.utils.chat_parsing.content_parsers import parse_content

from cardboard.eval.records import ToolCall
from cardboard.eval.suites.kinds.calls.parsers import pythonic
from cardboard.eval.suites.kinds.calls.parsers.families import (
    FAMILIES,
    attempted,
    family_of,
    from_api,
    named,
    read,
    recovered,
)
from cardboard.eval.suites.kinds.calls.parsers.reading import (
    Call,
    Family,
    Reading,
    Unwritable,
    to_json,
)

ANSWERS = (
    "[f(a='x')]",
    "[f(a='x'), g(b=1)]",
    "[f(a={'k': [1, 2]}, b=[true, 'x'])]",
    "[f(city='서울', q='مرحبا')]",
    "[f(a=1.0)]",
    "[f()]",
    "[]",
    "[f(a=-5)]",
    "[f(a=true)]",
    "[f(a=True)]",
    "[f(a=null)]",
    "[f('x')]",
    "[ns.f(a=1)]",
    "[f(a=007)]",
    r"[f(a='it\'s')]",
    "[f(a=\"say 'hi'\")]",
    "[f(a='x',)]",
    "[f(from='a', class='b')]",
    "f(a=1)",
    "[f(a='one\ntwo')]",
    "[f(a=1, a=2)]",
)
"""On which three public readers agree 8 times."""


def told(answer: str, found: Reading) -> str:
    said = found.broken or (
        ", ".join(f"{one.name} {to_json(one.arguments)}" for one in found.calls)
        or ("no call" if not found.words else f"words: {found.words}")
    )
    return f"{answer!r}\n    {said}\n"


def test_the_answers_that_public_readers_part_on_have_one_reading(
    golden: Callable[[str, str], None],
) -> None:
    golden(
        "calls-pythonic.txt",
        "".join(told(one, read(named("pythonic"), one, {"f": {}, "g": {}})) for one in ANSWERS),
    )


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}(\.[A-Za-z][a-z]{0,4})?", fullmatch=True)
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
CALLS = st.lists(
    st.builds(Call, name=NAMES, arguments=st.dictionaries(KEYS, VALUES, max_size=3)),
    min_size=1,
    max_size=3,
)


def schema_of(value: Any) -> dict[str, Any]:
    kinds: dict[type, str] = {
        bool: "boolean", int: "integer", float: "number",
        str: "string", list: "array", dict: "object",
    }  # fmt: skip
    return {"type": kinds.get(type(value), "null")}


def schemas_of(calls: list[Call]) -> dict[str, Any]:
    """Return what the tools' schemas must be for *calls*, each of one name."""
    return {
        call.name: {"properties": {key: schema_of(one) for key, one in call.arguments.items()}}
        for call in calls
    }


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
@given(calls=CALLS)
def test_what_a_family_writes_is_read_as_it_was_meant(family: Family, calls: list[Call]) -> None:
    calls = list({call.name: call for call in calls}.values())
    try:
        said = family.write(calls)
    except Unwritable:
        return
    found = family.read(said, schemas_of(calls))
    assert (found.broken, found.words) == (None, "")
    assert to_json([[one.name, one.arguments] for one in found.calls]) == to_json(
        [[one.name, one.arguments] for one in calls]
    )


def test_words_around_calls_are_kept_where_the_family_allows_them() -> None:
    calls = [Call("f", {"a": "x"})]
    for family in FAMILIES:
        if family.marks:
            found = family.read("I look it up. " + family.write(calls), {})
            if family.name == "llama-json":
                assert found.calls == (), "without its mark, the whole answer is the call"
            else:
                assert (found.calls, found.words) == (tuple(calls), "I look it up.")


def pythonic_text(chance: random.Random) -> str:
    """Return a list of calls, often slightly wrong, as a model might write it."""
    values = (
        "1", "-5", "007", "1.0", "1e3", "1e999", "9007199254740993", "True", "true", "None", "null",
        "nan", "'x'", '"it\'s"', r"'it\'s'", r"'\ud83d\ude00'", r"'\ud83d'", r"'\x41'", "'서울'",
        "[1, 2]", "[1, 2,]", "{'k': [true]}", "{k: 1}", "{'k': 1, 'k': 2}", "'a\nb'", "(1, 2)",
        "[]", "{}", "f()", "-", "'", "",
    )  # fmt: skip
    keys = ("a", "from", "a-b", "1a", "a.b", "", "a a")
    names = ("f", "ns.f", "f-g", "1f", "f.", "get_weather", "")

    def one() -> str:
        given = [
            f"{chance.choice(keys[:3] if chance.random() < 0.8 else keys)}={chance.choice(values)}"
            for _ in range(chance.randrange(3))
        ]
        comma = "," + chance.choice(("", " ", "\n", "\t"))
        name = chance.choice(names[:3] if chance.random() < 0.9 else names)
        return f"{name}({comma.join(given)})"

    text = f"[{', '.join(one() for _ in range(chance.randrange(1, 3)))}]"
    if chance.random() < 0.1:
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice("[](){}'\",:\\ x0") + text[at + 1 :]
    return text


def test_the_pythonic_grammar_is_that_of_transformers() -> None:
    """Of 1,000 answers, each is read alike or refused by both."""
    chance, read_by_both = random.Random(1), 0
    for _ in range(1000):
        text = pythonic_text(chance)
        try:
            theirs = [
                [one["name"], one["arguments"]]
                for one in parse_content(text, "python-call-list", {})
            ]
        except ValueError:
            theirs = None
        try:
            calls, end = pythonic.calls_at(text, 0)
            ours = [[one.name, one.arguments] for one in calls] if not text[end:].strip() else None
        except ValueError:
            ours = None
        assert repr(ours) == repr(theirs), text
        read_by_both += ours is not None
    assert 200 < read_by_both < 800


@pytest.mark.parametrize(
    ("template", "family"),
    [
        ("{{ '<|tool_list_start|>' }}", "pythonic"),
        ("<tool_call>\n{{ call | tojson }}\n</tool_call>", "hermes"),
        ("<tool_call>\n<function=' + name + '>", "qwen-coder"),
        ("[TOOL_CALLS]{{ name }}[ARGS]{{ arguments }}", "mistral-named"),
        ("[TOOL_CALLS][", "mistral"),
        ("<|tool_call>call:", "gemma"),
        ("<start_function_call>", "function-gemma"),
        ("<|tool_call|>", "granite"),
        ('{"name": "' + '", "parameters": ', "llama-json"),
        ("{{ messages }}", None),
        (None, None),
    ],
)
def test_a_template_tells_the_family_by_its_marks(template: str | None, family: str | None) -> None:
    found = family_of(template)
    assert (found and found.name) == family


SCHEMAS: dict[str, Any] = {"weather": {"properties": {"city": {"type": "string"}}}}


@pytest.mark.parametrize(
    "answer",
    [
        'weather(city="Seoul")',
        '{"name": "weather", "arguments": {"city": "Seoul"}',
        "<tool_call>",
        "[TOOL_CALLS]weather",
        '```json\n[{"name": "weather", "arguments": {}}]\n```',
    ],
)
def test_an_attempt_that_cannot_be_read_is_broken_and_no_abstention(answer: str) -> None:
    assert read(named("pythonic"), answer, SCHEMAS).broken
    assert attempted(answer, SCHEMAS)


@pytest.mark.parametrize(
    "answer",
    ["I cannot look at the weather.", "", "The weather in Seoul (city) is fine.", "[1, 2]"],
)
def test_words_are_no_attempt(answer: str) -> None:
    for family in FAMILIES:
        assert read(family, answer, SCHEMAS) == Reading(words=answer.strip())


def test_what_a_kind_server_would_make_of_an_answer_is_told_and_not_scored() -> None:
    fenced = '```json\n[{"name": "weather", "arguments": {"city": "Seoul"}}]\n```'
    assert read(named("pythonic"), fenced, SCHEMAS).calls == ()
    found = recovered(fenced, SCHEMAS)
    assert found is not None
    assert found[0] == "json-list"
    assert found[1].calls == (Call("weather", {"city": "Seoul"}),)
    assert recovered("no call at all", SCHEMAS) is None


def test_a_parameter_between_tags_is_of_the_type_that_its_schema_has() -> None:
    types = {"n": "integer", "x": "number", "b": "boolean", "l": "array", "s": "string"}
    schemas = {"f": {"properties": {key: {"type": one} for key, one in types.items()}}}
    raw = {"n": "7", "x": "1.5", "b": "true", "l": "[1]", "s": "7"}
    inner = "".join(f"<parameter={key}>\n{one}\n</parameter>\n" for key, one in raw.items())
    said = f"<tool_call>\n<function=f>\n{inner}</function>\n</tool_call>"
    (call,) = named("qwen-coder").read(said, schemas).calls
    assert call.arguments == {"n": 7, "x": 1.5, "b": True, "l": [1], "s": "7"}


def test_a_servers_calls_are_read_as_strictly() -> None:
    good = from_api([ToolCall(name="f", arguments='{"a": 1}'), ToolCall(name="g")], "ok")
    assert good == Reading(calls=(Call("f", {"a": 1}), Call("g", {})), words="ok")
    for wrong in ("{", "[]", '{"a": 1} x', '{"a": 1, "a": 2}', '{"a": NaN}', "7"):
        assert from_api([ToolCall(name="f", arguments=wrong)], "").broken


PIECES = (
    "<|tool_call_start|>", "<|tool_call_end|>", "<tool_call>", "</tool_call>", "<function=f>",
    "</function>", "<parameter=a>", "</parameter>", "<|tool_call>", "<tool_call|>", "call:f",
    '<|"|>', "<escape>", "<start_function_call>", "<end_function_call>", "[TOOL_CALLS]", "[ARGS]",
    "<|tool_call|>", "<|python_tag|>", '{"name": "f", "arguments": {"a": 1}}', '"parameters": {}',
    "[f(a=1)]", "f(", "[", "]", "{", "}", "(", ")", "'", '"', "\\", ",", ":", "=", ";", "\n", " ",
    "1", "-", "1e999", "NaN", "true", "__import__('os').system('true')", "\ud800", "\x00", "서울",
)  # fmt: skip


@contextmanager
def nothing_run() -> Iterator[None]:
    """Fail where Python compiles, runs, imports or opens anything."""
    seen: list[str] = []
    watched, on = {"compile", "exec", "import", "open", "os.system", "subprocess.Popen"}, [True]
    sys.addaudithook(lambda event, _: seen.append(event) if on[0] and event in watched else None)
    try:
        yield
    finally:
        on[0] = False
    assert seen == []


def test_no_answer_breaks_a_reader_and_none_is_run() -> None:
    """100,000 readings of texts put together at random from what calls are made of."""
    chance = random.Random(2)
    schemas = {"f": {"properties": {"a": {"type": "integer"}}}}
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(1, 12))) for _ in range(10_000)]
    assert len(FAMILIES) == 10
    with nothing_run():
        for text in texts:
            for family in FAMILIES:
                found = read(family, text, schemas)
                assert found.broken is None or found.calls == ()


DEEP = ("[", "{", '{"a":', "[f(a=", "[f(a=[", "<|tool_call>call:f{a:[", '[{"name":')


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_a_million_letters_are_read_in_one_pass(family: Family) -> None:
    """None of these is read twice over: each would take minutes if it were."""
    for piece in (*PIECES, *DEEP):
        text = piece * (1_000_000 // len(piece))
        for start in ("", *family.marks):
            read(family, start + text, SCHEMAS)


def test_nests_have_a_bottom() -> None:
    value: Any = 1
    for _ in range(150):
        value = [value]
    for family in FAMILIES:
        if family.name != "qwen-coder":  # there, what cannot be read is a text
            said = family.write([Call("f", {"a": value})])
            assert "deep" in (family.read(said, {}).broken or "")


def test_each_family_writes_the_same_calls_in_its_own_way(
    golden: Callable[[str, str], None],
) -> None:
    calls = [Call("weather", {"city": "서울", "days": 3}), Call("clock", {"zone": None})]
    said = {family.name: family.write(calls) for family in FAMILIES}
    golden("calls-written.json", formatted(to_json(said)) + "\n")
