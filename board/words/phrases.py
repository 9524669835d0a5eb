"""A message of a catalogue, taken apart once: plain words, values, and parts that may fall away."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from .particles import with_particle

_TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{(\w+)(?::([^{}]*))?\}|[{}\[\]]")


class Slot(NamedTuple):
    """The place of a value; *spec* is a format, or a pair of Korean particles."""

    name: str
    spec: str


Part = str | Slot | tuple["Part", ...]
"""Words, a value, or a part in square brackets."""


@lru_cache(maxsize=4096)
def parse(message: str) -> tuple[Part, ...]:
    """Take *message* apart; raise `ValueError` where a brace or bracket has no partner.

    `{name}` is a value, `{name:.2f}` a formatted one, `{name:은/는}` one with its Korean particle.
    A part in square brackets falls away where one of its values is unknown. Doubled signs stand
    for themselves.
    """
    stack: list[list[Part]] = [[]]
    end = 0
    for token in _TOKEN.finditer(message):
        stack[-1].append(message[end : token.start()])
        end = token.end()
        sign = token[0]
        if token[1]:
            stack[-1].append(Slot(token[1], token[2] or ""))
        elif sign == "[":
            stack.append([])
        elif sign == "]" and len(stack) == 2:
            stack[0].append(tuple(_joined(stack.pop())))
        elif len(sign) == 2:
            stack[-1].append(sign[0])
        else:
            raise ValueError(f"{sign!r} has no partner in {message!r}")
    if len(stack) != 1:
        raise ValueError(f"'[' has no partner in {message!r}")
    stack[0].append(message[end:])
    return tuple(_joined(stack[0]))


def _joined(parts: list[Part]) -> Iterator[Part]:
    words = ""
    for part in parts:
        if isinstance(part, str):
            words += part
            continue
        if words:
            yield words
        words = ""
        yield part
    if words:
        yield words


def fill(message: str, values: Mapping[str, object]) -> str:
    """Return *message* with *values* in their places; more values than needed do no harm.

    Raises `KeyError` with the name of a value that is needed and unknown.
    """
    return "".join([part if type(part) is str else _said(part, values) for part in parse(message)])


def slots(message: str) -> frozenset[str]:
    """Return the names of all values that *message* speaks of."""
    return frozenset(_names(parse(message)))


def _names(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Slot):
            yield part.name
        elif not isinstance(part, str):
            yield from _names(part)


def _said(part: Part, values: Mapping[str, object]) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Slot):
        known = all(values.get(name) not in (None, "") for name in _names(part))
        return "".join([_said(inner, values) for inner in part]) if known else ""
    value = values.get(part.name)
    if value is None:
        raise KeyError(part.name)
    if not part.spec:
        return _plain(value)
    if "/" in part.spec:
        return with_particle(_plain(value), part.spec)
    return format(value, part.spec)


def _plain(value: object) -> str:
    """Return *value* as every language writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
