"""What a workspace brings to the frame of its site: pages, pictures, navigation and colours."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from ...board.workspace.colours import style_sheet
from ...board.workspace.overrides import ASSETS, PAGES, own_files
from ...board.workspace.settings import Settings
from ...eval.errors import ConfigError
from .slots import ORIGIN, SITE

FALLBACK = "en"
"""Whose guides stand where a language has none."""
STYLE = "assets/cardboard/colours.css"
_PICTURES = frozenset((".svg", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".ico"))
_LARGEST = 4 << 20
"""Bytes of one picture or page."""
_SLOT = re.compile(r"<!-- cardboard:([a-z-]+) -->|CARDBOARD_[A-Z]+")
_RUNS = re.compile(rb"<script|<foreignObject|\son\w+\s*=|javascript:", re.IGNORECASE)
_HEADING = re.compile(r"^# +(.+?)(?: *\{.*\})?$", re.MULTILINE)
_TITLE = re.compile(r"^title: *(.+)$", re.MULTILINE)

Item: TypeAlias = "str | dict[str, list[Item]]"
"""What stands in a navigation: a page, or a group under its title, of pages or of parts of it."""


class Own(Struct, frozen=True, kw_only=True):
    """A site's frame as a workspace has it."""

    docs: dict[str, Path]
    """The folder of hand-written pages of each language."""
    navigation: dict[str, list[Item]]
    """By language."""
    logo: str | None = None
    """Paths below a language's tree."""
    favicon: str | None = None
    style: str | None = None
    """A style sheet that follows the package's."""


class _Page(NamedTuple):
    path: Path
    text: str


def own_frame(settings: Settings, root: Path | None, aside: Path) -> Own:
    """Return the frame of the site of the workspace at *root*; pages are laid out in *aside*.

    Raises `ConfigError`, naming the file or key, for what cannot be shown.
    """
    languages = settings.board.languages
    pages = {one: _pages(root, one) for one in languages} if root else {}
    pictures = _pictures(root) if root else {}
    docs = {one: _docs(one, languages, pages, pictures, aside) for one in languages}
    return Own(
        docs=docs,
        navigation={one: _navigation(settings, one, pages) for one in languages},
        logo=_look("logo", pictures),
        favicon=_look("favicon", pictures) or _look("logo", pictures),
        style=style_sheet(settings.colours),
    )


def title_of(page: Path) -> str:
    """Return the title of the page in the file *page*: as it says, else its first heading."""
    text = page.read_text("utf-8")
    found = _TITLE.search(text) or _HEADING.search(text)
    return found[1].strip() if found else page.stem


def _pages(root: Path, language: str) -> dict[str, _Page]:
    """Return a workspace's own pages in *language*, by their paths."""
    found = {}
    for path in own_files(root, f"{PAGES}/{language}"):
        name = path.relative_to(root).as_posix()
        if path.suffix != ".md":
            remedy = f"Put pages there as *.md, and pictures into {ASSETS}/."
            raise ConfigError("is no page", file=name, remedy=remedy)
        _check_size(path, name)
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError("is not UTF-8", file=name, remedy="Save it as UTF-8.") from None
        key = path.relative_to(root / PAGES / language).as_posix()
        _check_slots(text, name, language, key)
        found[key] = _Page(path, text)
    return found


def _check_slots(text: str, name: str, language: str, key: str) -> None:
    """Refuse places for computed content that the page of the package does not have."""
    place = _packaged(language) / key
    packaged = place.read_text("utf-8") if place.is_file() else ""
    allowed = {found[0] for found in _SLOT.finditer(packaged)} | {"<!-- cardboard:nearby -->"}
    strange = [found[0] for found in _SLOT.finditer(text) if found[0] not in allowed]
    if ORIGIN in text:
        strange.append(ORIGIN)
    if strange:
        raise ConfigError(
            f"holds {strange[0]}, a place that nothing fills",
            file=name,
            remedy="Take it out; a copy of a page of the package keeps those that it has.",
        )


def _pictures(root: Path) -> dict[str, Path]:
    """Return a workspace's pictures by their names: `assets/logo.svg`."""
    found = {path.relative_to(root).as_posix(): path for path in own_files(root, ASSETS)}
    for name, path in found.items():
        if path.suffix.lower() not in _PICTURES:
            remedy = f"A site takes pictures from there: {', '.join(sorted(_PICTURES))}."
            raise ConfigError("is no picture", file=name, remedy=remedy)
        _check_size(path, name)
        if path.suffix.lower() == ".svg" and _RUNS.search(path.read_bytes()):
            raise ConfigError(
                "is a picture that holds a program",
                file=name,
                remedy="Save it as plain SVG, without scripts and foreign objects.",
            )
    return found


