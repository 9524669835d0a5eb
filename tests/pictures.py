"""Take the pictures of the README from the built site of the sample: `make pictures`."""

from pathlib import Path

from playwright.sync_api import ViewportSize

from cardboard.site.assembly.server import serving

from .site.browsing import chromium

ROOT = Path(__file__).parents[1]
BOARD = "boards/shell-mini-1-models/"
PICTURES = {"": "board.png", "ko/": "board.ko.png"}
"""By the language's part of an address."""
SIZE = ViewportSize(width=992, height=768)


def main() -> None:
    """Write a picture of the board of our own suite in each language, as visitors first see it."""
    with serving(ROOT / "build" / "site", 0) as url, chromium() as browser:
        for language, name in PICTURES.items():
            page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
            page.goto(f"{url}{language}{BOARD}", wait_until="networkidle")
            page.screenshot(path=ROOT / ".github" / name)
            print(f".github/{name}")


if __name__ == "__main__":
    main()
