"""What templates put out is safe in HTML, exactly as MarkupSafe would have it."""

from hypothesis import given
from hypothesis import strategies as some
from markupsafe import Markup, escape

from cardboard.site.frame.render import Renderer, written


@given(some.text() | some.integers() | some.floats() | some.booleans() | some.none())
def test_what_is_written_is_what_escaping_gives(value):
    assert written(value) == escape(value)
    assert written(Markup(value)) == Markup(value)


def test_templates_escape_what_they_are_given_and_markup_stays():
    html = Renderer("en").html("footer", files=None, sha256=None, repository='https://x"><script>')
    assert "<script>" not in html
    assert "https://x&#34;&gt;&lt;script&gt;" in html
