"""Rules of the training are those of prompts, and know calls, parts, thoughts and weights."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.engine import Message
from cardboard.eval.suites.conversations import RULES, Rule, apply
from cardboard.eval.training.rules import canonical, messages, ordered, split, turns_of

TEXTS = st.sampled_from(["", "a", "b\n", "<think>x</think>c", "d</think>e"])
TALKS = st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=6)


def changed(rules: tuple[Rule, ...], *given: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(one) for one in messages(canonical(rules, turns_of(given)))]


@given(TALKS, st.sets(st.sampled_from(RULES)))
def test_plain_conversations_are_changed_as_prompts_are(
    talk: list[tuple[str, str]], rules: set[Rule]
) -> None:
    asked = apply(rules, tuple(Message(role=role, content=text) for role, text in talk))
    plain = [{"role": role, "content": text} for role, text in talk]
    assert changed(ordered(rules), *plain) == [
        {"role": turn.role, "content": turn.content} for turn in asked
    ]


@given(TALKS, st.sets(st.sampled_from(RULES)))
def test_rules_change_nothing_the_second_time(
    talk: list[tuple[str, str]], rules: set[Rule]
) -> None:
    once = changed(ordered(rules), *({"role": role, "content": text} for role, text in talk))
    if not once or once[0]["role"] != "system":  # of two system turns, each folds by itself
        assert changed(ordered(rules), *once) == once


def test_results_of_tools_and_calls_are_never_joined() -> None:
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    talk: list[dict[str, Any]] = [
        call,
        call,
        {"role": "tool", "content": "6"},
        {"role": "tool", "content": "7"},
    ]
    assert changed(("merge-turns",), *talk) == talk


def test_parts_are_joined_as_parts() -> None:
    image = {"type": "image", "url": "x.png"}
    told = changed(
        ("fold-system",),
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [image]},
    )
    assert told == [{"role": "user", "content": [{"type": "text", "text": "Be short.\n\n"}, image]}]


def test_thoughts_of_their_own_are_stripped_too() -> None:
    answer = {"role": "assistant", "content": "ok", "reasoning_content": "hm"}
    assert changed(("strip-thoughts",), answer) == [{"role": "assistant", "content": "ok"}]


def test_a_trained_answer_is_not_joined_with_one_that_is_not() -> None:
    answers = [{"role": "assistant", "content": "a", "weight": weight} for weight in (0, 1)]
    with pytest.raises(ValueError, match="would join"):
        canonical(("merge-turns",), turns_of(answers))


def test_each_answer_ends_a_conversation_of_its_own() -> None:
    talk = [{"role": role, "content": role} for role in ("user", "assistant") * 2]
    parts = list(split(turns_of(talk)))
    assert [len(part) for part in parts] == [2, 4]
    assert [[turn.learnt for turn in part].count(True) for part in parts] == [1, 1]
