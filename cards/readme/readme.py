"""A README brought up to date: our part and our keys anew, everything else byte for byte."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from .front_matter import Block, differing, is_open, patched, sha256, split
from .markers import Parts, digest, wrap
from .markers import split as split_body
from .model_index import Ours
from .three_way import Change, Terms, agreed, decoded, encoded
from .yaml import Value, emit

Take = Literal["ours", "theirs", "append"]

_MARKER = re.compile(r"[^\n]*<!--\s*cardboard:(?:begin|end)\b[^\n]*\n?", re.IGNORECASE)
_UNMARKED = "it has no cardboard markers"
_EDITED = "somebody edited the text between the cardboard markers"
_UNMARKED_WAYS: tuple[Take, ...] = ("append", "ours", "theirs")
_ALL_OR_NONE: tuple[Take, ...] = ("ours", "theirs")
_BOM = "\ufeff"
_NONE: Mapping[str, str] = MappingProxyType({})
_TERMS = Terms()


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
    marks = {**marks, "keys": keys_of(front)} if marks else marks
    return f"---\n{emit(front)}---\n\n{wrap(body, marks)}"


class Merged(Struct, frozen=True, kw_only=True):
    """A README brought up to date, and what is to be told of it."""

    text: str
    keys: str = ""
    """By key, short hashes of what we wrote; the opening marker carries them, too."""
    changed: tuple[str, ...] = ()
    """Keys of the front matter that changed."""
    written: tuple[Change, ...] = ()
    """Values of keys that gave way to ours."""
    left: tuple[Change, ...] = ()
    """Values of keys that somebody has to choose about."""
    gave_way: bool = False
    """Whether text of people gave way, as was chosen."""


def our_part(text: str) -> Parts | None:
    """Return the README *text* cut at our markers, `None` where it has none.

    Raises `ValueError` where the markers are damaged.
    """
    block = split(text.removeprefix(_BOM))
    return split_body(block.rest if block else text)


def has_ours(text: str, ours: Ours) -> bool:
    """Tell whether the front matter of the README *text* holds results that are *ours*."""
    try:
        return without_ours(text, ours).text != text
    except Conflict:
        return False


def without_ours(text: str, ours: Ours) -> Merged:
    """Return the README *text* without the results that are *ours*; raises `Conflict`."""
    block = split(text.removeprefix(_BOM))
    if block is None:
        return Merged(text=text)
    try:
        new = patched(block.yaml, {}, ours, _TERMS)
    except ValueError as error:
        raise _unpatchable(error) from None
    bom = _BOM if text.startswith(_BOM) else ""
    whole = bom + block.opening + new.yaml + block.closing + block.rest
    return Merged(text=whole, changed=new.changed)


def _unpatchable(error: ValueError) -> Conflict:
    return Conflict(f"the front matter cannot be patched: {error}", _ALL_OR_NONE)


def merged(
    text: str,
    front: dict[str, Value],
    body: str,
    ours: Ours,
    take: Take | None = None,
    known_front: str = "",
    marks: Mapping[str, str] = _NONE,
    terms: Terms = _TERMS,
) -> Merged:
    """Return the README *text* with *front* in its front matter and *body* between our markers.

    Raises `Conflict` where that would touch what people wrote and *take* does not say how:
    "ours" puts our text in place of theirs, "append" keeps theirs and adds ours behind it. Front
    matter whose SHA-256 is *known_front* holds nothing but ours and is replaced whole; else *terms*
    decide key by key, with what the marker says that we wrote last. A part of ours that is written
    anew carries *marks*.
    """
    bom, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    block = split(text)
    if is_open(text):
        if take != "ours":
            raise Conflict("its front matter has no end: a line of --- is missing", _ALL_OR_NONE)
        text = ""
    below = block.rest if block else text
    told = _front(block, front, ours, take, known_front, _based(below, terms))
    whole = f"---\n{told.text}---\n".replace("\n", newline)
    if block is not None:
        whole = block.opening + told.text + block.closing
    elif not front:
        whole = ""
    marks = {**marks, "keys": told.keys} if marks else marks
    rest, gave_way = _rest(below, body, newline, take, marks, bool(told.changed))
    gap = newline if block is None and whole and not rest.startswith(("\r", "\n")) else ""
    return replace(told, text=bom + whole + gap + rest, gave_way=gave_way)


def _based(below: str, terms: Terms) -> Terms:
    """Return *terms* with what our marker in *below* says that we wrote; without it nothing is."""
    try:
        part = split_body(below)
    except ValueError:
        part = None
    if part is None:
        return replace(terms, base={})
    if "board" not in part.marks:
        return terms
    return replace(terms, base=decoded(part.marks.get("keys", "")))


def _front(
    block: Block | None,
    front: dict[str, Value],
    ours: Ours,
    take: Take | None,
    known_front: str,
    terms: Terms,
) -> Merged:
    """Return the YAML of the front matter with our keys, and what is to be told of it."""
    fresh = Merged(text=emit(front), keys=keys_of(front), changed=tuple(front))
    if block is None:
        return fresh
    newline = "\r\n" if "\r\n" in block.opening else "\n"
    whole = replace(fresh, text=fresh.text.replace("\n", newline))
    if known_front and sha256(block.yaml) == known_front:
        return replace(whole, changed=differing(block.yaml, front))
    try:
        new = patched(block.yaml, front, ours, terms)
    except ValueError as error:
        if take != "ours":
            raise _unpatchable(error) from None
        return whole
    settled = new.agreed
    return Merged(
        text=new.yaml,
        keys=encoded(settled.base),
        changed=new.changed,
        written=settled.written,
        left=settled.left,
    )


def keys_of(front: dict[str, Value]) -> str:
    """Return, by key, short hashes of front matter that is wholly ours."""
    return encoded(agreed({}, front, Terms()).base)


def _rest(
    rest: str,
    body: str,
    newline: str,
    take: Take | None,
    marks: Mapping[str, str],
    front_changed: bool,
) -> tuple[str, bool]:
    """Return what stands below the front matter, with *body* in our part; if people's gave way."""
    mine = wrap(body, marks).replace("\n", newline)
    if not rest.strip():
        return newline + mine, False
    why, theirs, replaced = _standing(rest, body, mine, newline, front_changed)
    if why is None or take == "ours":
        return replaced, why is not None
    if take == "append":
        return theirs + newline * (1 if theirs.endswith(newline) else 2) + mine, False
    raise Conflict(why, ("ours", "append", "theirs") if why == _EDITED else _UNMARKED_WAYS)


def _standing(
    rest: str, body: str, mine: str, newline: str, front_changed: bool
) -> tuple[str | None, str, str]:
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
    same = parts.declared == digest(body) and not front_changed
    return None, "", rest if same else replaced
