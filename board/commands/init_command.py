"""`cardboard init`: a new workspace with every setting explained, and workflows to publish it."""

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from ... import __version__
from ...eval.errors import UsageError
from . import new_workspace
from .new_workspace import CHOICES, IGNORED, begin, write

PIN = ".github/cardboard.txt"
OWN = (PIN, ".github/dependabot.yml")
"""What a repository may have in its own form: it is left as it is."""
_WORKFLOWS = ("results", "comment", "publish", "stale")
_PINNED = """\
# What the workflows install: this cardboard and no other.
{requirement}
"""
_UNPINNED = """\
# Say here where a runner finds cardboard {version}, which says nothing of where it came from: as
# a wheel in this repository (wheels/cardboard-{version}-py3-none-any.whl), or a commit of yours
# (cardboard @ git+https://HOST/REPOSITORY@COMMIT). A bare name could be anybody's.
"""
_NEXT = """\
Next, on GitHub and on the Hub:
  1. Commit these files. A pull request with results is checked from now on.
  2. Make the environment hub with a secret HF_TOKEN that may write to your organisation's models.
     To try it without one, set the repository variable PUSH_CARDS to dry.
  3. For the site, enable Pages with GitHub Actions as its source, and set the repository variable
     PUBLISH_SITE to true.
Trusted publishers, the daily look and the rest: "With GitHub Actions" in the documentation.
"""


@click.command(epilog="Example: cardboard init my-board --kind reported --title 'My board'")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("more", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--title", help="The board's title; asked for on a terminal.")
@click.option(
    "--kind",
    type=click.Choice(tuple(CHOICES)),
    help="What will be on the board; asked for on a terminal, and else replay.",
)
@click.option(
    "--from",
    "first",
    metavar="FILE...",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Begin with these results of another program: files, folders, patterns.",
)
@click.option(
    "--github", is_flag=True, help="With workflows for GitHub; also for a workspace that is there."
)
def init(
    folder: Path,
    more: tuple[Path, ...],
    title: str | None,
    kind: str | None,
    first: tuple[Path, ...],
    github: bool,
) -> None:
    """Make a workspace in DIR: board.toml, models.toml and results/, which --from fills.

    On a terminal it asks for title and kind, where they are not given.
    """
    if more and not first:
        raise click.UsageError(f"Got unexpected extra argument ({more[0]}); results follow --from.")
    is_new = not (github and (folder / "board.toml").exists())
    if not is_new and (first or title or kind):
        raise UsageError(
            "is a workspace already",
            file=str(folder),
            remedy="Bring results in with `cardboard import --adopt`; title and kinds are in "
            "board.toml.",
        )
    texts = _asked(folder, title, kind, bool(first)) if is_new else {}
    pinned = requirement()
    if github:
        _check_root(folder)
        texts |= workflows(pinned)
    kept = [name for name in OWN if (folder / name).exists()]
    for name, text in texts.items():
        path = folder / name
        if path.exists() and name not in kept and (is_new or path.read_text("utf-8") != text):
            raise UsageError(
                "exists already" if is_new else "exists already, and says something else",
                file=str(path),
                remedy="Name an empty folder; nothing was changed."
                if is_new
                else "Move it away and compare it with the new one; nothing was changed.",
            )
    if is_new and not (folder / ".gitignore").exists():
        texts[".gitignore"] = IGNORED
    texts = {name: text for name, text in texts.items() if name not in kept}
    try:
        if first:
            told = begin(folder, texts, (*first, *more))
        else:
            write(folder, texts)
            told = ()
    except OSError as error:
        raise UsageError(
            error.strerror or "cannot be written",
            file=str(error.filename or folder),
            remedy="Name a folder that can be made and written.",
        ) from error
    if is_new:
        for line in told:
            click.echo(line)
        _tell_next(folder, filled=bool(first))
    if github:
        _tell(folder, kept, pinned)


def _asked(folder: Path, title: str | None, kind: str | None, filled: bool) -> dict[str, str]:
    """Return the files of a new workspace, by what was given or is answered on a terminal."""
    name = folder.absolute().name.replace("_", " ").strip() or "Leaderboard"
    asks = new_workspace.is_terminal()
    if title is None and asks:
        title = click.prompt("Title of the board", default=name)
    if kind is None and filled:
        kind = "reported"
    if kind is None and asks:
        width = max(map(len, CHOICES))
        for choice, what in CHOICES.items():
            click.echo(f"  {choice:<{width}}  {what}")
        kind = click.prompt("Kind", type=click.Choice(tuple(CHOICES)), default="replay")
    return new_workspace.files_of((title or "").strip() or name, kind or "replay")


def _tell_next(folder: Path, *, filled: bool) -> None:
    results = folder / "results"
    if filled:
        click.echo(f"Made {folder}. Look at it, and publish it:")
        click.echo(f"  cardboard -C {folder} check")
    else:
        click.echo(f"Made {folder}. Put result files into {results}, then run:")
    click.echo(f"  cardboard -C {folder} publish")


def workflows(pinned: str | None) -> dict[str, str]:
    """Return the files by which GitHub checks, publishes and watches a workspace, by their paths.

    They install *pinned*; without it, nothing, until somebody says from where.
    """
    source = files("cardboard") / "templates" / "github"
    found = {
        f".github/workflows/{name}.yml": (source / "workflows" / f"{name}.yml").read_text("utf-8")
        for name in _WORKFLOWS
    }
    found[".github/dependabot.yml"] = (source / "dependabot.yml").read_text("utf-8")
    told = _PINNED if pinned else _UNPINNED
    found[PIN] = told.format(requirement=pinned, version=__version__)
    return found


def requirement() -> str | None:
    """Return how pip installs this very cardboard elsewhere; `None` where nobody can tell.

    The record of where a package comes from is that of PEP 610. Without one it came from some
    index, where a package of this name may be another's, so that the name alone says nothing.
    """
    try:
        told = json.loads(distribution("cardboard").read_text("direct_url.json") or "null")
    except (PackageNotFoundError, ValueError):
        return None
    if told is None:
        return None
    address = urlsplit(str(told.get("url", "")))
    if address.scheme != "https" or not address.hostname:
        return None
    plain = urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2], fragment=""))
    commit = str(told.get("vcs_info", {}).get("commit_id", ""))
    if re.fullmatch("[0-9a-f]{40}", commit):
        return f"cardboard @ git+{plain}@{commit}"
    sha256 = str(told.get("archive_info", {}).get("hashes", {}).get("sha256", ""))
    return f"cardboard @ {plain}" + (f"#sha256={sha256}" if sha256 else "")


def _check_root(folder: Path) -> None:
    """Refuse a folder inside a repository: GitHub reads workflows at its root only."""
    if (folder / ".git").exists():
        return
    for above in folder.absolute().parents:
        if (above / ".git").exists():
            raise UsageError(
                f"is not the root of its repository, which is {above}",
                file=str(folder),
                remedy="Give the workspace a repository of its own: workflows run at the root.",
            )


def _tell(folder: Path, kept: list[str], pinned: str | None) -> None:
    click.echo(f"The workflows are in {folder / '.github' / 'workflows'}.")
    for name in kept:
        click.echo(f"{folder / name} is yours, and was left as it is.")
    if pinned is None and PIN not in kept:
        click.echo(
            f"No address of this cardboard is known: say in {folder / PIN} where a runner "
            "finds it,\nas `cardboard @ git+https://...@COMMIT` or as a wheel in the repository. "
            "Until then, workflows fail."
        )
    click.echo(_NEXT, nl=False)
