"""Conversations: from rows to turns, and the named changes that some templates demand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.engine import Message
from cardboard.eval.suites.conversations import RULES, Rule, apply, flat
from cardboard.eval.suites.kinds.kind import key_of

from ...replays import a_row

turns = st.lists(
    st.builds(
        Message,
        role=st.sampled_from(["system", "user", "assistant", "tool"]),
        content=st.text(alphabet="ab <think>/\n", max_size=20),
    ),
    max_size=6,
).map(tuple)


def said(*pairs: tuple[str, str]) -> tuple[Message, ...]:
    return tuple(Message(role=role, content=content) for role, content in pairs)


def test_a_step_has_a_key_that_names_task_sample_and_step() -> None:
    assert key_of(a_row("task-000", 3)) == "task-000/3"
    assert key_of(a_row("task-000", 3, sample_idx=1)) == "task-000.1/3"


def test_a_row_without_messages_is_one_user_turn() -> None:
    assert a_row(messages=(), prompt="do it").conversation == said(("user", "do it"))


def test_a_leading_system_turn_folds_into_the_first_user_turn() -> None:
    before = said(("system", "rules"), ("user", "job"), ("assistant", "done"))
    assert apply(["fold-system"], before) == said(("user", "rules\n\njob"), ("assistant", "done"))


def test_a_system_turn_with_no_user_turn_behind_it_becomes_one() -> None:
    before = said(("system", "rules"), ("assistant", "done"))
    assert apply(["fold-system"], before) == said(("user", "rules"), ("assistant", "done"))


def test_neighbours_of_one_role_merge() -> None:
    before = said(("user", "a"), ("user", "b"), ("assistant", "c"), ("user", "d"))
    assert apply(["merge-turns"], before) == said(
        ("user", "a\n\nb"), ("assistant", "c"), ("user", "d")
    )


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("<think>\nhm\n</think>\n\n{}", "{}"),
        ("hm, begun by the prompt</think>{}", "{}"),
        ("<|channel>thought\nhm\n<channel|>{}", "{}"),
        ("{}<think>never closed", "{}"),
        ("<think>a</think>{}<think>b</think>[]", "{}[]"),
        ("{}", "{}"),
    ],
)
def test_thoughts_leave_the_assistants_turns(content: str, left: str) -> None:
    before = said(("user", "<think>mine</think>"), ("assistant", content))
    assert apply(["strip-thoughts"], before) == said(
        ("user", "<think>mine</think>"), ("assistant", left)
    )


def test_flat_text_names_the_roles_and_ends_where_the_answer_begins() -> None:
    assert flat(said(("system", "a"), ("user", "b"))) == "SYSTEM:\na\n\nUSER:\nb\n\nASSISTANT:\n"


@given(turns, st.permutations(RULES))
def test_the_order_in_which_rules_are_named_does_not_matter(
    before: tuple[Message, ...], rules: list[Rule]
) -> None:
    assert apply(rules, before) == apply(RULES, before)


@given(turns)
def test_folded_and_merged_turns_alternate_and_say_all_they_said(
    before: tuple[Message, ...],
) -> None:
    after = apply(["fold-system", "merge-turns"], before)
    assert all(one.role != two.role for one, two in pairwise(after))
    assert not after or after[0].role != "system"
    assert "\n\n".join(turn.content for turn in after) == "\n\n".join(
        turn.content for turn in before
    )


@given(turns)
def test_rules_change_nothing_the_second_time(before: tuple[Message, ...]) -> None:
    once = apply(["merge-turns", "strip-thoughts"], before)
    assert apply(["merge-turns"], once) == once
