"""Make the rows of a suite from recorded conversations, telling what was left out and why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ....engine import Message as Turn
from ... import conversations
from .answers import Answer, parse_answer, read_object
from .rows import Command, Message, ReplayRow

Thoughts = Literal["keep", "strip"]

DROPS = {
    "malformed": "conversations that are not JSON with a list of messages, roles and texts",
    "repeated": "conversations that are there a second time",
    "no-steps": "conversations of which no answer could be used",
    "no-question": "answers that no user turn comes before",
    "not-json": "answers that hold no JSON object",
    "no-commands": "answers whose object holds no command",
}
"""Why something is left out: the first three count conversations, the others single answers."""


class Conversation(Struct, frozen=True, kw_only=True):
    """One line of the input; other keys than these are ignored."""

    messages: Annotated[tuple[Message, ...], Meta(min_length=1)]
    task_id: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    source: str = ""
    source_group: str = ""


class Built(Struct, frozen=True, kw_only=True):
    """The rows, and how much of the input they are."""

    rows: tuple[ReplayRow, ...]
    conversations: int
    answers: int
    dropped: dict[str, int]
    """How often each of `DROPS` held; all codes, in their order."""
    malformed: tuple[str, ...] = ()
    """The places of malformed conversations, `file:line: reason`."""


def build(
    lines: Iterable[tuple[str, bytes]],
    *,
    thoughts: Thoughts,
    name: str | None = None,
    version: str | None = None,
) -> Built:
    """Return one row for each answer of the conversations in *lines*, pairs of place and JSON.

    A row's prompt is the whole conversation before the answer; answers that are left out stay in
    it, and `total_steps` counts them, so that `step_idx` is the answer's place among all. With
    *thoughts* `strip`, `<think>` parts are taken out of the answers in the prompts; references are
    always read without them and kept in full as `ref_raw`.
    """
    rows: list[ReplayRow] = []
    dropped = dict.fromkeys(DROPS, 0)
    malformed: list[str] = []
    seen: set[tuple[Message, ...]] = set()
    read = answers = 0
    for place, line in lines:
        read += 1
        try:
            conversation = msgspec.json.decode(line, type=Conversation)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            dropped["malformed"] += 1
            malformed.append(f"{place}: {error}")
            continue
        if conversation.messages in seen:
            dropped["repeated"] += 1
            continue
        made, left_out = _rows(conversation, len(seen), thoughts, name, version)
        seen.add(conversation.messages)
        answers += len(made) + left_out.total()
        for reason, count in left_out.items():
            dropped[reason] += count
        dropped["no-steps"] += not made
        rows += made
    return Built(
        rows=tuple(rows),
        conversations=read,
        answers=answers,
        dropped=dropped,
        malformed=tuple(malformed),
    )


def _rows(
    conversation: Conversation,
    number: int,
    thoughts: Thoughts,
    name: str | None,
    version: str | None,
) -> tuple[list[ReplayRow], Counter[str]]:
    """Return the rows of one conversation, and how many answers were left out for which reason."""
    messages = conversation.messages
    places = [at for at, message in enumerate(messages) if message.role == "assistant"]
    rows: list[ReplayRow] = []
    left_out: Counter[str] = Counter()
    for step, place in enumerate(places):
        raw = messages[place].content
        answer = parse_answer(text := _without_thoughts(raw))
        if reason := _reason(messages[:place], answer):
            left_out[reason] += 1
            continue
        said = read_object(text) or {}
        before = messages[:place] if thoughts == "keep" else _stripped(messages[:place])
        rows.append(
            ReplayRow(
                task_id=conversation.task_id or f"task-{number:03d}",
                sample_idx=number,
                step_idx=step,
                total_steps=len(places),
                is_final_step=step == len(places) - 1,
                source=conversation.source,
                source_group=conversation.source_group,
                messages=before,
                ref_raw=raw,
                ref_analysis=_text(said.get("analysis")),
                ref_plan=_text(said.get("plan")),
                ref_task_complete=answer.task_complete is True,
                ref_commands=_commands(said.get("commands")),
                ref_command_units=answer.command_units,
                ref_parse_ok=True,
                suite=name,
                suite_version=version,
            )
        )
    return rows, left_out


def _reason(before: Sequence[Message], answer: Answer) -> str | None:
    if not before or before[-1].role not in ("user", "tool"):
        return "no-question"
    if not answer.valid_json:
        return "not-json"
    return None if answer.command_units else "no-commands"


def _without_thoughts(text: str) -> str:
    return conversations.apply(["strip-thoughts"], (Turn(role="assistant", content=text),))[
        0
    ].content


def _stripped(messages: Sequence[Message]) -> tuple[Message, ...]:
    return tuple(
        Message(role="assistant", content=_without_thoughts(message.content))
        if message.role == "assistant"
        else message
        for message in messages
    )


def _commands(said: object) -> tuple[Command, ...]:
    members = said if isinstance(said, list) else []
    return tuple(
        Command(
            keystrokes=_text(member.get("keystrokes")), duration=_seconds(member.get("duration"))
        )
        for member in members
        if isinstance(member, dict)
    )


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


def _seconds(said: object) -> float | None:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    return float(said) if 0 <= said < 1e9 else None
