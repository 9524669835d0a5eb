"""The first screen of a board: what a stranger sees, and how far the answers are away."""

import pytest
from playwright.sync_api import expect

from cardboard.tests.site.browsing import (
    browsing,
    column,
    names,
    open_board,
    within_two_clicks,
)

WIDTHS = {1440: (900, 280), 1366: (768, 300), 1024: (768, 330), 390: (844, 360)}
"""Height of the window, and where its first row begins at the latest."""


def first_rows(page):
    """Return where the first row begins, and how many whole ones are in sight."""
    top, seen = page.evaluate(
        """() => {
            const rows = [...document.querySelectorAll("#table tbody tr")];
            const boxes = rows.map((row) => row.getBoundingClientRect());
            return [boxes[0].top, boxes.filter((box) => box.bottom <= innerHeight).length];
        }"""
    )
    return top, seen


def cut(page):
    """Return what reaches beyond the window, or is hidden without a sign that it goes on."""
    return page.evaluate(
        """() => {
            const inner = ".cb-scroll, .cb-boards, .cb-presets, .md-sidebar, .md-search, .cb-sr";
            const beyond = [...document.querySelectorAll("body *")].filter(
                (one) => !one.closest(inner) && one.getBoundingClientRect().right > innerWidth + 1);
            const silent = [...document.querySelectorAll(".cb-board, .cb-boards ul, .cb-presets")]
                .filter((one) => one.scrollWidth > one.clientWidth + 1
                    && !(one.closest(".cb-frame") ?? one).matches(".cb-more, .cb-before"));
            return [...beyond, ...silent].map((one) => `${one.tagName}.${one.className}`);
        }"""
    )


def small_targets(page):
    """Return what can be pressed on the first screen and is smaller than 24 px."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".cb-tools :is(button, input, select), .cb-boards a,"
                + " #table :is(button, input), #table tbody tr:first-child a")]
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .map((one) => [one, one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
            .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width} x ${box.height}`)"""
    )


def place_of_rows(page):
    """Return where the first row's name begins: across, and down."""
    return page.locator("#table tbody tr .cb-model").first.evaluate(
        "cell => { const box = cell.getBoundingClientRect(); return [box.left, box.top]; }"
    )


def test_no_row_jumps_when_the_script_arrives(browser, url):
    held = []
    with browsing(browser, url) as page:
        for width, path in ((1440, ""), (390, "ko/"), (390, "boards/calls-mini-1-models/")):
            page.set_viewport_size({"width": width, "height": 844})
            page.route("**/assets/cardboard/board.*.js", lambda route: held.append(route))
            page.goto(path, wait_until="commit")
            expect(page.locator("#about")).to_be_attached()
            expect(page.locator(".cb-state")).to_have_css("display", "flow-root")
            before = place_of_rows(page)
            while held:
                held.pop().continue_()
            page.unroute_all()
            expect(page.locator("#table .cb-pick").first).to_be_attached()
            assert place_of_rows(page) == pytest.approx(before, abs=3), (width, path)


def test_rows_begin_high_at_three_widths_and_nothing_is_cut_without_a_sign(browser, url):
    with browsing(browser, url) as page:
        for width, (height, latest) in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            for path in ("", "ko/", "boards/shell-mini-1-models/", "boards/home-mini-1-models/"):
                open_board(page, path)
                top, seen = first_rows(page)
                assert top <= latest, (width, path)
                if width >= 1366 and path in ("", "ko/"):
                    assert seen >= 12, (width, path)
                assert cut(page) == [], (width, path)
                assert small_targets(page) == [], (width, path)
                expect(page.locator("h1")).to_have_count(1)
            tabs = page.get_by_role("navigation", name="Tabs")
            expect(tabs).to_be_visible() if width > 720 else expect(tabs).to_be_hidden()
        region = page.locator(".cb-board")
        assert region.evaluate("one => one.scrollHeight <= one.clientHeight"), "one vertical scroll"


