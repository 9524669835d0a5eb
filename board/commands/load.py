"""What every command needs first: the workspace that `-C` names, opened once."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...eval.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Boards
    from ..words.catalogue import Words
    from ..workspace.settings import Workspace


HELD = "cardboard.boards"
"""Where a command that calls others leaves them the boards that it has read."""


def workspace_of(context: click.Context) -> "Workspace":
    """Return the workspace that the command line named with `-C`, the current folder by default."""
    from ..workspace.configuration import open_workspace

    root: Path = context.find_root().params.get("workspace") or Path()
    return open_workspace(root)


def words_of(language: str, own: "Mapping[str, str] | None" = None) -> "Words":
    """Return the words of the *language* that `--lang` names; `UsageError` where there are none.

    *own* are the catalogues of the workspace, by language.
    """
    from ...eval.errors import UsageError
    from ..words.catalogue import Words, language_remedy, languages

    known = sorted({*languages(), *(own or {})})
    if language not in known:
        raise UsageError(
            f"there are no words for the language {language!r}",
            key="--lang",
            remedy=language_remedy(language, known),
        )
    return Words(language, (own or {}).get(language))


def called(command: str) -> str:
    """Return how *command* is called where this one was: what a shell finds, here and now."""
    import os
    import shutil
    import sys

    context = click.get_current_context()
    root: Path = context.find_root().params.get("workspace") or Path()
    within = "" if root == Path() else f" -C {root}"
    script, found = Path(sys.argv[0]).absolute(), shutil.which("cardboard")
    if found is not None and script.exists() and Path(found).samefile(script):
        return f"cardboard{within} {command}"
    if script.name == "cardboard":
        return f"{Path(os.path.relpath(script))}{within} {command}"
    return f"{os.path.relpath(sys.executable)} -m cardboard{within} {command}"


def boards_of(workspace: "Workspace") -> "Boards":
    """Return the workspace's boards, showing progress on a terminal and nothing when piped.

    Within a command that has read them for others, these are they.
    """
    import sys

    context = click.get_current_context(silent=True)
    held: Boards | None = context.meta.get(HELD) if context is not None else None
    if held is not None:
        return held

    from ..judge.build import load_boards

    if not sys.stderr.isatty():
        return load_boards(workspace)
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading results", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return load_boards(workspace, progress=show)


def tell_refused(boards: "Boards", *, strict: bool) -> list[str]:
    """Name every file that could not be used, and why; raise `RecordError` when *strict*.

    Returns what was said.
    """
    from ..show.check_report import broken_files
    from ..words.catalogue import Words
    from ..words.names import visible

    say, broken = Words("en").finding, broken_files(boards)
    lines = []
    for reading in broken:
        reasons = [say(one) for one in reading.findings if one.severity == "error"]
        lines.append(visible(f"{reading.file} could not be used: {' '.join(reasons)}"))
        click.echo(lines[-1], err=True)
    if broken and strict:
        raise RecordError(
            f"{len(broken)} of {len(boards.readings)} files could not be used",
            remedy="Mend or remove them, or run without --strict.",
        )
    return lines
