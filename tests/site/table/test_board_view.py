"""A board in a browser: sort, search, filter, choose columns; the view is in the address."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from cardboard.tests.site.browsing import browsing, column, names, open_board

GAPS = {"not recorded", "unknown", "확인 불가"}
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SHEET = {"width": 703, "height": 1000}
WHITE = "rgb(255, 255, 255)"


@pytest.fixture
def board(browser, varied_url):
    """Give the varied board, open in a browser."""
    with browsing(browser, varied_url, viewport=WIDE) as page:
        open_board(page)
        yield page


def query(page):
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def header(page, name):
    return page.locator(f"#table th[data-column={name}]")


def sort_by(page, name):
    header(page, name).locator(".cb-head button").click()


def show(page, panel):
    page.get_by_role("button", name=panel, exact=True).click()


def numbers(page, name):
    return [float(re.match(r"[\d.]+", text)[0]) for text in known(column(page, name))]


def known(texts):
    return [text for text in texts if text not in GAPS]


def status(page):
    return page.locator("#cb-status")


class TestSorting:
    @pytest.mark.parametrize(
        ("name", "first"),
        [
            ("parameters", "ascending"),
            ("seconds", "ascending"),
            ("metric-command_recall", "descending"),
        ],
    )
    def test_numbers_go_both_ways_and_what_is_unknown_stays_last(self, board, name, first):
        other = "descending" if first == "ascending" else "ascending"
        for direction in (first, other):
            sort_by(board, name)
            expect(header(board, name)).to_have_attribute("aria-sort", direction)
            expect(board.locator("#table [aria-sort]")).to_have_count(1)
            values = numbers(board, name)
            assert values == sorted(values, reverse=direction == "descending")
            gaps = [text in GAPS for text in column(board, name)]
            assert any(gaps)
            assert gaps == sorted(gaps), "unknown comes last"

    def test_words_are_sorted_as_the_language_has_them(self, board):
        sort_by(board, "model")
        shown = names(board)
        assert shown[:3] == ["org-0/model-0", "org-0/model-4", "org-0/model-8"], "2 before 10"
        assert shown[-1].startswith("조직/")

    def test_families_are_sorted_by_the_names_that_are_shown(self, browser, varied_url):
        with browsing(browser, varied_url, viewport=WIDE) as page:
            open_board(page, "ko/?sort=family")
            shown = known(column(page, "family"))
            assert shown == sorted(shown)
            assert shown[0] == "엘에프엠"

    def test_equal_rows_stay_in_the_order_of_the_board(self, board):
        open_board(board, "?show=template")
        order = names(board)
        sort_by(board, "template")
        template, shown = column(board, "template"), names(board)
        for one in set(template):
            rows = [name for name, held in zip(shown, template, strict=True) if held == one]
            assert rows == [name for name in order if name in rows]

    def test_what_was_done_is_said(self, board):
        sort_by(board, "score")
        expect(status(board)).to_have_text("24 of 24 · Sorted by Score, highest first")
        sort_by(board, "score")
        expect(status(board)).to_have_text("24 of 24 · Sorted by Score, lowest first")
        assert column(board, "rank")[0].startswith("24")

    def test_a_bar_under_the_rank_spans_the_ranks_that_stay_open(self, board, varied):
        """In any order, and also in rows that the script drew."""
        ranked = varied[0].boards[0].ranked
        expected = {
            entry.label: [
                f"{100 * (entry.resolution.low - 1) / 24:.2f}%",
                f"{100 * entry.resolution.high / 24:.2f}%",
            ]
            for entry in ranked
            if entry.resolution
        }
        for _ in range(2):
            drawn = board.evaluate(
                """() => Object.fromEntries([...document.querySelectorAll("#table tbody tr")]
                    .filter((row) => row.querySelector(".cb-reach"))
                    .map((row) => [row.querySelector("th bdi").textContent,
                        ["x1", "x2"].map((end) => row.querySelector(".cb-reach line")
                            .getAttribute(end))]))"""
            )
            assert drawn == expected
            open_board(board, "?show=backend&sort=-seconds")


class TestChoosing:
    def test_the_search_takes_every_word_from_anywhere_in_the_row(self, board):
        box = board.get_by_role("searchbox", name="Search this table")
        box.fill("QWEN chat_")
        shown = names(board)
        assert 0 < len(shown) < 24
        assert set(column(board, "family")) == {"Qwen"}
        assert query(board)["find"] == ["QWEN chat_"]
        box.fill("모델-13")
        assert names(board) == ["조직/모델-13"]
        expect(status(board)).to_contain_text("1 of 24")
        box.fill("")
        assert len(names(board)) == 24
        assert query(board) == {}

    def test_nothing_that_matches_is_said_too(self, board):
        board.get_by_role("searchbox", name="Search this table").fill("no such model")
        assert names(board) == []
        expect(status(board)).to_contain_text("0 of 24")

    def test_values_widen_a_filter_and_columns_narrow_it(self, board):
        show(board, "Filters")
        board.get_by_role("checkbox", name="Qwen", exact=False).check()
        assert set(column(board, "family")) == {"Qwen"}
        board.get_by_role("checkbox", name="Gemma").check()
        assert set(column(board, "family")) == {"Qwen", "Gemma"}
        before = len(names(board))
        board.get_by_role("group", name="Template").get_by_role(
            "checkbox", name="model_specific_or_mixed"
        ).check()
        assert 0 < len(names(board)) < before
        assert sorted(query(board)["family"]) == ["gemma", "qwen"]
        assert query(board)["template"] == ["model_specific_or_mixed"]

    def test_all_values_together_are_no_filter(self, board):
        show(board, "Filters")
        boxes = board.get_by_role("group", name="Family").get_by_role("checkbox")
        for box in boxes.all():
            box.check()
        assert len(names(board)) == 24
        assert query(board) == {}
        expect(board.locator("#cb-chips")).to_be_hidden()
        boxes.first.uncheck()
        assert len(names(board)) < 24
        expect(boxes.nth(1)).to_be_checked()

    def test_rows_without_a_value_can_be_chosen(self, board):
        show(board, "Filters")
        board.get_by_role("group", name="Family").get_by_role("checkbox", name="unknown").check()
        assert set(column(board, "family")) == {"unknown"}
        assert query(board) == {"family": [""]}

    def test_a_span_leaves_out_what_is_outside_and_what_is_unknown(self, board):
        show(board, "Filters")
        size = board.get_by_role("group", name="Parameters")
        size.get_by_role("spinbutton", name="from").fill("1")
        size.get_by_role("spinbutton", name="to").fill("8")
        assert set(column(board, "parameters")) == {"1.2B", "8B"}
        assert query(board) == {"parameters": ["1..8"]}
        size.get_by_role("spinbutton", name="to").fill("")
        assert set(column(board, "parameters")) == {"1.2B", "8B", "27B"}
        assert query(board) == {"parameters": ["1.."]}

    def test_dates_are_a_span(self, board):
        show(board, "Columns")
        board.get_by_role("checkbox", name="Finished").check()
        show(board, "Filters")
        group = board.get_by_role("group", name="Finished")
        group.get_by_label("from").fill("2026-03-01")
        group.get_by_label("to").fill("2026-04-30")
        assert set(column(board, "date")) == {"2026-03-15", "2026-04-15"}

    def test_findings_can_be_chosen(self, board):
        show(board, "Filters")
        board.get_by_role("checkbox", name="Little valid JSON").check()
        assert len(names(board)) == 4
        assert all("Little valid JSON" in text for text in column(board, "findings"))

    def test_every_filter_is_a_chip_that_takes_it_away(self, board):
        open_board(board, "?family=qwen&find=model&parameters=1..")
        chips = board.get_by_role("group", name="Filters in force").get_by_role("button")
        assert chips.all_text_contents() == [
            "Family: Qwen × (remove this filter)",
            "Parameters: 1 – … × (remove this filter)",
            "“model” × (remove this filter)",
            "Clear all",
        ]
        chips.nth(0).click()
        expect(chips.nth(0)).to_be_focused()
        assert "family" not in query(board)
        chips.last.click()
        expect(board.locator("#cb-chips")).to_be_hidden()
        expect(board.get_by_role("searchbox", name="Search this table")).to_be_focused()
        assert len(names(board)) == 24
        assert query(board) == {}


class TestColumns:
    def test_columns_come_and_go(self, board):
        expect(header(board, "backend")).to_be_hidden()
        show(board, "Columns")
        board.get_by_role("checkbox", name="Backend").check()
        board.get_by_role("checkbox", name="Precision").uncheck()
        expect(header(board, "backend")).to_be_visible()
        expect(header(board, "metric-command_precision")).to_be_hidden()
        assert {"vllm", "transformers"} < set(column(board, "backend"))
        cells = board.locator("#table tbody td.cb-metric-command_precision")
        assert not any(cell.is_visible() for cell in cells.all())
        assert query(board) == {"show": ["backend"], "hide": ["metric-command_precision"]}

    def test_a_column_that_nobody_filled_is_not_shown_at_first(self, browser, url):
        with browsing(browser, url, viewport=WIDE) as page:
            open_board(page, "boards/shell-mini-1-models/")
            expect(header(page, "family")).to_be_hidden()
            expect(header(page, "score")).to_be_visible()

    def test_the_best_value_in_view_is_marked_and_said(self, board):
        def best(name):
            cells = board.locator(f"#table tbody .cb-{name}.cb-best").all()
            return [cell.inner_text().split()[0] for cell in cells]

        assert best("seconds") == ["0.100"], "less is better"
        assert len(best("score")) == 1
        near = board.locator("#table tbody tr.cb-near")
        assert near.count() > 1, "what is not told from the best is tinted, and said"
        expect(near.last.locator("td.cb-score")).to_contain_text("not told from the best in view")
        board.get_by_role("searchbox", name="Search this table").fill("gemma")
        assert best("metric-command_recall") == [
            max(text.split()[0] for text in column(board, "metric-command_recall"))
        ]
        marked = board.locator("#table tbody .cb-metric-command_recall.cb-best").inner_text()
        assert marked.endswith("(best in view)")
        board.get_by_role("searchbox", name="Search this table").fill("모델-13")
        expect(board.locator(".cb-best")).to_have_count(0)


class TestAddress:
    VIEW = (
        "?find=model&sort=-seconds&family=qwen&family=gemma&parameters=1.."
        "&show=date&hide=metric-command_recall"
    )

    def test_a_view_comes_back_from_its_address(self, board):
        open_board(board, self.VIEW)
        first, shown = query(board), names(board)
        assert first == parse_qs(self.VIEW[1:])
        sort_by(board, "score")
        sort_by(board, "seconds")
        sort_by(board, "seconds")
        assert query(board) == first
        board.reload()
        board.locator("#cb-tools").wait_for()
        assert names(board) == shown
        assert query(board) == first
        expect(header(board, "date")).to_be_visible()
        expect(header(board, "metric-command_recall")).to_be_hidden()
        show(board, "Filters")
        expect(board.get_by_role("checkbox", name="Qwen")).to_be_checked()

    @pytest.mark.parametrize(
        "nonsense",
        [
            "?sort=nothing&family=none&parameters=x..y&page=-3&hide=model&cmp=nobody&show=no",
            "?page=99&sort=&find=&parameters=..",
            "?score=-..&parameters=1.2.3..1-2&date=2026-99-99..3&show=date",
        ],
    )
    def test_what_an_address_cannot_mean_is_ignored(self, board, nonsense):
        open_board(board, nonsense)
        assert len(names(board)) == 24
        assert query(board).keys() <= {"show"}

    @pytest.mark.parametrize(
        "span", ["parameters=.5...7", "parameters=1e0..0.8e1", "score=1e-1..", "date=..2026-05-15"]
    )
    def test_a_span_comes_back_however_its_ends_are_written(self, board, span):
        open_board(board, f"?{span}")
        name, _, ends = span.partition("=")
        assert 0 < len(names(board)) < 24 + (name == "score")
        open_board(board, f"?{urlencode(query(board), doseq=True)}")
        assert query(board) == {name: [ends]}

    def test_keys_that_are_not_ours_are_left_alone(self, board):
        open_board(board, "?ref=mail#board")
        sort_by(board, "score")
        assert query(board) == {"ref": ["mail"], "sort": ["-score"]}
        assert board.url.endswith("#board")

    def test_the_language_switch_keeps_the_view(self, board):
        open_board(board, self.VIEW)
        first, shown = query(board), names(board)
        board.locator(".md-select").hover()
        board.locator(".md-select__link[hreflang=ko]").click()
        board.locator("#cb-tools").wait_for()
        expect(board.locator("html")).to_have_attribute("lang", "ko")
        assert names(board) == shown
        assert query(board) == first
        board.locator(".md-select").hover()
        board.locator(".md-select__link[hreflang=en]").click()
        board.locator("#cb-tools").wait_for()
        assert query(board) == first

    def test_the_back_button_returns_to_the_view(self, board):
        sort_by(board, "seconds")
        board.get_by_role("searchbox", name="Search this table").fill("gemma")
        shown = names(board)
        board.locator("#table tbody th a").first.click()
        expect(board.locator("h1")).to_have_text(shown[0])
        board.go_back()
        board.locator("#cb-tools").wait_for()
        assert names(board) == shown
        expect(board.get_by_role("searchbox", name="Search this table")).to_have_value("gemma")


class TestKeyboard:
    def test_everything_is_reached_and_done_without_a_mouse(self, board):
        """From the search on, by Tab, Space, Enter and Escape alone."""
        press = board.keyboard.press
        board.get_by_role("searchbox", name="Search this table").focus()
        for _ in range(30):
            press("Tab")
            if board.evaluate("document.activeElement.getAttribute('aria-controls')"):
                break
        expect(board.get_by_role("button", name="Filters")).to_be_focused()
        press("Enter")
        press("Tab")
        press("Space")
        assert len(names(board)) < 24
        press("Escape")
        expect(board.get_by_role("button", name="Filters")).to_be_focused()
        expect(board.locator("#cb-filters")).to_be_hidden()
        for _ in range(4):
            press("Tab")
        expect(board.get_by_role("button", name="Clear all")).to_be_focused()
        press("Enter")
        assert len(names(board)) == 24
        board.get_by_role("button", name="Export").focus()
        region = board.get_by_role("region", name="Varied: every ranked result")
        for _ in range(9):
            press("Tab")
            if region.evaluate("region => region === document.activeElement"):
                break
        expect(region).to_be_focused()
        press("ArrowDown")
        expect(region).not_to_have_js_property("scrollTop", 0)
        for _ in range(3):
            press("Tab")
        press("Space")
        expect(header(board, "model")).to_have_attribute("aria-sort", "ascending")

    @pytest.mark.parametrize("panel", ["Filters", "Columns", "Export"])
    def test_a_panel_says_whether_it_is_open(self, board, panel):
        button = board.get_by_role("button", name=panel, exact=True)
        expect(button).to_have_attribute("aria-expanded", "false")
        button.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(board.get_by_role("group", name=panel, exact=True)).to_be_visible()


def test_on_a_phone_the_tools_fit_and_the_names_stay_in_sight(browser, varied_url):
    with browsing(browser, varied_url, viewport=NARROW, color_scheme="dark") as page:
        open_board(page, "ko/?show=date&cmp=org-0__model-0&cmp=org-1__model-1&find=model")
        for panel in ("필터", "열 선택", "내보내기"):
            show(page, panel)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.locator(".cb-board").evaluate("region => region.scrollTo(700, 0)")
        page.locator("#table caption").scroll_into_view_if_needed()
        expect(page.locator("#table tbody th").first).to_be_in_viewport()


def test_print_shows_the_whole_table_and_no_tools(browser, varied_url):
    with browsing(browser, varied_url, viewport=WIDE) as page:
        open_board(page)
        page.emulate_media(media="print")
        expect(page.locator("#cb-tools")).to_be_hidden()
        region = page.locator(".cb-board")
        assert region.evaluate("region => region.scrollHeight <= region.clientHeight + 1")


@pytest.mark.parametrize("path", ["", "ko/"])
@pytest.mark.parametrize("wider", ["0", "0.1em"])
def test_on_paper_every_column_fits_in_any_font(browser, varied_url, path, wider):
    """A sheet of A4 within its margins is 703 px wide; even narrow fonts are spaced to be wide."""
    with browsing(browser, varied_url, viewport=SHEET) as page:
        open_board(page, path)
        page.emulate_media(media="print")
        page.locator("#table").evaluate("(table, em) => table.style.letterSpacing = em", wider)
        region = page.locator(".cb-board")
        assert region.evaluate("region => region.scrollWidth <= region.clientWidth")


def test_on_paper_the_dark_of_a_screen_stays_there(browser, varied_url):
    with browsing(browser, varied_url, viewport=SHEET, color_scheme="dark") as page:
        open_board(page)
        page.emulate_media(media="print", color_scheme="dark")
        first = page.locator("#table tbody tr:first-child td.cb-rank")
        assert first.evaluate("cell => getComputedStyle(cell).backgroundColor") == WHITE
        # Nearly black, as light as the theme prints.
        assert first.evaluate("cell => getComputedStyle(cell).color").startswith("rgba(0, 0, 0")
