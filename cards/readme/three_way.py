"""Front matter of two writers: by key, what we wrote last decides whose edit is whose."""

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from .yaml import Value

LISTS = ("language", "tags", "datasets")
"""Keys of which ours add to what is there and take nothing away that we did not add."""
INDEX = "model-index"
_DIGITS = 8

Base = Mapping[str, frozenset[str]]
"""By key, short hashes of what we wrote last: one of a value, one of each item of a list."""


class Change(NamedTuple):
    """A key whose value gives way, or in the way of which somebody's value stands."""

    key: str
    theirs: Value
    ours: Value


class Terms(Struct, frozen=True, kw_only=True):
    """What decides between our value of a key and the one that is there."""

    stated: frozenset[str] = frozenset()
    """Keys that the workspace itself states; what is only known or guessed fills gaps."""
    claimed: frozenset[str] = frozenset()
    """Keys that are the board's to write, also where it knows of no value."""
    base: Base = {}
    force: bool = False
    """Whether our value goes where all three differ, as somebody chose."""


class Agreed(Struct, frozen=True, kw_only=True):
    """What front matter shall say, and what is to be told of that."""

    values: dict[str, Value]
    """New values by key; `model-index` is not among them."""
    removed: frozenset[str]
    written: tuple[Change, ...]
    """Values that give way to ours."""
    left: tuple[Change, ...]
    """Values that differ from what the workspace states, and stay until somebody chooses."""
    base: dict[str, frozenset[str]]
    """What counts as written by us from now on."""


def agreed(there: Mapping[str, Value], wanted: Mapping[str, Value], terms: Terms) -> Agreed:
    """Return what becomes of every key of ours in front matter that holds *there*."""
    values: dict[str, Value] = {}
    removed: list[str] = []
    written: list[Change] = []
    left: list[Change] = []
    base = dict(terms.base)
    known = [key for key in terms.base if key in terms.claimed and key not in wanted]
    for key in [key for key in (*wanted, *known) if key != INDEX]:
        theirs, ours = there.get(key), wanted.get(key)
        if key in LISTS:
            after, base[key] = _items(theirs, ours, terms.base.get(key))
        else:
            after, base[key], clash = _single(key, theirs, ours, terms)
            if clash:
                left.append(Change(key, theirs, ours))
        if after == theirs:
            continue
        if after is None:
            removed.append(key)
        else:
            values[key] = after
        if theirs is not None and not _adds(theirs, after):
            written.append(Change(key, theirs, after))
    return Agreed(
        values=values,
        removed=frozenset(removed),
        written=tuple(written),
        left=tuple(left),
        base={key: hashes for key, hashes in base.items() if hashes},
    )


def _single(
    key: str, theirs: Value, ours: Value, terms: Terms
) -> tuple[Value, frozenset[str], bool]:
    """Return the value after merging, what counts as ours then, and whether it is contested."""
    base = terms.base.get(key)
    mine = frozenset([short(ours)]) if ours is not None else frozenset[str]()
    if theirs == ours or (isinstance(theirs, list) and ours in theirs):
        return theirs, mine if base is not None else frozenset(), False
    if base is None:
        if theirs is None:
            return ours, mine, False
        if ours is None or key not in terms.stated:
            return theirs, frozenset(), False
    elif theirs is not None and short(theirs) in base:
        return ours, mine, False
    elif ours is None or short(ours) in base or key not in terms.stated:
        return theirs, base if ours is not None else frozenset(), False
    if terms.force:
        return ours, mine, False
    return theirs, base or frozenset(), True


def _items(theirs: Value, ours: Value, base: frozenset[str] | None) -> tuple[Value, frozenset[str]]:
    """Return a list after merging, in people's order, and which items count as ours then."""
    there, mine = _list(theirs), _list(ours)
    before = base or frozenset()
    kept = [item for item in there if item in mine or short(item) not in before]
    added = [item for item in mine if item not in there and short(item) not in before]
    counted = frozenset(short(item) for item in mine if short(item) in before or item not in there)
    if kept == there and not added:
        return theirs, counted
    return [*kept, *added] or None, counted


def _list(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _adds(theirs: Value, after: Value) -> bool:
    """Tell whether nothing of a list is lost."""
    return isinstance(after, list) and all(item in after for item in _list(theirs))


def short(value: Value) -> str:
    """Return a short hash of *value*, the same however YAML writes it."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def encoded(base: Base) -> str:
    """Return *base* as one word."""
    return ",".join(f"{key}:{'+'.join(sorted(hashes))}" for key, hashes in sorted(base.items()))


def decoded(word: str) -> dict[str, frozenset[str]]:
    """Return the base that *word* tells; what cannot be one is left out."""
    found: dict[str, frozenset[str]] = {}
    for part in word.split(",") if word else ():
        key, _, hashes = part.partition(":")
        if key and hashes:
            found[key] = frozenset(hashes.split("+"))
    return found
