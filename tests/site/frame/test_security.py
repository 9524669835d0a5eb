"""Inline scripts become files, and nothing else of a page changes but signs that HTML forbids."""

from hypothesis import given
from hypothesis import strategies as some

from cardboard.site.frame.security import printable, secure

PAGE = '<head><meta charset="utf-8"></head><script>one()</script><script src="x.js"></script>'


def test_a_script_moves_to_a_file_that_the_page_names():
    html, scripts = secure(PAGE, "../../")
    ((path, text),) = scripts.items()
    assert text == "one()"
    assert f'<script src="../../{path}"></script><script src="x.js"></script>' in html


def test_the_same_script_is_the_same_file_on_every_page():
    assert secure(PAGE, "")[1] == secure(PAGE, "../")[1]


def test_the_policy_stands_before_anything_that_it_rules():
    html, _ = secure(PAGE, "")
    assert html.index("Content-Security-Policy") < html.index("<script")
    assert "script-src" not in html, "default-src covers scripts, and nothing loosens it"
    assert "unsafe" not in html


def test_data_in_a_script_element_stays():
    data = '<meta charset="utf-8"><script id="c" type="application/json">{"a": 1}</script>'
    html, scripts = secure(data, "")
    assert scripts == {}
    assert '{"a": 1}' in html


def test_an_open_group_of_the_navigation_has_no_number_that_is_none():
    label = '<label class="md-nav__link" for="a" id="b" tabindex="">A</label>'
    assert secure(label, "")[0] == '<label class="md-nav__link" for="a" id="b">A</label>'
    text = '<p>Write <code>tabindex=""</code></p>'
    assert secure(text, "")[0] == text


@given(some.text(some.characters(exclude_categories=())))
def test_a_sign_that_html_forbids_is_a_mark_and_every_other_one_stays(text):
    allowed = "\t\n\r"
    for before, after in zip(text, printable(text), strict=True):
        code = ord(before)
        forbidden = (
            (code < 0x20 and before not in allowed)
            or 0x7F <= code < 0xA0
            or 0xD800 <= code < 0xE000
            or 0xFDD0 <= code <= 0xFDEF
            or code in (0xFFFE, 0xFFFF)
        )
        assert after == ("\ufffd" if forbidden else before)
