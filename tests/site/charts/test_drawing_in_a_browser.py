"""Drawings in a real browser: in the reader's colours, with points that lead to models."""

import pytest
from playwright.sync_api import expect

from cardboard.tests.site.browsing import barriers, browsing

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
FILL = "path => getComputedStyle(path).fill"


@pytest.mark.parametrize(
    ("scheme", "first", "others"),
    [
        ("light", "rgb(29, 78, 137)", "rgb(154, 91, 22)"),
        ("dark", "rgb(143, 193, 247)", "rgb(219, 165, 94)"),
    ],
)
def test_marks_have_the_colours_of_families_in_the_scheme(browser, url, scheme, first, others):
    with browsing(browser, url, viewport=WIDE, color_scheme=scheme) as page:
        page.goto("charts/")
        marks = page.locator("svg[aria-labelledby=size-title] a path")
        fills = {path.evaluate(FILL) for path in marks.all()}
        assert {first, others} < fills
        assert len(fills) == page.locator("#size ~ ul.cb-legend li").count()


def test_a_family_is_put_aside_and_brought_back(browser, url):
    with browsing(browser, url, viewport=WIDE) as page:
        page.goto("charts/")
        button = page.locator("#size ~ ul.cb-legend button").first
        mark = page.locator("svg[aria-labelledby=size-title] a:has([fill='var(--cb-family-1)'])")
        expect(mark.first).to_be_visible()
        for pressed, see in (("false", expect(mark.first).to_be_hidden), ("true", None)):
            button.press("Enter")
            expect(button).to_have_attribute("aria-pressed", pressed)
            if see:
                see()
        expect(mark.first).to_be_visible()


MIDDLE = (
    "path => { const at = new DOMPoint(0, 0).matrixTransform(path.getScreenCTM()); "
    "return [at.x, at.y]; }"
)


def test_a_card_tells_of_a_point_that_is_hit_within_24_pixels(browser, url):
    with browsing(browser, url, viewport=NARROW) as page:
        page.goto("charts/")
        point = page.locator("svg[aria-labelledby=size-title] a").last
        point.scroll_into_view_if_needed()
        x, y = point.locator("path").evaluate(MIDDLE)
        page.mouse.move(x, y)
        card = page.locator(".cb-card")
        expect(card).to_contain_text("Score: ")
        expect(card).to_contain_text("Parameters: ")
        expect(card).to_contain_text("Rank: ")
        name = "([x, y]) => document.elementFromPoint(x, y).tagName"
        assert page.evaluate(name, [x, y + 11]) == "path"
        page.keyboard.press("Escape")
        expect(card).to_be_hidden()


def test_pages_for_frames_have_no_barrier(browser, url):
    with browsing(browser, url, viewport=NARROW, color_scheme="dark") as page:
        for path in ("ko/charts/board.html", "charts/size.html"):
            page.goto(path)
            assert barriers(page) == []
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_picture_is_saved_as_png(browser, url):
    with browsing(browser, url) as page:
        page.goto("charts/")
        with page.expect_download() as saved:
            page.locator(".cb-taken button").first.click()
        assert saved.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert saved.value.suggested_filename.endswith("-size.png")


def test_a_point_leads_to_its_model_and_is_passed_over_by_the_tab_key(browser, url):
    with browsing(browser, url, viewport=WIDE) as page:
        page.goto("ko/charts/")
        point = page.locator("svg[aria-labelledby=speed-title] a").last
        name = point.locator("title").text_content()
        point.locator("path").click()
        expect(page.locator("h1")).to_have_text(name.rpartition(":")[0])
        page.goto("ko/charts/")
        page.locator("#speed ~ details.cb-more summary").focus()
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.closest('svg')") is None


def test_the_table_opens_from_the_keyboard(browser, url):
    with browsing(browser, url, viewport=NARROW) as page:
        page.goto("charts/")
        table = page.locator("#valid_json_pct ~ details.cb-more table")
        expect(table).to_have_count(1)
        expect(table).to_be_hidden()
        page.locator("#valid_json_pct ~ details.cb-more summary").press("Enter")
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
        expect(page.locator("#size ~ ol.cb-front li").first).to_be_visible()


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
        assert download.value.suggested_filename.endswith(".json.gz")
