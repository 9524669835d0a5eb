"""What stands at an address that no page has: in every language, for the reader's is not known."""

from typing import NamedTuple

from ..board.words import Words
from .source import Source


class Way(NamedTuple):
    """What a reader of one language is told, and where the leaderboard is."""

    language: str
    said: str
    link: str
    href: str


def lost_html(source: Source) -> str:
    """Return the content of `404.html`: the words of every language, the tree's own first."""
    own = source.render.language
    languages = sorted(source.addresses.languages, key=lambda one: one != own)
    return source.render.html("lost", ways=[_way(one, source) for one in languages])


def _way(language: str, source: Source) -> Way:
    words = Words(language)
    return Way(
        language=language,
        said=words.text("site.lost"),
        link=words.text("site.lost.board"),
        href=source.addresses.base(language),
    )
