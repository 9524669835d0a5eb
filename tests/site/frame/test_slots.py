"""Shells: a page taken apart at its slots, and put together again with other words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.site.frame.slots import Shell, icons_apart, switch_target

FRAME = (
    '<head><meta charset="utf-8"><link rel="canonical" href="https://x.test/">\n'
    '<link rel="alternate" href="y" hreflang="ko"><title>CARDBOARD_TITLE</title></head>'
    f'<a href="{switch_target("ko")}">ko</a>\n\n\n<!-- cardboard:body -->'
)
VALUES = {"head": "<link>", "title": "T", "to-ko": "../ko/", "body": "<p>B</p>"}


def test_slots_are_found_in_their_order():
    assert Shell.capture(FRAME).slots == ("head", "title", "to-ko", "body")


def test_a_stamped_page_has_every_slot_filled_and_the_builders_own_links_gone():
    assert Shell.capture(FRAME).stamp(VALUES) == (
        '<head><meta charset="utf-8"><link><title>T</title></head>'
        '<a href="../ko/">ko</a>\n\n\n<p>B</p>'
    )


def test_a_compact_shell_has_no_lines_between_its_tags():
    assert "ko</a><p>" in Shell.capture(FRAME, compact=True).stamp(VALUES)


def test_a_slot_without_a_value_is_refused():
    with pytest.raises(KeyError, match="body"):
        Shell.capture(FRAME).stamp({"head": "", "title": "", "to-ko": ""})


@given(st.text())
def test_what_fills_a_slot_is_never_taken_for_a_slot(text):
    told = f"{text}<!-- cardboard:head -->CARDBOARD_TITLE{switch_target('ko')}"
    assert told in Shell.capture(FRAME).stamp({**VALUES, "body": told})


@given(st.text(alphabet="<>ab \n"))
def test_a_page_without_slots_comes_back_as_it_was(html):
    assert Shell.capture(html).stamp({}) == html


def test_icons_are_drawn_once_in_a_file_and_referred_to():
    one, other = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="{d}"/></svg>'
        for d in ("M3 6h18", "M1 1z")
    )
    html, sheet = icons_apart(f"<p>{one}{other}{one}<svg><path d='M0 0'/></svg>", "../icons.svg")
    assert html.count('<use href="../icons.svg#i0"/>') == 2
    assert html.count('<use href="../icons.svg#i1"/>') == 1
    assert html.endswith("<svg><path d='M0 0'/></svg>"), "what is no icon stays"
    assert sheet.count("<path") == 2
    assert '<g id="i0"><path d="M3 6h18"/></g>' in sheet
