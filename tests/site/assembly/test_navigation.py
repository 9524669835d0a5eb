"""Groups of pages: each tab has a title in every language, and each page shows its neighbours."""

from pathlib import Path

import pytest

from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.settings import Identity, Settings
from cardboard.site.assembly.navigation import groups, nearby, slots
from cardboard.site.frame.own import own_frame
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import HTML, article, links, text

ROOT = Path(__file__).parents[3]
OWN = own_frame(Settings(board=Identity(title={"en": "A"})), None, Path())
TITLES = dict.fromkeys(slots(), "<b>")
GROUPS = tuple(groups(OWN.navigation["ko"], {slot: slot for slot in slots()}))
GROUPED = [page for group in GROUPS for page in group.pages]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_group_has_a_title(language):
    assert [one for one in slots() if not Words(language).has(f"site.group.{one}")] == []


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("page", GROUPED)
def test_every_page_of_a_group_has_a_place_for_its_neighbours(language, page):
    source = ROOT / "site" / "docs" / language / f"{page.removesuffix('/')}.md"
    assert source.read_text(encoding="utf-8").count("<!-- cardboard:nearby -->") == 1


def test_a_page_is_in_one_group_at_most():
    assert len(set(GROUPED)) == len(GROUPED)


def test_the_links_name_the_pages_by_their_titles_and_mark_the_one_that_is_shown():
    told = nearby(OWN.navigation["ko"], OWN.docs["ko"], TITLES)["families/"]
    assert 'aria-label="&lt;b&gt;' in told
    assert '<a href="../charts/">차트</a>' in told
    assert '<a href="../families/" aria-current="page">모델 계열</a>' in told


@pytest.mark.parametrize("tree", ["", "ko/"])
def test_on_the_site_the_links_lead_where_the_navigation_leads(sample_site, tree):
    for group in GROUPS:
        for page in group.pages:
            (row,) = [
                one
                for one in article(sample_site, f"{tree}{page}").iter(f"{HTML}nav")
                if one.get("class") == "cb-nearby"
            ]
            assert links(row) == [f"../{other}" for other in group.pages]
    assert Site(sample_site).complaints() == []


def test_a_tab_leads_to_the_first_page_of_its_group(sample_site):
    page = (sample_site / "ko" / "index.html").read_text(encoding="utf-8")
    tabs = page[page.index('<ul class="md-tabs__list">') :]
    for group in GROUPS:
        title = Words("ko").text(f"site.group.{group.title}")
        place = tabs.index(title)
        assert f'href="{group.pages[0]}"' in tabs[:place].rpartition("<a ")[2]


def test_text_of_a_group_is_not_left_as_a_slot(sample_site):
    assert "CARDBOARD" not in text(article(sample_site, "reading"))
