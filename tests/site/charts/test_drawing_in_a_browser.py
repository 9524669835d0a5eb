"""Drawings in a real browser: in the reader's colours, with points that lead to models."""

import pytest
from playwright.sync_api import expect

from cardboard.tests.site.browsing import browsing

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
FILL = "path => getComputedStyle(path).fill"


@pytest.mark.parametrize(
    ("scheme", "mark", "best"),
    [
        ("light", "rgb(154, 91, 22)", "rgb(29, 78, 137)"),
        ("dark", "rgb(219, 165, 94)", "rgb(143, 193, 247)"),
    ],
)
def test_marks_have_the_colours_of_the_scheme(browser, url, scheme, mark, best):
    with browsing(browser, url, viewport=WIDE, color_scheme=scheme) as page:
        page.goto("charts/")
        marks = page.locator("svg[aria-labelledby=size-title] a path")
        fills = {path.evaluate(FILL) for path in marks.all()}
        assert fills == {mark, best}


def test_a_point_leads_to_its_model_and_is_passed_over_by_the_tab_key(browser, url):
    with browsing(browser, url, viewport=WIDE) as page:
        page.goto("ko/charts/")
        point = page.locator("svg[aria-labelledby=speed-title] a").last
        name = point.locator("title").text_content()
        point.locator("path").click()
        expect(page.locator("h1")).to_have_text(name.rpartition(":")[0])
        page.goto("ko/charts/")
        page.locator("#speed ~ details summary").focus()
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.closest('svg')") is None


def test_the_table_opens_from_the_keyboard(browser, url):
    with browsing(browser, url, viewport=NARROW) as page:
        page.goto("charts/")
        table = page.locator("#valid_json_pct ~ details table")
        expect(table).to_have_count(1)
        expect(table).to_be_hidden()
        page.locator("#valid_json_pct ~ details summary").press("Enter")
        expect(table).to_be_visible()
        expect(table.locator("tbody tr")).to_have_count(82)


def test_on_a_phone_the_ticks_can_be_read_and_names_give_way(browser, url):
    with browsing(browser, url, viewport=NARROW) as page:
        page.goto("charts/")
        words = page.locator("svg[aria-labelledby=size-title] text").all()
        sizes = [word.bounding_box()["height"] for word in words if word.is_visible()]
        assert min(sizes) >= 11
        expect(
            page.locator("svg[aria-labelledby=size-title] text[font-size='12']").first
        ).to_be_hidden()


def test_where_a_drawing_has_its_full_width_it_names_the_best(browser, url):
    with browsing(browser, url, viewport={"width": 700, "height": 900}) as page:
        page.goto("charts/")
        names = page.locator("svg[aria-labelledby=size-title] text[font-size='12']")
        expect(names.first).to_be_visible()


def test_a_feed_and_a_result_file_can_be_fetched(browser, url):
    with browsing(browser, url) as page:
        page.goto("ko/history/")
        feed = page.request.get(page.locator("a[href='../feed.xml']").evaluate("a => a.href"))
        assert feed.ok
        assert "<feed" in feed.text()
        page.goto("files/")
        with page.expect_download() as download:
            page.locator("a[download]").first.click()
        assert download.value.suggested_filename.endswith(".json")
