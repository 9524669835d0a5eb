"""Two versions of one file: where they differ first, by the names that their own content has."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import msgspec
from msgspec import Struct

from ...board.words.names import line

_NAMES = (
    ("suite", "version", "class", "label"),
    ("suite", "version", "class"),
    ("label",),
    ("file",),
    ("result_id",),
    ("id",),
    ("code",),
)
"""Fields that tell the members of a list apart; the first ones that do so are taken."""
_AROUND = 40
_LONGEST = 120


class _Absent:
    """What stands for a value that one side does not have."""


ABSENT = _Absent()


class Difference(Struct, frozen=True, kw_only=True):
    """One place where what is published is not what its sources make."""

    file: str
    place: tuple[str, ...]
    """The names on the way to it: a board, a model, a field."""
    published: object
    rebuilt: object

    def __str__(self) -> str:
        where = f"{self.file}: {' > '.join(line(part) for part in self.place)}".rstrip(": ")
        return f"{where}: published {_shown(self.published)}, rebuilt {_shown(self.rebuilt)}"

    @property
    def of_texts(self) -> bool:
        """Tell whether both sides are texts or nothing."""
        return all(isinstance(one, str | _Absent | None) for one in (self.published, self.rebuilt))


def differences(file: str, published: bytes, rebuilt: bytes) -> Iterator[Difference]:
    """Yield where *published* differs from *rebuilt*, two versions of what *file* holds.

    Files of a known form are compared value by value; of any other, and where all values are the
    same, the first line that differs is named.
    """
    if published == rebuilt:
        return
    sides = [_values(file, data) for data in (published, rebuilt)]
    found = list(_apart(file, (), *sides)) if None not in sides else []
    yield from found or _lines(file, published, rebuilt)


def apart(file: str, published: object, rebuilt: object) -> Iterator[Difference]:
    """Yield where two JSON values of *file* differ."""
    return _apart(file, (), published, rebuilt)


def _values(file: str, data: bytes) -> object:
    """Return the values that the file holds; `None` where it has no known form or is broken."""
    if file.endswith(".json"):
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
    if file.endswith(".csv"):
        try:
            return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))
        except (csv.Error, UnicodeDecodeError):
            return None
    if file.endswith(".parquet"):
        import pyarrow
        from pyarrow import parquet

        try:
            rows: object = parquet.read_table(io.BytesIO(data)).to_pylist()
        except (pyarrow.ArrowException, OSError, ValueError):
            return None
        return rows
    return None


def _apart(
    file: str, place: tuple[str, ...], published: object, rebuilt: object
) -> Iterator[Difference]:
    if isinstance(published, dict) and isinstance(rebuilt, dict):
        yield from _members(file, place, published, rebuilt)
    elif isinstance(published, list) and isinstance(rebuilt, list):
        old, new = _told_apart(published, rebuilt)
        yield from _members(file, place, old, new)
    elif not _same(published, rebuilt):
        yield Difference(file=file, place=place, published=published, rebuilt=rebuilt)


def _members(
    file: str, place: tuple[str, ...], old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        yield from _apart(file, (*place, name), old.get(name, ABSENT), new.get(name, ABSENT))


def _same(one: object, other: object) -> bool:
    """Tell whether two plain values are the same: 1 is 1.0, but neither is true or "1"."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isinstance(one, bool) == isinstance(other, bool) and (
            one == other or repr(one) == repr(other)  # no number is itself
        )
    return type(one) is type(other) and one == other


def _told_apart(
    published: Sequence[object], rebuilt: Sequence[object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Return the members of two lists by a name of their own, or else by their numbers."""
    for fields in _NAMES:
        old, new = _by_name(published, fields), _by_name(rebuilt, fields)
        if old is not None and new is not None:
            return old, new
    old, new = ({f"[{at}]": one for at, one in enumerate(side)} for side in (published, rebuilt))
    return old, new


def _by_name(members: Sequence[object], fields: Sequence[str]) -> dict[str, object] | None:
    """Return *members* by what stands in their *fields*; `None` where two of them are alike."""
    named: dict[str, object] = {
        " ".join([str(member[field]) for field in fields]): member
        for member in members
        if isinstance(member, dict) and all(field in member for field in fields)
    }
    return named if len(named) == len(members) else None


def _lines(file: str, published: bytes, rebuilt: bytes) -> Iterator[Difference]:
    """Yield the first line that differs, cut to what stands around the first sign that does."""
    sides = [data.decode("utf-8", "replace").splitlines() for data in (published, rebuilt)]
    for number, (old, new) in enumerate(zip_longest(*sides), start=1):
        if old != new:
            signs = enumerate(zip_longest(old or "", new or ""))
            at = next((at for at, (one, other) in signs if one != other), 0)
            cut = [
                ABSENT if one is None else one[max(at - _AROUND, 0) : at + _AROUND]
                for one in (old, new)
            ]
            place = (f"line {number}",)
            yield Difference(file=file, place=place, published=cut[0], rebuilt=cut[1])
            return
    yield Difference(file=file, place=(), published="other line ends", rebuilt="these")


def _shown(value: object) -> str:
    """Return *value* in one short line."""
    if isinstance(value, _Absent):
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return line(text, _LONGEST)
