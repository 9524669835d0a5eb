"""What the Hub shows against what the board would say now: which cards are stale, and how."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from ...board.model import Boards
from ...board.show.tables import dump
from ...board.workspace.settings import Workspace
from ..hub.errors import Stopped
from ..hub.shipped_templates import (
    Shipped,
    models_with_template,
    moved_by_audits,
    moved_on_hub,
)
from ..plan.plan import Item
from ..plan.withdrawal import Gathered
from ..readme.front_matter import split
from ..readme.markers import split as split_body
from .console import Console
from .flow import aims
from .journal import Journal
from .push import INTERRUPTED
from .report import counted
from .setup import Options, opened
from .survey import survey

Standing = Literal[
    "current",
    "stale rank",
    "stale template",
    "stale metadata",
    "never pushed",
    "deleted",
    "edited by hand",
    "overwritten",
    "left the board",
    "renamed",
    "pull request open",
    "ignored by .gitignore",
    "results rejected",
    "README in LFS",
    "unknown",
]
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


class Status(Struct, frozen=True, kw_only=True):
    """How one repository stands."""

    repo: str
    standing: Standing
    detail: str = ""


def told_status(
    gathered: Gathered,
    boards: Boards,
    workspace: Workspace,
    options: Options,
    *,
    as_json: bool,
    ask: bool,
) -> int:
    """Say which cards are stale; return the exit code.

    Which templates moved follows from the audits kept, or where *ask* is true from the Hub.
    """
    board, quotas = workspace.settings.board, workspace.settings.hub
    with opened(options, quotas, workspace.root / ".cardboard", workspace.build / "hub") as push:
        console = push.console
        targets, spaces = aims(push, gathered, options, board.organisation)
        try:
            items = survey(push, gathered, targets, spaces, options.repos)
        except Stopped:
            return INTERRUPTED
        found = [status_of(item, push.journal) for item in items]
        shipped = _asked(boards, console) if ask else moved_by_audits(boards)
        if as_json:
            told = {"repos": found, "templates": shipped.moved, "not_found": shipped.unknown}
            console.out(dump(msgspec.to_builtins(told)))
        else:
            for line in _lines(found, shipped):
                console.out(line)
    return int(any(one.standing != "current" for one in found))


def _asked(boards: Boards, console: Console) -> Shipped:
    models = models_with_template(boards)
    return console.progress(
        "Asking for templates", len(models), lambda tell: moved_on_hub(models, tell)
    )


def _lines(found: Sequence[Status], shipped: Shipped) -> Iterator[str]:
    for moved in shipped.moved:
        yield f"{'template moved':<15} {moved.label}  {moved.message}"
    for label in shipped.unknown:
        yield f"{'no template':<15} {label}  none can be had from the Hub"
    for one in found:
        if one.standing != "current":
            yield f"{one.standing:<15} {one.repo}  {one.detail}".rstrip()
    yield counted(one.standing for one in found)


def status_of(item: Item, journal: Journal) -> Status:
    """Return how the repository of *item* stands, its plan made without a choice."""
    standing: Standing
    if item.needless is not None and item.state != "unchanged":
        return Status(
            repo=item.repo, standing="pull request open", detail=f"pull request #{item.needless}"
        )
    match item.state:
        case "left the board" | "renamed" | "overwritten":
            standing = item.state
        case "unchanged" if item.id:
            standing = "renamed"
        case "in LFS":
            standing = "README in LFS"
        case "ignored":
            standing = "ignored by .gitignore"
        case "rejected":
            standing = "results rejected"
        case "unchanged":
            standing = "current"
        case "new" | "missing repo":
            standing = "deleted" if journal.pushed(item.repo) else "never pushed"
        case "conflict":
            standing = "edited by hand" if _has_markers(item) else "never pushed"
        case "changed":
            standing = _staleness(item)
        case _:
            standing = "unknown"
    return Status(repo=item.repo, standing=standing, detail=_detail(item, standing))


def _detail(item: Item, standing: Standing) -> str:
    """Return the line of the rank as it is and as it should be, or why the plan is as it is."""
    if standing == "stale rank" and item.present and item.present.readme and item.shown:
        old, new = (_rank(_body(text)) for text in (item.present.readme, item.shown))
        return f"{old} -> {new}" if old != new else "figures below the rank differ"
    return item.reason or "; ".join(item.wanted.notes if item.wanted.left or item.id else ())


def _rank(body: str) -> str:
    lines = (line.strip("*") for line in body.splitlines() if line.startswith("**"))
    return next(lines, "no rank")


def _staleness(item: Item) -> Standing:
    """Return what is stale: the figures of the body, its words, or only the front matter."""
    assert item.present is not None
    if item.present.readme is None or item.shown is None:
        return "stale metadata"
    old, new = _body(item.present.readme), _body(item.shown)
    if _figures(old) != _figures(new):
        return "stale rank"
    return "stale template" if old != new else "stale metadata"


def _figures(body: str) -> list[str]:
    """Return the numbers in tables and in the line of the rank, where figures of ours stand."""
    lines = (line for line in body.splitlines() if line.startswith(("|", "**")))
    return [figure for line in lines for figure in _FIGURE.findall(line)]


def _body(readme: bytes) -> str:
    """Return our part of a README, with line ends made alike."""
    text = readme.decode("utf-8", "replace").replace("\r\n", "\n")
    block = split(text)
    try:
        parts = split_body(block.rest if block else text)
    except ValueError:
        return ""
    return parts.body.strip("\n") if parts else ""


def _has_markers(item: Item) -> bool:
    return b"cardboard:begin" in ((item.present.readme or b"") if item.present else b"")
