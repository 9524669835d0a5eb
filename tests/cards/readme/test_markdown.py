"""Whatever a stranger wrote, a card shows it as text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cardboard.board.words.catalogue import Words
from cardboard.cards.readme.markdown import Safe, bare_link, code, escaped, link, prose, say, shown

HOSTILE = [
    "org/model",
    "a|b",
    "`tick`",
    "``",
    "**bold** _it_ ~~gone~~",
    "<script>alert(1)</script>",
    "<!-- cardboard:end -->",
    "[text](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "https://evil.example and www.evil.example and a@evil.example",
    "&lt;b&gt; &#64;",
    "line\none\r\nline two\u2028three",
    "\u202egnp.exe \u200bzero",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "1) item",
    "=====",
    "---",
    "> quote",
    "    code",
    "$x^2$ \\(y\\)",
    "\\",
    "ends with \\",
    "\ud800",
    "x" * 10_000,
    "한국어 모델",
    "::: warning",
]

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def visible(html: str) -> str:
    """Return what a person reads of *html*."""
    text = re.sub(r"<[^>]*>", "", html)
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return " ".join(text.split())


def plain(text: str, longest: int = 200) -> str:
    """Return *text* as one line of so many printable signs, as a card may show it."""
    cut = text if len(text) <= longest else text[:longest] + "…"
    return " ".join("".join(c if c.isprintable() else " " for c in cut).split())


def in_table(cell: str) -> str:
    return str(READER.render(f"| a | b |\n|---|---|\n| {cell} | end |\n"))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "- {}", "Before {} after", "# {}"])
def test_escaped_text_reads_as_it_is_written(frame, text):
    html = READER.render(frame.format(escaped(text)))
    framed = visible(READER.render(frame.format("FRAMED")))
    assert visible(html) == " ".join(framed.replace("FRAMED", plain(text)).split())
    assert not re.search(r"<(?!/?(?:p|li|ul|h1|span)>)[^>]*>", html)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("show", [escaped, code])
def test_a_table_cell_holds_it_whole(show, text):
    html = in_table(show(text))
    cells = re.findall(r"<td>(.*?)</td>", html, re.DOTALL)
    assert len(cells) == 2
    assert visible(cells[0]) == plain(text)
    assert not re.search(r"<(?!/?(?:code|span)>)[^>]*>", cells[0])


@pytest.mark.parametrize("text", HOSTILE)
def test_code_reads_as_it_is_written_and_looks_like_code(text):
    html = READER.render(f"Before {code(text)} after")
    assert visible(html) == plain(f"Before {plain(text)} after", 1000)
    assert html.count("<code>") == 1


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_at_all_can_make_markup(text):
    for made in (escaped(text), code(text), prose(text)):
        html = READER.render(f"x {made} y")
        assert not re.search(r"<(?!/?(?:p|code|span)>)[^>]*>", html)


@pytest.mark.parametrize("show", [escaped, prose])
@pytest.mark.parametrize("text", ["a@evil.example", "a.b+c@evil.example", "mail a@b.co, or c@d.co"])
def test_an_address_is_never_in_one_piece_of_text(show, text):
    """Readers look for addresses in each piece, after they have read the entities."""
    html = READER.render(show(text))
    assert visible(html) == text
    assert not any("@" in piece and "." in piece for piece in re.split(r"<[^>]*>", html))


@pytest.mark.parametrize("text", ["\\(x\\)", "\\[x\\]", "\\\\(x\\\\)", "a \\("])
def test_a_backslash_and_a_bracket_begin_no_formula(text):
    made = escaped(text)
    assert not re.search(r"\\\\[()\[\]]", made), "as the Hub writes its formulas"
    html = READER.render(made)
    assert visible(html) == text
    assert not re.search(r"\\[()\[\]]", html)


def test_a_body_marker_cannot_be_forged():
    for made in (escaped, code, prose):
        assert "<!--" not in made("<!-- cardboard:end -->")


def test_prose_of_the_owner_may_hold_inline_code_and_nothing_else():
    said = prose("Set `enable_thinking` to *false* <b>now</b>")
    assert READER.render(said) == (
        "<p>Set <code>enable_thinking</code> to *false* &lt;b&gt;now&lt;/b&gt;</p>\n"
    )


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://example.org/a b", "<https://example.org/a%20b>"),
        ("https://example.org/)(", "<https://example.org/%29%28>"),
        ("https://example.org/?a=1&b=<x>", "<https://example.org/?a=1&b=%3Cx%3E>"),
        ("javascript:alert(1)", "`javascript:alert(1)`"),
        ("ftp://example.org", "`ftp://example.org`"),
    ],
)
def test_only_web_addresses_become_links(url, made):
    assert bare_link(url) == made


def test_a_link_keeps_its_text_and_encodes_its_address():
    assert link(code("a/b"), "https://x.y/a(b)") == "[`a/b`](https://x.y/a%28b%29)"


def test_what_is_safe_already_is_not_escaped_twice():
    assert shown(code("a_b")) == "`a_b`"
    assert shown("a_b") == "a\\_b"
    assert shown(3) == "3"


def test_an_unknown_value_is_never_printed():
    with pytest.raises(TypeError, match="not known"):
        shown(None)


def test_values_of_a_message_are_escaped_and_its_words_are_not():
    words = Words("en")
    said = say(words, "card.with-note", value="<b>", note=Safe("`x`"))
    assert said == "&lt;b&gt; (`x`)"
