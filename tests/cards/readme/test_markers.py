"""Our part of a README lies between two markers, and edits inside it are noticed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardboard.cards.readme.markers import digest, split, wrap

BODY = "# Title\n\ntext"
TEXT = "---\nlicense: mit\n---\n\nMine.\n\n" + wrap(BODY) + "\nAlso mine.\n"


def test_the_parts_of_a_readme_come_apart_and_go_together_again():
    parts = split(TEXT)
    assert parts is not None
    assert parts.before == "---\nlicense: mit\n---\n\nMine.\n\n"
    assert parts.body.strip("\n") == BODY
    assert parts.after == "\nAlso mine.\n"
    assert parts.before + wrap(parts.body) + parts.after == TEXT
    assert not parts.edited


def test_an_edit_inside_our_part_shows():
    parts = split(TEXT.replace("text", "better text"))
    assert parts is not None
    assert parts.edited


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_are_no_edit_and_foreign_parts_keep_theirs(ending):
    text = TEXT.replace("\n", ending)
    parts = split(text)
    assert parts is not None
    assert not parts.edited
    assert parts.before.endswith(f"Mine.{ending}{ending}")
    assert parts.after == f"{ending}Also mine.{ending}"


def test_a_readme_without_markers_is_wholly_somebody_elses():
    assert split("# Hello\n") is None


@pytest.mark.parametrize(
    "broken",
    [
        TEXT.replace("<!-- cardboard:end -->", ""),
        TEXT.replace("<!-- cardboard:begin", "<!-- begin"),
        TEXT.replace("sha256=", "sha256=zz"),
        TEXT + wrap("another"),
        "<!-- cardboard:end -->\n" + wrap("x").replace("\n<!-- cardboard:end -->", ""),
        TEXT.replace("<!-- cardboard:end -->", "text <!-- cardboard:end -->"),
    ],
)
def test_damaged_markers_are_an_error_and_not_a_guess(broken):
    with pytest.raises(ValueError, match="markers"):
        split(broken)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_wrapping_is_the_inverse_of_splitting(body):
    if "cardboard:" in body:
        return
    parts = split(wrap(body))
    assert parts is not None
    assert parts.body.strip("\n") == body.strip("\n")
    assert parts.declared == digest(body)
    assert (parts.before, parts.after) == ("", "")
