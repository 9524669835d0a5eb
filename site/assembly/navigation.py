"""The row of links between pages of one group: what the navigation holds, in sight on the page."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from ..frame.page import root_of

# How mkdocs.yml names a group; the slot of the same name holds its title.
_GROUP = re.compile(r"CARDBOARD_([A-Z]+)")
_TITLE = re.compile(r"^title: *(.+)$", re.MULTILINE)


CURRENT = ' aria-current="page"'


class Group(NamedTuple):
    """A group of pages under one tab."""

    slot: str
    pages: tuple[str, ...]
    """Paths below a language's tree."""


def groups() -> tuple[Group, ...]:
    """Return the groups of the navigation, as mkdocs.yml has them."""
    return tuple(_groups(files("cardboard")))


def nearby(language: str, titles: Mapping[str, str]) -> dict[str, str]:
    """Return by its path the links that each page of a group shows; *titles* are of the groups."""
    docs = files("cardboard") / "site" / "docs" / language
    return {
        here: _links(here, group, titles[group.slot], docs)
        for group in groups()
        for here in group.pages
    }


def _groups(package: Traversable) -> Iterator[Group]:
    from ruamel.yaml import YAML

    navigation = YAML(typ="safe").load((package / "mkdocs.yml").read_text("utf-8"))["nav"]
    for item in navigation:
        if isinstance(item, dict):
            ((name, pages),) = item.items()
            found = _GROUP.fullmatch(name)
            assert found is not None, f"mkdocs.yml: nav: {name}"
            paths = tuple(f"{page.removesuffix('.md')}/" for page in pages)
            yield Group(found[1].lower(), paths)


def _links(here: str, group: Group, title: str, docs: Traversable) -> str:
    items = "".join(
        f'<li><a href="{root_of(here)}{path}"{CURRENT if path == here else ""}>'
        f"{escape(_title(docs / f'{path[:-1]}.md'))}</a></li>"
        for path in group.pages
    )
    # The drawer of the theme has the group's own title: landmarks differ in their names.
    names = ", ".join(_title(docs / f"{path[:-1]}.md") for path in group.pages)
    label = escape(f"{title}: {names}")
    return f'<nav class="cb-nearby" aria-label="{label}"><ul>{items}</ul></nav>'


def _title(page: Traversable) -> str:
    found = _TITLE.search(page.read_text("utf-8"))
    return found[1] if found else page.name
