"""The commands that make the site and show it: site, serve."""

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import click

from ..board.commands.load import boards_of, workspace_of
from ..eval.errors import CardboardError

if TYPE_CHECKING:
    from ..board.workspace.settings import Workspace
    from .assembly.write import Outcome

_SECONDS_BETWEEN_LOOKS = 1.0


@click.command(epilog="Example: cardboard site")
@click.pass_context
def site(context: click.Context) -> None:
    """Build the leaderboard site under build/site; a site that is the same stays untouched."""
    click.echo(_said(_build(workspace_of(context))))


@click.command(epilog="Example: cardboard serve --port 8080")
@click.option("--port", default=8000, show_default=True, help="Port on this machine; 0 picks one.")
@click.pass_context
def serve(context: click.Context, port: int) -> None:
    """Build the site, serve it on this machine, and build it anew when its sources change."""
    from .assembly.server import serving, signature

    workspace = workspace_of(context)
    seen = signature(workspace)
    outcome = _build(workspace)
    click.echo(_said(outcome))
    with serving(outcome.folder, port) as url:
        click.echo(f"Serving {url} (Ctrl-C ends it)")
        try:
            while True:
                time.sleep(_SECONDS_BETWEEN_LOOKS)
                if (now := signature(workspace)) != seen:
                    seen = now
                    _rebuild(context)
        except KeyboardInterrupt:
            click.echo("\nStopped.")


def _rebuild(context: click.Context) -> None:
    """Build again; what cannot be built is told, and the last site goes on being served."""
    try:
        click.echo(_said(_build(workspace_of(context))))
    except CardboardError as error:
        error.show()
    except OSError as error:
        # A file has gone while it was read, or the disk is full: the next change tries again.
        click.echo(f"Error: {error}", err=True)


def _said(outcome: "Outcome") -> str:
    done = "written" if outcome.changed else "nothing has changed"
    languages = ", ".join(outcome.languages)
    return f"{outcome.folder}: {outcome.pages} pages ({languages}), {done}"


def _build(workspace: "Workspace") -> "Outcome":
    """Build the site of *workspace*, with progress on a terminal and nothing when piped."""
    from .assembly.write import write_site

    write = partial(
        write_site,
        boards_of(workspace),
        workspace.settings,
        workspace.build / "site",
        results=workspace.results,
        snapshots=workspace.history,
    )
    if not sys.stderr.isatty():
        return write()
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Writing pages", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return write(progress=show)
