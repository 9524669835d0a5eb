"""A step of a replay: the commands of the reference and of the answer, side by side."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from ....records import Step
from ..kind import Line, Saying

LONGEST_COMMAND = 2_000
MOST_COMMANDS = 100
"""Of the reference and of the answer, each."""


def commands_of(step: Step) -> tuple[Line, ...] | None:
    """Return the commands of *step*, line by line; `None` where it lacks those of one side."""
    asked, given = _units(step.reference), _units(step.parsed)
    if asked is None or given is None:
        return None
    lines = tuple(difference(asked[:MOST_COMMANDS], given[:MOST_COMMANDS]))
    left_out = len(asked[MOST_COMMANDS:]) + len(given[MOST_COMMANDS:])
    if left_out:
        return (*lines, Line("fact", said=(Saying("step.more", {"commands": left_out}),)))
    return lines or (Line("fact", said=(Saying("step.nothing"),)),)


def _units(side: dict[str, Any] | None) -> Sequence[str] | None:
    found = side.get("command_units") if side is not None else None
    return [str(unit) for unit in found] if isinstance(found, list | tuple) else None


def difference(reference: Sequence[str], answer: Sequence[str]) -> Iterator[Line]:
    """Yield the commands of both in an order that keeps each side's own, the reference first."""
    matcher = SequenceMatcher(None, reference, answer, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line("both", _cut(text)) for text in reference[i:j])
        else:
            yield from (Line("reference", _cut(text)) for text in reference[i:j])
            yield from (Line("answer", _cut(text)) for text in answer[k:m])


def _cut(command: str) -> str:
    return command if len(command) <= LONGEST_COMMAND else f"{command[:LONGEST_COMMAND]}…"
