"""Shapes of conversations: each is told by its keys, and read into the same turns."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.errors import UsageError
from cardboard.eval.suites.shapes import files
from cardboard.eval.suites.shapes.conversation import MOST_DEPTH, Conversation, Turn, Unreadable
from cardboard.eval.suites.shapes.files import Document, Fault
from cardboard.eval.suites.shapes.registry import SHAPES, Read, conversation, read

ASKED, SAID = "make f", "touch f"
TURNS = (Turn(role="user", content=ASKED), Turn(role="assistant", content=SAID))
API = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": SAID}]
GPT = [{"from": "human", "value": ASKED}, {"from": "gpt", "value": SAID}]
WORSE = [{"role": "assistant", "content": "rm f"}]


def of(value: Any) -> Conversation:
    return conversation(Document(value=value, place="f"))


def found(path: Path, **more: Any) -> tuple[list[Read], list[Fault]]:
    """Return what was read of a file and what could not be."""
    both = list(read(path, **more))
    return (
        [one for one in both if isinstance(one, Read)],
        [one for one in both if isinstance(one, Fault)],
    )


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ({"messages": API}, "messages"),
        ({"messages": API, "id": 3, "metadata": {"a": [1]}}, "messages"),
        (API, "messages"),
        ({"conversations": API, "agent": "terminus-2", "task": "t"}, "terminus"),
        ({"conversations": GPT}, "sharegpt"),
        ({"conversation": GPT}, "sharegpt"),
        ({"prompt": ASKED, "completion": SAID}, "prompt-completion"),
        ({"prompt": ASKED, "response": SAID}, "prompt-completion"),
        ({"prompt": API[:1], "completion": API[1:]}, "prompt-completion"),
        ({"instruction": ASKED, "input": "", "output": SAID, "text": "..."}, "alpaca"),
        ({"instruction": "make", "input": "f", "output": SAID}, "alpaca"),
        ({"prompt": ASKED, "chosen": SAID, "rejected": "rm f"}, "preference"),
        ({"prompt": API[:1], "chosen": API[1:], "rejected": WORSE}, "preference"),
        ({"chosen": API, "rejected": [*API[:1], *WORSE]}, "preference"),
        ({"prompt": ASKED, "chosen": API, "rejected": API, "messages": API}, "preference"),
        (
            {
                "input": {"messages": API[:1]},
                "preferred_output": API[1:],
                "non_preferred_output": WORSE,
            },
            "preference",
        ),
    ],
)
def test_a_shape_is_told_by_its_keys_and_gives_the_same_turns(value: Any, shape: str) -> None:
    read = of(value)
    assert read.shape == shape
    if value != {"instruction": "make", "input": "f", "output": SAID}:
        assert read.turns == TURNS
    else:
        assert read.turns[0].content == "make\nf"


def test_plain_text_has_no_turns() -> None:
    assert of({"text": "once"}) == Conversation(shape="text", text="once")


def test_a_pair_keeps_the_worse_answer_behind_the_same_question() -> None:
    read = of({"prompt": ASKED, "chosen": SAID, "rejected": "rm f"})
    assert [turn.content for turn in read.rejected] == [ASKED, "rm f"]


def test_an_answer_may_be_labelled_and_a_turn_marked_as_not_to_be_learnt() -> None:
    assert of({"prompt": ASKED, "completion": SAID, "label": False}).label is False
    marked = [API[0], API[1] | {"weight": 0}, API[0], API[1] | {"train": False}, *API]
    assert of({"messages": marked}).untrained == {1, 3}


def test_alpaca_may_have_a_system_text_and_earlier_turns() -> None:
    row = {"instruction": "c", "output": "d", "system": "s", "history": [["a", "b"]]}
    assert [turn.role for turn in of(row).turns] == [
        "system", "user", "assistant", "user", "assistant",
    ]  # fmt: skip


def test_calls_parts_and_thoughts_of_messages_are_kept() -> None:
    row: dict[str, Any] = {
        "tools": [{"name": "bash", "parameters": {"type": "object"}}],
        "messages": [
            {"role": "developer", "content": "rules"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]},
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "c1", "function": {"name": "bash", "arguments": '{"command": "ls"}'}},
                    {"function": {"name": "bash", "arguments": "{broken"}},
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "f"},
        ],
    }
    read = of(row)
    assert read.tools == ({"type": "function", "function": row["tools"][0]},)
    assert [turn.role for turn in read.turns] == ["system", "user", "assistant", "tool"]
    assert read.turns[1].text == "a"
    assert [call.arguments for call in read.turns[2].tool_calls] == [{"command": "ls"}, "{broken"]
    assert read.notes == {"developer": 1, "parts": 1, "arguments": 1}
    assert read.turns[2].as_message() == {
        "role": "assistant",
        "content": "",
        "reasoning_content": "hm",
        "tool_calls": [
            {
                "type": "function",
                "function": {"name": "bash", "arguments": {"command": "ls"}},
                "id": "c1",
            },
            {"type": "function", "function": {"name": "bash", "arguments": "{broken"}},
        ],
    }


def test_sharegpt_has_calls_and_tool_answers_as_roles() -> None:
    row = {
        "system": "rules",
        "tools": json.dumps([{"name": "sh", "parameters": {}}]),
        "conversations": [
            GPT[0],
            {"from": "function_call", "value": '{"name": "sh", "arguments": {"command": "ls"}}'},
            {"from": "observation", "value": "f"},
            {"from": "gpt", "value": "done"},
        ],
    }
    read = of(row)
    assert [turn.role for turn in read.turns] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert read.turns[2].tool_calls[0].arguments == {"command": "ls"}
    assert read.tools[0]["function"]["name"] == "sh"


@pytest.mark.parametrize(
    ("value", "key", "what"),
    [
        (3, "", "is no JSON object"),
        ({"a": 1, "b": 2}, "", "no shape fits (its keys: a, b)"),
        ({"messages": []}, "messages", "expected a list, got an empty one"),
        ({"messages": [3]}, "messages[0]", "expected an object, got a number"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "there is no role"),
        ({"messages": [{"role": "boss"}]}, "messages[0].role", "nobody knows the role 'boss'"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "got null"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content", "expected a text"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content", "neither a text nor a call"),
        ({"conversations": [{"from": "me"}]}, "conversations[0].from", "role 'me'"),
        ({"conversations": [{"from": "gpt"}]}, "conversations[0].value", "expected a text"),
        ({"instruction": 1, "output": "x"}, "instruction", "expected a text, got a number"),
        ({"prompt": None, "completion": "x"}, "prompt", "expected a text, got null"),
        ({"messages": API, "tools": "[{"}, "tools", "is a text that is no JSON"),
        ({"messages": [API[0]] * 10_001}, "messages", "has 10001 members, more than 10000"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(value: Any, key: str, what: str) -> None:
    with pytest.raises(Unreadable) as caught:
        of(value)
    assert caught.value.key == key
    assert what in caught.value.what


def test_two_shapes_that_say_different_things_are_named_with_the_remedy() -> None:
    row = {"messages": API, "prompt": "other", "completion": SAID}
    with pytest.raises(Unreadable) as caught:
        of(row)
    assert "two shapes fit, and they say different things: messages" in caught.value.what
    assert caught.value.remedy == "Say which is meant: --shape messages."


def test_a_shape_that_is_named_decides(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": API, "prompt": "other", "completion": SAID}))
    (one,), _ = found(path, shape="prompt-completion")
    assert one.conversation.turns[0].content == "other"
    _, (fault,) = found(path, shape="alpaca")
    assert "is not alpaca: told by instruction and output" in fault.what
    with pytest.raises(UsageError, match="there is no shape called nonsense"):
        found(path, shape="nonsense")


def lines(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (lines({"messages": API}), ["f:1"]),
        ("\n" + lines({"messages": API}) + "\n\n" + lines({"messages": API}), ["f:2", "f:5"]),
        (json.dumps([{"messages": API}] * 2, indent=1), ["f[0]", "f[1]"]),
        (json.dumps([{"messages": API}] * 2), ["f[0]", "f[1]"]),
        (json.dumps({"messages": API}, indent=1), ["f"]),
        (json.dumps(API, indent=1), ["f"]),
        (lines(API, API), ["f:1", "f:2"]),
    ],
)
def test_lines_arrays_and_objects_are_read_with_their_places(
    tmp_path: Path, text: str, places: list[str]
) -> None:
    path = tmp_path / "f"
    path.write_text("\ufeff" + text, encoding="utf-8")
    good, bad = found(path)
    assert ([one.place for one in good], bad) == (places, [])
    assert {one.conversation.turns for one in good} == {TURNS}
    packed = tmp_path / "packed" / "f"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert [one.conversation for one in found(packed)[0]] == [one.conversation for one in good]


def test_a_file_may_hold_several_shapes_and_damage_without_losing_the_others(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(
        b'{"messages": [{"role": \n'
        + lines({"messages": API}, {"conversations": GPT}).encode()
        + b"\xff\xfe\n"
        + lines({"instruction": ASKED, "output": SAID}, {"odd": 1}).encode()
        + b'{"messages": '
    )
    good, bad = found(path)
    assert [one.conversation.shape for one in good] == ["messages", "sharegpt", "alpaca"]
    assert [one.place for one in bad] == [f"mixed.jsonl:{n}" for n in (1, 4, 6, 7)]
    assert {one.sha256 for one in good} == {files.sha256_of(path)}


def test_an_array_that_is_cut_off_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps([{"messages": API}] * 3, indent=1)[:-60])
    good, (fault,) = found(path)
    assert [one.place for one in good] == ["cut.json[0]", "cut.json[1]"]
    assert str(fault).startswith("cut.json[2]: damaged from here on: is no JSON")


def test_numbers_that_are_none_and_halves_of_letters_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"loss": NaN, "prompt": "a\\ud800", "completion": "b"}\n')
    (one,), _ = found(path)
    assert one.conversation.turns[0].content == "a\ufffd"


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b'{"messages":' * 100_000, b'{"messages": ' + b"[" * 200 + b"]" * 200]
)
def test_what_is_nested_too_deeply_is_a_fault(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(text)
    good, bad = found(path)
    assert not good
    assert bad


def test_the_limit_of_depth_lies_where_it_is_said_to() -> None:
    def nested(levels: int) -> Any:
        return [nested(levels - 1)] if levels else []

    value = {"messages": API, "more": nested(MOST_DEPTH - 2)}
    assert of(value).turns == TURNS
    with pytest.raises(Unreadable, match="nested too deeply"):
        of({"messages": API, "more": nested(MOST_DEPTH + 1)})


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PAR1....", "is a parquet file, not JSON"),
        ("text".encode("utf-16"), "is text in UTF-16, not JSON"),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], "cannot be unpacked"),
    ],
)
def test_files_of_another_kind_are_named(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=what):
        found(path)


def test_files_and_lines_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text(lines({"messages": API}, {"messages": API, "more": "x" * 2000}, API))
    monkeypatch.setattr(files, "LONGEST_LINE", 1000)
    good, (fault,) = found(path)
    assert [one.place for one in good] == ["long.jsonl:1", "long.jsonl:3"]
    assert str(fault) == "long.jsonl:2: a line of more than 1000 bytes"
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    with pytest.raises(UsageError, match="holds more than 1000 bytes"):
        found(path)


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("\n\n")
    assert found(tmp_path / "f") == ([], [])


KEYS = [
    "messages",
    "role",
    "content",
    "conversations",
    "from",
    "value",
    "prompt",
    "chosen",
    "rejected",
    "completion",
    "instruction",
    "output",
    "tool_calls",
    "function",
    "tools",
    "name",
    "arguments",
    "history",
    "text",
    "input",
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("user"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(values)
def test_no_value_breaks_the_readers(value: Any) -> None:
    try:
        read = of(value)
    except Unreadable as error:
        assert error.what
    else:
        assert read.shape in {shape.name for shape in SHAPES}
