"""Rows under named columns, on a terminal and in files: rich, JSON, CSV or Markdown."""

import csv
import io
import json
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar

import click

from ..words.names import visible

Cell = str | int | float | None


class Table(NamedTuple):
    """Column names, and rows of plain cells in the same order."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    numeric: frozenset[str] = frozenset()
    """Columns whose texts are numbers, printed already."""


Format = Literal["table", "json", "csv", "md"]
Command = TypeVar("Command", bound=Callable[..., object])

DECIMALS = {"seconds_per_step": 3}


def format_option(command: Command) -> Command:
    """Add `--format` to a command that prints a table."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", "csv", "md"]),
        default="table",
        show_default=True,
        help="How to print.",
    )(command)


def dump(value: object) -> str:
    """Return *value* as JSON for people and programs: Korean unescaped, two blanks of indent."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def to_csv(tables: list[Table]) -> str:
    """Return *tables*, which share their columns, as one CSV with one header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(tables[0].columns if tables else ())
    for rows in tables:
        writer.writerows([_guard(cell) for cell in row] for row in rows.rows)
    return out.getvalue()


def _guard(cell: Cell) -> Cell:
    """Keep a spreadsheet from running a name as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def to_markdown(title: str, rows: Table) -> str:
    """Return a Markdown table with a heading; cells are escaped."""
    lines = [
        f"## {title}",
        "",
        f"| {' | '.join(rows.columns)} |",
        f"|{' --- |' * len(rows.columns)}",
    ]
    lines += [
        f"| {' | '.join(_cell(c, v) for c, v in zip(rows.columns, row, strict=True))} |"
        for row in rows.rows
    ]
    return "\n".join([*lines, ""])


def _cell(column: str, value: Cell) -> str:
    text = shown(column, value).replace("\\", "\\\\").replace("|", "\\|")
    return " ".join(text.split()).replace("<", "&lt;")


def shown(column: str, value: Cell) -> str:
    """Return *value* as boards print it: fixed decimals a column, a dash where unknown."""
    if value is None:
        return "–"
    if isinstance(value, float) and column in DECIMALS:
        return f"{value:.{DECIMALS[column]}f}"
    return visible(str(value))


def print_table(title: str, rows: Table) -> None:
    """Print *rows* on the terminal, numbers to the right; nothing is cut when piped."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=400, no_color=True)
    grid = RichTable(title=Text(title), title_justify="left", header_style="bold", box=None)
    for column in rows.columns:
        numeric = column in rows.numeric or column in (*DECIMALS, "rank")
        grid.add_column(
            titled(column),
            justify="right" if numeric else "left",
            no_wrap=numeric,
            overflow="fold",
        )
    for row in rows.rows:
        grid.add_row(*(Text(shown(c, v)) for c, v in zip(rows.columns, row, strict=True)))
    if console.is_terminal:
        console.print(grid)
        return
    with console.capture() as printed:
        console.print(grid)
    # Blanks at the ends of lines are nobody's: they only make files long and differences wide.
    click.echo("\n".join(map(str.rstrip, printed.get().splitlines())))


def titled(column: str) -> str:
    """Return the heading of a column."""
    return column.replace("_", " ").removesuffix(" pct") + (" %" if column.endswith("_pct") else "")
