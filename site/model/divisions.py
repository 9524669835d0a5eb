"""The figures of a result's parts, buckets and source groups, beside those of the field."""

from collections.abc import Iterator
from typing import get_args

from msgspec import Struct

from ...eval.records import Aggregate, Bucket
from ...eval.records import Slice as Recorded
from ..data.figures import printed
from ..source.background import DIVISIONS, PartMedians

BUCKETS: tuple[str, ...] = get_args(Bucket)


class Slice(Struct, frozen=True, kw_only=True):
    """The figures of a part of the steps."""

    name: str
    steps: int
    f1: str | None
    first: str | None
    median: str | None
    """Of the F1 of the board's ranked entries that record this part."""
    wide: float | None
    """Length of the bar for F1, in per cent of the room."""
    middle: float | None
    """Where the median stands beside it."""


class Slices(Struct, frozen=True, kw_only=True):
    """The parts that one division of the steps makes."""

    name: str
    rows: tuple[Slice, ...]
    compared: bool
    """Whether any part has a median."""


def slices_of(aggregate: Aggregate, medians: PartMedians) -> Iterator[Slices]:
    """Yield every division of the steps that *aggregate* has."""
    for name in DIVISIONS:
        found: dict[str, Recorded] = getattr(aggregate, name)
        rows = tuple(
            _slice(part, found[part], medians.get((name, part)))
            for part in sorted(found, key=_order)
        )
        if rows:
            compared = any(row.median is not None for row in rows)
            yield Slices(name=name, rows=rows, compared=compared)


def _order(part: str) -> tuple[int, str]:
    """Return where *part* stands: buckets as they come in a task, whatever else by name."""
    return (BUCKETS.index(part) if part in BUCKETS else len(BUCKETS), part)


def _slice(name: str, one: Recorded, median: float | None) -> Slice:
    return Slice(
        name=name,
        steps=one.steps,
        f1=printed("command_f1", one.avg_command_f1),
        first=printed("first_cmd_exact_pct", one.first_cmd_exact_pct),
        median=printed("command_f1", median),
        wide=_percent(one.avg_command_f1),
        middle=_percent(median),
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)
