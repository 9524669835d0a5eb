"""One language's tree of files: frames turn into shells, shells and pages into files."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path

import msgspec

from ...board.workspace.settings import Settings
from ...board.workspace.stamp import maker
from ..frame.bundles import bundled, script_hint, script_tag, scripts, style, style_sheets
from ..frame.own import STYLE
from ..frame.page import Addresses, Page, root_of
from ..frame.reuse import Kept
from ..frame.scripted import scripted
from ..frame.security import printable, secure
from ..frame.slots import SITE, Shell, icons_apart, named
from .previews import Previews

NAMES = "search/names.json"
"""Boards and models by name, for the site's search; its other index holds the guides alone."""
# The page that stands for all that have none of their own.
_MODEL_SHELL = "models/_shell/"
_ICONS = "assets/images/icons.svg"
# What is loaded by itself, and not as a part of anything.
_ALONE = ("embed.css", "logo.svg")
# Signs that would turn the text around them.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# All that the theme says where there is no page, in one language.
_LOST = re.compile(r"<h1>404[^<]*</h1>")
_TITLE = re.compile(rf"<title>(.*?)(?: - {SITE})?</title>", re.DOTALL)
_DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')
_LONGEST_TITLE, _LONGEST_DESCRIPTION = 160, 300


class Tree:
    """The tree of one language, in a folder that the builder has filled with frames."""

    def __init__(
        self,
        folder: Path,
        language: str,
        addresses: Addresses,
        everywhere: Mapping[str, str],
        nearby: Mapping[str, str],
        *,
        own_style: str | None = None,
        previews: Previews | None = None,
        kept: Kept | None = None,
    ) -> None:
        """Take over *folder*; *everywhere* fills the slots that every page has.

        *nearby* is what pages show of their neighbours, by path, *own_style* a style sheet beside
        the package's, *previews* are the pictures of shared links, and *kept* holds pages that
        were built before.
        """
        self._folder, self._language, self._addresses = folder, language, addresses
        self._everywhere = {slot: printable(html) for slot, html in everywhere.items()}
        self._nearby, self._own_style, self._previews = nearby, own_style, previews
        self.kept = kept or Kept()
        self._own: dict[str, tuple[str, str]] = {}
        """Title and description that a page has of its own, as HTML."""
        built = self._built()
        self._sheets = style_sheets(self._file(built[-1]).read_text("utf-8"), root_of(built[-1]))
        self._sheet = style(self._sheets, self._read_style)
        self._shells = {path: self._capture(path) for path in built}
        self._names: list[tuple[str, str]] = []
        """What is found by its name, and where it lies."""
        self.paths: list[str] = []
        """Every page that was written, for the sitemap."""

    def _built(self) -> list[str]:
        names = sorted(self._folder.rglob("*.html"))
        return [
            path.relative_to(self._folder).as_posix().removesuffix("index.html") for path in names
        ]

    def _read_style(self, path: str) -> str:
        if path == STYLE and self._own_style is not None:
            return self._own_style
        return (self._folder / path).read_text("utf-8")

    def _root(self, path: str) -> str:
        return self._addresses.base(self._language) if _anywhere(path) else root_of(path)

    def _file(self, path: str) -> Path:
        return self._folder / (path if _anywhere(path) else f"{path}index.html")

    def _capture(self, path: str) -> Shell:
        file = self._file(path)
        root = self._root(path)
        html = bundled(file.read_text(encoding="utf-8"), root, self._sheet)
        if path == _MODEL_SHELL:
            html = scripted(named(html))
        html, scripts = secure(html, root)
        for name, text in scripts.items():
            (self._folder / name).write_text(text, encoding="utf-8")
        own = [found[1] if (found := one.search(html)) else "" for one in (_TITLE, _DESCRIPTION)]
        self._own[path] = own[0], own[1]
        if _anywhere(path):
            html = _LOST.sub("<!-- cardboard:lost -->", html)
        if path == _MODEL_SHELL:
            html, icons = icons_apart(html, f"{root}{_ICONS}")
            self._write(self._folder / _ICONS, icons)
        return Shell.capture(printable(html), compact=path == _MODEL_SHELL)

    def write(self, pages: Iterable[Page], prose: Mapping[str, str]) -> None:
        """Write every page; hand-written ones, which *pages* do not know, get *prose*."""
        for page in pages:
            self._write_page(page)
        for path, shell in self._shells.items():
            if path not in self.paths and path != _MODEL_SHELL:
                own = {"footer": self._everywhere["footer-own"]}
                self._stamp(path, shell, {**own, **prose})
                if not _anywhere(path):
                    self.paths.append(path)
        shutil.rmtree(self._file(_MODEL_SHELL).parent, ignore_errors=True)
        self._write(self._folder / NAMES, _names(self._names))
        for name in ("sitemap.xml", "sitemap.xml.gz"):
            (self._folder / name).unlink(missing_ok=True)
        self._write_assets()
        for picture in self._previews.pictures() if self._previews else ():
            file = self._folder / picture.path
            if self.kept.holds(picture.path, picture.made_of):
                self.kept.take(picture.path, file)
            else:
                self._write(file, picture.draw())
                self.kept.note(picture.path, picture.made_of, file)

    def _write_assets(self) -> None:
        """Write what pages load, joined; its sources, and the theme's style sheets, stay behind."""
        for path in self._sheets:
            for name in (path, f"{path}.map"):
                (self._folder / name).unlink(missing_ok=True)
        for asset in (self._sheet, *scripts().values()):
            self._write(self._folder / asset.path, asset.text)
        for name in _ALONE:
            picture = files("cardboard") / "site" / "assets" / name
            self._write(self._folder / "assets" / "cardboard" / name, picture.read_text("utf-8"))

    def made_by(self, settings: Settings) -> bytes:
        """Return a digest of all that makes every page which does not depend on all results."""
        everywhere = {slot: html for slot, html in self._everywhere.items() if slot != "footer"}
        frame = [self._language, self._addresses, self._shells, everywhere, self._nearby]
        told = [maker(), settings, frame]
        return hashlib.sha256(msgspec.msgpack.encode(told)).digest()

    def made_of(self, path: str, page: bytes) -> bytes:
        """Return a digest of all that the page at *path* differs in from others.

        *page* is that of its own content; a shared link to it shows a picture as well.
        """
        preview = self._previews.of(path) if self._previews else None
        return hashlib.sha256(page + msgspec.msgpack.encode(preview)).digest()

    def _write_page(self, page: Page) -> None:
        title = _plain(page.title, _LONGEST_TITLE)
        if page.kept:
            self.kept.take(page.path, self._file(page.path))
        else:
            self._make_page(page, title)
        self.paths.append(page.path)
        if page.search is not None:
            self._names.append((title, page.path))

    def _make_page(self, page: Page, title: str) -> None:
        description = _plain(page.description, _LONGEST_DESCRIPTION)
        words = {"title": escape(title), "description": escape(description)}
        shell = self._shells.get(page.path) or self._shells[_MODEL_SHELL]
        footer = {} if page.of_all else {"footer": self._everywhere["footer-own"]}
        slots = {**words, **footer, **page.slots}
        self._stamp(page.path, shell, slots, **words, script=page.script)
        for name, text in page.files.items():
            self._write(self._folder / name, text)
        if page.made_of is not None:
            self.kept.note(page.path, page.made_of, self._file(page.path))

    def _stamp(
        self,
        path: str,
        shell: Shell,
        slots: Mapping[str, str],
        title: str = "",
        description: str = "",
        script: str = "frame",
    ) -> None:
        addresses, site = self._addresses, self._everywhere["site"]
        links = {
            f"to-{one}": addresses.base(one)
            if _anywhere(path)
            else addresses.between(self._language, path, one)
            for one in addresses.languages
        }
        root = self._root(path)
        links["head"] = script_hint(script, root)
        links["script"] = script_tag(script, root)
        if not _anywhere(path):
            title, description = title or self._own[path][0], description or self._own[path][1]
            preview = self._previews.of(path) if self._previews else None
            told = addresses.shared(self._language, path, title, description, site, preview)
            links["head"] += addresses.head_links(self._language, path) + told
        links["nearby"] = self._nearby.get(path, "")
        filled = {slot: printable(html) for slot, html in slots.items()}
        self._write(self._file(path), shell.stamp({**self._everywhere, **links, **filled}))

    def _write(self, file: Path, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        try:
            file.write_bytes(data)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


def _names(names: Iterable[tuple[str, str]]) -> str:
    """Return the index of names: those whose page is called like them need no path."""
    told = [
        name if path == f"models/{name.replace('/', '__')}/" else (name, path)
        for name, path in names
    ]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _anywhere(path: str) -> bool:
    """Tell whether this page is shown at any address, as 404.html is; its links start at `/`."""
    return path.endswith(".html")


def _plain(text: str, longest: int) -> str:
    """Return *text* in one line that turns nothing around and is no longer than *longest*."""
    line = " ".join(_TURNING.sub("", text[: 4 * longest]).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
