"""Suite identity: the same steps and references give the same hash, anything else another."""

import hashlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.suites.fingerprints import KeyedReference, fingerprint, keys_sha256

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
