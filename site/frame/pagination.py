"""Long lists in pages: everything at once while a browser bears it, numbered pages beyond."""

from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")

# Laying out 500 rows costs a browser about 0.2 s, 10,000 rows about 3 s.
ALL_AT_ONCE = 500
ROWS_A_PAGE = 100


class Link(NamedTuple):
    """A numbered page in the row of links between pages."""

    path: str
    text: str
    current: bool


class Part(NamedTuple, Generic[Item]):
    """The items of one page, the page's path, and the links to its fellows."""

    path: str
    items: Sequence[Item]
    number: int
    links: tuple[Link, ...]


def parts(
    path: str, name: str, items: Sequence[Item], *, at_once: int | None = None
) -> Iterator[Part[Item]]:
    """Yield *items* in pages: the first at *path*, the others at `pages/NAME-2/` and so on.

    Up to *at_once* stand on one page, by default 500, beyond that 100.
    """
    most = ALL_AT_ONCE if at_once is None else at_once
    size = len(items) if len(items) <= most else ROWS_A_PAGE
    starts = range(0, len(items), size) if items else range(1)
    paths = [path, *(f"pages/{name}-{number}/" for number in range(2, len(starts) + 1))]
    spans = [f"{start + 1}–{min(start + size, len(items))}" for start in starts]
    for number, (start, here) in enumerate(zip(starts, paths, strict=True), start=1):
        links = tuple(
            Link(there, text, there == here) for there, text in zip(paths, spans, strict=True)
        )
        yield Part(here, items[start : start + size], number, links)
