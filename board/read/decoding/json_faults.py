"""Where JSON text goes wrong: a walk that names the key of the first trouble, however deep."""

import json
import math
import re
from typing import NamedTuple

from ...words.findings import Value

MAX_DEPTH = 200
"""Objects and lists inside one another; a result needs six."""

MAX_DIGITS = 400
"""Digits of one number; the largest double has 309 before its point."""

_TOKEN = re.compile(
    r'[ \t\n\r]*(?:(?P<mark>[{}\[\],:])|(?P<text>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")'
    r'|(?P<word>[^\s{}\[\],:"]+)|(?P<end>\Z))'
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_NOT_FINITE = {"NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"}
_PLAIN = re.compile(r"[A-Za-z_][\w-]*\Z")


class Trouble(NamedTuple):
    """What is wrong with a text: a finding's code, the key where it is, and evidence."""

    code: str
    key: str | None
    values: dict[str, Value]


class _Level:
    """An object or list that is open where the walk stands."""

    __slots__ = ("index", "key", "keys")

    def __init__(self, *, is_object: bool) -> None:
        self.keys: set[str] | None = set() if is_object else None
        self.key: str | None = None
        self.index = 0


def first_trouble(text: str) -> Trouble | None:
    """Return the first thing in *text* that a JSON reader would refuse or pass over in silence.

    Looks for repeated keys, numbers that are not finite or too long, nesting beyond `MAX_DEPTH`,
    and text that ends in the middle. Other breaches of JSON's grammar may be left to a parser.
    """
    levels: list[_Level] = []
    place = 0
    while (token := _TOKEN.match(text, place)) is not None:
        place = token.end()
        found = token[token.lastgroup or 0].strip(" \t\n\r")
        match token.lastgroup:
            case "end":
                return Trouble("not-json", path(levels), {"reason": "cut off"}) if levels else None
            case "mark":
                trouble = _mark(found, levels)
            case "text":
                trouble = _text(found, levels)
            case _:
                trouble = _word(found, levels)
        if trouble is not None:
            return trouble
    # Nothing matches where a string has no end, or holds a control character.
    rest = text[place:].lstrip(" \t\n\r")
    if rest.startswith('"') and '"' not in rest[1:]:
        return Trouble("not-json", path(levels), {"reason": "cut off"})
    return None


def finite(text: str) -> tuple[str, list[tuple[str | None, str]]]:
    """Return *text* with null for each number that is not finite, and where these stood.

    Raises nothing: what else is wrong with *text* is left as it is.
    """
    levels: list[_Level] = []
    pieces: list[str] = []
    found: list[tuple[str | None, str]] = []
    place = kept = 0
    while (token := _TOKEN.match(text, place)) is not None and token.lastgroup != "end":
        place = token.end()
        said = token[token.lastgroup or 0].strip(" \t\n\r")
        if token.lastgroup == "mark":
            trouble = _mark(said, levels)
        elif token.lastgroup == "text":
            trouble = _text(said, levels)
        else:
            trouble = _word(said, levels)
            if trouble is not None and trouble.code == "not-finite":
                found.append((trouble.key, said))
                pieces += [text[kept : token.start("word")], "null"]
                kept, trouble = place, None
        if trouble is not None:
            break
    return "".join([*pieces, text[kept:]]), found


def path(levels: list[_Level]) -> str | None:
    """Return the way to where the walk stands, e.g. `steps[3].seconds`."""
    way = ""
    for level in levels:
        if level.keys is None:
            way += f"[{level.index}]"
        elif level.key is not None:
            way += f".{level.key}" if _PLAIN.match(level.key) else f"[{json.dumps(level.key)}]"
    return shorten(way.removeprefix(".")) or None


def shorten(text: str, limit: int = 200) -> str:
    """Return *text*, with its middle left out where it is longer than *limit*."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}…{text[-half:]}"


def _mark(mark: str, levels: list[_Level]) -> Trouble | None:
    if mark in "{[":
        levels.append(_Level(is_object=mark == "{"))
        if len(levels) > MAX_DEPTH:
            return Trouble("too-deep", path(levels[:2]), {"limit": MAX_DEPTH})
    elif mark in "}]":
        if levels:
            levels.pop()
    elif mark == "," and levels:
        levels[-1].index += 1
        levels[-1].key = None
    return None


def _text(quoted: str, levels: list[_Level]) -> Trouble | None:
    top = levels[-1] if levels else None
    if top is None or top.keys is None or top.key is not None:
        return None
    try:
        key = str(json.loads(quoted))
    except ValueError:  # an escape that JSON does not know
        return Trouble("not-json", path(levels), {"reason": "syntax"})
    top.key = key
    if key in top.keys:
        return Trouble("duplicate-key", path(levels), {})
    top.keys.add(key)
    return None


def _word(word: str, levels: list[_Level]) -> Trouble | None:
    if word in _NOT_FINITE:
        return Trouble("not-finite", path(levels), {"value": word})
    if len(word) > MAX_DIGITS and word.lstrip("-").isdecimal():
        return Trouble("number-too-long", path(levels), {"digits": len(word.lstrip("-"))})
    if _NUMBER.match(word) and not math.isfinite(float(word)):
        return Trouble("not-finite", path(levels), {"value": shorten(word, 40)})
    return None
