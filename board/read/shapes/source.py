"""A foreign JSON object, read key by key: what does not fit becomes a finding, never a guess."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ....eval.records import Result, instant
from ...model import Kind
from ...words.findings import Finding, Value
from ..decoding.json_faults import shorten
from ..decoding.json_object import Document, finding, kind_of

_TIME = re.compile(
    r"(?P<moment>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?)"
    r"(?P<offset>Z|[+-]\d{2}:?\d{2})?"
)
_INDEX = re.compile(r"\[\d+\]")
MOST = 2**53 - 1
"""The largest integer that every JSON reader keeps."""


class Adapted(NamedTuple):
    """What a file is, and the result that it holds with its steps."""

    kind: Kind
    result: Result | None = None


class Source:
    """One object of a foreign file, and the findings on the whole file."""

    def __init__(
        self,
        document: Document,
        *,
        at: str = "",
        notes: dict[tuple[str, str], Finding] | None = None,
        remarks: tuple[Finding, ...] = (),
    ) -> None:
        """Take an object, and the *remarks* that its text gave rise to."""
        self._document, self._at = document, at
        self._notes = {} if notes is None else notes
        self._notes |= {(one.code, one.key or ""): one for one in remarks}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was found so far, in the order in which it was met."""
        return tuple(self._notes.values())

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the object's keys in their order."""
        return tuple(self._document)

    def note(self, code: str, key: str | None = None, **values: Value) -> None:
        """Keep the finding *code*, once for all members of a list that have it at the same key."""
        where = self._path(key) if key is not None else self._at or None
        once = (code, _INDEX.sub("[]", where or ""))
        if once not in self._notes:
            told = {name: shorten(v) if isinstance(v, str) else v for name, v in values.items()}
            self._notes[once] = finding(code, shorten(where) if where else None, **told)

    def spoilt(self, key: str) -> bool:
        """Tell whether what stood at *key* could not be used."""
        return ("value-unusable", self._path(key)) in self._notes

    def need(self, *keys: str) -> None:
        """Say which of *keys* are missing; one that is there and does not fit was named before."""
        for key in keys:
            if self.raw(key) is None and ("value-unusable", self._path(key)) not in self._notes:
                self.note("missing-key", key)

    def raw(self, key: str) -> object:
        """Return the value at *key* as it stands, `None` where it is absent."""
        return self._document.get(key)

    def text(self, key: str) -> str | None:
        """Return the text at *key*, blanks at its ends dropped; `None` where it is empty."""
        value = self.raw(key)
        if value is None or isinstance(value, str):
            return (value or "").strip() or None
        self._wrong(key, "string", value)
        return None

    def flag(self, key: str) -> bool | None:
        """Return the boolean at *key*; 0 and 1 stand for false and true."""
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)) and value in (0, 1):
            self.note("coerced", key, value=value)
            return bool(value)
        self._wrong(key, "boolean", value)
        return None

    def number(self, key: str, *, low: float = 0.0, high: float | None = None) -> float | None:
        """Return the number at *key* between *low* and *high*; false and true stand for 0 and 1.

        What is no such number is unknown, with a remark: a side figure never costs a file.
        """
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool):
            self.note("coerced", key, value=value)
        elif not isinstance(value, (int, float)):
            self.note("value-unusable", key, wanted="number")
            return None
        if not low <= value <= (MOST if high is None else high):
            wanted = f">= {low:g}" if high is None else f"{low:g}..{high:g}"
            self.note("value-unusable", key, wanted=wanted)
            return None
        return float(value)

    def count(self, key: str) -> int | None:
        """Return the whole number from 0 at *key*; 303.0 stands for 303."""
        return self.integer(key, low=0)

    def integer(self, key: str, *, low: int = -MOST) -> int | None:
        """Return the whole number at *key*."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            self.note("coerced", key, value=value)
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong(key, "integer", value)
            return None
        if not low <= value <= MOST:
            self.note("out-of-range", key, value=_short(value), wanted=f"{low}..{MOST}")
            return None
        return value

    def time(self, key: str) -> str | None:
        """Return the time at *key*; one without an offset from UTC is left out, with a remark.

        So is what is no time at all.
        """
        value = self.raw(key)
        if value is None or value == "":
            return None
        found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            self.note("value-unusable", key, wanted="ISO time")
            return None
        moment, offset = found["moment"].replace(" ", "T"), found["offset"] or "Z"
        if len(offset) == 5:
            offset = f"{offset[:3]}:{offset[3:]}"
        try:
            instant(moment + offset)
        except ValueError:
            self.note("value-unusable", key, wanted="ISO time")
            return None
        if found["offset"] is None:
            self.note("naive-time", key, value=found["moment"])
            return None
        return f"{moment}{offset}"

    def inner(self, key: str) -> "Source":
        """Return the object at *key*; an empty one where it is absent."""
        value = self.raw(key)
        if value is not None and not isinstance(value, dict):
            self._wrong(key, "object", value)
        return self._below(key, value if isinstance(value, dict) else {})

    def rows(self, key: str) -> Iterator["Source"]:
        """Yield the objects of the list at *key*."""
        for number, value in enumerate(self.members(key)):
            place = f"{key}[{number}]"
            if isinstance(value, dict):
                yield self._below(place, value)
            else:
                self._wrong(place, "object", value)

    def members(self, key: str) -> list[object]:
        """Return the list at *key*; an empty one where it is absent."""
        value = self.raw(key)
        if isinstance(value, list):
            return value
        if value is not None:
            self._wrong(key, "array", value)
        return []

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return the list of texts at *key*, `None` where it is absent."""
        if self.raw(key) is None:
            return None
        members = self.members(key)
        for number, value in enumerate(members):
            if not isinstance(value, str):
                self._wrong(f"{key}[{number}]", "string", value)
        return tuple(value for value in members if isinstance(value, str))

    def _below(self, place: str, value: Document) -> "Source":
        return Source(value, at=self._path(place), notes=self._notes)

    def _path(self, key: str) -> str:
        return f"{self._at}.{key}" if self._at else key

    def _wrong(self, key: str, wanted: str, value: object) -> None:
        self.note("wrong-type", key, wanted=wanted, found=kind_of(value))


def _short(value: float) -> str | float:
    return value if abs(value) <= MOST else f"{value:.3g}" if isinstance(value, float) else "huge"
