"""What makes two suites the same suite: hashes over their step ids and references."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

StepKey: TypeAlias = tuple[str, int | None, int]
"""Task id, sample index (`None` where a suite has none), step index."""

KeyedReference: TypeAlias = tuple[str, int | None, int, Sequence[str]]
"""A step key and the command units of its reference, as stored."""


def keys_sha256(keys: Iterable[StepKey]) -> str:
    """Return the SHA-256 of the step ids, in any order; a repeated step counts again.

    The text that is hashed is the compact UTF-8 JSON `[[task_id, sample_idx, step_idx], ...]`,
    sorted by its members (`null` before numbers); a lone surrogate counts as `?`.
    """
    ordered = sorted(keys, key=_order)
    return _sha256(ordered)


def fingerprint(steps: Iterable[KeyedReference]) -> str:
    """Return the SHA-256 of step ids and references, in any order of the steps.

    The text that is hashed is that of `keys_sha256` with one member more: the list of the
    reference's units. The order of the units counts, and so does every blank in them.
    """
    rows = [(task, sample, step, list(units)) for task, sample, step, units in steps]
    rows.sort(key=lambda row: (_order(row[:3]), row[3]))
    return _sha256(rows)


def _order(key: StepKey) -> tuple[str, bool, int, int]:
    task, sample, step = key
    return task, sample is not None, sample or 0, step


def _sha256(rows: Sequence[tuple[object, ...]]) -> str:
    try:
        text = msgspec.json.encode(rows)
    except UnicodeEncodeError:
        text = msgspec.json.encode([[_encodable(member) for member in row] for row in rows])
    return hashlib.sha256(text).hexdigest()


def _encodable(member: object) -> object:
    if isinstance(member, str):
        return member.encode("utf-8", "replace").decode("utf-8")
    return [_encodable(unit) for unit in member] if isinstance(member, list) else member
