"""How soon the page of a long board answers, in Debian's Chromium: ready, sorted, searched."""

from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from cardboard.site.assembly.server import serving

from ..site.browsing import chromium

LOADS, ROUNDS = 7, 7

# What is done ends with all the changes that it brings; what is seen ends with the next frame.
TIMED = """async (act) => {
    const began = performance.now();
    const redrawn = new Promise((resolve) => {
        new MutationObserver((_, watcher) => {
            watcher.disconnect();
            resolve(performance.now());
        }).observe(document.body, { attributes: true, childList: true, subtree: true });
    });
    if (act === "sort") document.querySelector("[data-column=model] button").click();
    else {
        const field = document.getElementById("cb-find");
        field.value = act;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const done = await redrawn;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return [done - began, performance.now() - began];
}"""


class Answers(NamedTuple):
    """Milliseconds: the least of several, first until the rows stand, then until they are seen."""

    ready: float
    """From the start of the navigation until the script has taken the board over."""
    first_sort: tuple[float, float]
    """By words, with keys that nothing has made before."""
    sort: tuple[float, float]
    search: tuple[float, float]


def board_page(folder: Path) -> Answers:
    """Measure the first page of the site in *folder*, served on loopback."""
    ready, first, sorts, searches = [], [], [], []
    with chromium() as browser, serving(folder, 0) as url:
        for _ in range(LOADS):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(url)
            page.locator("#cb-tools").wait_for()
            mark = 'performance.getEntriesByName("cb-ready")[0].startTime'
            ready.append(page.evaluate(mark))
            first.append(_timed(page, "sort"))
            sorts += [_timed(page, "sort") for _ in range(ROUNDS)]
            searches += [_timed(page, word) for word in ("model-01", "99", "model")]
            page.close()
    return Answers(min(ready), _least(first), _least(sorts), _least(searches))


def _timed(page: Page, act: str) -> tuple[float, float]:
    done, seen = page.evaluate(TIMED, act)
    return done, seen


def _least(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    done, seen = zip(*pairs, strict=True)
    return min(done), min(seen)
