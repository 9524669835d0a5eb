"""A real browser for tests: Debian's Chromium, and a page that remembers what went wrong."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

# The same engine without windows, if it is there: a fresh page costs it half as much.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "chromium"
# As root there is no sandbox; the others keep it from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
# Texts whose elements have the same classes up to the root have the same colours: axe takes long
# over these, so it looks at the first of each form. All other rules are for every element.
SEARCH = """async (targets) => {
    const seen = new Set();
    for (const one of document.querySelectorAll("body *")) {
        const nodes = [...one.childNodes];
        const says = nodes.some((node) => node.nodeType === 3 && node.data.trim());
        if (!says && one.childElementCount) continue;
        let form = "";
        for (let at = one; at; at = at.parentElement)
            form += `${at.tagName}.${at.getAttribute("class")} `;
        one.toggleAttribute("data-first", !seen.has(form));
        seen.add(form);
    }
    const resultTypes = ["violations"], colours = "color-contrast";
    const found = [
        await axe.run(document, { resultTypes, rules: {
            [colours]: { enabled: false }, "target-size": { enabled: targets },
        } }),
        await axe.run({ include: [["[data-first]"]] }, { resultTypes, runOnly: [colours] }),
    ];
    return found.flatMap((one) => one.violations);
}"""


PATIENCE = 120_000.0
"""Milliseconds that a busy machine may take over anything."""
expect.set_options(timeout=PATIENCE)


CLICKS = """if (!window.countsClicks) {
    window.countsClicks = true;
    addEventListener("click", ({ isTrusted }) => {
        if (isTrusted) sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
    }, true);
}"""


@contextmanager
def within_two_clicks(page: Page, start: str) -> Iterator[None]:
    """Begin at *start*; fail where what follows takes a reader more than two clicks, or none."""
    page.goto(start)
    page.evaluate(CLICKS)
    page.evaluate("sessionStorage.clicks = 0")
    page.add_init_script(CLICKS)
    yield
    assert 1 <= int(page.evaluate("sessionStorage.clicks")) <= 2


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def browsing(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Give a page whose site lies at *url*; fail at its end if anything went wrong on the way.

    That is a message of error or warning, an exception, a failed request, an answer of 400 or more,
    or a request that leaves *url*.
    """
    complaints: list[str] = []
    scripts = options.get("java_script_enabled", True)
    context = browser.new_context(base_url=url, **options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)

    def listen(message: Any) -> None:
        # With scripts switched off nobody takes what is loaded for them; Chromium says so later.
        idle = not scripts and "preloaded using link preload" in message.text
        if message.type in ("error", "warning") and not idle:
            complaints.append(f"{message.type}: {message.text}")

    def look(request: Any) -> None:
        if not request.url.startswith((url, "data:")):
            complaints.append(f"request to {request.url}")

    def answer(response: Any) -> None:
        if response.status >= 400:
            complaints.append(f"{response.status} {response.url}")

    def fail(request: Any) -> None:
        # Leaving a page ends what it still waits for; with scripts switched off, none is loaded.
        if request.failure != "net::ERR_ABORTED" and (scripts or request.failure != "csp"):
            complaints.append(f"{request.failure}: {request.url}")

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    page.on("request", look)
    page.on("requestfailed", fail)
    page.on("response", answer)
    yield page
    context.close()
    assert not complaints, complaints


def serve_sources(page: Page) -> None:
    """Let scripts on *page* import the parts of ours, which a site holds joined, by themselves."""
    assets = files("cardboard") / "site" / "assets"

    def answer(route: Route) -> None:
        text = (assets / route.request.url.partition("/sources/")[2]).read_text(encoding="utf-8")
        route.fulfill(body=text, content_type="text/javascript")

    page.route("**/sources/**", answer)


def open_board(page: Page, path: str = "") -> None:
    """Go to a board and wait until its script has made it work."""
    page.goto(path)
    page.locator("#cb-tools").wait_for()


def barriers(page: Page, *, targets: bool = False) -> list[str]:
    """Return what axe finds on the page that is shown: the rule, and where it is broken.

    *targets* asks whether what is pressed has 24 px as well.
    """
    page.evaluate(AXE)
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:120]}"
        for one in page.evaluate(SEARCH, targets)
        for node in one["nodes"][:3]
    ]


def column(page: Page, name: str) -> list[str]:
    """Return what the rows of the board show in a column, from top to bottom."""
    texts: list[str] = page.evaluate(
        """name => {
            const shown = [...document.querySelectorAll("#table thead th:not([hidden])")];
            const place = shown.findIndex((header) => header.dataset.column === name);
            const rows = [...document.querySelectorAll("#table tbody tr")];
            const shownOf = (cell) => cell.querySelector("a bdi")?.textContent ?? cell.innerText;
            return rows.map((row) => shownOf(row.cells[place]).trim());
        }""",
        name,
    )
    return texts


def names(page: Page) -> list[str]:
    """Return the models in view, from top to bottom."""
    return column(page, "model")
