"""What a model's answer says: the commands to type, task completion, and how well formed it is."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ....engine import well_formed
from ...conversations import without_thoughts
from .units import WAIT

MAX_DEPTH = 100
"""Brackets within brackets that a JSON text may have; Python's own limit moves with the caller."""

MAX_DIGITS = 4300
"""Digits that an integer may have; Python's default."""

_FENCE_START = re.compile(r"```(?:json)?\s*+\{")
_FENCE_END = re.compile(r"\}\s*+```")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"?', re.DOTALL)
_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS}}}")
_KEYSTROKES = re.compile(r'"keystrokes"\s*+:\s*+"([^"\\]*+(?:\\.[^"\\]*+)*)"')
_ESCAPE = re.compile(r"\\([0-7]{1,3}|.)")


class Answer(Struct, frozen=True, kw_only=True):
    """What could be read from one answer."""

    command_units: tuple[str, ...] = ()
    """One unit a typed line, without the blanks around it; not yet normalised."""
    task_complete: bool | None = None
    """`None` when the answer does not say, or says something else than true or false."""
    valid_json: bool = False
    has_analysis: bool = False
    has_plan: bool = False


def read_answer(text: str) -> Answer:
    """Read an answer as `token-f1/2` does: what is thought in it is no part of it.

    One that is nothing but the object that was asked for has no thoughts, whatever its texts say.
    """
    plain = plain_answer(text)
    return parse_answer(without_thoughts(text)) if plain is None else plain


def parse_answer(text: str) -> Answer:
    """Read an answer as `token-f1/1` does: the JSON object that stands in it, thoughts or not.

    Without one, rescue the keystrokes that stand in the text. So an answer that is not valid JSON
    can still have commands. No text makes it fail.
    """
    if (plain := plain_answer(text)) is not None:
        return plain
    text = well_formed(text)
    payload = read_object(text)
    if payload is None:
        return Answer(command_units=tuple(_rescued_units(text)))
    commands = payload.get("commands")
    units = tuple(_units(commands)) if isinstance(commands, list) else ()
    complete = payload.get("task_complete")
    return Answer(
        command_units=units or tuple(_rescued_units(text)),
        task_complete=complete if isinstance(complete, bool) else None,
        valid_json=True,
        has_analysis=bool(payload.get("analysis")),
        has_plan=bool(payload.get("plan")),
    )


class _Command(Struct):
    keystrokes: str


class _Plain(Struct):
    commands: list[_Command]
    task_complete: bool | None = None
    analysis: Any = None
    plan: Any = None


_PLAIN = msgspec.json.Decoder(_Plain)


def plain_answer(text: str) -> Answer | None:
    """Read an answer that is nothing but the object that was asked for; `None` for any other.

    It says the same as the long way and takes a fifth of its time.
    """
    if text[:1] != "{" or text[-1:] != "}" or "```" in text:
        return None
    if text.count("{") + text.count("[") > MAX_DEPTH:
        return None
    if len(text) > MAX_DIGITS and _LONG_NUMBER.search(text):
        return None
    try:
        read = _PLAIN.decode(text)
    except (ValueError, RecursionError):  # msgspec's errors are of this kind too
        return None
    return _said(read)


def _said(read: _Plain) -> Answer | None:
    """Return what an object says; `None` where it has no command."""
    units: list[str] = []
    for command in read.commands:
        units += lines(command.keystrokes) or (WAIT,)
    if not units:
        return None
    return Answer(
        command_units=tuple(units),
        task_complete=read.task_complete,
        valid_json=True,
        has_analysis=bool(read.analysis),
        has_plan=bool(read.plan),
    )


def plain_answers(texts: Sequence[str | None]) -> list[Answer | None]:
    """Read each of *texts* as `plain_answer` does, those that are such objects all at once.

    Objects on lines of their own cannot run into each other: after the brace that ends a text no
    JSON goes on with the one that begins the next, and no JSON string holds the end of a line. So
    there are as many objects as texts only where each text is one.
    """
    places = [
        place
        for place, text in enumerate(texts)
        if text
        and text[0] == "{"
        and text[-1] == "}"
        and len(text) <= MAX_DIGITS
        and text.count("{") + text.count("[") <= MAX_DEPTH
    ]
    joined = "\n".join([texts[place] or "" for place in places])
    try:
        objects = _PLAIN.decode_lines(joined) if "```" not in joined else []
    except (ValueError, RecursionError):
        objects = []
    if len(objects) != len(places):
        return [None if text is None else plain_answer(text) for text in texts]
    found: list[Answer | None] = [None] * len(texts)
    if len(places) < len(texts):
        for place, text in enumerate(texts):
            if text is not None and len(text) > MAX_DIGITS:
                found[place] = plain_answer(text)
    for place, told in zip(places, objects, strict=True):
        found[place] = _said(told)
    return found


