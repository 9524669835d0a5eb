"""Calls that stand in a text: every family's marks, and nothing that is ever run."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.suites.shapes.calls import LONGEST, MARKS, calls_in, printed
from cardboard.eval.suites.shapes.conversation import Call


@pytest.mark.parametrize(
    "text",
    [
        '<|tool_call_start|>[sh(command="ls -l", n=2)]<|tool_call_end|>Looking.',
        "[sh(command='ls -l', n=2)]",
        'So.\n<tool_call>\n{"name": "sh", "arguments": {"command": "ls -l", "n": 2}}\n</tool_call>',
        r'<tool_call>{"name": "sh", "arguments": "{\"command\": \"ls -l\", \"n\": 2}"}</tool_call>',
        '{"name": "sh", "parameters": {"command": "ls -l", "n": 2}}',
        '[{"name": "sh", "arguments": {"command": "ls -l", "n": 2}}]',
        '<|python_tag|>{"name": "sh", "parameters": {"command": "ls -l", "n": 2}}',
        '[TOOL_CALLS][{"name": "sh", "arguments": {"command": "ls -l", "n": 2}}]',
        '[TOOL_CALLS]sh[ARGS]{"command": "ls -l", "n": 2}',
        '[TOOL_CALLS]sh[CALL_ID]a1b2[ARGS]{"command": "ls -l", "n": 2}',
    ],
)
def test_every_family_says_the_same_call(text: str) -> None:
    assert calls_in(text) == (Call(name="sh", arguments={"command": "ls -l", "n": 2}),)


def test_tags_have_texts_as_values() -> None:
    text = "<tool_call>\n<function=sh>\n<parameter=command>\nls\n-l\n</parameter>\n</function>\n"
    assert calls_in(text + "</tool_call>") == (Call(name="sh", arguments={"command": "ls\n-l"}),)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1", 1), ("-1.5", -1.5), ("'a'", "a"), ("True", True), ("true", True), ("None", None),
        ("null", None), ("[1, ('a', {'b': [2]})]", [1, ["a", {"b": [2]}]]), ("'한글'", "한글"),
        (r"'it\'s'", "it's"), ("'''a\nb'''", "a\nb"), (r"'\d'", r"\d"),
    ],
)  # fmt: skip
def test_literals_are_read_as_values(value: str, read: Any) -> None:
    (call,) = calls_in(f"[f(a={value})]")
    assert call.arguments == {"a": read}
    assert type(call.arguments["a"]) is type(read)


def test_places_without_a_key_are_named_by_their_number_and_names_may_have_dots() -> None:
    assert calls_in("[os.sh('ls', n=1), g()]") == (
        Call(name="os.sh", arguments={"0": "ls", "n": 1}),
        Call(name="g"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "[f(a=__import__('os').getpid())]",
        "[f(a=open('{file}', 'w'))]",
        "[f(a=1 + 1)]",
        "[f(a=x)]",
        "[f(a=f'{{1}}')]",
        "[f(a=lambda: 1)]",
        "[f(a=[x for x in 'a'])]",
        "[f(a=b'bytes')]",
        "[f(a=1j)]",
        "[f(a=...)]",
        "[f(**{{'a': 1}})]",
        "[f(*['a'])]",
        "[f(a=1)(b=2)]",
        "[(lambda: 1)()]",
        "[f(a={{1: 2}})]",
        "[f(a=1, a=2)]",
        "[f]",
        "[f(a=]",
        "f(a=1)",
        "[x := f()]",
        '{"commands": [{"keystrokes": "ls"}]}',
        "[1, 2]",
        "{}",
        "[TOOL_CALLS]",
        "<tool_call></tool_call>",
        "I would call f(a=1) now.",
    ],
)
def test_what_is_no_list_of_calls_is_none_and_nothing_is_run(text: str, tmp_path: Path) -> None:
    assert calls_in(text.replace("{file}", str(tmp_path / "made"))) == ()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "[f(a=" + "(" * 5000,
        "[f(a=" + "[" * 5000 + "]" * 5000 + ")]",
        "[f(a=" + "-" * 50_000 + "1)]",
        "[f(a=" + "9" * 50_000 + ")]",
        "[f" + ".a" * 50_000 + "()]",
        "[f(a='" + "x" * LONGEST + "')]",
        "<tool_call>" * 50_000,
        "<tool_call>" + "<function=f>" * 9000,
        '<tool_call>{"name": ' * 9000,
        "[TOOL_CALLS]" + "a" * 100_000,
        "<|tool_call_start|>\x00<|tool_call_end|>",
        '<tool_call>{"name": "\ud800", "arguments": {}}</tool_call>',
    ],
)
def test_hostile_texts_hold_no_call(text: str) -> None:
    assert calls_in(text) == ()


def test_of_a_flood_of_calls_no_more_are_taken_than_the_limit() -> None:
    assert len(calls_in("<tool_call>" + '{"name": "f", "arguments": {}}<tool_call>' * 9000)) == 200


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=3,
)
names = st.sampled_from(["sh", "run_it", "a"])
some_calls = st.lists(
    st.builds(
        Call,
        name=names,
        arguments=st.dictionaries(names, values, max_size=2),
    ),
    max_size=3,
).map(tuple)


@given(some_calls)
def test_printed_calls_are_read_as_they_were(calls: tuple[Call, ...]) -> None:
    if not any("tool_call" in repr(call) for call in calls):
        assert calls_in(f"So.\n{printed(calls)}") == calls


@given(st.text(alphabet="[]f(a='1,)=" + '{}:"<>|\n') | st.text(), st.sampled_from(MARKS))
def test_no_text_breaks_the_reader(text: str, marks: tuple[str, str]) -> None:
    calls_in(marks[0] + text + marks[1])
    calls_in(text)
