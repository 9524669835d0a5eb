"""The shapes of conversations: the table that tells them apart, and the way from file to turns."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from ...errors import UsageError
from . import agents, casts, chats, pairs
from .conversation import MOST_DEPTH, Conversation, Unreadable
from .files import Document, Fault, documents, sha256_of

Value = Mapping[str, Any]


class Shape(Struct, frozen=True, kw_only=True):
    """A way in which conversations are written."""

    name: str
    keys: str
    """By which keys it is told, in words."""
    fits: Callable[[Value], bool]
    read: Callable[[Value], Conversation]
    rest: bool = False
    """Whether it is only meant where nothing else fits: other shapes have such keys besides."""


def _first(value: Value, key: str) -> Value:
    """Return the first member of the list under *key*, an empty object where there is none."""
    members = value.get(key)
    first = members[0] if isinstance(members, list) and members else None
    return first if isinstance(first, dict) else {}


def _sharegpt(value: Value) -> bool:
    return any("from" in _first(value, key) for key in ("conversations", "conversation"))


def _preference(value: Value) -> bool:
    return {"chosen", "rejected"} <= value.keys() or (
        {"preferred_output", "non_preferred_output"} <= value.keys()
    )


SHAPES: tuple[Shape, ...] = (
    Shape(
        name="messages",
        keys="messages, a list of turns with role",
        fits=lambda value: (
            isinstance(value.get("messages"), list) and "trajectory_format" not in value
        ),
        read=chats.messages,
    ),
    Shape(
        name="mini-swe-agent",
        keys="messages and trajectory_format",
        fits=lambda value: isinstance(value.get("messages"), list) and "trajectory_format" in value,
        read=agents.mini_swe_agent,
    ),
    Shape(
        name="atif",
        keys="schema_version ATIF-v1.x and steps",
        fits=agents.is_atif,
        read=agents.atif,
    ),
    Shape(
        name="swe-agent",
        keys="trajectory with history or info",
        fits=agents.is_swe_agent,
        read=agents.swe_agent,
    ),
    Shape(
        name="asciinema",
        keys="version 1 with stdout, or a header of version 2 or 3 and events",
        fits=casts.is_cast,
        read=casts.cast,
    ),
    Shape(
        name="terminus",
        keys="conversations, a list of turns with role",
        fits=lambda value: "role" in _first(value, "conversations"),
        read=chats.terminus,
    ),
    Shape(
        name="sharegpt",
        keys="conversations, a list of turns with from and value",
        fits=_sharegpt,
        read=chats.sharegpt,
    ),
    Shape(
        name="preference",
        keys="chosen and rejected",
        fits=_preference,
        read=pairs.preference,
    ),
    Shape(
        name="prompt-completion",
        keys="prompt and completion (or response, or answer)",
        fits=lambda value: "prompt" in value and any(key in value for key in pairs.ANSWERS),
        read=pairs.completion,
    ),
    Shape(
        name="alpaca",
        keys="instruction and output",
        fits=lambda value: {"instruction", "output"} <= value.keys(),
        read=pairs.alpaca,
    ),
    Shape(
        name="text",
        keys="text, and nothing else that is known",
        fits=lambda value: isinstance(value.get("text"), str),
        read=pairs.plain,
        rest=True,
    ),
)
"""All shapes. Each is told by its keys alone; no name of a file is ever looked at."""

NAMES = tuple(shape.name for shape in SHAPES)
KNOWN = "; ".join(f"{shape.name} ({shape.keys})" for shape in SHAPES)


class Read(Struct, frozen=True, kw_only=True):
    """A conversation with where it came from."""

    conversation: Conversation
    place: str
    sha256: str
    """Of the whole file."""


def read(
    path: Path, *, shape: str | None = None, name: str | None = None
) -> Iterator[Read | Fault]:
    """Yield the conversations in the file at *path*, and what of it cannot be read, in order.

    Every document is told by its own shape, so that a file may hold several; *shape* names the one
    that is meant where two fit. Raises UsageError where the file cannot be read at all.
    """
    chosen = shape_named(shape) if shape else None
    sha256 = sha256_of(path)
    for one in documents(path, name):
        if isinstance(one, Fault):
            yield one
            continue
        try:
            found = conversation(one, chosen)
        except Unreadable as error:
            yield Fault(place=one.place, what=str(error), remedy=error.remedy)
        except RecursionError:
            yield Fault(place=one.place, what="nested too deeply")
        else:
            yield Read(conversation=found, place=one.place, sha256=sha256)


def shape_named(name: str) -> Shape:
    """Return the shape called *name*. Raises UsageError where there is none."""
    for shape in SHAPES:
        if shape.name == name:
            return shape
    raise UsageError(
        f"there is no shape called {name:.40}", key="--shape", remedy=f"Known: {', '.join(NAMES)}."
    )


def conversation(document: Document, shape: Shape | None = None) -> Conversation:
    """Return the conversation that a document holds. Raises Unreadable, with the reason."""
    value = document.value
    if _depth(value) > MOST_DEPTH:
        raise Unreadable("nested too deeply")
    if isinstance(value, list):
        return chats.bare(value)
    if not isinstance(value, dict):
        raise Unreadable("is no JSON object", remedy="Each conversation is an object of its own.")
    if shape is not None:
        return _by(shape, value)
    fitting = [one for one in SHAPES if one.fits(value)]
    fitting = [one for one in fitting if not one.rest] or fitting
    if not fitting:
        raise Unreadable(_unknown(value), remedy=f"Shapes that are known: {KNOWN}.")
    if len(fitting) == 1:
        return _by(fitting[0], value)
    return _agreed([(one, _by(one, value)) for one in fitting])


def _by(shape: Shape, value: Value) -> Conversation:
    try:
        return shape.read(value)
    except KeyError as error:
        raise Unreadable(f"is not {shape.name}: told by {shape.keys}", key=str(error)) from None


def _agreed(read: list[tuple[Shape, Conversation]]) -> Conversation:
    """Return what several shapes make of an object, if it is the same."""
    (shape, first), *others = read
    if all(one.turns == first.turns and one.tools == first.tools for _, one in others):
        # A pair says more than the better half of it.
        return next((one for _, one in read if one.rejected), first)
    fits = "; ".join(f"{one.name} ({one.keys})" for one, _ in read)
    raise Unreadable(
        f"two shapes fit, and they say different things: {fits}",
        remedy=f"Say which is meant: --shape {shape.name}.",
    )


def _unknown(value: Value) -> str:
    keys = ", ".join(f"{key:.40}" for key in list(value)[:8]) or "none"
    return f"no shape fits (its keys: {keys})"


def _depth(value: object) -> int:
    """Return how deeply lists and objects lie within each other, up to one more than allowed."""
    depth, level = 0, [value]
    while level and depth <= MOST_DEPTH:
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        depth += 1
    return depth
