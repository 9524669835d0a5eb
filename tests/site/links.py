"""Check a built site from outside: every link, file and anchor that its pages name is there."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

HOST = "http://site.test"
# Elements and attributes by which a page names a file.
NAMING = {
    ("a", "href"),
    ("img", "src"),
    ("link", "href"),
    ("script", "src"),
    ("source", "src"),
    ("use", "href"),
}

DATA = ("application/json", "application/ld+json")
"""Types of what stands in a `script` and is never run."""


class Page(HTMLParser):
    """One page's anchors, what it names of this and other sites, and what could run in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.named: list[tuple[str, str]] = []
        self.running: list[str] = []
        """Scripts, handlers, styles and addresses inside the page itself."""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "script" and "src" not in known and known.get("type") not in DATA:
            self.running.append("script")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (value or "").startswith("javascript:"):
                self.running.append(f"{name}={value}")
            if name == "id" and value:
                self.anchors.append(value)
            if (tag, name) in NAMING and value is not None:
                self.named.append((tag, value))


class Site:
    """A folder of pages as a static host would serve it at *base*."""

    def __init__(self, folder: Path, base: str = "/") -> None:
        self.folder, self.base = folder, base
        self.pages = {
            self.address(path): Page(path.read_text(encoding="utf-8"))
            for path in sorted(folder.rglob("*.html"))
        }

    def address(self, path: Path) -> str:
        """Return the path of a file on its host; an index is its folder's page."""
        name = path.relative_to(self.folder).as_posix()
        return self.base + (
            name.removesuffix("index.html") if name.endswith("index.html") else name
        )

    def inside(self, address: str) -> Iterator[tuple[str, str]]:
        """Yield path and anchor of everything on this site that the page at *address* names."""
        for _, value in self.pages[address].named:
            target = urlsplit(urljoin(HOST + address, value))
            if f"{target.scheme}://{target.netloc}" == HOST:
                yield unquote(target.path), unquote(target.fragment)

    def outside(self) -> set[str]:
        """Return the addresses of other sites from which a page would load something."""
        return {
            value
            for page in self.pages.values()
            for tag, value in page.named
            if tag != "a" and urlsplit(urljoin(HOST, value)).netloc != "site.test"
        }

    def complaints(self) -> list[str]:
        """Return a line for each link that leads nowhere and each anchor that stands twice."""
        found = []
        for address, page in self.pages.items():
            twice = {anchor for anchor in page.anchors if page.anchors.count(anchor) > 1}
            found += [f"{address}: id {anchor!r} stands twice" for anchor in sorted(twice)]
            for path, anchor in sorted(set(self.inside(address))):
                if not self._there(path, anchor):
                    found.append(f"{address}: leads to {path}{f'#{anchor}' if anchor else ''}")
        return found

    def _there(self, path: str, anchor: str) -> bool:
        if not path.startswith(self.base):
            return False
        if path in self.pages:
            return not anchor or anchor in self.pages[path].anchors
        file = self.folder / path.removeprefix(self.base)
        if file.suffix == ".svg" and file.is_file():
            return not anchor or anchor in self.drawn(file)
        return not anchor and file.is_file()

    @cache  # noqa: B019  # a site lives as long as its tests
    def drawn(self, file: Path) -> set[str]:
        """Return the names of what is in a drawing."""
        return set(re.findall(r'id="([^"]*)"', file.read_text(encoding="utf-8")))
