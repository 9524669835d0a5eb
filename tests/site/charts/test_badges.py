"""Badges: rank and score now, readable on light and on dark."""

import re
import xml.etree.ElementTree as ET

import pytest

from cardboard.site.charts.badges import badge_of, badges, draw
from cardboard.tests.making import a_result, boards_of


@pytest.fixture
def tied():
    return boards_of(a_result("org/a", 0.5), a_result("org/b", 0.5), a_result("org/c", None))


def test_a_badge_says_rank_and_score(tied):
    (board,) = tied.boards
    best, _, last = board.entries
    assert badge_of(best, board).value == "1= / 2 · 50.00"
    assert badge_of(last, board).value == "unranked"


def test_every_entry_has_one(tied):
    assert [path for path, _ in badges(tied)] == [
        "badges/org__a.svg",
        "badges/org__b.svg",
        "badges/org__c.svg",
    ]


def test_it_says_the_same_to_somebody_who_does_not_see_it(tied):
    (board,) = tied.boards
    svg = ET.fromstring(draw(badge_of(board.entries[0], board)))
    assert svg.find("{http://www.w3.org/2000/svg}title").text == "mini: rank 1= / 2 · 50.00"


def contrast(one, other):
    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_its_text_can_be_read_in_both_schemes(tied):
    """4.5 is what WCAG asks of small text."""
    (board,) = tied.boards
    boxes = re.findall(r"\.[lru]\{fill:(#\w{6})\}", draw(badge_of(board.entries[0], board)))
    assert len(boxes) == 6
    assert all(contrast(box, "#ffffff") >= 4.5 for box in boxes)
