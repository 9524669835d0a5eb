"""What is read from an answer, and that no answer can break the reading."""

import json
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.engine import well_formed
from cardboard.eval.suites.kinds.replay.answers import Answer, decode_json, parse_answer

FULL = json.dumps(
    {
        "analysis": "The folder is new.",
        "plan": "Look, then read.",
        "commands": [{"keystrokes": "ls -la\n", "duration": 0.1}, {"keystrokes": "cat a\n"}],
        "task_complete": False,
    }
)
READ = Answer(
    command_units=("ls -la", "cat a"),
    task_complete=False,
    valid_json=True,
    has_analysis=True,
    has_plan=True,
)


def answer(**payload: object) -> str:
    """Write an answer."""
    return json.dumps(payload)


def typed(*keystrokes: object) -> str:
    """Write an answer that types *keystrokes*."""
    return answer(commands=[{"keystrokes": keys} for keys in keystrokes])


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        f"Here it is:\n{FULL}\nDone.",
        f"```json\n{FULL}\n```",
        f"```{FULL}```",
        f"Use {{braces}}:\n```json\n{FULL}\n```\nnot {{these}}.",
        f"\ufeff{FULL}",
        f"<think>first</think>{FULL}",
    ],
)
def test_the_object_is_found_in_its_surroundings(text: str) -> None:
    assert parse_answer(text) == READ


def test_a_fenced_object_ends_at_the_last_brace_before_a_fence() -> None:
    """Two fenced objects are read as one text, which is not JSON."""
    assert not parse_answer(f"```json\n{FULL}\n```\n```json\n{FULL}\n```").valid_json


def test_a_fence_that_is_never_closed_is_no_fence() -> None:
    assert parse_answer(f"```json\n{FULL}") == READ


@pytest.mark.parametrize(
    ("text", "units"),
    [
        (typed("ls\n", "pwd"), ("ls", "pwd")),
        (typed("a\r\nb\rc\n\n  d  "), ("a", "b", "c", "d")),
        (typed(""), ("<WAIT>",)),
        (typed(" \n\n"), ("<WAIT>",)),
        (answer(commands=[{"duration": 5}]), ("<WAIT>",)),
        (answer(commands=["ls", 3, None, {"keystrokes": "pwd"}]), ("pwd",)),
        (answer(commands=[]), ()),
        (answer(commands={"keystrokes": 1}), ()),
        (answer(), ()),
        (typed(7, None, True), ("7", "None", "True")),
        (typed("echo '안녕'"), ("echo '안녕'",)),
        (typed("C-c"), ("C-c",)),
    ],
)
def test_units_are_the_typed_lines(text: str, units: tuple[str, ...]) -> None:
    assert parse_answer(text).command_units == units


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ('{"commands": [{"keystrokes": "ls -la\\n"}, {"keystrokes": "cat', ("ls -la",)),
        ('"keystrokes" : "a\\nb\\tc" and "keystrokes":"d"', ("a", "b\tc", "d")),
        ('{"keystrokes": ""', ()),
        (
            '"keystrokes": "grep \\"x\\" \\\\d \\d \\8 \\x41 \\u00e9 \\101"',
            ('grep "x" \\d \\d \\8 A é A',),
        ),
        ('"keystrokes": "\\777"', ("\u01ff",)),
        ('"keystrokes": "bad \\x escape\\n"', ("bad \\x escape\\n",)),
        ('"keystrokes": "é"', ("Ã©",)),
        ('"keystrokes": "\\ud83d\\ude00 \\ud800"', ("😀 \ufffd",)),
        ('{"commands": [], "note": [{"keystrokes": "ls"}]}', ("ls",)),
        ('[{"keystrokes": "ls"}', ("ls",)),
    ],
)
def test_keystrokes_are_rescued_where_no_command_was_read(
    text: str, units: tuple[str, ...]
) -> None:
    """Escapes are undone byte by byte, as the published scores did: beyond ASCII that garbles."""
    assert parse_answer(text).command_units == units


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), (False, False), ("true", None), (1, None), (None, None)]
)
def test_only_true_and_false_tell_whether_the_task_is_complete(
    value: object, read: bool | None
) -> None:
    assert parse_answer(answer(task_complete=value)).task_complete is read


