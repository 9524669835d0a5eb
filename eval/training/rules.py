"""A conversation in the form that it is trained in: turns folded, merged, weighed and split."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..engine import Message
from ..sandbox.environment import THOUGHTS
from ..suites.conversations import RULES, Rule, apply
from .rows import WEIGHTS

Content = str | list[dict[str, Any]]
_GAP = "\n\n"
_JOINED = ("system", "user", "assistant")
"""Whose neighbours can be one turn; each result of a tool answers a call of its own."""


class Turn(Struct, frozen=True, kw_only=True):
    """One turn of a conversation."""

    message: Mapping[str, Any]
    place: int
    """That of the first turn which it was made of, in the file."""
    learnt: bool
    """Whether it is an answer that is trained."""


def turns_of(
    messages: Sequence[Mapping[str, Any]], untrained: Container[int] = ()
) -> tuple[Turn, ...]:
    """Return *messages* without the keys that only say what is trained.

    Those at the places *untrained* are not. Raises ValueError for a weight that is neither 0 nor 1.
    """
    turns = (_turn(place, message) for place, message in enumerate(messages))
    return tuple(replace(one, learnt=False) if one.place in untrained else one for one in turns)


def _turn(place: int, message: Mapping[str, Any]) -> Turn:
    said = [(name, message[name]) for name in WEIGHTS if message.get(name) is not None]
    for name, value in said:
        if value not in (0, 1) or isinstance(value, str):
            raise ValueError(f"{name} of a turn is {value!r}, and only 0 and 1 can be honoured")
    return Turn(
        message={name: value for name, value in message.items() if name not in WEIGHTS},
        place=place,
        learnt=message["role"] == "assistant" and all(value for _, value in said),
    )


def canonical(rules: Iterable[Rule], turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Return *turns* changed by *rules*, as `eval.suites.conversations` changes those of prompts.

    Here turns may hold calls, parts and thoughts, too. Raises ValueError where a turn that is
    trained would have to be joined with one that is not.
    """
    chosen = set(rules)
    if "fold-system" in chosen:
        turns = _folded(turns)
    if "merge-turns" in chosen:
        turns = tuple(_merged(turns))
    if "strip-thoughts" in chosen:
        turns = tuple(_thoughtless(turn) for turn in turns)
    return turns


def ordered(rules: Iterable[str]) -> tuple[Rule, ...]:
    """Return *rules*, each once, in the order in which they are applied."""
    chosen = set(rules)
    return tuple(rule for rule in RULES if rule in chosen)


def split(turns: tuple[Turn, ...]) -> Iterator[tuple[Turn, ...]]:
    """Yield for each answer that is trained the conversation up to it, all before it untrained."""
    for end, turn in enumerate(turns):
        if turn.learnt:
            yield (*(replace(one, learnt=False) for one in turns[:end]), turn)


def messages(turns: Iterable[Turn]) -> tuple[Mapping[str, Any], ...]:
    """Return the messages of *turns*, as templates take them."""
    return tuple(turn.message for turn in turns)


def _folded(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    if not turns or turns[0].message["role"] != "system":
        return turns
    system, rest = turns[0], turns[1:]
    if rest and rest[0].message["role"] == "user":
        content = _joined(system.message.get("content"), rest[0].message.get("content"))
        first = replace(rest[0], message={**rest[0].message, "content": content}, place=0)
        return (first, *rest[1:])
    return (replace(system, message={**system.message, "role": "user"}), *rest)


def _merged(turns: tuple[Turn, ...]) -> Iterator[Turn]:
    for (_, joined), group in groupby(turns, key=_kind):
        same = list(group)
        if not joined:
            yield from same
            continue
        first = same[0]
        for turn in same[1:]:
            if turn.learnt != first.learnt:
                raise ValueError(
                    "merge-turns would join an answer that is trained with one that is not"
                )
            content = _joined(first.message.get("content"), turn.message.get("content"))
            first = replace(first, message={**first.message, "content": content})
        yield first


def _kind(turn: Turn) -> tuple[str, bool]:
    """Return by what neighbours are one turn: its role, and whether it can be joined at all."""
    message = turn.message
    plain = not message.get("tool_calls") and not any(message.get(name) for name in THOUGHTS)
    return message["role"], plain and message["role"] in _JOINED


def _joined(first: Any, second: Any) -> Content:
    """Return two contents as one: texts with an empty line between, or the parts of both."""
    if isinstance(first, str | None) and isinstance(second, str | None):
        return _GAP.join(text for text in (first, second) if text is not None)
    return [*_parts(first, before=True), *_parts(second, before=False)]


def _parts(content: Any, *, before: bool) -> list[dict[str, Any]]:
    if isinstance(content, str | None):
        return [{"type": "text", "text": content + _GAP * before}] if content else []
    return list(content)


def _thoughtless(turn: Turn) -> Turn:
    if turn.message["role"] != "assistant":
        return turn
    message = {name: value for name, value in turn.message.items() if name not in THOUGHTS}
    content = message.get("content")
    if isinstance(content, str):
        [told] = apply(("strip-thoughts",), (Message(role="assistant", content=content),))
        message["content"] = told.content
    return replace(turn, message=message)
