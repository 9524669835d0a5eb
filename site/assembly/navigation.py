"""The row of links between pages of one group: what the navigation holds, in sight on the page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from ..frame.own import Item, paths, title_of
from ..frame.page import root_of

# How mkdocs.yml names a group; the slot of the same name holds its title.
_GROUP = re.compile(r"CARDBOARD_([A-Z]+)")


CURRENT = ' aria-current="page"'


class Part(NamedTuple):
    """Pages of a group that are of one kind, as tutorials are."""

    title: str
    """Empty where the group has no parts."""
    files: tuple[str, ...]
    """Names of its pages below a language's folder of pages: `charts.md`."""


class Group(NamedTuple):
    """A group of pages under one tab."""

    title: str
    parts: tuple[Part, ...]

    @property
    def pages(self) -> tuple[str, ...]:
        """Return the paths of its pages below a language's tree."""
        return tuple(_path(file) for part in self.parts for file in part.files)


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
            ((name, inner),) = item.items()
            plain = tuple(one for one in inner if isinstance(one, str))
            parts = [Part("", plain)] if plain else []
            for one in inner:
                if isinstance(one, dict):
                    ((part, pages),) = one.items()
                    parts.append(Part(_title(part, titles), tuple(paths(pages))))
            yield Group(_title(name, titles), tuple(parts))


def _title(name: str, titles: Mapping[str, str]) -> str:
    found = _GROUP.fullmatch(name)
    return titles[found[1].lower()] if found else unescape(name)


def _path(page: str) -> str:
    """Return where the page in the file *page* lies."""
    return f"{page.removesuffix('.md')}/".removesuffix("index/")


def _links(here: str, group: Group, docs: Path) -> str:
    names = {_path(file): title_of(docs / file) for part in group.parts for file in part.files}
    rows = "".join(_row(here, part, names) for part in group.parts)
    # The drawer of the theme has the group's own title: landmarks differ in their names.
    label = escape(f"{group.title}: {', '.join(names.values())}")
    if any(part.title for part in group.parts):
        # So many that they would fill a phone's first screen: closed there, always open elsewhere.
        summary = escape(f"{group.title}: {names[here]}")
        rows = f"<details><summary>{summary}</summary>{rows}</details>"
    return f'<nav class="cb-nearby" aria-label="{label}">{rows}</nav>'


def _row(here: str, part: Part, names: Mapping[str, str]) -> str:
    items = "".join(
        f'<li><a href="{root_of(here)}{path}"{CURRENT if path == here else ""}>'
        f"{escape(names[path])}</a></li>"
        for path in map(_path, part.files)
    )
    if not part.title:
        return f"<ul>{items}</ul>"
    title = escape(part.title)
    return f'<div><span>{title}</span><ul aria-label="{title}">{items}</ul></div>'
