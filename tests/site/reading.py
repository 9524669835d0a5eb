"""Read a built page as a reader would: its text, its tables, its links."""

from functools import lru_cache
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"


def document(page: Path) -> Element:
    """Return the whole of a *page*; a mistake in its HTML raises. Nobody may change it."""
    return _parsed(page.read_text(encoding="utf-8"))


# Many tests look at the same pages.
@lru_cache(maxsize=512)
def _parsed(html: str) -> Element:
    found: Element = html5lib.HTMLParser(strict=True).parse(html)
    return found


def article(folder: Path, path: str) -> Element:
    """Return the content of the page at *path* of the site in *folder*."""
    found = document(folder / path / "index.html").find(f".//{HTML}article")
    assert found is not None
    return found


def text(element: Element) -> str:
    """Return all words of *element* in one line."""
    return " ".join("".join(element.itertext()).split())


def section(content: Element, anchor: str) -> Element:
    """Return the element with the id *anchor*."""
    (found,) = [one for one in content.iter() if one.get("id") == anchor]
    return found


def tables(content: Element) -> list[list[list[str]]]:
    """Return the rows of every table's body, as texts."""
    return [
        [[text(cell) for cell in row] for row in table.iterfind(f"{HTML}tbody/{HTML}tr")]
        for table in content.iter(f"{HTML}table")
    ]


def links(content: Element) -> list[str]:
    """Return where every link leads."""
    return [link.get("href", "") for link in content.iter() if link.tag.endswith("}a")]
