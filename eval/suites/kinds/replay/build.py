"""Make the rows of a suite from recorded conversations, telling what was left out and why."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from ....errors import UsageError
from ... import conversations
from ...shapes.calls import calls_in, printed
from ...shapes.conversation import Call, Conversation, Turn
from ...shapes.files import Fault
from ...shapes.registry import Read
from .answers import Answer, parse_answer, read_object
from .forms import FORMS, Form, called, fenced, keystrokes, looks_typed, shell_units
from .rows import Command, ReplayRow

Thoughts = Literal["keep", "strip"]

DROPS = {
    "malformed": ("conversation", "that cannot be read"),
    "repeated": ("conversation", "there a second time"),
    "too-long": ("conversation", "whose steps, each with all before it, come to too much"),
    "no-steps": ("conversation", "of which no answer could be used"),
    "no-question": ("answer", "that no user turn comes before"),
    "unread": ("answer", "without a JSON object, a call or shell code"),
    "no-commands": ("answer", "without a command"),
    "unwanted": ("answer", "marked as bad, as not to be learnt or as no model's"),
}
"""What is left out, one of it, and why."""

UNFIT = {
    "other-tools": "with calls of tools that are no shell",
    "words": "answered in words alone",
    "no-turns": "of text without turns",
}
"""What conversations without any command are."""

_USABLE = {"no-question", "unwanted"}
"""Of answers that may well hold a command."""

MOST_BYTES = 1 << 30
"""Of all rows, about: what can be read as a suite again."""
MOST_OF_ONE = 1 << 28
"""Of the rows of one conversation."""


class Built(Struct, frozen=True, kw_only=True):
    """The rows, and how much of the input they are."""

    rows: tuple[ReplayRow, ...]
    conversations: int
    answers: int
    dropped: dict[str, int]
    """How often each of `DROPS` held; all codes, in their order."""
    malformed: tuple[Fault, ...] = ()
    shapes: Mapping[str, int] = {}
    """How many conversations have which shape."""
    notes: Mapping[str, int] = {}
    """What is told of the conversations, by the codes of `NOTES`."""
    unfit: Mapping[str, int] = {}
    """How many conversations without a command are what, by the codes of `UNFIT`."""
    tools: tuple[str, ...] = ()
    """Tools that are no shell and that conversations without a command call."""


class _Commands(NamedTuple):
    """What an answer types, and how it says so."""

    units: tuple[str, ...]
    commands: tuple[Command, ...]
    answer: Answer = Answer()
    said: Mapping[str, object] = {}


def build(
    found: Iterable[Read | Fault],
    *,
    thoughts: Thoughts,
    name: str | None = None,
    version: str | None = None,
) -> Built:
    """Return one row for each answer with a command in the conversations that were *found*.

    A row's prompt is the whole conversation before the answer; answers that are left out stay in
    it, and `total_steps` counts them, so that `step_idx` is the answer's place among all. With
    *thoughts* `strip`, `<think>` parts are taken out of the answers in the prompts; references are
    always read without them and kept in full as `ref_raw`. Raises UsageError where the rows come to
    more than can be read again.
    """
    rows: list[ReplayRow] = []
    dropped = dict.fromkeys(DROPS, 0)
    malformed: list[Fault] = []
    seen: set[bytes] = set()
    shapes, notes, unfit = Counter[str](), Counter[str](), Counter[str]()
    tools = set[str]()
    read = answers = size = 0
    for one in found:
        read += 1
        if isinstance(one, Fault):
            dropped["malformed"] += 1
            malformed.append(one)
            continue
        conversation = one.conversation
        shapes[conversation.shape] += 1
        identity = hashlib.sha256(msgspec.json.encode(conversation.turns)).digest()
        if identity in seen and conversation.turns:
            dropped["repeated"] += 1
            continue
        notes.update(conversation.notes)
        bytes_ = _bytes(conversation)
        if bytes_ > MOST_OF_ONE:
            dropped["too-long"] += 1
            seen.add(identity)
            continue
        size += bytes_
        if size > MOST_BYTES:
            raise UsageError(
                f"the rows come to more than {MOST_BYTES} bytes",
                file=one.place,
                remedy="Give fewer files or shorter conversations: each step holds all before it.",
            )
        made, left_out = _rows(one, len(seen), thoughts, name, version)
        if not conversation.typed:
            notes["plain"] += sum(
                row.form == "shell" and fenced(row.ref_raw) is None for row in made
            )
        seen.add(identity)
        answers += len(made) + left_out.total()
        for reason, count in left_out.items():
            dropped[reason] += count
        if not made:
            dropped["no-steps"] += 1
            if not left_out.keys() & _USABLE:
                unfit[_unfit(conversation, tools)] += 1
        rows += made
    return Built(
        rows=tuple(rows),
        conversations=read,
        answers=answers,
        dropped=dropped,
        malformed=tuple(malformed),
        shapes=dict(sorted(shapes.items())),
        notes=+notes,
        unfit={code: unfit[code] for code in UNFIT if unfit[code]},
        tools=tuple(sorted(tools)),
    )


def _rows(
    found: Read, number: int, thoughts: Thoughts, name: str | None, version: str | None
) -> tuple[list[ReplayRow], Counter[str]]:
    """Return the rows of one conversation, and how many answers were left out for which reason."""
    conversation = found.conversation
    turns = conversation.turns
    shown = turns if thoughts == "keep" else tuple(map(_thoughtless, turns))
    places = [at for at, turn in enumerate(turns) if turn.role == "assistant"]
    form = _form(conversation, places)
    plain = _all_typed(conversation, places)
    rows: list[ReplayRow] = []
    left_out: Counter[str] = Counter()
    for step, place in enumerate(places):
        typed = _typed(turns[place], form, plain)
        if reason := _reason(conversation, place, places, typed):
            left_out[reason] += 1
            continue
        assert typed is not None
        rows.append(
            ReplayRow(
                task_id=conversation.id or f"task-{number:03d}",
                sample_idx=number,
                step_idx=step,
                total_steps=len(places),
                is_final_step=step == len(places) - 1,
                source=conversation.source,
                source_group=conversation.source_group,
                messages=shown[:place],
                ref_raw=_raw(turns[place]),
                ref_analysis=_text(typed.said.get("analysis")),
                ref_plan=_text(typed.said.get("plan")),
                ref_task_complete=typed.answer.task_complete is True,
                ref_commands=typed.commands,
                ref_command_units=typed.units,
                ref_parse_ok=True,
                suite=name,
                suite_version=version,
                form=UNSET if form == "json" else form,
                offered=conversation.tools or UNSET,
                shape=conversation.shape,
                source_sha256=found.sha256,
            )
        )
    return rows, left_out


def _form(conversation: Conversation, places: Sequence[int]) -> Form:
    """Return the first form in which any answer of a conversation types a command."""
    answers = [conversation.turns[place] for place in places]
    for form in FORMS:
        if form != "shell" and any((typed := _typed(one, form)) and typed.units for one in answers):
            return form
    return "shell"


def _all_typed(conversation: Conversation, places: Sequence[int]) -> bool:
    """Tell whether lines without a fence are commands: where all such answers look like some."""
    texts = [conversations.without_thoughts(conversation.turns[place].text) for place in places]
    return conversation.typed or all(fenced(one) is not None or looks_typed(one) for one in texts)


def _typed(turn: Turn, form: Form, plain: bool = False) -> _Commands | None:
    """Return what an answer types in *form*; `None` where it has not that form at all.

    With *plain*, lines without a fence are shell code, too.
    """
    text = conversations.without_thoughts(turn.text)
    if form == "json":
        answer = parse_answer(text)
        if not answer.valid_json:
            return None
        said = read_object(text) or {}
        return _Commands(answer.command_units, _commands(said.get("commands")), answer, said)
    if form == "calls":
        calls = turn.tool_calls or calls_in(text)
        typing = [call for call in calls if keystrokes(call) is not None]
        if not calls:
            return None
        return _Commands(tuple(called(calls)), tuple(map(_command, _keys(typing))))
    if fenced(text) is None and not plain:
        return None
    units = tuple(shell_units(text))
    return _Commands(units, tuple(Command(keystrokes=f"{unit}\n") for unit in units))


def _reason(
    conversation: Conversation, place: int, places: Sequence[int], typed: _Commands | None
) -> str | None:
    turns = conversation.turns
    if place == 0 or turns[place - 1].role not in ("user", "tool"):
        return "no-question"
    bad = conversation.label is False and place == places[-1]
    if bad or place in conversation.untrained:
        return "unwanted"
    if typed is None:
        called = turns[place].tool_calls or calls_in(turns[place].text)
        return "no-commands" if called else "unread"
    return None if typed.units else "no-commands"


def _unfit(conversation: Conversation, tools: set[str]) -> str:
    """Return what a conversation without a command is, and add to *tools* what it calls."""
    if not conversation.turns:
        return "no-turns"
    names = {
        call.name
        for turn in conversation.turns
        if turn.role == "assistant"
        for call in turn.tool_calls or calls_in(turn.text)
    }
    tools |= names
    return "other-tools" if names else "words"


def _keys(calls: Iterable[Call]) -> Iterable[str]:
    for call in calls:
        yield from keystrokes(call) or ()


def _command(keys: str) -> Command:
    return Command(keystrokes=keys if keys.endswith("\n") or not keys else f"{keys}\n")


def _raw(turn: Turn) -> str:
    """Return an answer in full; calls that were recorded apart from it stand below it."""
    return "\n".join(filter(None, [turn.text, printed(turn.tool_calls)]))


def _bytes(conversation: Conversation) -> int:
    """Return about how many bytes the rows of a conversation come to, before they are made."""
    before = total = 0
    for turn in conversation.turns:
        if turn.role == "assistant":
            total += before + 1000
        before += len(msgspec.json.encode(turn))
    return total


def _thoughtless(turn: Turn) -> Turn:
    if turn.role != "assistant":
        return turn
    content: str | tuple[dict[str, object], ...] = turn.content
    if isinstance(content, str):
        content = conversations.without_thoughts(content)
    return replace(turn, content=content, reasoning_content=None)


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
