"""The commands that look at results: board, overview, moves, explain."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..show.tables import Format, format_option
from .load import boards_of, called, tell_refused, words_of, workspace_of

if TYPE_CHECKING:
    from ..model import Board, Boards

_PIPED = 100
"""Cells of a line where no terminal says how wide it is."""


@click.command(epilog="Example: cardboard board --format csv > board.csv")
@format_option
@click.option("--suite", help="Only this suite, e.g. tb2-lite or tb2-lite-corrected303.")
@click.option("--wide", is_flag=True, help="On a terminal too, print every column in full.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a file cannot be used.")
@click.pass_context
def board(
    context: click.Context, form: Format, suite: str | None, wide: bool, strict: bool
) -> None:
    """Print the ranked boards, unranked results last with the reasons.

    On a terminal the columns are those that it has room for, and what is long goes to your pager;
    piped, everything is printed.
    """
    from ..history.changes import title
    from ..show import tables
    from ..show.document import document
    from ..show.rows import field_names, fields, summary, table
    from ..words.catalogue import Words
    from ..workers import collector_paused

    context.with_resource(collector_paused())
    say = Words("en").finding
    boards = boards_of(workspace_of(context))
    tell_refused(boards, strict=strict)
    chosen = [b for b in boards.boards if suite in (None, b.suite.name, b.suite.slug)]
    if suite is not None and not chosen:
        known = ", ".join(sorted({b.suite.slug for b in boards.boards})) or "none has results"
        raise click.UsageError(f"No board for the suite {suite!r}. Known: {known}.")
    if form == "json":
        from msgspec.structs import replace

        click.echo(tables.dump(document(replace(boards, boards=tuple(chosen)), say)))
    elif form == "csv":
        names = field_names(chosen)
        click.echo(tables.to_csv([fields(b, names) for b in chosen]), nl=False)
    elif form == "md":
        click.echo("\n".join(tables.to_markdown(title(b), table(b)) for b in chosen), nl=False)
    elif sys.stdout.isatty():
        _on_terminal(chosen, _remarks(boards, suite), wide=wide)
    else:
        for b in chosen:
            tables.print_table(title(b), table(b))
            click.echo(summary(b))
            if any(b.scorers):
                told = (f"{name or 'not recorded'} ({n})" for name, n in b.scorers.items())
                click.echo(f"Scored by: {', '.join(told)}")
            click.echo()
        for line in _remarks(boards, suite):
            click.echo(line)


def _remarks(boards: "Boards", suite: str | None) -> Iterator[str]:
    """Yield what is to be said below the boards."""
    if not boards.readings:
        yield "No results yet: cardboard add FILE puts one into results/."
    if boards.unplaced and suite is None:
        count = len(boards.unplaced)
        yield f"Of no known suite, so on no board (see cardboard check): {count}"


def _on_terminal(boards: "Sequence[Board]", remarks: Iterable[str], *, wide: bool) -> None:
    """Print *boards* in the width that there is; what is longer than the screen goes to a pager."""
    from rich.console import Console

    from ..history.changes import title
    from ..show.terminal import board_lines

    console = Console()
    width = None if wide else console.width
    with console.capture() as printed:
        for one in boards:
            for line in (*board_lines(one, title(one), width), ""):
                console.print(line, soft_wrap=True)
        for remark in remarks:
            console.print(remark, soft_wrap=True, markup=False, highlight=False)
    text = printed.get()
    if text.count("\n") < console.height and not wide:
        click.echo(text, nl=False, color=True)
        return
    # Of less: colours, lines as long as they are, and no screen of its own for a short text.
    os.environ.setdefault("LESS", "-RSF")
    click.echo_via_pager(text, color=True)


def print_first(boards: "Boards", most: int) -> None:
    """Print the first *most* entries of each board: a first look."""
    from rich.console import Console

    from ..history.changes import title
    from ..show.terminal import board_lines

    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPED, no_color=True)
    for one in boards.boards:
        for line in (*board_lines(one, title(one), console.width, most, called("board")), ""):
            console.print(line, soft_wrap=True)


@click.command(epilog="Example: cardboard overview --sort gsm8k")
@format_option
@click.option("--sort", help="Order by the rank on this suite, e.g. tb2-lite.")
@click.pass_context
def overview(context: click.Context, form: Format, sort: str | None) -> None:
    """Print models against suites: score, rank and rank range, and who lacks which suite."""
    from ..compare.overview import by_suite, overview_of
    from ..show import overview_tables, tables
    from ..words.catalogue import Words

    workspace = workspace_of(context)
    found = overview_of(boards_of(workspace), workspace.settings)
    if found is None:
        raise click.UsageError("An overview needs results on two suites or more.")
    if sort is not None:
        found = by_suite(found, sort)
    if form == "json":
        click.echo(tables.dump(overview_tables.document(found)))
    elif form == "csv":
        click.echo(tables.to_csv([overview_tables.fields(found)]), nl=False)
    elif form == "md":
        click.echo(tables.to_markdown("Overview", overview_tables.table(found)), nl=False)
    else:
        tables.print_table("Overview", overview_tables.table(found))
        for line in overview_tables.remarks(found, Words("en").text):
            click.echo(line)


@click.command(epilog="Example: cardboard moves --since ../as-it-was")
@click.option(
    "--since",
    "before",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The workspace as it was.",
)
@click.pass_context
def moves(context: click.Context, before: Path) -> None:
    """Print which entries came, went or moved since another state of this workspace."""
    from ..history.changes import changes
    from ..show.explanation import told_move
    from ..words.names import visible
    from ..workspace.configuration import open_workspace

    after = boards_of(workspace_of(context))
    found = changes(boards_of(open_workspace(before)), after)
    for change in found:
        click.echo(visible(told_move(change)))
    if not found:
        click.echo("Nothing moves.")


@click.command(epilog="Example: cardboard explain LiquidAI/LFM2-2.6B")
@click.argument("model")
@click.option("--lang", default="en", show_default=True, help="Of the findings, e.g. ko.")
@click.pass_context
def explain(context: click.Context, model: str, lang: str) -> None:
    """Say why MODEL has its rank, or why it has none: every attempt, every finding."""
    from ..show.explanation import explain_model
    from ..words.names import visible

    workspace = workspace_of(context)
    words = words_of(lang, workspace.settings.overrides.words)
    for line in explain_model(boards_of(workspace), model, words):
        click.echo(visible(line))
