"""The row of links between pages of one group: what the navigation holds, in sight on the page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from ..frame.own import Item, title_of
from ..frame.page import root_of

# How mkdocs.yml names a group; the slot of the same name holds its title.
_GROUP = re.compile(r"CARDBOARD_([A-Z]+)")


CURRENT = ' aria-current="page"'


class Group(NamedTuple):
    """A group of pages under one tab."""

    title: str
    files: tuple[str, ...]
    """Names of its pages below a language's folder of pages: `charts.md`."""

    @property
    def pages(self) -> tuple[str, ...]:
        """Return the paths of its pages below a language's tree."""
        return tuple(map(_path, self.files))


def slots() -> tuple[str, ...]:
    """Return the slots of the titles of the package's groups."""
    text = (files("cardboard") / "mkdocs.yml").read_text("utf-8")
    return tuple(name.lower() for name in _GROUP.findall(text))


def nearby(navigation: Sequence[Item], docs: Path, titles: Mapping[str, str]) -> dict[str, str]:
    """Return by its path the links that each page of a group shows.

    *docs* holds the pages, *titles* those of the package's groups by slot.
    """
    return {
        here: _links(here, group, docs)
        for group in groups(navigation, titles)
        for here in group.pages
    }


def groups(navigation: Sequence[Item], titles: Mapping[str, str]) -> Iterator[Group]:
    """Yield the groups of a *navigation*, with what they are called."""
    for item in navigation:
        if isinstance(item, dict):
            ((name, pages),) = item.items()
            found = _GROUP.fullmatch(name)
            yield Group(titles[found[1].lower()] if found else unescape(name), tuple(pages))


def _path(page: str) -> str:
    """Return where the page in the file *page* lies."""
    return f"{page.removesuffix('.md')}/".removesuffix("index/")


def _links(here: str, group: Group, docs: Path) -> str:
    names = {_path(file): title_of(docs / file) for file in group.files}
    items = "".join(
        f'<li><a href="{root_of(here)}{path}"{CURRENT if path == here else ""}>'
        f"{escape(name)}</a></li>"
        for path, name in names.items()
    )
    # The drawer of the theme has the group's own title: landmarks differ in their names.
    label = escape(f"{group.title}: {', '.join(names.values())}")
    return f'<nav class="cb-nearby" aria-label="{label}"><ul>{items}</ul></nav>'
