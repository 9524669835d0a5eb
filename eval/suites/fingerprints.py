"""What makes two suites the same suite: hashes over step ids, references and what is asked."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec

from ..engine import Message

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

    It is the fingerprint of version 1, and a part of that of version 2: see `with_prompts`.

    The text that is hashed is that of `keys_sha256` with one member more: the list of the
    reference's units. The order of the units counts, and so does every blank in them.
    """
    rows = [(task, sample, step, list(units)) for task, sample, step, units in steps]
    rows.sort(key=lambda row: (_order(row[:3]), row[3]))
    return _sha256(rows)


def prompts_sha256(steps: Iterable[tuple[StepKey, Sequence[Message], Sequence[Any]]]) -> str:
    """Return the SHA-256 of what is asked: step ids, turns and tools, in any order of the steps.

    The text that is hashed is the compact UTF-8 JSON `[[task_id, sample_idx, step_idx, [[role,
    content], ...], [tool, ...]], ...]`, sorted by ids, the keys of tools in the order of letters. A
    turn that holds more than a text has a third member: all else that it holds, by key.
    """
    rows: list[tuple[Any, ...]] = [
        (*key, [_said(turn) for turn in turns], [_plain(tool) for tool in tools])
        for key, turns, tools in steps
    ]
    return _sha256(sorted(rows, key=lambda row: _order(row[:3])))


def _said(turn: Message) -> list[object]:
    said: list[object] = [turn.role, turn.content]
    return [*said, _plain(turn.beside)] if turn.beside else said


def _plain(tool: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(tool, order="deterministic"))


def with_prompts(references: str, prompts: str) -> str:
    """Return the fingerprint of version 2: the SHA-256 of `cardboard/2/REFERENCES/PROMPTS`.

    *references* is a fingerprint of version 1, *prompts* comes from `prompts_sha256`.
    """
    return hashlib.sha256(f"cardboard/2/{references}/{prompts}".encode()).hexdigest()


def agree(one: str, other: str, *prompts: str | None) -> bool:
    """Tell whether two fingerprints, of either version, are of the same ids and references.

    *prompts* are the hashes of what is asked that come with them; without one, fingerprints of two
    versions cannot be compared, and do not agree.
    """
    if one == other:
        return True
    told = [hashed for hashed in prompts if hashed is not None]
    return any(
        with_prompts(first, hashed) == second
        for first, second in ((one, other), (other, one))
        for hashed in told
    )


def _order(key: Any) -> tuple[str, bool, int, int]:
    task, sample, step = key
    return task, sample is not None, sample or 0, step


def _sha256(rows: Sequence[tuple[object, ...]]) -> str:
    try:
        text = msgspec.json.encode(rows)
    except UnicodeEncodeError:
        text = msgspec.json.encode(_encodable(rows))
    return hashlib.sha256(text).hexdigest()


def _encodable(member: object) -> object:
    if isinstance(member, str):
        return member.encode("utf-8", "replace").decode("utf-8")
    return [_encodable(one) for one in member] if isinstance(member, list | tuple) else member