def _check_size(path: Path, name: str) -> None:
    if path.stat().st_size > _LARGEST:
        remedy = "Make it smaller: every visitor loads it."
        raise ConfigError(f"is larger than {_LARGEST >> 20} MB", file=name, remedy=remedy)


def _packaged(language: str) -> Path:
    with as_file(files("cardboard") / "site" / "docs") as docs:
        own = docs / language
        return own if own.is_dir() else docs / FALLBACK


def _docs(
    language: str,
    languages: Sequence[str],
    pages: Mapping[str, Mapping[str, _Page]],
    pictures: Mapping[str, Path],
    aside: Path,
) -> Path:
    """Return the folder of hand-written pages in *language*, with a workspace's own among them.

    A page that another language has stands in its words, so that every link leads somewhere.
    """
    packaged = _packaged(language)
    if not any(pages.values()) and not pictures:
        return packaged
    folder = aside.resolve() / f"docs.{language}"
    shutil.copytree(packaged, folder)
    for other in (*(one for one in reversed(languages) if one != language), language):
        for key, page in pages.get(other, {}).items():
            if other == language or not (packaged / key).is_file():
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                (folder / key).write_text(page.text, "utf-8")
    for name, path in pictures.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def _navigation(
    settings: Settings, language: str, pages: Mapping[str, Mapping[str, _Page]]
) -> list[Item]:
    """Return the navigation: the package's with the guides that are shown, then own pages."""
    from ruamel.yaml import YAML

    config = (files("cardboard") / "mkdocs.yml").read_text("utf-8")
    found: list[Item] = YAML(typ="safe").load(config)["nav"]
    known = set(paths(found))
    own = sorted({key for some in pages.values() for key in some} - known - _UNLISTED)
    chosen = settings.site.guides
    items: list[Item] = []
    for item in found:
        if isinstance(item, dict) and GUIDES in item and chosen is not None:
            item = {GUIDES: _guides(chosen, item[GUIDES])}
        if not isinstance(item, dict) or any(item.values()):
            items.append(item)
    named = [page for tab in settings.site.navigation for page in tab.pages]
    for number, page in enumerate(named):
        if page not in own:
            raise ConfigError(
                f"there is no page {page!r} of yours",
                file="board.toml",
                key="[[site.navigation]]",
                remedy=f"Write it as {PAGES}/{settings.board.languages[0]}/{page}.",
            )
        if page in named[:number]:
            raise ConfigError(
                f"{page} is there twice",
                file="board.toml",
                key="[[site.navigation]]",
                remedy="Name each page once.",
            )
    for tab in settings.site.navigation:
        title = tab.title.get(language) or next(iter(tab.title.values()), "") or tab.pages[0]
        items.append({_plain(title): list(tab.pages)})
    return items + [page for page in own if page not in named]


GUIDES = "CARDBOARD_GUIDE"
_UNLISTED = frozenset(("404.md", "models/_shell.md"))


def paths(items: Sequence[Item]) -> Iterator[str]:
    """Yield the files of all pages in a navigation, in their order."""
    for item in items:
        if isinstance(item, dict):
            for inner in item.values():
                yield from paths(inner)
        else:
            yield item


def _guides(chosen: Sequence[str], parts: Sequence[Item]) -> list[Item]:
    """Return the *parts* of the guides with those that are *chosen*, in the order of choice."""
    known = [*paths(parts)]
    for number, name in enumerate(chosen):
        if f"{name}.md" not in known:
            raise ConfigError(
                f"there is no guide {name!r}",
                file="board.toml",
                key=f"site.guides[{number}]",
                remedy=f"Guides: {', '.join(one.removesuffix('.md') for one in known)}.",
            )
    pages = [f"{name}.md" for name in dict.fromkeys(chosen)]
    kept: list[Item] = []
    for part in parts:
        assert isinstance(part, dict)
        ((title, inner),) = part.items()
        if some := [page for page in pages if page in inner]:
            kept.append({title: [*some]})
    return kept


def _plain(title: str) -> str:
    """Return a title as text of HTML that holds no place for computed content."""
    from html import escape

    return escape(_SLOT.sub("", title.replace(ORIGIN, "").replace(SITE, "")))


def _look(name: str, pictures: Mapping[str, Path]) -> str | None:
    wanted = f"{ASSETS}/{name}"
    return next((one for one in pictures if one.rpartition(".")[0] == wanted), None)
