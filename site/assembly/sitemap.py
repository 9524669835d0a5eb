"""The sitemap: every page in every language, in as many files as its protocol asks for."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from ..frame.page import Addresses

MOST = 50_000
"""URLs in one file: https://www.sitemaps.org/protocol.html."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_OTHERS = 'xmlns:xhtml="http://www.w3.org/1999/xhtml"'


def sitemaps(
    addresses: Addresses, paths: Sequence[str], most: int = MOST
) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file for the pages at *paths*, which every language has.

    Where one file would hold more than *most* URLs, `sitemap.xml` lists the files that hold them.
    """
    each = most // len(addresses.languages)
    if len(paths) <= each:
        yield "sitemap.xml", "".join(_urls(addresses, paths))
        return
    parts = [paths[start : start + each] for start in range(0, len(paths), each)]
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    yield "sitemap.xml", "".join(_index(addresses, names))
    for name, part in zip(names, parts, strict=True):
        yield name, "".join(_urls(addresses, part))


def _urls(addresses: Addresses, paths: Iterable[str]) -> Iterator[str]:
    yield f"{_HEAD}<urlset {_SCHEMA} {_OTHERS}>\n"
    for path in paths:
        urls = {one: escape(addresses.absolute(one, path)) for one in addresses.languages}
        same = "".join(
            f'<xhtml:link rel="alternate" hreflang="{one}" href="{url}"/>'
            for one, url in urls.items()
        )
        if len(urls) > 1:
            first = urls[addresses.languages[0]]
            same += f'<xhtml:link rel="alternate" hreflang="x-default" href="{first}"/>'
        for url in urls.values():
            yield f"<url><loc>{url}</loc>{same if len(urls) > 1 else ''}</url>\n"
    yield "</urlset>\n"


def robots(addresses: Addresses) -> str:
    """Return the file that tells robots that they may read everything, and where all pages are."""
    told = "User-agent: *\nAllow: /\n"
    if addresses.site_url is None:
        return told
    return f"{told}Sitemap: {addresses.absolute(addresses.languages[0], 'sitemap.xml')}\n"


def _index(addresses: Addresses, names: Iterable[str]) -> Iterator[str]:
    yield f"{_HEAD}<sitemapindex {_SCHEMA}>\n"
    for name in names:
        url = escape(addresses.absolute(addresses.languages[0], name))
        yield f"<sitemap><loc>{url}</loc></sitemap>\n"
    yield "</sitemapindex>\n"
