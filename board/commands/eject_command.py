"""`cardboard eject`: a copy of one of the package's files, to be changed in the workspace."""

import hashlib
from difflib import get_close_matches

import click

from ...eval.errors import UsageError
from .load import workspace_of


@click.command(epilog="Example: cardboard eject templates/card.md.jinja")
@click.argument("names", metavar="[FILE]...", nargs=-1)
@click.pass_context
def eject(context: click.Context, names: tuple[str, ...]) -> None:
    """Copy FILES of the package into the workspace, where they win; without FILE, list them.

    FILE is a template (templates/...), a page (pages/LANGUAGE/NAME.md), a catalogue
    (locale/LANGUAGE.po) or a file of the look (assets/...). `cardboard check` tells when a copy is
    older than the package's.
    """
    from ..workspace.overrides import EJECTED, ejected, packaged, recorded, there

    if not names:
        for name in there():
            click.echo(name)
        return
    root = workspace_of(context).root
    known, copies = ejected(root), {}
    for name in names:
        found = packaged(name)
        if found is None:
            near = get_close_matches(name, there(), n=1, cutoff=0.5)
            raise UsageError(
                "there is no such file to copy",
                file=name,
                remedy=(f"Did you mean {near[0]}? " if near else "")
                + "`cardboard eject` without a name lists all.",
            )
        if (root / name).exists():
            raise UsageError(
                "exists already", file=name, remedy="Move it away first; nothing was changed."
            )
        copies[name] = found.read_bytes()
    for name, data in copies.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        known[name] = hashlib.sha256(data).hexdigest()
        click.echo(f"{name} is yours now.")
    (root / EJECTED).write_text(recorded(known), "utf-8", newline="\n")
