"""A board of more than 500 rows: the first hundred in the page, the others from one file."""

import json
import re
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from cardboard.tests.site.browsing import browsing, column, names, open_board, serve_sources

TOTAL = 620


@pytest.fixture
def board(browser, long_url):
    with browsing(browser, long_url, viewport={"width": 1280, "height": 900}) as page:
        open_board(page)
        yield page


def here(page):
    return page.locator("#cb-pages span").inner_text()


def test_the_script_draws_the_same_rows_as_the_page_holds(board):
    """Two writers of one row, in two languages: their elements must not differ."""
    serve_sources(board)
    differing = board.evaluate(
        """async () => {
            const text = (await (await fetch(location.href)).text());
            const page = new DOMParser().parseFromString(text, "text/html");
            const config = JSON.parse(page.getElementById("cb-board").textContent);
            const { Rows } = await import("/sources/board/rows.js");
            const { drawRow } = await import("/sources/board/cells.js");
            const rows = new Rows(config, await (await fetch(config.rows)).json(), "en");
            const head = page.querySelectorAll("#table thead th");
            const hidden = [...head].filter((one) => one.hidden).map((one) => one.dataset.column);
            const plain = (row) =>
                row.outerHTML.replace(/>\\s+</g, "><").replace(/ class="cb-near"/, "");
            return [...page.querySelectorAll("#table tbody tr")]
                .map((row, index) => [row, drawRow({ rows, config }, index, new Set(hidden))])
                .map((both) => both.map(plain))
                .filter(([one, other]) => one !== other);
        }"""
    )
    assert differing[:1] == []


def test_pages_of_a_hundred_lead_through_the_whole_view(board):
    assert here(board) == "1–100 of 620"
    seen = names(board)
    for _ in range(6):
        board.get_by_role("button", name="Next").click()
        seen += names(board)
    assert here(board) == "601–620 of 620"
    assert len(set(seen)) == TOTAL
    assert "page=7" in board.url
    expect(board.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")
    board.get_by_role("button", name="Next").press("Enter")
    assert here(board) == "601–620 of 620"
    board.get_by_role("button", name="First").click()
    assert here(board) == "1–100 of 620"
    assert "page" not in board.url


def test_sorting_and_search_are_over_all_rows(board):
    board.locator("#table th[data-column=score] .cb-head button").click()
    board.locator("#table th[data-column=score] .cb-head button").click()
    assert column(board, "rank")[0].startswith(str(TOTAL))
    board.get_by_role("searchbox", name="Search this table").fill("model-61")
    expect(board.locator("#cb-status")).to_contain_text("10 of 620")
    expect(board.locator("#cb-pages")).to_be_hidden()


def test_a_choice_begins_at_the_first_page_again(board):
    board.get_by_role("button", name="Last").click()
    board.get_by_role("searchbox", name="Search this table").fill("model")
    assert here(board).startswith("1–100 of ")


def test_rows_of_any_page_can_be_compared(board):
    board.get_by_role("checkbox", name=re.compile("^Compare")).first.check()
    board.get_by_role("button", name="Last").click()
    board.get_by_role("checkbox", name=re.compile("^Compare")).nth(1).check()
    expect(board.locator("#comparison .cb-compared thead th")).to_have_count(2)
    expect(board.locator("#comparison")).to_contain_text("against the others")


def test_numbered_pages_hold_every_row_for_browsers_without_scripts(browser, long_url):
    seen = []
    with browsing(browser, long_url, java_script_enabled=False) as page:
        page.goto("")
        while True:
            seen += page.locator("#table tbody th bdi").all_inner_texts()
            following = page.locator(
                "article .cb-pager:not([hidden]) li:has([aria-current]) + li a"
            ).first
            if not following.count():
                break
            page.goto(following.evaluate("link => link.href"))
    assert len(seen) == len(set(seen)) == TOTAL


def test_a_numbered_page_leads_to_the_board_that_can_be_sorted(browser, long_url):
    with browsing(browser, long_url) as page:
        page.goto("pages/varied-1-models-3/")
        page.get_by_role("link", name="Sort, filter and export all 620 rows").click()
        expect(page.locator("#cb-tools")).to_be_visible()


def test_the_file_of_rows_is_named_by_its_hash_and_loaded_early(long_url):
    with urlopen(long_url) as answer:
        page = answer.read().decode()
    (path,) = set(re.findall(r'"rows": "(data/[^"]+)"', page))
    assert re.fullmatch(r"data/varied-1-models\.[0-9a-f]{12}\.json", path)
    assert f'<link rel=preload href="{path}" as=fetch crossorigin>' in page
    with urlopen(long_url + path) as answer:
        rows = json.load(answer)
    repeated = [column["rows"] for column in rows["repeated"].values()]
    assert {len(column) for column in [*rows["columns"].values(), *repeated]} == {TOTAL}
    assert Path(path).suffix == ".json"
