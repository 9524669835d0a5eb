"""The site in a real browser: both languages, light and dark, wide and narrow, with and without JS.

Every test fails on a console message, a failed request, or a request that leaves the site. Pictures
of each kind of page go to build/shots/, for a person to look at.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from cardboard.site.assembly.server import serving
from cardboard.tests.site.browsing import barriers, browsing
from cardboard.tests.site.kinds import MODELS, kinds

SHOTS = Path(__file__).parents[3] / "build" / "shots"
UNSLOTH = MODELS["model"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def beyond(page):
    """Return how far the page scrolls sideways once it has taken its new width."""
    for _ in range(50):
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide <= 0:
            break
        page.wait_for_timeout(100)
    return wide


LOOKS = (("light", WIDE, "default"), ("dark", NARROW, "slate"))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_kind_of_page_is_shown_without_a_complaint_or_a_barrier(
    browser, url, sample_site, language
):
    """A reader may turn a phone or switch to the dark while a page is open, as this one does."""
    found = {}
    with browsing(browser, url, viewport=WIDE, color_scheme="light") as page:
        for kind, path in kinds(sample_site).items():
            page.emulate_media(color_scheme="light")
            page.goto(("ko/" if language == "ko" else "") + path)
            expect(page.locator("article h1")).to_have_count(1)
            expect(page.locator("html")).to_have_attribute("lang", language)
            for scheme, size, shown in LOOKS:
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=scheme)
                expect(page.locator("body")).to_have_attribute("data-md-color-scheme", shown)
                assert beyond(page) <= 0, f"{kind}: the page itself must not scroll sideways"
                page.screenshot(path=SHOTS / f"{kind}.{language}.{scheme}.png")
                # A barrier comes of the colours, of the width or of the words, not of how they are
                # combined.
                if (scheme, language) in {("light", "en"), ("dark", "ko")}:
                    found[kind] = barriers(page, targets=True)
    assert not any(found.values()), found


MOVED = """() => new Promise((tell) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) sum += value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => tell(sum), 300);
})"""
GOOD = 0.1
"""What the Web Vitals call good."""


def test_what_scripts_add_to_a_page_moves_nothing_that_a_reader_sees(browser, url, sample_site):
    with browsing(browser, url, viewport=NARROW) as page:
        moved = {}
        for kind, path in kinds(sample_site).items():
            page.goto(path, wait_until="networkidle")
            moved[kind] = page.evaluate(MOVED)
    assert {kind: sum_ for kind, sum_ in moved.items() if sum_ > GOOD} == {}


@pytest.mark.parametrize("language", ["", "ko/"])
def test_every_row_can_be_read_without_javascript(browser, url, language):
    with browsing(browser, url, java_script_enabled=False, viewport=NARROW) as page:
        page.goto(language)
        rows = page.locator("#table tbody tr")
        expect(rows).to_have_count(82)
        assert all(box["height"] > 0 for box in (row.bounding_box() for row in rows.all()))
        rows.last.scroll_into_view_if_needed()
        expect(rows.last).to_be_visible()
        expect(page.locator("#table button:not([popovertarget])")).to_have_count(0)


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_table_scrolls_inside_its_region_and_keeps_its_models_in_sight(
    browser, url, size, scheme
):
    with browsing(browser, url, viewport=size, color_scheme=scheme) as page:
        page.goto("")
        region = page.get_by_role(
            "region", name="TB2-lite, corrected (303 steps): every ranked result"
        )
        region.focus()
        expect(region).to_be_focused()
        region.evaluate("region => region.scrollTo(600, 400)")
        first = page.locator("#table tbody tr").nth(12).locator("th")
        expect(first).to_be_in_viewport()
        head = page.locator("#table thead th.cb-model")
        expect(head).to_be_in_viewport()
        page.screenshot(path=SHOTS / f"scrolled.{scheme}.png")


def test_the_language_switch_leads_to_the_same_page_and_back(browser, url):
    with browsing(browser, url, viewport=WIDE) as page:
        page.goto(UNSLOTH)
        for language, address in (("ko", f"{url}ko/{UNSLOTH}"), ("en", f"{url}{UNSLOTH}")):
            page.locator(".md-select").hover()
            page.locator(f".md-select__link[hreflang={language}]").click()
            expect(page).to_have_url(address)


def test_the_sites_own_search_finds_a_model(browser, url):
    with browsing(browser, url, viewport=WIDE) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("")
        page.wait_for_load_state("networkidle")
        assert not [one for one in asked if one.endswith("names.json")], "loaded when it is needed"
        page.locator(".md-search__input").press_sequentially("qwen3.5-9b")
        first = page.locator(".md-search-result__link").first
        expect(first).to_have_text("Qwen/Qwen3.5-9B")
        page.locator(".md-search__input").fill("ZAYA1")
        result = page.locator(".md-search-result__link").first
        expect(result).to_contain_text("ZAYA1-74B-preview")
        result.click()
        expect(page.locator("h1")).to_have_text("Zyphra/ZAYA1-74B-preview")


@pytest.mark.parametrize(("size", "shown"), [(WIDE, True), (NARROW, False)])
def test_the_list_of_guides_is_closed_on_a_phone_alone(browser, url, size, shown):
    with browsing(browser, url, viewport=size) as page:
        page.goto("ko/audit/")
        link = page.locator(".cb-nearby").get_by_role("link", name="명령", exact=True)
        expect(link).to_be_visible(visible=shown)
        if not shown:
            page.locator(".cb-nearby summary").click()
        link.click()
        expect(page).to_have_url(f"{url}ko/commands/")


def test_the_page_for_missing_pages_works_at_any_depth(browser, url):
    with browser.new_context().new_page() as page:
        page.goto(f"{url}no/such/page/")
        expect(page.locator("h1")).to_contain_text("404")
        colour = page.locator(".md-header").evaluate("e => getComputedStyle(e).backgroundColor")
        assert colour == "rgb(74, 53, 36)", "its style sheets were found"
        page.get_by_role("link", name="리더보드로 가기").click()
        expect(page).to_have_url(f"{url}ko/")


def test_nothing_that_strangers_wrote_is_run(browser, hostile_site):
    """On every page that has words of strangers, and on one guide, which has them in its head."""
    pages = {
        path.parent.relative_to(hostile_site): "harm()" in html.partition("<article")[2]
        for path in sorted(hostile_site.rglob("index.html"))
        for html in [path.read_text(encoding="utf-8")]
    }
    assert sum(pages.values()) > 40, "strangers have written on most pages"
    paths = [path for path, strange in pages.items() if strange or path.name == "publishing"]
    with (
        serving(hostile_site, 0) as address,
        browsing(browser, address, viewport=NARROW) as page,
    ):
        page.add_init_script("window.harm = () => { window.harmed = true }")
        for path in paths:
            page.goto(f"{path.as_posix()}/".removeprefix("./"))
            assert page.evaluate("window.harmed") is None
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        page.screenshot(path=SHOTS / "hostile.png")
