"""Rows of plain cells under named columns: what every printed table is made of."""

from typing import NamedTuple

Cell = str | int | float | None


class Table(NamedTuple):
    """Column names, and rows of plain cells in the same order."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