class Keystrokes(Struct, frozen=True, kw_only=True):
    """What an answer types, as a terminal is given it."""

    lines: tuple[str, ...]
    """With their blanks, without line ends."""
    complete: bool
    """Whether it calls the task complete."""
    valid: bool
    """Whether it is the object that was asked for."""


def keystrokes(text: str) -> Keystrokes:
    """Read what an answer types, thoughts left out; units of one that is no JSON are rescued."""
    read = read_answer(text)
    told = read_object(text if plain_answer(text) else without_thoughts(text)) or {}
    commands = told.get("commands")
    typed = [one.get("keystrokes") for one in commands if isinstance(one, dict)] if isinstance(
        commands, list
    ) else []  # fmt: skip
    lines = [line for one in typed if isinstance(one, str) for line in typed_lines(one)]
    return Keystrokes(
        lines=tuple(lines or (unit for unit in read.command_units if unit != WAIT)),
        complete=read.task_complete is True,
        valid=read.valid_json,
    )


def typed_lines(text: str) -> tuple[str, ...]:
    """Split what is typed at its line ends, up to the last line that is not blank."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return tuple(lines)


def read_object(text: str) -> dict[str, object] | None:
    """Return the JSON object in an answer, or `None` where there is none that can be read."""
    try:
        payload = decode_json(_object_text(well_formed(text)))
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def decode_json(text: str) -> object:
    """Decode *text* as Python's `json` does, and alike on every machine and from any caller.

    Raises `ValueError` when it is not JSON, is nested deeper than `MAX_DEPTH`, or holds an integer
    of more than `MAX_DIGITS` digits.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    return _JSON.decode(text)


def _object_text(text: str) -> str:
    """Return the fenced object, up to the last brace before a fence; else first to last brace."""
    if "```" in text:
        start = _FENCE_START.search(text)
        end = max((match.start() for match in _FENCE_END.finditer(text)), default=-1)
        if start and end >= start.end():
            return text[start.end() - 1 : end + 1]
    first, last = text.find("{"), text.rfind("}")
    return text[first : last + 1] if 0 <= first < last else text.strip()


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"an integer of more than {MAX_DIGITS} digits")
    return int(digits)


_JSON = json.JSONDecoder(parse_int=_integer)


def lines(keystrokes: str) -> list[str]:
    """Split what is typed at its line ends; blank lines are nothing."""
    typed = keystrokes.strip()
    if typed and typed.isprintable():
        return [typed]
    lines = keystrokes.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line.strip() for line in lines if line.strip()]


def _units(commands: list[object]) -> Iterator[str]:
    """Yield the units of a list of commands; a command that types nothing waits."""
    for command in commands:
        if isinstance(command, dict):
            yield from lines(well_formed(str(command.get("keystrokes", "")))) or (WAIT,)


def _rescued_units(text: str) -> Iterator[str]:
    """Yield the units of every `"keystrokes": "..."` that stands anywhere in *text*."""
    for match in _KEYSTROKES.finditer(text):
        yield from lines(_unescaped(match[1]))


def _unescaped(literal: str) -> str:
    """Undo the escapes of a rescued string, one byte a character as the published scores did.

    Beyond ASCII this garbles; to repair it would make new scores incomparable with those.
    """
    if literal.isascii() and literal.count("\\") == literal.count("\\n"):
        return literal.replace("\\n", "\n")  # no other escape stands in it
    try:
        return well_formed(_ESCAPE.sub(_known_escape, literal).encode().decode("unicode_escape"))
    except UnicodeDecodeError:
        return literal


def _known_escape(match: re.Match[str]) -> str:
    """Write an escape so that Python takes it without a warning and with the same meaning."""
    code = match[1]
    if code[0] in "01234567":
        return f"\\u{int(code, 8):04x}"
    return match[0] if code in "\\'\"abfnrtvxuUN" else "\\" + match[0]
