"""Calls as a list of Python: `[weather(city="Seoul", days=3)]` (LFM2, LFM2.5, Llama 4).

The grammar is that of transformers' `python-call-list`, letter for letter: keyword arguments only,
no trailing comma, `True` and `true` alike, integers within 2^53. Nothing is evaluated.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

from .reading import (
    MOST_DEPTH,
    Call,
    Family,
    Reading,
    Schemas,
    Unwritable,
    expect,
    fail,
    past_blanks,
    reading,
)

START, END = "<|tool_call_start|>", "<|tool_call_end|>"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[-.][A-Za-z0-9_]+)*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TEXT = re.compile(r"""'((?:[^'\\\n\r]|\\.)*+)'|"((?:[^"\\\n\r]|\\.)*+)\"""", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))",
    re.DOTALL,
)
_HALF = re.compile("[\ud800-\udfff]")
_LETTERS = {"\\": "\\", "'": "'", '"': '"', "/": "/", "b": "\b", "f": "\f"} | {
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_WORDS = {"True": True, "true": True, "False": False, "false": False, "None": None, "null": None}
_LARGEST = 2**53 - 1


def _text(text: str, at: int) -> tuple[str, int]:
    found = _TEXT.match(text, at)
    if found is None:
        fail("a text without end", at)
    body = found[1] if found[1] is not None else found[2]
    if _HALF.search(body):
        fail("half a character", at)

    def letter(escape: re.Match[str]) -> str:
        high, low, code, sign = escape.groups()
        if high is not None:
            return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
        if code is not None and not 0xD800 <= int(code, 16) <= 0xDFFF:
            return chr(int(code, 16))
        if sign not in _LETTERS:
            fail(f"an escape that is none ({escape[0]})", at)
        return _LETTERS[sign]

    return (_ESCAPE.sub(letter, body) if "\\" in body else body), found.end()


def _number(found: re.Match[str]) -> int | float:
    whole = found[1] is None and found[2] is None
    if whole and (len(found[0]) > 17 or abs(int(found[0])) > _LARGEST):
        fail("an integer beyond 2^53", found.start())
    if not whole and math.isinf(float(found[0])):
        fail("a number too large", found.start())
    return int(found[0]) if whole else float(found[0])


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    at = past_blanks(text, at)
    sign = text[at : at + 1]
    if sign in ("'", '"'):
        return _text(text, at)
    if sign in ("[", "{"):
        if depth >= MOST_DEPTH:
            fail(f"values nested more than {MOST_DEPTH} deep", at)
        return (_list if sign == "[" else _dict)(text, at + 1, depth + 1)
    if found := _NUMBER.match(text, at):
        return _number(found), found.end()
    found = _NAME.match(text, at)
    if found is None or found[0] not in _WORDS:
        fail("expected a text, number, list, dict, True, False or None", at)
    return _WORDS[found[0]], found.end()


def _next(text: str, at: int, closing: str) -> tuple[bool, int]:
    """Return whether the row goes on behind *at*, and from where."""
    at = past_blanks(text, at)
    if text.startswith(closing, at):
        return False, at + 1
    return True, expect(text, at, ",")


def _empty(text: str, at: int, closing: str) -> int | None:
    at = past_blanks(text, at)
    return at + 1 if text.startswith(closing, at) else None


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    if (end := _empty(text, at, "]")) is not None:
        return [], end
    values, more = [], True
    while more:
        value, at = _value(text, at, depth)
        values.append(value)
        more, at = _next(text, at, "]")
    return values, at


def _dict(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    if (end := _empty(text, at, "}")) is not None:
        return {}, end
    values: dict[str, Any] = {}
    more = True
    while more:
        at = past_blanks(text, at)
        if text[at : at + 1] not in ("'", '"'):
            fail("a key of a dict is no text", at)
        key, at = _text(text, at)
        value, at = _value(text, expect(text, at, ":"), depth)
        if key in values:
            fail(f"{key} stands twice", at)
        values[key] = value
        more, at = _next(text, at, "}")
    return values, at


def _name(text: str, at: int, what: str) -> tuple[str, int]:
    at = past_blanks(text, at)
    found = _NAME.match(text, at)
    if found is None:
        fail(f"expected {what}", at)
    return found[0], found.end()


def _call(text: str, at: int) -> tuple[Call, int]:
    name, at = _name(text, at, "a function's name")
    at = expect(text, at, "(")
    if (end := _empty(text, at, ")")) is not None:
        return Call(name, {}), end
    values: dict[str, Any] = {}
    more = True
    while more:
        key, at = _name(text, at, "an argument by its name")
        value, at = _value(text, expect(text, at, "="), 0)
        if key in values:
            fail(f"{key} is given twice", at)
        values[key] = value
        more, at = _next(text, at, ")")
    return Call(name, values), at


def calls_at(text: str, at: int) -> tuple[list[Call], int]:
    """Return the calls of the list at *at*, and the place behind it. Raises Broken."""
    at = expect(text, at, "[")
    if (end := _empty(text, at, "]")) is not None:
        return [], end
    calls, more = [], True
    while more:
        call, at = _call(text, at)
        calls.append(call)
        more, at = _next(text, at, "]")
    return calls, at


_BARE = re.compile(rf"\s*\[\s*(?:\]\s*\Z|{_NAME.pattern}\s*\()")


def _marked(text: str) -> tuple[list[Call], str]:
    calls: list[Call] = []
    words, at = [], 0
    while (start := text.find(START, at)) >= 0:
        words.append(text[at:start])
        some, end = calls_at(text, start + len(START))
        calls += some
        at = expect(text, end, END)
    words.append(text[at:])
    return calls, "".join(words)


def _bare(text: str) -> tuple[list[Call], str]:
    """Read a list that is the whole answer: servers may leave the marks out."""
    if not _BARE.match(text):
        return [], text
    calls, end = calls_at(text, 0)
    if past_blanks(text, end) < len(text.rstrip()):
        fail("words behind the list", end)
    return calls, ""


def read(text: str, schemas: Schemas) -> Reading:
    """Read the calls between the marks of LFM2, or a list that is the whole answer."""
    return reading(lambda: (_marked if START in text else _bare)(text))


def _printed(value: Any) -> str:
    match value:
        case None | bool():
            return str(value)
        case str():
            return _quoted(value)
        case int() if abs(value) <= _LARGEST:
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case list():
            return f"[{', '.join(map(_printed, value))}]"
        case dict():
            items = (f"{_quoted(key)}: {_printed(one)}" for key, one in value.items())
            return f"{{{', '.join(items)}}}"
    raise Unwritable(f"{value!r} is no value of this grammar")


_SIGNS = {ord(sign): f"\\{letter}" for letter, sign in _LETTERS.items() if letter not in "'/"}


def _quoted(text: str) -> str:
    if _HALF.search(text):
        raise Unwritable("half a character")
    return f'"{text.translate(_SIGNS)}"'


def listed(calls: Sequence[Call]) -> str:
    """Return *calls* as a list without marks. Raises Unwritable."""
    said = []
    for call in calls:
        if bad := [name for name in (call.name, *call.arguments) if not _NAME.fullmatch(name)]:
            raise Unwritable(f"{bad[0]!r} is no name")
        given = ", ".join(f"{key}={_printed(one)}" for key, one in call.arguments.items())
        said.append(f"{call.name}({given})")
    return f"[{', '.join(said)}]"


def write(calls: Sequence[Call]) -> str:
    """Return *calls* as LFM2 writes them; nothing for none. Raises Unwritable."""
    return f"{START}{listed(calls)}{END}" if calls else ""


PYTHONIC = Family(
    name="pythonic",
    marks=(START,),
    begins=re.escape(START) + r"\s*\[",
    templates=(START, "<|tool_list_start|>", "<|python_start|>"),
    read=read,
    write=write,
)