@pytest.mark.parametrize("value", ["", [], {}, None, 0, False])
def test_an_empty_analysis_or_plan_is_none(value: object) -> None:
    read = parse_answer(answer(analysis=value, plan=value))
    assert (read.valid_json, read.has_analysis, read.has_plan) == (True, False, False)


HOSTILE = {
    "list": "[]",
    "number": "1",
    "null": "null",
    "string": '"words"',
    "nothing": "",
    "brace": "{",
    "braces the wrong way round": "}{",
    "nested lists": "[" * 100_000 + "]" * 100_000,
    "nested objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nested and cut": '{"commands":' + "[" * 100_000 + "}",
    "5,000 digits": '{"commands": [{"keystrokes": ' + "9" * 5_000 + "}]}",
    "minus 5,000 digits": '{"a": -' + "9" * 5_000 + "}",
    "control characters": '{"a": "\x00\n"}',
    "fences": "```{" * 50_000,
    "fence ends": "}```" * 50_000 + "{",
    "blanks after fences": ("```" + " " * 1_000) * 200,
    "blanks after braces": ("}" + " " * 1_000) * 200,
    "quotes": '"' * 100_000 + "{}" * 100_000 + "x",
    "open strings": '"keystrokes":"\\' * 50_000,
    "backslashes": '"keystrokes":"' + "\\" * 100_001,
    "brackets in strings": '{"a":"' + "[{" * 100_000 + '\\"',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_answer_is_not_an_object(text: str) -> None:
    assert not parse_answer(text).valid_json


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"'])
def test_what_python_s_json_takes_is_taken(name: str) -> None:
    assert parse_answer(f'{{"plan": {name}}}').has_plan


def test_nesting_is_limited_alike_from_any_caller() -> None:
    def deeper(calls: int) -> bool:
        return parse_answer(nested).valid_json if calls == 0 else deeper(calls - 1)

    nested = '{"a":' * 100 + "1" + "}" * 100
    assert deeper(0)
    assert deeper(300)
    assert not parse_answer('{"a":' + nested + "}").valid_json


def test_integers_are_limited_in_digits() -> None:
    assert decode_json("-" + "9" * 4300) == 1 - 10**4300
    with pytest.raises(ValueError, match="more than 4300 digits"):
        decode_json("9" * 4301)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("plain", "plain"),
        ("é😀", "é😀"),
        ("\ud83d\ude00", "😀"),
        ("a\ud800b\udc00", "a\ufffdb\ufffd"),
    ],
)
def test_surrogates_are_joined_or_replaced(text: str, sound: str) -> None:
    assert well_formed(text) == sound


def test_units_can_be_stored_though_the_answer_holds_lone_surrogates() -> None:
    for text in ("\ud800" + typed("echo \ud800"), '\udc00"keystrokes": "echo \\ud800"'):
        assert parse_answer(text).command_units == ("echo \ufffd",)


MARKS = [
    "```json\n",
    "```",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "\\",
    "\n",
    " ",
    "true",
    "null",
    "1",
]
PARTS = [
    '"keystrokes"',
    '"commands"',
    '"task_complete"',
    FULL,
    typed("a", ""),
    "\\777",
    "\\N{",
    "\ud800",
]
pieces = st.sampled_from(MARKS + PARTS)


@given(st.one_of(st.text(), st.lists(pieces, max_size=20).map("".join)))
def test_any_text_is_read_without_complaint(text: str) -> None:
    with warnings.catch_warnings(action="error"):
        read = parse_answer(text)
    assert all(unit == unit.strip() and unit for unit in read.command_units)
    "".join(read.command_units).encode()
    assert read.valid_json or (read.task_complete, read.has_analysis, read.has_plan) == (
        None,
        False,
        False,
    )


@given(st.lists(st.sampled_from(["\\n", "\\\\", "\\t", "n", "ls ", "é"]), max_size=6).map("".join))
def test_rescued_keystrokes_are_unescaped_as_the_published_scores_did(literal: str) -> None:
    typed = literal.encode().decode("unicode_escape").split("\n")
    units = tuple(line.strip() for line in typed if line.strip())
    assert parse_answer(f'"keystrokes": "{literal}"').command_units == units
