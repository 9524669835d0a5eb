"""A page before it is stamped, and where pages lie: seen from each other and from outside."""

from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

LOCALES = {"en": "en_US", "ko": "ko_KR"}
"""Languages as shared links name them; others by their code alone."""


class Preview(NamedTuple):
    """A picture that stands for a page where a link to it is shared."""

    path: str
    """Below the language's tree."""
    alt: str


PREVIEW_SIZE = (1200, 630)
"""Width and height that networks which show links ask for."""


class Page(Struct, frozen=True, kw_only=True):
    """One page of one language."""

    path: str
    """Below the language's tree, ending in `/`; empty for the first page."""
    title: str
    description: str
    slots: dict[str, str]
    """HTML by slot, e.g. `{"body": "<table>..."}`."""
    search: str | None = None
    """Where there is any, the site's search finds the page by its title."""
    script: str = "frame"
    """The kind of page that it is to scripts: see `bundles.SCRIPTS`."""
    files: dict[str, str] = {}
    """Texts that the page's scripts read, by their path below the language's tree."""
    of_all: bool = False
    """Whether it depends on all results: its footer says which these are."""
    made_of: bytes | None = None
    """Digest of all that it was made from, beside what makes every page."""
    kept: bool = False
    """Whether it is the one that the last build wrote, and not made anew."""


def root_of(path: str) -> str:
    """Return the way from the page at *path* up to its tree, e.g. `../../`; empty for the first."""
    return "../" * path.count("/")


class Addresses(NamedTuple):
    """The languages of a site, the first of which lives at its root, and the site's URL."""

    languages: tuple[str, ...]
    site_url: str | None
    feed: bool = False
    """Whether each language has one, at the top of its tree."""

    def prefix(self, language: str) -> str:
        """Return the folder of *language* below the site: empty for the first."""
        return "" if language == self.languages[0] else f"{language}/"

    def base(self, language: str) -> str:
        """Return the path of a language's tree on its host, with `/` at both ends."""
        path = urlsplit(self.site_url or "").path.strip("/")
        return f"/{path}/{self.prefix(language)}" if path else f"/{self.prefix(language)}"

    def absolute(self, language: str, path: str) -> str:
        """Return the URL of the page at *path*; the site's own URL must be known."""
        assert self.site_url is not None
        return f"{self.site_url.rstrip('/')}/{self.prefix(language)}{path}"

    def between(self, language: str, path: str, other: str) -> str:
        """Return the relative link from the page at *path* to the same page in *other*."""
        return f"{root_of(self.prefix(language) + path)}{self.prefix(other)}{path}" or "./"

    def head_links(self, language: str, path: str) -> str:
        """Return the links that tell search engines which pages are the same."""
        links = []
        if self.site_url is not None:
            links.append(("canonical", "", self.absolute(language, path)))
        if len(self.languages) > 1:
            # The theme looks for a sitemap beside every link of exactly this relation. The blank
            # behind the word keeps it from asking for files that are not there.
            links += [
                ("alternate ", f'hreflang="{one}" ', self._link(language, path, one))
                for one in self.languages
            ]
            first = self._link(language, path, self.languages[0])
            links.append(("alternate ", 'hreflang="x-default" ', first))
        if self.feed and self.site_url is not None:
            there = self.absolute(language, "feed.xml")
            links.append(("alternate ", 'type="application/atom+xml" ', there))
        return "".join(
            f'<link rel="{rel}" {what}href="{escape(href)}">' for rel, what, href in links
        )

    def shared(
        self,
        language: str,
        path: str,
        title: str,
        description: str,
        site: str,
        preview: Preview | None = None,
    ) -> str:
        """Return what a page tells of itself where a link to it is shared (https://ogp.me).

        *title*, *description* and *site* are HTML already. A picture is told of where its whole
        address is known, since nobody follows another.
        """
        told = {
            "type": "website",
            "title": title,
            "description": description,
            "site_name": site,
            "locale": LOCALES.get(language, language),
        }
        if self.site_url is not None:
            told["url"] = escape(self.absolute(language, path))
        others = [LOCALES.get(one, one) for one in self.languages if one != language]
        pairs = [*told.items(), *(("locale:alternate", one) for one in others)]
        large = ""
        if preview is not None and self.site_url is not None:
            pairs += [
                ("image", escape(self.absolute(language, preview.path))),
                *zip(("image:width", "image:height"), map(str, PREVIEW_SIZE), strict=True),
                ("image:alt", escape(preview.alt)),
            ]
            large = '<meta name="twitter:card" content="summary_large_image">'
        return large + "".join(
            f'<meta property="og:{name}" content="{text}">' for name, text in pairs
        )

    def _link(self, language: str, path: str, other: str) -> str:
        if self.site_url is not None:
            return self.absolute(other, path)
        return self.between(language, path, other)
