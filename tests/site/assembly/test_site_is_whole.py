"""What holds for every page of every site: valid HTML, links that lead somewhere, no scripts."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import html5lib
import pytest

from cardboard.cli import card_texts
from cardboard.site.assembly.write import write_site
from cardboard.site.frame.security import POLICY
from cardboard.tests.site.links import HOST, Page, Site


@pytest.fixture(scope="module", params=["sample_site", "hostile_site"])
def folder(request: pytest.FixtureRequest) -> Path:
    site: Path = request.getfixturevalue(request.param)
    return site


@pytest.fixture(scope="module")
def whole(folder: Path) -> Site:
    """Return the site with its pages read once."""
    return Site(folder)


def pages(folder):
    return sorted(folder.rglob("*.html"))


def test_two_builds_of_the_same_input_are_the_same_bytes(sample, sample_site, tmp_path):
    root = Path(__file__).parents[3]
    again = tmp_path / "elsewhere" / "again"
    shown = {"results": root / "results", "snapshots": root / "history", "root": root}
    write_site(*sample, again, **shown, cards=card_texts)
    again, first = (
        {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
        for site in (again, sample_site)
    )
    assert again.keys() == first.keys()
    assert [path for path in first if again[path] != first[path]] == []


def test_every_link_and_anchor_leads_somewhere(whole):
    assert whole.complaints() == []


def test_nothing_is_loaded_from_another_site(whole):
    assert whole.outside() == set()


_VALUE = re.compile(r'(?<==")[^"]*(?=")|(?<=>)[^<]*')
_REFERENCE = re.compile(r"&[^;<\s]*;?|\n")
_ROWS = re.compile(r"(<tr\b[^>]*>(?:(?!<tr\b|</table>).)*)\1+", re.DOTALL)


def markup(html):
    """Return *html* without its words, and a row once that stands there several times.

    All that a parser could find wrong with it is left.
    """
    bare = _VALUE.sub(lambda found: "".join(_REFERENCE.findall(found[0])), html)
    return _ROWS.sub(r"\1", bare)


def parsed(html):
    """Parse *html*; the parser raises at the first mistake."""
    return html5lib.HTMLParser(strict=True).parse(html)


def test_every_page_is_valid_html(folder):
    for html in {markup(page.read_text(encoding="utf-8")) for page in pages(folder)}:
        assert parsed(html) is not None


@pytest.mark.parametrize(
    "mistake",
    ["<p>&amp x</p>", "<p>&no;</p>", "<p><i>x</p>", '<p id="a" id="b">x</p>', "<tr><td>x</tr>"],
)
def test_a_mistake_is_found_without_the_words_around_it(mistake):
    right, wrong = (
        f"<!doctype html><title>t</title><p>said</p>\n{one}\n" for one in ("<p>x</p>", mistake)
    )
    assert parsed(markup(right)) is not None
    with pytest.raises(html5lib.html5parser.ParseError):
        parsed(markup(wrong))


def test_no_page_holds_anything_that_could_run(whole):
    for address, page in whole.pages.items():
        assert page.running == [], address


_CSP = "http-equiv=Content-Security-Policy"


def test_every_page_forbids_scripts_that_are_not_files_of_the_site(folder):
    for page in pages(folder):
        html = page.read_text(encoding="utf-8").replace(
            'http-equiv="Content-Security-Policy"', _CSP
        )
        assert html.count(f'<meta {_CSP} content="{POLICY}">') == 1
        head, _, rest = html.partition(_CSP)
        assert not re.search(r"<(?:script|link)\b", head), "it goes before whatever is loaded"
        assert "<link" in rest


def test_no_slot_is_left_open(sample_site):
    for page in pages(sample_site):
        html = page.read_text(encoding="utf-8")
        assert "<!-- cardboard:" not in html, page
        assert "CARDBOARD_" not in html, page
        assert "cardboard.invalid" not in html, page


def test_no_page_of_the_builder_is_left_over(folder):
    assert not list(folder.rglob("_shell"))


def test_both_languages_have_the_same_pages(folder):
    assert {page.relative_to(folder / "ko") for page in pages(folder / "ko")} == {
        page.relative_to(folder)
        for page in pages(folder)
        if page.relative_to(folder).parts[0] != "ko"
    }


def test_the_language_switch_leads_to_the_same_page(sample_site):
    page = sample_site / "unranked" / "index.html"
    assert '<a href="../ko/unranked/" hreflang="ko" class="md-select__link">' in page.read_text()


@pytest.mark.parametrize("tree", [".", "ko"])
def test_names_have_an_index_of_their_own_beside_that_of_the_guides(folder, tree):
    told = json.loads((folder / tree / "search" / "names.json").read_text())
    paths = [
        f"models/{one.replace('/', '__')}/" if isinstance(one, str) else one[1] for one in told
    ]
    found = [path for path in paths if path.startswith("models/")]
    there = {f"models/{page.parent.name}/" for page in (folder / tree / "models").rglob("*.html")}
    assert len(found) == len(set(found))
    assert set(found) == there
    guides = json.loads((folder / tree / "search" / "search_index.json").read_text())["docs"]
    assert guides
    assert not [one for one in guides if one["location"].startswith(("models/", "boards/"))]


def test_every_page_has_a_badge_that_is_valid_xml(folder):
    slugs = {page.parent.name for page in (folder / "models").rglob("*.html")}
    badges = {badge.stem: badge for badge in (folder / "badges").iterdir()}
    assert badges.keys() == slugs
    for badge in badges.values():
        ET.fromstring(badge.read_text(encoding="utf-8"))


class TestTheCheckerItself:
    """The tests above rest on it."""

    @pytest.fixture
    def site(self, tmp_path):
        (tmp_path / "a").mkdir()
        (tmp_path / "index.html").write_text('<p id="x"><a href="a/#y">a</a><img src="no.png">')
        (tmp_path / "a" / "index.html").write_text(
            '<p id="z"></p><p id="z"></p><a href="../#x">up</a><script src="//cdn.test/x"></script>'
        )
        return Site(tmp_path)

    def test_it_sees_missing_files_missing_anchors_and_ids_that_stand_twice(self, site):
        assert site.complaints() == [
            "/a/: id 'z' stands twice",
            "/: leads to /a/#y",
            "/: leads to /no.png",
        ]

    @pytest.mark.parametrize(
        "html", ["<script>x</script>", "<p onclick=x>", '<p style="x">', '<a href="javascript:x">']
    )
    def test_it_sees_what_could_run(self, html):
        assert Page(html).running

    def test_it_sees_what_is_loaded_from_elsewhere(self, site):
        assert site.outside() == {"//cdn.test/x"}
        assert HOST not in site.outside()
