"""A step of a replay: the commands of the reference and of the answer, side by side."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from msgspec import Struct

from ....records import Step

LONGEST_COMMAND = 400
MOST_COMMANDS = 20
"""Shown of a step; of the reference and of the answer, three times as many are compared."""


class Line(Struct, frozen=True, kw_only=True):
    """One command of the reference, of the answer, or of both."""

    kind: Literal["both", "reference", "answer"]
    text: str


class Commands(Struct, frozen=True, kw_only=True):
    """The commands of a step, and how many more there are."""

    lines: tuple[Line, ...]
    more: int


def commands_of(step: Step) -> Commands | None:
    """Return the commands of *step*; `None` where it lacks those of one side."""
    asked, given = _units(step.reference), _units(step.parsed)
    if asked is None or given is None:
        return None
    most = 3 * MOST_COMMANDS
    lines = tuple(difference(asked[:most], given[:most]))
    left_out = len(asked[most:]) + len(given[most:]) + len(lines[MOST_COMMANDS:])
    return Commands(lines=lines[:MOST_COMMANDS], more=left_out)


def _units(side: dict[str, Any] | None) -> Sequence[str] | None:
    found = side.get("command_units") if side is not None else None
    return [str(unit) for unit in found] if isinstance(found, list | tuple) else None


def difference(reference: Sequence[str], answer: Sequence[str]) -> Iterator[Line]:
    """Yield the commands of both in an order that keeps each side's own, the reference first."""
    matcher = SequenceMatcher(None, reference, answer, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line(kind="both", text=_cut(text)) for text in reference[i:j])
        else:
            yield from (Line(kind="reference", text=_cut(text)) for text in reference[i:j])
            yield from (Line(kind="answer", text=_cut(text)) for text in answer[k:m])


def _cut(command: str) -> str:
    return command if len(command) <= LONGEST_COMMAND else f"{command[:LONGEST_COMMAND]}…"
