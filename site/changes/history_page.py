"""The page on history: what moved from each publish to the next, and since the last one."""

from collections.abc import Iterator
from typing import NamedTuple

from ..data.exports import FOLDER
from ..frame.page import Page, root_of
from ..source.source import Source
from .feed import NAME, feed
from .moves import Told, told

PATH = "history/"
# The newest publishes with every move; of those before them, only the numbers.
IN_FULL = 12


class Entry(NamedTuple):
    """A publish, and what had moved until then; `None` for the first one."""

    anchor: str
    label: str
    date: str
    listed: int
    ranked: int
    sha256: str
    file: str
    told: Told | None


def history_pages(source: Source) -> Iterator[Page]:
    """Yield the page on history."""
    known = source.history
    entries = [
        Entry(
            anchor=f"at-{publish.label}",
            label=publish.label,
            date=publish.date,
            listed=publish.listed,
            ranked=publish.ranked,
            sha256=publish.sha256,
            file=f"history/{publish.label}.json",
            told=told(publish.moves, source) if publish.moves is not None else None,
        )
        for publish in known.publishes
    ]
    html = source.render.html(
        "history",
        root=root_of(PATH),
        data=f"{source.above(PATH)}{FOLDER}/",
        since=told(known.since, source) if known.since is not None else None,
        newest=entries[:IN_FULL],
        older=entries[IN_FULL:],
    )
    title, text = source.render.text("site.history.title"), feed(source, PATH)
    yield Page(
        path=PATH,
        title=title,
        description=title,
        slots={"history": html},
        files={} if text is None else {NAME: text},
    )
