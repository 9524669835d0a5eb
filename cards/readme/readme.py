"""A README brought up to date: our part and our keys anew, everything else byte for byte."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from .front_matter import patched, sha256, split
from .markers import Parts, digest, wrap
from .markers import split as split_body
from .model_index import Ours
from .yaml import Value, emit

Take = Literal["ours", "theirs", "append"]

_MARKER = re.compile(r"[^\n]*<!--\s*cardboard:(?:begin|end)\b[^\n]*\n?", re.IGNORECASE)
_UNMARKED = "it has no cardboard markers"
_EDITED = "somebody edited the text between the cardboard markers"
_UNMARKED_WAYS: tuple[Take, ...] = ("append", "ours", "theirs")
_BOM = "\ufeff"
_NONE: Mapping[str, str] = MappingProxyType({})


class Conflict(Exception):
    """A README that nobody may touch before somebody chose.

    It says why, and in which ways it can be touched, the one that shows the trouble best first.
    """

    def __init__(self, why: str, ways: tuple[Take, ...]) -> None:
        self.why, self.ways = why, ways
        self.unmarked = why == _UNMARKED
        super().__init__(why)


def fresh_readme(front: dict[str, Value], body: str, marks: Mapping[str, str] = _NONE) -> str:
    """Return a README that holds nothing but ours; the first marker carries *marks*."""
    return f"---\n{emit(front)}---\n\n{wrap(body, marks)}"


def our_part(text: str) -> Parts | None:
    """Return the README *text* cut at our markers, `None` where it has none.

    Raises `ValueError` where the markers are damaged.
    """
    block = split(text.removeprefix(_BOM))
    return split_body(block.rest if block else text)


def has_ours(text: str, ours: Ours) -> bool:
    """Tell whether the front matter of the README *text* holds results that are *ours*."""
    try:
        return without_ours(text, ours) != text
    except Conflict:
        return False


def without_ours(text: str, ours: Ours) -> str:
    """Return the README *text* without the results that are *ours*; raises `Conflict`."""
    block = split(text.removeprefix(_BOM))
    if block is None:
        return text
    try:
        yaml = patched(block.yaml, {}, ours)
    except ValueError as error:
        raise _unpatchable(error) from None
    bom = _BOM if text.startswith(_BOM) else ""
    return bom + block.opening + yaml + block.closing + block.rest


def _unpatchable(error: ValueError) -> Conflict:
    return Conflict(f"the front matter cannot be patched: {error}", ("ours", "theirs"))


def merged(
    text: str,
    front: dict[str, Value],
    body: str,
    ours: Ours,
    take: Take | None = None,
    known_front: str = "",
    marks: Mapping[str, str] = _NONE,
) -> str:
    """Return the README *text* with *front* in its front matter and *body* between our markers.

    Raises `Conflict` where that would touch what people wrote and *take* does not say how:
    "ours" puts our text in place of theirs, "append" keeps theirs and adds ours behind it. Front
    matter whose SHA-256 is *known_front* holds nothing but ours and is replaced whole. A part of
    ours that is written anew carries *marks*.
    """
    bom, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    block = split(text)
    rest = _rest(block.rest if block else text, body, newline, take, marks)
    if block is None and not front:
        return bom + rest
    if block is None:
        fresh = f"---\n{emit(front)}---\n".replace("\n", newline)
        return bom + fresh + ("" if rest.startswith(("\r", "\n")) else newline) + rest
    whole = emit(front).replace("\n", newline)
    try:
        known = known_front and sha256(block.yaml) == known_front
        yaml = whole if known else patched(block.yaml, front, ours)
    except ValueError as error:
        if take != "ours":
            raise _unpatchable(error) from None
        yaml = whole
    return bom + block.opening + yaml + block.closing + rest


def _rest(rest: str, body: str, newline: str, take: Take | None, marks: Mapping[str, str]) -> str:
    """Return what stands below the front matter, with *body* in our part."""
    mine = wrap(body, marks).replace("\n", newline)
    if not rest.strip():
        return newline + mine
    why, theirs, replaced = _standing(rest, body, mine, newline)
    if why is None or take == "ours":
        return replaced
    if take == "append":
        return theirs + newline * (1 if theirs.endswith(newline) else 2) + mine
    raise Conflict(why, ("ours", "append", "theirs") if why == _EDITED else _UNMARKED_WAYS)


def _standing(rest: str, body: str, mine: str, newline: str) -> tuple[str | None, str, str]:
    """Return why we may not write, *rest* as text of theirs alone, and *rest* with our part new."""
    try:
        parts = split_body(rest)
    except ValueError as error:
        return str(error), _MARKER.sub("", rest), newline + mine
    if parts is None:
        return _UNMARKED, rest, newline + mine
    replaced = parts.before + mine + parts.after
    if parts.edited:
        return _EDITED, parts.before + parts.body + parts.after, replaced
    return None, "", rest if parts.declared == digest(body) else replaced
