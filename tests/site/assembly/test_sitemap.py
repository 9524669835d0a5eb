"""The sitemap: valid XML with every page in every language, split where it would grow too long."""

import xml.etree.ElementTree as ET

import pytest

from cardboard.site.assembly.sitemap import MOST, sitemaps
from cardboard.site.frame.page import Addresses

THERE = Addresses(("en", "ko"), "https://example.org/board/")
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def located(text, what):
    """Return the URLs that a sitemap or an index of sitemaps lists."""
    return [loc.text for loc in ET.fromstring(text).findall(f"s:{what}/s:loc", NAMES)]


def test_a_short_one_is_one_file_with_every_page_in_every_language():
    ((name, text),) = sitemaps(THERE, ["", "models/a&b/"])
    assert name == "sitemap.xml"
    assert located(text, "url") == [
        "https://example.org/board/",
        "https://example.org/board/ko/",
        "https://example.org/board/models/a&b/",
        "https://example.org/board/ko/models/a&b/",
    ]


def test_a_long_one_is_an_index_of_files_that_hold_each_page_once():
    paths = [f"models/{number}/" for number in range(5)]
    index, *parts = sitemaps(THERE, paths, most=5)
    assert located(index[1], "sitemap") == [f"https://example.org/board/{n}" for n, _ in parts]
    found = [located(text, "url") for _, text in parts]
    assert [len(urls) for urls in found] == [4, 4, 2]
    assert sorted(url for urls in found for url in urls) == sorted(
        THERE.absolute(language, path) for path in paths for language in ("en", "ko")
    )


@pytest.mark.parametrize(("pages", "files"), [(MOST // 2, 1), (MOST // 2 + 1, 3)])
def test_no_file_holds_more_than_the_protocol_allows(pages, files):
    written = dict(sitemaps(THERE, [f"{number}/" for number in range(pages)]))
    assert len(written) == files
    assert max(text.count("<url>") for text in written.values()) <= MOST
