"""Suite identity: the same steps and references give the same hash, anything else another."""

import hashlib
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.engine import Message
from cardboard.eval.suites.fingerprints import (
    KeyedReference,
    agree,
    fingerprint,
    keys_sha256,
    prompts_sha256,
    with_prompts,
)

STEPS: list[KeyedReference] = [
    ("task-000", 0, 0, ["ls -la", "cat notes.txt"]),
    ("task-000", 0, 2, ["<WAIT>"]),
    ("task-001", None, 0, ["echo 안녕"]),
]

references = st.tuples(
    st.text(max_size=4),
    st.none() | st.integers(0, 9),
    st.integers(0, 9),
    st.lists(st.text(max_size=6), max_size=3),
)


def test_the_hashed_text_is_the_documented_one() -> None:
    text = (
        '[["task-000",0,0,["ls -la","cat notes.txt"]],["task-000",0,2,["<WAIT>"]],'
        '["task-001",null,0,["echo 안녕"]]]'
    )
    assert fingerprint(STEPS) == hashlib.sha256(text.encode()).hexdigest()


def test_the_hashed_keys_are_the_documented_ones() -> None:
    text = '[["b",null,1],["b",0,0],["b",0,3]]'
    keys = [("b", 0, 3), ("b", None, 1), ("b", 0, 0)]
    assert keys_sha256(keys) == hashlib.sha256(text.encode()).hexdigest()


@given(st.lists(references, max_size=6), st.randoms())
def test_the_order_of_the_steps_does_not_count(steps: list[KeyedReference], random: Random) -> None:
    shuffled = list(steps)
    random.shuffle(shuffled)
    assert fingerprint(shuffled) == fingerprint(steps)


@pytest.mark.parametrize(
    "other",
    [
        [*STEPS, STEPS[0]],
        STEPS[1:],
        [("task-000", 0, 0, ["cat notes.txt", "ls -la"]), *STEPS[1:]],
        [("task-000", 0, 0, ["ls  -la", "cat notes.txt"]), *STEPS[1:]],
        [("task-000", None, 0, ["ls -la", "cat notes.txt"]), *STEPS[1:]],
        [("task-000", 0, 0, ["ls -la,cat notes.txt"]), *STEPS[1:]],
    ],
    ids=["repeated step", "missing step", "unit order", "blanks", "no sample", "joined units"],
)
def test_a_different_suite_has_a_different_fingerprint(other: list[KeyedReference]) -> None:
    assert fingerprint(other) != fingerprint(STEPS)


def test_a_lone_surrogate_is_hashed_as_a_question_mark() -> None:
    assert fingerprint([("t", 0, 0, ["a\ud800"])]) == fingerprint([("t", 0, 0, ["a?"])])


ASKED = [
    (("b", None, 0), [Message("system", "s"), Message("user", "u")], []),
    (("a", 1, 2), [Message("user", "u")], [{"name": "f", "parameters": {"x": 1}}]),
]


def test_the_hash_of_what_is_asked_is_that_of_the_text_that_is_written_down() -> None:
    text = (
        '[["a",1,2,[["user","u"]],[{"name":"f","parameters":{"x":1}}]],'
        '["b",null,0,[["system","s"],["user","u"]],[]]]'
    )
    assert prompts_sha256(ASKED) == hashlib.sha256(text.encode()).hexdigest()
    assert prompts_sha256(ASKED[::-1]) == prompts_sha256(ASKED)


@pytest.mark.parametrize(
    "other",
    [
        (("b", None, 0), [Message("system", "t"), Message("user", "u")], []),
        (("b", None, 0), [Message("user", "s"), Message("user", "u")], []),
        (("b", None, 0), [Message("user", "su")], []),
        (("b", None, 0), [Message("system", "s"), Message("user", "u")], [{"name": "f"}]),
        (("b", None, 1), [Message("system", "s"), Message("user", "u")], []),
    ],
)
def test_turns_roles_and_tools_are_asked(other: Any) -> None:
    assert prompts_sha256([other, ASKED[1]]) != prompts_sha256(ASKED)


def test_the_order_of_a_tool_s_keys_means_nothing() -> None:
    one, two = ({"name": "f", "strict": True}, {"strict": True, "name": "f"})
    assert prompts_sha256([(("a", 0, 0), [], [one])]) == prompts_sha256([(("a", 0, 0), [], [two])])


def test_fingerprints_of_both_versions_agree_where_the_prompts_are_told() -> None:
    old, new = "a" * 64, with_prompts("a" * 64, "p" * 64)
    assert agree(old, new, "p" * 64, None)
    assert agree(new, old, None, "p" * 64)
    assert not agree(old, new)
    assert not agree(old, new, "q" * 64)
    assert not agree("b" * 64, new, "p" * 64)
