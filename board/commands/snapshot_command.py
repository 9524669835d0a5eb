"""`cardboard snapshot`: keep what the boards say now, for the page on history."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...eval.errors import UsageError
from .load import boards_of, workspace_of

if TYPE_CHECKING:
    from ..history.snapshots import Snapshot


@click.command(epilog="Example: cardboard snapshot --label 2026-11")
@click.option("--label", help="Its name; by default the day on which the newest result was made.")
@click.option("--date", "day", help="Its day, as 2026-11-20, where the label begins with none.")
@click.option("--replace", is_flag=True, help="Write over a snapshot of the same label.")
@click.pass_context
def snapshot(context: click.Context, label: str | None, day: str | None, replace: bool) -> None:
    """Write the boards of today to history/LABEL.json; the site shows what moved between two."""
    from ..history.snapshots import take
    from ..words.names import plural

    workspace = workspace_of(context)
    taken = take(boards_of(workspace), label, day)
    entries = sum(len(board.entries) for board in taken.boards)
    done = "written" if keep(taken, workspace.history, replace=replace) else "is there already"
    where = f"history/{taken.label}.json"
    told = f"{plural(len(taken.boards), 'board')}, {plural(entries, 'entry', 'entries')}"
    click.echo(f"{where}: {told} ({taken.date}), {done}")


def keep(taken: "Snapshot", folder: Path, *, replace: bool) -> bool:
    """Write *taken* into *folder*; return False where the same bytes are there already.

    Raises `UsageError` where another snapshot has the label, or a later day.
    """
    from ..history.snapshots import encode, order, read_snapshots

    path, content = folder / f"{taken.label}.json", encode(taken)
    if path.exists():
        if path.read_bytes() == content:
            return False
        if not replace:
            raise UsageError(
                "this snapshot is there, and says something else",
                file=f"history/{path.name}",
                remedy="Choose another --label, or write over it with --replace.",
            )
    others = [one for one in read_snapshots(folder) if one.label != taken.label]
    later = max(others, key=order, default=taken)
    if not path.exists() and order(later) > order(taken):
        raise UsageError(
            f"{taken.label} ({taken.date}) would come before {later.label} ({later.date})",
            remedy="Choose a later --date, or a --label that begins with one.",
        )
    folder.mkdir(exist_ok=True)
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(content)
    aside.replace(path)
    return True
