"""What is open and in use has nothing that axe-core complains of; `test_browser` has the pages."""

import pytest

from cardboard.tests.site.browsing import barriers, browsing, open_board

WIDE = {"width": 1280, "height": 900}


@pytest.mark.parametrize("language", ["", "ko/"])
def test_a_board_in_use_has_no_barrier(browser, varied_url, language):
    """Panels open, filters in force, models picked and compared."""
    with browsing(browser, varied_url, viewport=WIDE) as page:
        open_board(page, f"{language}?find=model&show=date&cmp=org-0__model-0&cmp=org-1__model-1")
        for panel in page.locator("#cb-tools [aria-controls]").all():
            panel.click()
        assert barriers(page) == []


def test_a_long_board_has_no_barrier(browser, long_url):
    with browsing(browser, long_url) as page:
        for path in ("?page=2", "pages/varied-1-models-2/"):
            page.goto(path)
            assert barriers(page) == []


def test_axe_finds_what_is_planted(browser, url):
    with browsing(browser, url) as page:
        page.goto("")
        page.evaluate(
            """() => {
                const cells = document.querySelectorAll("#table tbody td.cb-score");
                cells[cells.length - 1].append(document.createElement("button"));
                const pale = document.createElement("b");
                pale.className = "pale";
                pale.append("pale");
                pale.style.color = "#ddd";
                cells[cells.length - 1].append(pale);
            }"""
        )
        found = {line.partition(" ")[0] for line in barriers(page)}
        assert found == {"button-name", "color-contrast"}
