"""Texts written to do harm: they are shown as what they are, and nothing else happens."""

import json

import pytest

from cardboard.tests.site.hostile import HARM, IMAGE, NAMES, a_hostile_board
from cardboard.tests.site.reading import HTML, document

BOARD = [name for name in NAMES if "\x00" not in name]


@pytest.fixture(scope="module")
def board_page(hostile_site):
    return document(hostile_site / "index.html")


@pytest.mark.parametrize("name", BOARD, ids=lambda name: ascii(name)[:30])
def test_a_name_is_shown_letter_for_letter_but_for_signs_that_cannot_be_printed(board_page, name):
    shown = ["".join(link.itertext()) for link in board_page.iter(f"{HTML}bdi")]
    assert "".join(sign if sign.isprintable() else "\ufffd" for sign in name) in shown


def test_signs_that_no_page_may_hold_are_replaced(board_page):
    shown = ["".join(link.itertext()) for link in board_page.iter(f"{HTML}bdi")]
    assert "control\ufffd\ufffd\ufffd\ufffdend" in shown


def test_no_element_comes_from_a_name(hostile_site):
    for path in hostile_site.rglob("*.html"):
        page = document(path)
        assert not [image for image in page.iter(f"{HTML}img") if image.get("src") == "x"], path
        for script in page.iter(f"{HTML}script"):
            if script.get("type") == "application/ld+json":
                assert json.loads(script.text or "")["@type"] == "Dataset"
            else:
                assert script.get("src") or script.get("id")


def test_only_web_addresses_become_links(hostile_site):
    for path in hostile_site.rglob("*.html"):
        page = document(path)
        for link in page.iter(f"{HTML}a"):
            assert not link.get("href", "").startswith(("javascript:", "data:")), path


def test_a_title_has_one_line_of_bearable_length(hostile_site):
    for path in (hostile_site / "models").rglob("*.html"):
        title = document(path).find(f".//{HTML}title")
        assert len(title.text) < 260, path
        assert "\n" not in title.text
        assert not set("\u202e\u2066\u200f") & set(title.text)


def test_a_workspaces_own_words_are_escaped_too(hostile_site):
    html = (hostile_site / "index.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;harm()" in html
    assert HARM not in html
    assert IMAGE not in html


def test_every_file_stays_inside_the_site(hostile_site):
    boards, _ = a_hostile_board()
    slugs = {entry.slug for board in boards.boards for entry in board.entries}
    there = {path.name for path in (hostile_site / "models").iterdir()}
    assert slugs <= there
    assert all(len(name) < 130 for name in there)
