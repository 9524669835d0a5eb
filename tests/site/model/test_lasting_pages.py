"""Pages of models on a large board: what lasts stands in them, what moves comes by script."""

import json
import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Reading
from cardboard.board.workspace.settings import Settings
from cardboard.site.assembly.server import serving
from cardboard.site.frame.render import renderer
from cardboard.site.model.field_file import field_file
from cardboard.site.model.model_page import model_pages
from cardboard.site.source.dependencies import model_digests
from cardboard.site.source.source import Source
from cardboard.tests.cards.text.test_lasting import results, workspace
from cardboard.tests.site.browsing import barriers, browsing
from cardboard.tests.site.hostile import a_hostile_board
from cardboard.tests.site.varied import a_varied_board

COUNT = 60
MIDDLE = "org__m030"


def large(settings: Settings, limit: int = 12) -> Settings:
    """Return *settings* by which boards of more than a dozen entries are large."""
    return replace(settings, site=replace(settings.site, exact_up_to=limit))


def built(readings: list[Reading]) -> Source:
    """Return what the pages of a large board are made from."""
    of = workspace()
    boards, settings = build_boards(readings, of), large(of.settings)
    return Source(boards, settings, renderer("en", settings.overrides))


def told(source: Source) -> dict[str, str]:
    """Return everything that the page of each model is made of, by its path."""
    return {one.path: repr(one) for one in model_pages(source)}


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    """Return results of step data whose tests overlap."""
    return results(COUNT + 1)


@pytest.fixture(scope="module")
def whole(readings) -> Source:
    return built(readings)


@pytest.mark.parametrize("place", [20, 50])
def test_one_result_more_changes_the_pages_whose_keys_change_and_these_are_few(
    readings, whole, place
):
    before = built([*readings[:place], *readings[place + 1 :]])
    pages, pages_before = told(whole), told(before)
    keys, keys_before = model_digests(whole), model_digests(before)
    changed = {path for path, page in pages_before.items() if pages[path] != page}
    moved = {f"models/{slug}/" for slug, key in keys_before.items() if keys[slug] != key}
    assert changed <= moved
    assert len(moved) <= 14, "ten ranks, and a model a band"


def test_a_page_names_no_other_model_and_says_a_band(whole):
    (page,) = (one for one in model_pages(whole) if one.path == f"models/{MIDDLE}/")
    body = page.slots["body"]
    assert set(re.findall(r"org/m\d+", body)) == {"org/m030"}
    assert ">top 50%</b> <small>of at least 50<" in body
    assert page.description.startswith("Rank on mini 1: top 50%. Score ")
    assert "a script adds them here" in body


def test_the_file_of_the_board_has_what_small_boards_print(whole):
    (place,) = whole.places
    path, text = field_file(place, whole)
    assert path == "data/mini-1-models.field.json"
    field = json.loads(text)
    assert field["ranked"] == COUNT + 1
    small = replace(whole.settings, site=replace(whole.settings.site, exact_up_to=100))
    pages = {
        one.path: one.slots["body"]
        for one in model_pages(Source(whole.boards, small, whole.render))
    }
    for slug, _, rank, ranks, _, score, _, rivals in field["rows"][::7]:
        body = pages[f"models/{slug}/"]
        assert f"<b>{rank}</b> <small>/ {COUNT + 1} ({ranks})</small>" in body
        assert f"<b>{score:.2f}</b>" in body
        for at, difference, *_ in rivals:
            assert field["rows"][at][0] in body
            assert f"<b>{difference}</b>" in body
    middle = pages[f"models/{MIDDLE}/"]
    for median in field["figures"].values():
        assert f"<td>{median}" in middle


@pytest.fixture(scope="module")
def address(quick_site):
    boards, settings = a_varied_board()
    with serving(quick_site(boards, large(settings)), 0) as url:
        yield url


@pytest.mark.parametrize(("language", "medians"), [("", "Median"), ("ko/", "중앙값")])
def test_a_script_fills_in_rank_neighbours_and_medians(browser, address, language, medians):
    with browsing(browser, address) as page:
        page.goto(f"{language}models/org-0__model-16/")
        expect(page.locator("[data-of=rank]")).to_contain_text("/ 24 (")
        expect(page.locator("[data-of=rivals] tbody tr")).to_have_count(4)
        expect(page.locator("nav[data-of=beside] a")).to_have_count(2)
        for table in page.locator("table.cb-figures").all():
            expect(table.locator("thead")).to_contain_text(medians)
        expect(page.locator("[data-of=else]")).to_be_hidden()
        assert barriers(page) == []
        page.locator("a[rel=next]").click()
        expect(page).to_have_url(re.compile("/models/[^/]+/$"))


def test_without_scripts_it_names_the_band_and_leads_to_the_board(browser, address):
    with browsing(browser, address, java_script_enabled=False) as page:
        page.goto("models/org-0__model-16/")
        expect(page.locator("[data-of=rank]")).to_contain_text("below the top 50%")
        expect(page.locator("[data-of=else] a")).to_be_visible()
        expect(page.locator("[data-of=rivals]")).to_be_hidden()
        expect(page.locator("table.cb-figures thead").first).not_to_contain_text("Median")


def test_names_that_mean_harm_stay_text(browser, quick_site):
    boards, settings = a_hostile_board()
    with serving(quick_site(boards, large(settings, 0)), 0) as url, browsing(browser, url) as page:
        page.goto(f"models/{_first(boards)}/")
        expect(page.locator("[data-of=rank]")).to_contain_text("/ ")
        assert page.locator("article img, [data-of] script").count() == 0


def _first(boards: Boards) -> str:
    return boards.boards[0].ranked[0].slug
