"""Addresses: from one page to the same page in another language, and what search engines see."""

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.site.frame.page import Addresses

HERE = Addresses(("en", "ko"), None)
THERE = Addresses(("en", "ko"), "https://example.org/board/")


@pytest.mark.parametrize(
    ("language", "path", "other", "link"),
    [
        ("en", "", "ko", "ko/"),
        ("ko", "", "en", "../"),
        ("en", "", "en", "./"),
        ("ko", "", "ko", "../ko/"),
        ("en", "models/x/", "ko", "../../ko/models/x/"),
        ("ko", "models/x/", "en", "../../../models/x/"),
    ],
)
def test_the_way_to_another_language(language, path, other, link):
    assert HERE.between(language, path, other) == link


@given(
    st.lists(
        st.from_regex(r"[a-z0-9.]+", fullmatch=True).filter(lambda s: s.strip(".")), max_size=4
    ),
    st.sampled_from(["en", "ko"]),
    st.sampled_from(["en", "ko"]),
)
def test_every_way_arrives(folders, language, other):
    path = "".join(f"{folder}/" for folder in folders)
    start = THERE.absolute(language, path)
    assert urljoin(start, THERE.between(language, path, other)) == THERE.absolute(other, path)


def test_the_first_language_lives_at_the_root():
    assert Addresses(("ko", "en"), None).prefix("ko") == ""
    assert Addresses(("ko", "en"), None).prefix("en") == "en/"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (None, "/ko/"),
        ("https://example.org", "/ko/"),
        ("https://example.org/", "/ko/"),
        ("https://example.org/a/b", "/a/b/ko/"),
        ("https://example.org/a/b/", "/a/b/ko/"),
    ],
)
def test_the_path_on_the_host(url, base):
    assert Addresses(("en", "ko"), url).base("ko") == base


def test_without_an_address_of_its_own_a_site_claims_none():
    assert "canonical" not in HERE.head_links("en", "models/x/")
    assert 'href="../../ko/models/x/"' in HERE.head_links("en", "models/x/")


def test_the_head_names_the_page_and_its_twins():
    head = THERE.head_links("ko", "models/x/")
    assert '<link rel="canonical" href="https://example.org/board/ko/models/x/">' in head
    assert 'hreflang="en" href="https://example.org/board/models/x/"' in head
    assert 'hreflang="ko" href="https://example.org/board/ko/models/x/"' in head
    assert 'hreflang="x-default" href="https://example.org/board/models/x/"' in head


def test_the_theme_is_not_asked_to_look_for_other_languages_sitemaps():
    """It does so for every link whose relation is exactly this, and would meet missing files."""
    assert 'rel="alternate"' not in THERE.head_links("en", "")


def test_a_site_in_one_language_has_no_twins():
    assert Addresses(("en",), None).head_links("en", "") == ""
