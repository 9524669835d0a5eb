"""A page before it is stamped: where it goes, and what fills its slots."""

from msgspec import Struct


class Page(Struct, frozen=True, kw_only=True):
    """One page of one language."""

    path: str
    """Below the language's tree, ending in `/`; empty for the first page."""
    title: str
    description: str
    slots: dict[str, str]
    """HTML by slot, e.g. `{"body": "<table>..."}`."""
    search: str | None = None
    """Words by which the site's search finds the page; `None` where the builder indexed it."""
    files: dict[str, str] = {}
    """Texts that the page's scripts read, by their path below the language's tree."""


def root_of(path: str) -> str:
    """Return the way from the page at *path* up to its tree, e.g. `../../`; empty for the first."""
    return "../" * path.count("/")
