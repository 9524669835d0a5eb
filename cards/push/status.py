"""What the Hub shows against what the board would say now: which cards are stale, and how."""

import re
from typing import Literal

from msgspec import Struct

from ..plan.plan import Item
from ..readme.front_matter import split
from ..readme.markers import split as split_body
from .journal import Journal

Standing = Literal[
    "current",
    "stale rank",
    "stale template",
    "stale metadata",
    "never pushed",
    "deleted",
    "edited by hand",
    "unknown",
]
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


class Status(Struct, frozen=True, kw_only=True):
    """How one repository stands."""

    repo: str
    standing: Standing
    detail: str = ""


def status_of(item: Item, journal: Journal) -> Status:
    """Return how the repository of *item* stands, its plan made without a choice."""
    standing: Standing
    match item.state:
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
    return item.reason


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
