"""The commands that give boards away: site, serve, export, and verify for a site that is there."""

import shutil
import sys
import tempfile
import time
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import __version__
from ..board.commands.load import boards_of, workspace_of
from ..eval.errors import CardboardError, UsageError, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..board.model import Boards
    from ..board.workspace.settings import Settings, Workspace
    from .assembly.write import Outcome
    from .data.exports import Cards

_SECONDS_BETWEEN_LOOKS = 1.0


@click.command(epilog="Example: cardboard site")
@click.pass_context
def site(context: click.Context) -> str:
    """Build the leaderboard site under build/site; a site that is the same stays untouched."""
    from msgspec.structs import replace

    outcome = _build(workspace_of(context), context)
    click.echo(_said(outcome))
    return _said(replace(outcome, changed=False))


@click.command(epilog="Example: cardboard serve --port 8080")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port on this machine; 0 picks one.",
)
@click.pass_context
def serve(context: click.Context, port: int) -> None:
    """Build the site, serve it on this machine, and build it anew when its sources change."""
    from ..board.workspace.stamp import Stamp
    from .assembly.server import serving, signature

    workspace = workspace_of(context)
    seen = signature(workspace)
    with serving(workspace.build / "site", port) as url:
        click.echo(f"Serving {url} (Ctrl-C ends it)")
        published = Stamp(workspace).unchanged()
        if published is None:
            click.echo("Building the site; until it is there, what was built before is served")
            click.echo(_said(_build(workspace, context)))
        else:
            click.echo(published.told[-1])
        try:
            while True:
                time.sleep(_SECONDS_BETWEEN_LOOKS)
                if (now := signature(workspace)) != seen:
                    seen = now
                    _rebuild(context)
        except KeyboardInterrupt:
            click.echo("\nStopped.")


_MOST_TOLD, _MOST_OF_ONE = 20, 5


@click.command(epilog="Example: cardboard verify https://example.org/board/")
@click.argument("place", metavar="DIR|URL")
@click.pass_context
def verify(context: click.Context, place: str) -> None:
    """Rebuild the boards of a published site from its own files, and compare everything.

    Ends with 0 if all is equal, with 1 if anything is not, and names the first differences.
    """
    from ..board.words.names import visible
    from .verify.origins import origin_of
    from .verify.verify import verify as check

    with origin_of(place) as origin:
        outcome = check(origin, _cards(context))
    if outcome.built_by != __version__:
        click.echo(
            visible(
                f"Built by cardboard {outcome.built_by[:100]}; this is {__version__}, and may "
                "judge or say things otherwise."
            )
        )
    told = [one for one in outcome.wrong if not one.file]
    for _, some in groupby(outcome.wrong[len(told) :], key=lambda one: one.file):
        told += list(some)[:_MOST_OF_ONE]
    for one in told[:_MOST_TOLD]:
        click.echo(visible(f"Wrong: {one.told}"))
    for text in outcome.unchecked:
        click.echo(visible(f"Not checked: {text}."))
    if outcome.wrong:
        shown = min(len(told), _MOST_TOLD)
        click.echo(
            f"{plural(len(outcome.wrong), 'difference')}, of which the first {shown} are shown."
        )
        context.exit(1)
    click.echo(f"All equal: {outcome.counts}.")


@click.command(epilog="Example: cardboard export --to eee ../exported")
@click.option(
    "--to",
    "form",
    type=click.Choice(["eee", "csv", "parquet", "croissant"]),
    required=True,
    help="Every Eval Ever 0.3.0, one table, or both tables described in Croissant 1.1.",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def export(context: click.Context, form: str, folder: Path) -> None:
    """Write the boards into DIR, a new or empty folder, in a format that others read."""
    workspace = workspace_of(context)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            "is not empty", file=str(folder), remedy="Name a new folder, or empty this one."
        )
    boards = boards_of(workspace)
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        said = _exported(form, boards, workspace, aside / "whole")
        if folder.exists():
            folder.rmdir()
        (aside / "whole").replace(folder)
    finally:
        shutil.rmtree(aside)
    click.echo(f"{folder}: {said}")


def _exported(form: str, boards: "Boards", workspace: "Workspace", folder: Path) -> str:
    """Write *boards* into *folder*, which is made, and say what was written."""
    from ..board.words.names import plural
    from .data.croissant import CROISSANT, write_croissant
    from .data.every_eval_ever import write_every_eval_ever
    from .data.exports import rows_of, write_csv, write_parquet

    folder.mkdir()
    if form == "eee":
        written, left_out = write_every_eval_ever(boards, workspace, folder)
        without = f"; {left_out} without a figure to give are left out" if left_out else ""
        return f"{plural(written, 'result')} as Every Eval Ever{without}"
    names = {"csv": ("board.csv",), "parquet": ("board.parquet",)}
    chosen = names.get(form, ("board.csv", "board.parquet"))
    table = rows_of(boards)
    if "board.csv" in chosen:
        write_csv(table, folder / "board.csv")
    if "board.parquet" in chosen:
        write_parquet(table, folder / "board.parquet")
    if form == "croissant":
        write_croissant(boards, workspace.settings, folder, chosen)
        chosen = (*chosen, CROISSANT)
    return f"{', '.join(chosen)} with {plural(len(table.rows), 'entry', 'entries')}"


def _rebuild(context: click.Context) -> None:
    """Build again; what cannot be built is told, and the last site goes on being served."""
    try:
        click.echo(_said(_build(workspace_of(context), context)))
    except CardboardError as error:
        error.show()
    except OSError as error:
        # A file has gone while it was read, or the disk is full: the next change tries again.
        click.echo(f"Error: {error}", err=True)


_LARGE = 0.8 * 10**9
"""Bytes of a site from which it is told that hosts have limits; GitHub Pages ends at 1 GB."""


def _said(outcome: "Outcome") -> str:
    from .data.exports import amount

    done = "written" if outcome.changed else "nothing has changed"
    languages = ", ".join(outcome.languages)
    size = f"{amount(outcome.bytes)} in {plural(outcome.files, 'file')}"
    told = f"{outcome.folder}: {plural(outcome.pages, 'page')} ({languages}), {size}, {done}"
    if outcome.bytes < _LARGE:
        return told
    return (
        f"{told}\nWarning: GitHub Pages takes sites of up to 1 GB, and this one has "
        f"{outcome.bytes / 10**9:.2f} GB. Leave a language out of board.toml, move old results "
        "to another workspace, or publish it on a host without that limit."
    )


def _cards(context: click.Context) -> "Cards | None":
    """Return what makes the cards: the front door gives it, for they are another stage's."""
    cards: Cards | None = context.meta.get("cardboard.cards")
    return cards


def _build(workspace: "Workspace", context: click.Context) -> "Outcome":
    """Build the site of *workspace*, with progress on a terminal and nothing when piped."""
    from .assembly.write import write_site

    made = context.meta.get("cardboard.written-cards")

    def cards(boards: "Boards", _: "Settings") -> "Iterable[tuple[str, str, Mapping[str, str]]]":
        return made(boards, workspace) if made else ()

    write = partial(
        write_site,
        settings=workspace.settings,
        folder=workspace.build / "site",
        results=workspace.results,
        snapshots=workspace.history,
        root=workspace.root,
        cards=cards,
        marks=workspace.root / ".cardboard",
    )
    if not sys.stderr.isatty():
        return write(partial(boards_of, workspace))
    boards = boards_of(workspace)  # This shows how far it is, and two cannot at once.
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Writing pages", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return write(boards, progress=show)
