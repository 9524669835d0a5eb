"""Calls of Gemma: `call:weather{city:<|"|>Seoul<|"|>,days:3}`, all texts between marks."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from .reading import (
    MOST_DEPTH,
    Call,
    Family,
    Reading,
    Schemas,
    Unwritable,
    expect,
    fail,
    json_at,
    past_blanks,
    reading,
    to_json,
)

_NAME = re.compile(r"[\w.$-]{1,200}")
_SCALAR = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null")


class _Marks(Struct, frozen=True):
    start: str
    end: str
    text: tuple[str, str]


GEMMA4 = _Marks("<|tool_call>", "<tool_call|>", ('<|"|>', '<|"|>'))
FUNCTION = _Marks("<start_function_call>", "<end_function_call>", ("<escape>", "<escape>"))


def _name(text: str, at: int) -> tuple[str, int]:
    found = _NAME.match(text, past_blanks(text, at))
    if found is None:
        fail("expected a name", at)
    return found[0], found.end()


def _value(marks: _Marks, text: str, at: int, depth: int) -> tuple[Any, int]:
    at = past_blanks(text, at)
    opening, closing = marks.text
    if text.startswith(opening, at):
        end = text.find(closing, at + len(opening))
        if end < 0:
            fail("a text without end", at)
        return text[at + len(opening) : end], end + len(closing)
    if text[at : at + 1] in ("[", "{"):
        if depth >= MOST_DEPTH:
            fail(f"values nested more than {MOST_DEPTH} deep", at)
        return (_list if text[at] == "[" else _object)(marks, text, at + 1, depth + 1)
    found = _SCALAR.match(text, at)
    if found is None:
        fail("expected a text between its marks, a number, list, object, true, false or null", at)
    value, end = json_at(found[0], 0)
    if end < len(found[0]):
        fail("no number", at)
    return value, found.end()


def _more(text: str, at: int, closing: str) -> tuple[bool, int]:
    at = past_blanks(text, at)
    if text.startswith(closing, at):
        return False, at + 1
    return True, expect(text, at, ",")


def _list(marks: _Marks, text: str, at: int, depth: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    if text.startswith("]", past_blanks(text, at)):
        return values, past_blanks(text, at) + 1
    more = True
    while more:
        value, at = _value(marks, text, at, depth)
        values.append(value)
        more, at = _more(text, at, "]")
    return values, at


def _object(marks: _Marks, text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    if text.startswith("}", past_blanks(text, at)):
        return values, past_blanks(text, at) + 1
    more = True
    while more:
        key, at = _name(text, at)
        value, at = _value(marks, text, expect(text, at, ":"), depth)
        if key in values:
            fail(f"{key} stands twice", at)
        values[key] = value
        more, at = _more(text, at, "}")
    return values, at


def _parts(marks: _Marks, text: str) -> tuple[list[Call], str]:
    calls: list[Call] = []
    words, at = [], 0
    while (start := text.find(marks.start, at)) >= 0:
        words.append(text[at:start])
        name, at = _name(text, expect(text, start + len(marks.start), "call:"))
        values, at = _object(marks, text, expect(text, at, "{"), 1)
        calls.append(Call(name, values))
        at = expect(text, at, marks.end)
    words.append(text[at:])
    return calls, "".join(words)


def _read(marks: _Marks, text: str, schemas: Schemas) -> Reading:
    return reading(lambda: _parts(marks, text))


def _printed(marks: _Marks, value: Any) -> str:
    opening, closing = marks.text
    if isinstance(value, str):
        if (value + closing).find(closing) < len(value):
            raise Unwritable(f"a text that would end before its {closing}")
        return f"{opening}{value}{closing}"
    if isinstance(value, list):
        return f"[{','.join(_printed(marks, one) for one in value)}]"
    if isinstance(value, dict):
        return _members(marks, value)
    return to_json(value)


def _members(marks: _Marks, values: dict[str, Any]) -> str:
    if bad := [key for key in values if not _NAME.fullmatch(key)]:
        raise Unwritable(f"{bad[0]!r} is no name")
    return f"{{{','.join(f'{key}:{_printed(marks, one)}' for key, one in values.items())}}}"


def _write(marks: _Marks, calls: Sequence[Call]) -> str:
    said = []
    for call in calls:
        if not _NAME.fullmatch(call.name):
            raise Unwritable(f"{call.name!r} is no name")
        said.append(f"{marks.start}call:{call.name}{_members(marks, call.arguments)}{marks.end}")
    return "".join(said)


def _family(name: str, marks: _Marks) -> Family:
    return Family(
        name=name,
        marks=(marks.start,),
        templates=(marks.start,),
        begins=re.escape(marks.start) + "call:",
        read=partial(_read, marks),
        write=partial(_write, marks),
    )


GEMMA = _family("gemma", GEMMA4)
FUNCTION_GEMMA = _family("function-gemma", FUNCTION)