def test_a_choice_is_one_press_and_a_choice_without_models_says_so(browser, varied_url):
    with browsing(browser, varied_url, viewport={"width": 1440, "height": 900}) as page:
        open_board(page)
        presets = page.get_by_role("group", name="Quick choices")
        presets.get_by_role("button", name="≤ 4B").click()
        assert set(column(page, "parameters")) == {"0.6B", "1.2B"}
        assert page.url.endswith("?size=to-4")
        presets.get_by_role("button", name="Fine-tunes").click()
        expect(presets.locator("[aria-pressed=true]")).to_have_text(["≤ 4B", "Fine-tunes"])
        presets.get_by_role("button", name="≤ 4B").click()
        presets.get_by_role("combobox", name="Organisation").select_option("조직")
        assert set(names(page)) == {"조직/모델-13"}
        page.get_by_role("searchbox", name="Search this table").fill("nobody")
        expect(page.locator("#table")).to_be_hidden()
        note = page.locator("#cb-empty")
        expect(note).to_contain_text("No model matches this choice.")
        note.get_by_role("button").click()
        assert len(names(page)) == 24
        expect(presets.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")
        presets.get_by_role("button", name="Best of each size").click()
        marked = page.locator("#table tbody .cb-leads")
        expect(marked).to_have_count(len(names(page)))


@pytest.mark.parametrize("scripts", [True, False])
def test_what_a_column_means_is_told_to_mouse_touch_and_keyboard(browser, varied_url, scripts):
    with browsing(browser, varied_url, java_script_enabled=scripts, has_touch=True) as page:
        page.goto("")
        told = page.locator("#what-base")
        expect(told).to_be_hidden()
        button = page.get_by_role("button", name="What “vs base” means")
        button.tap()
        expect(told).to_be_visible()
        expect(told).to_contain_text("no test tells the two apart")
        page.keyboard.press("Escape")
        expect(told).to_be_hidden()
        button.press("Enter")
        expect(told).to_be_visible()


def test_a_difference_to_the_base_is_sorted_as_a_number_and_pale_where_it_may_be_chance(
    browser, varied_url
):
    with browsing(browser, varied_url) as page:
        open_board(page, "?sort=-base")
        shown = column(page, "base")
        known = [text.split()[0] for text in shown if not text.startswith("no base")]
        numbers = [float(text.replace("−", "-")) for text in known]
        assert len(numbers) == 8
        assert numbers == sorted(numbers, reverse=True)
        apart = page.locator("#table tbody td.cb-base.cb-apart")
        chance = page.locator("#table tbody td.cb-base", has_text="(may be chance)")
        assert apart.count() + chance.count() <= 8


def test_a_strangers_questions_are_two_clicks_away(browser, url):
    """Those on tasks and answers are in tests/site/pages/test_compare_page.py."""
    with browsing(browser, url, viewport={"width": 1440, "height": 900}) as page:
        small = "LLM-OS-Models/Qwen3.5-2B-Terminal-SFT-2Epoch-FullFT-SameCount"
        with within_two_clicks(page, ""):  # What is the best model of at most 4B?
            page.get_by_role("button", name="≤ 4B").click()
            assert names(page)[0] == small
        with within_two_clicks(page, ""):  # Is it really better than the second?
            page.get_by_role("button", name="≤ 4B").click()
            page.get_by_role("button", name="Is the first really better").click()
            told = page.locator("#comparison .cb-pairs")
            expect(told).to_be_in_viewport()
            expect(told.get_by_role("row").nth(1)).to_contain_text("Level")
            expect(page.locator("#pairs-title")).to_contain_text(small)
        with within_two_clicks(page, "boards/shell-mini-1-models/"):  # And where steps tell more?
            page.get_by_role("button", name="Is the first really better").click()
            expect(page.locator("#comparison .cb-pairs")).to_contain_text("noisy-oracle-0.1")
        with within_two_clicks(page, ""):  # May I trust this row?
            page.locator("#table tbody td.cb-findings a").first.click()
            expect(page.locator("#findings")).to_be_in_viewport()
            said = "The result does not say which revision"
            expect(page.locator("article")).to_contain_text(said)
        with within_two_clicks(page, ""):  # What changed since last month?
            page.get_by_role("navigation", name="Tabs").get_by_role("link", name="History").click()
            expect(page.locator("article")).to_contain_text("Since 2026-11-21")
            expect(page.locator("article")).to_contain_text("new entries")
