"""Every kind of page, in both languages, has nothing that axe-core complains of."""

from importlib.resources import files

import pytest

from cardboard.tests.site.browsing import browsing, open_board
from cardboard.tests.site.kinds import kinds

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def complaints(page):
    """Return what axe finds on the page that is shown: the rule, and where it is broken."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:120]}"
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]


# A barrier comes of the colours, of the width or of the words, and not of how these are combined.
@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [("", "light", WIDE), ("ko/", "dark", NARROW)],
    ids=["en-light-wide", "ko-dark-narrow"],
)
def test_no_kind_of_page_has_a_barrier(browser, url, sample_site, language, scheme, size):
    with browsing(browser, url, color_scheme=scheme, viewport=size) as page:
        found = {}
        for kind, path in kinds(sample_site).items():
            page.goto(language + path)
            found[kind] = complaints(page)
        assert not any(found.values()), found


@pytest.mark.parametrize("language", ["", "ko/"])
def test_a_board_in_use_has_no_barrier(browser, varied_url, language):
    """Panels open, filters in force, models picked and compared."""
    with browsing(browser, varied_url, viewport=WIDE) as page:
        open_board(page, f"{language}?find=model&show=date&cmp=org-0__model-0&cmp=org-1__model-1")
        for panel in page.locator("#cb-tools [aria-controls]").all():
            panel.click()
        assert complaints(page) == []


def test_a_long_board_has_no_barrier(browser, long_url):
    with browsing(browser, long_url) as page:
        for path in ("?page=2", "pages/varied-1-models-2/"):
            page.goto(path)
            assert complaints(page) == []


def test_axe_finds_what_is_planted(browser, url):
    with browsing(browser, url) as page:
        page.goto("")
        page.evaluate("document.querySelector('article').append(document.createElement('button'))")
        assert any(line.startswith("button-name") for line in complaints(page))
