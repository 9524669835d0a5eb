"""Conversations with the changes that some chat templates demand, or as one flat text."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, get_args

from msgspec import json
from msgspec.structs import replace

from ..engine import Message

Rule = Literal["fold-system", "merge-turns", "strip-thoughts"]
RULES: tuple[Rule, ...] = get_args(Rule)
"""Changes to conversations, in the order in which they are made."""

_GAP = "\n\n"
_THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel>thought", "<channel|>"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
)
_SIGNS = ("<", "THINK]")
"""Each of these marks holds one of them."""
"""How thoughts begin and end in what models say."""


def apply(rules: Iterable[Rule], turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return *turns* changed by *rules*, always in the order of `RULES`.

    `fold-system` puts a leading system turn in front of the first user turn, `merge-turns` joins
    neighbours of the same role, `strip-thoughts` takes thoughts out of the assistant's turns.
    """
    chosen = set(rules)
    if "fold-system" in chosen:
        turns = _folded(turns)
    if "merge-turns" in chosen:
        turns = _merged(turns)
    if "strip-thoughts" in chosen:
        turns = tuple(_thoughtless(turn) for turn in turns)
    return turns


def without_thoughts(text: str) -> str:
    """Return what an answer says, without what was thought before and within it.

    A generation prompt may hold the opening mark, so that an answer begins inside the thought. A
    thought that is never closed goes to the end of the text.
    """
    if not any(sign in text for sign in _SIGNS):
        return text
    for opening, closing in _THOUGHTS:
        end, start = text.find(closing), text.find(opening)
        if end >= 0 and not 0 <= start < end:
            text = text[end + len(closing) :].lstrip()
            start = text.find(opening)
        if start >= 0:
            text = "".join(_outside(text, opening, closing))
    return text


def _outside(text: str, opening: str, closing: str) -> Iterator[str]:
    place = 0
    while (start := text.find(opening, place)) >= 0:
        yield text[place:start]
        end = text.find(closing, start)
        if end < 0:
            return
        place = end + len(closing)
        while place < len(text) and text[place].isspace():
            place += 1
    yield text[place:]


def flat(turns: Iterable[Message]) -> str:
    """Return *turns* as one text of `ROLE:` blocks, for models that have no template at all."""
    blocks = [f"{turn.role.upper()}:\n{_said(turn)}" for turn in turns]
    return _GAP.join([*blocks, "ASSISTANT:\n"])


def _said(turn: Message) -> str:
    calls = [
        json.encode(call["function"]).decode("utf-8") for call in turn.beside.get("tool_calls", ())
    ]
    return "\n".join(filter(None, [turn.content, *calls]))


def _folded(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    if not turns or turns[0].role != "system":
        return turns
    system, rest = turns[0], turns[1:]
    if rest and rest[0].role == "user":
        first = replace(rest[0], content=system.content + _GAP + rest[0].content)
        if first.parts:
            given = {"type": "text", "text": system.content + _GAP}
            first = replace(first, beside={**first.beside, "content": [given, *first.parts]})
        return (first, *rest[1:])
    return (replace(system, role="user"), *rest)


def _merged(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(_joined(turns))


def _joined(turns: tuple[Message, ...]) -> Iterator[Message]:
    """Yield *turns*, neighbours that are nothing but texts of one role as one."""
    for (role, plain), group in groupby(turns, key=lambda turn: (turn.role, not turn.beside)):
        if plain:
            yield Message(role=role, content=_GAP.join(turn.content for turn in group))
        else:
            yield from group


def _thoughtless(turn: Message) -> Message:
    if turn.role != "assistant":
        return turn
    content = without_thoughts(turn.content)
    beside = {key: value for key, value in turn.beside.items() if key != "reasoning_content"}
    return Message(turn.role, content, beside)
