"""Rows from conversations: which answers become steps, and the account of those that do not."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from cardboard.eval.errors import UsageError
from cardboard.eval.suites.kinds.replay import build as building
from cardboard.eval.suites.kinds.replay.build import DROPS, Built, Thoughts, build
from cardboard.eval.suites.shapes.registry import read as read_file
from cardboard.eval.suites.suite import encode, read


def answer(*keystrokes: str, **more: Any) -> str:
    commands = [{"keystrokes": keys, "duration": 0.1} for keys in keystrokes]
    return json.dumps({"analysis": "seen", "plan": "next", "commands": commands} | more)


def talk(*turns: str, **more: Any) -> bytes:
    """Return a conversation: turns are user and assistant in alternation."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]
    return json.dumps({"messages": messages} | more).encode()


def built(*talks: bytes, thoughts: Thoughts = "keep") -> Built:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "talks.jsonl"
        path.write_bytes(b"\n".join(talks))
        return build(list(read_file(path)), thoughts=thoughts, name="mine", version="1")


def test_each_answer_becomes_a_step_with_all_turns_before_it() -> None:
    outcome = built(
        talk("list", answer("ls\n"), "a b", answer("cat a\ncat b\n", "", task_complete=True))
    )
    first, second = outcome.rows
    assert (first.key, second.key) == (("task-000", 0, 0), ("task-000", 0, 1))
    assert [turn.content for turn in second.messages] == ["list", answer("ls\n"), "a b"]
    assert second.ref_command_units == ("cat a", "cat b", "<WAIT>")
    assert second.ref_commands[0].keystrokes == "cat a\ncat b\n"
    assert (second.ref_analysis, second.ref_plan) == ("seen", "next")
    assert (first.ref_task_complete, second.ref_task_complete) == (False, True)
    assert (first.is_final_step, second.is_final_step) == (False, True)
    assert (outcome.conversations, outcome.answers) == (1, 2)
    assert set(outcome.dropped.values()) == {0}


def test_rows_are_a_suite_that_can_be_read() -> None:
    outcome = built(talk("list", answer("ls\n")), talk("more", answer("ls -a\n")))
    suite = read(encode(outcome.rows), "rows.jsonl")
    assert (suite.name, suite.version, suite.tasks) == ("mine", "1", 2)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("I would run ls.", "unread"),
        ('{"commands": [{"keystrokes": "ls"}', "unread"),
        ("[1]", "unread"),
        (json.dumps({"analysis": "done", "commands": []}), "no-commands"),
        (json.dumps({"analysis": "done"}), "no-commands"),
    ],
)
def test_an_answer_that_is_no_reference_stays_in_the_prompts(bad: str, reason: str) -> None:
    """Its place is counted, so that step indices have a gap."""
    outcome = built(talk("one", answer("a"), "two", bad, "three", answer("c")))
    assert [row.step_idx for row in outcome.rows] == [0, 2]
    assert {row.total_steps for row in outcome.rows} == {3}
    assert outcome.rows[1].messages[3].content == bad
    assert outcome.answers == 3
    assert {code: count for code, count in outcome.dropped.items() if count} == {reason: 1}


def test_an_answer_that_nobody_asked_for_is_left_out() -> None:
    messages = [
        {"role": "system", "content": "rules"},
        {"role": "assistant", "content": answer("a")},
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": answer("b")},
        {"role": "assistant", "content": answer("c")},
        {"role": "tool", "content": "done"},
        {"role": "assistant", "content": answer("d")},
    ]
    outcome = built(json.dumps({"messages": messages}).encode())
    assert [row.ref_command_units for row in outcome.rows] == [("b",), ("d",)]
    assert outcome.dropped["no-question"] == 2


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"messages": []}',
        b'{"messages": [{"role": "boss", "content": "x"}]}',
        b'{"messages": [{"role": "user", "content": null}]}',
        b'{"messages": ' + b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_malformed_conversation_is_counted_and_named(line: bytes) -> None:
    outcome = built(line, talk("list", answer("ls")))
    assert outcome.dropped["malformed"] == 1
    assert str(outcome.malformed[0]).startswith("talks.jsonl:1: ")
    assert [row.task_id for row in outcome.rows] == ["task-000"]


def test_a_conversation_is_taken_once() -> None:
    outcome = built(talk("list", answer("ls")), talk("list", answer("ls"), source="copy"))
    assert (len(outcome.rows), outcome.dropped["repeated"]) == (1, 1)


def test_a_conversation_without_a_step_is_counted() -> None:
    outcome = built(talk("hello", "good morning"), talk("only a question"))
    assert outcome.rows == ()
    assert (outcome.dropped["no-steps"], outcome.dropped["unread"]) == (2, 1)


def test_ids_and_sources_that_are_given_are_kept() -> None:
    given = {"task_id": "fix-the-build", "source": "ours", "source_group": "make"}
    (row,) = built(talk("list", answer("ls"), **given)).rows
    assert (row.task_id, row.source, row.source_group) == ("fix-the-build", "ours", "make")


@pytest.mark.parametrize(
    ("thoughts", "shown"),
    [("keep", "<think>{not json}</think>\n" + answer("a")), ("strip", answer("a"))],
)
def test_thoughts_in_prompts_are_kept_or_stripped_as_told(thoughts: Thoughts, shown: str) -> None:
    """References are read without thoughts and kept in full, either way."""
    thinking = "<think>{not json}</think>\n"
    line = talk("one", thinking + answer("a"), "<think>mine</think>", thinking + answer("b"))
    rows = built(line, thoughts=thoughts).rows
    assert [row.ref_command_units for row in rows] == [("a",), ("b",)]
    assert rows[1].ref_raw == thinking + answer("b")
    assert [turn.content for turn in rows[1].messages] == ["one", shown, "<think>mine</think>"]


def test_a_conversation_that_would_fill_the_disk_is_left_out_and_the_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = talk(*["x" * 50, answer("ls")] * 40)
    monkeypatch.setattr(building, "MOST_OF_ONE", 50_000)
    outcome = built(long, talk("list", answer("ls")))
    assert [row.task_id for row in outcome.rows] == ["task-001"]
    assert outcome.dropped["too-long"] == 1
    monkeypatch.setattr(building, "MOST_BYTES", 1500)
    with pytest.raises(UsageError, match=r"talks\.jsonl:2: the rows come to more than 1500 bytes"):
        built(talk("list", answer("ls")), talk("more", answer("ls")))


def test_odd_values_in_an_answer_become_empty_ones() -> None:
    odd = json.dumps({"analysis": 3, "commands": [{"keystrokes": "ls", "duration": "long"}, 7]})
    (row,) = built(talk("list", odd)).rows
    assert (row.ref_analysis, row.ref_plan) == ("", "")
    assert [(one.keystrokes, one.duration) for one in row.ref_commands] == [("ls", None)]


def test_every_reason_is_counted_in_the_account() -> None:
    assert list(built(talk("list", answer("ls"))).dropped) == list(DROPS)
