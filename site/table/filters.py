"""What a reader may choose by on a board: it follows from the columns and what they hold."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from .rows import SIZES, Column, Row

# A list of more values than this is nothing to choose from; the search finds them.
_MOST_CHOICES = 40


class Choice(Struct, frozen=True, kw_only=True):
    """One value that rows may have in a column, and how many of them have it."""

    value: str
    """Empty for rows that have none."""
    label: str
    count: int


class Filter(Struct, frozen=True, kw_only=True):
    """A column by which rows can be chosen: by single values, or by the ends of a span."""

    column: Column
    choices: tuple[Choice, ...] = ()
    low: str | None = None
    high: str | None = None


class Speech(Protocol):
    """The words for values in the reader's language."""

    def value(self, column: Column, value: str) -> str:
        """Return the words for what a row holds in *column*."""

    def missing(self, column: Column) -> str:
        """Return the words for a row that holds nothing there."""


def filters(columns: Sequence[Column], rows: Sequence[Row], say: Speech) -> Iterator[Filter]:
    """Yield a filter for every column that tells rows apart: first values, then spans."""
    for column in columns:
        if column.kind in ("set", "findings"):
            choices = _choices(column, rows, say)
            if column.name == "organisation":
                choices = choices[:_MOST_CHOICES]  # The others are found by the search.
            if 1 < len(choices) <= _MOST_CHOICES:
                yield Filter(column=column, choices=choices)
    for column in columns:
        if column.kind in ("score", "number", "date"):
            low, high = _span(column, rows)
            if low != high:
                yield Filter(column=column, low=low, high=high)


class Preset(Struct, frozen=True, kw_only=True):
    """A choice of rows that is one press away: the values of one column."""

    column: str
    values: tuple[str, ...]
    label: str
    """The key of its words, or the words of its only value."""


def presets(found: Sequence[Filter]) -> Iterator[Preset]:
    """Yield what readers mostly ask for, as far as the filters *found* allow it."""
    by_name = {one.column.name: one for one in found}
    if size := by_name.get("size"):
        held = {choice.value: choice.label for choice in size.choices}
        for name in SIZES:
            if name in held:
                yield Preset(column="size", values=(name,), label=held[name])
    if "leader" in by_name:
        yield Preset(column="leader", values=("yes",), label="site.preset.leaders")
    if relation := by_name.get("relation"):
        held = {choice.value: choice.label for choice in relation.choices}
        if tuned := tuple(name for name in ("finetune", "adapter") if name in held):
            yield Preset(column="relation", values=tuned, label="site.preset.tuned")
        if "" in held:
            yield Preset(column="relation", values=("",), label="site.preset.bases")


def untelling_columns(columns: Sequence[Column], rows: Sequence[Row]) -> frozenset[str]:
    """Return the names of the columns in which no row holds anything, or all hold the same word."""
    found = []
    for column in columns:
        if column.kind in ("number", "set", "date"):
            held = {row.cells[column.name] for row in rows}
            alike = column.kind == "set" and len(rows) > 1 and len(held) == 1
            if alike or held <= {None}:
                found.append(column.name)
    return frozenset(found)


def _choices(column: Column, rows: Sequence[Row], say: Speech) -> tuple[Choice, ...]:
    met: Counter[str | None] = Counter()
    for row in rows:
        if column.kind == "findings":
            met.update(row.findings or (None,))
        else:
            met[row.cells[column.name]] += 1
    none = met.pop(None, 0)
    choices = [
        Choice(value=value, label=say.value(column, value), count=count)
        for value, count in met.items()
        if value is not None
    ]
    choices.sort(key=lambda one: (-one.count, one.label, one.value))
    if none:
        choices.append(Choice(value="", label=say.missing(column), count=none))
    return tuple(choices)


def _span(column: Column, rows: Sequence[Row]) -> tuple[str | None, str | None]:
    """Return the lowest and the highest value, without units; `None` where there are none."""
    if column.kind == "score":
        held = [row.score for row in rows]
    else:
        held = [value for row in rows if (value := row.cells[column.name]) is not None]
    if not held:
        return None, None
    if column.kind == "date":
        return min(held), max(held)
    numbers = sorted((text.rstrip("%B").replace("−", "-") for text in held), key=float)
    return numbers[0], numbers[-1]
