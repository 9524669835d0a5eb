"""What all readers of tool calls share: a call, what came of an answer, and strict JSON."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from msgspec import Struct

MOST_CALLS = 200
"""In one answer."""
MOST_DEPTH = 100
"""Lists and objects around a value."""

Schemas = Mapping[str, Mapping[str, Any]]
"""The JSON schema of each tool's parameters, by the tool's name."""


class Call(Struct, frozen=True):
    """A tool's name with the arguments that it is given."""

    name: str
    arguments: dict[str, Any]


class Reading(Struct, frozen=True):
    """What an answer holds: its calls in order, and the words around them.

    *broken* says why the answer calls something and cannot be read; then it has no calls.
    """

    calls: tuple[Call, ...] = ()
    words: str = ""
    broken: str | None = None


class Broken(ValueError):
    """What begins as a call is none; the text says what was expected and where."""


class Unwritable(ValueError):
    """A call that the family has no way to write."""


class Family(Struct, frozen=True, kw_only=True):
    """How a family of models writes calls."""

    name: str
    marks: tuple[str, ...] = ()
    """Texts that begin a call, any of them."""
    templates: tuple[str, ...] = ()
    """Texts of which a template of such a model holds one."""
    begins: str
    """A regular expression for how a call begins, as far as no other family writes it so."""
    read: Callable[[str, Schemas], Reading]
    """Read an answer without its thoughts. In linear time, and never raises."""
    write: Callable[[Sequence[Call]], str]
    """Write calls as the family's template does. Raises Unwritable."""


def fail(what: str, at: int) -> NoReturn:
    """Raise Broken: *what* is wrong at the letter *at*."""
    raise Broken(f"{what} at letter {at + 1}")


def reading(parts: Callable[[], tuple[list[Call], str]]) -> Reading:
    """Return what *parts* reads, calls and words; where it raises Broken, the reason."""
    try:
        calls, words = parts()
    except Broken as error:
        return Reading(broken=str(error))
    if len(calls) > MOST_CALLS:
        return Reading(broken=f"more than {MOST_CALLS} calls")
    return Reading(calls=tuple(calls), words=words.strip())


BLANKS = re.compile(r"[ \t\n\r]*")


def past_blanks(text: str, at: int) -> int:
    """Return the place of the first letter from *at* that is no blank of JSON."""
    found = BLANKS.match(text, at)
    return found.end() if found else at


def expect(text: str, at: int, sign: str) -> int:
    """Return the place behind *sign*, which stands at *at* but for blanks. Raises Broken."""
    at = past_blanks(text, at)
    if not text.startswith(sign, at):
        fail(f"expected {sign}", at)
    return at + len(sign)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise Broken("a name stands twice in one object")
    return read


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Broken("a number too large")
    return number


def _no_number(text: str) -> NoReturn:
    raise Broken(f"{text} is no JSON")


_JSON = json.JSONDecoder(object_pairs_hook=_members, parse_float=_finite, parse_constant=_no_number)
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_at(text: str, at: int) -> tuple[Any, int]:
    """Return the JSON value at *at* and the place behind it; each name stands once in an object.

    Raises Broken, also for numbers out of range, halves of characters and nests too deep.
    """
    at = past_blanks(text, at)
    try:
        value, end = _JSON.raw_decode(text, at)
    except json.JSONDecodeError as error:
        fail(f"no JSON ({error.msg})", error.pos)
    except Broken:
        raise
    except (RecursionError, ValueError):
        fail("no JSON that can be held", at)
    _check(value)
    return value, end


def _check(value: Any) -> None:
    """Refuse values nested too deep and texts with half a character. Raises Broken."""
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str) and _SURROGATE.search(one):
                raise Broken("half a character in a text")
            if isinstance(one, dict):
                below += [*one, *one.values()]
            elif isinstance(one, list):
                below += one
        if not below:
            return
        level = below
    raise Broken(f"values nested more than {MOST_DEPTH} deep")


def call_from(value: Any, *, arguments: str = "arguments") -> Call:
    """Return the call that the object *value* names, its arguments an object. Raises Broken."""
    if not isinstance(value, dict):
        raise Broken("a call is no object")
    name, given = value.get("name"), value.get(arguments)
    if not isinstance(name, str) or not name:
        raise Broken("a call has no name")
    if not isinstance(given, dict):
        raise Broken(f"{arguments} of {name} are no object")
    return Call(name, given)


def to_json(value: Any) -> str:
    """Return *value* as JSON as templates print it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
