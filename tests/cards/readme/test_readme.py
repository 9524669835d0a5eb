"""A README is brought up to date between the markers; what people wrote stays byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.cards.readme.markers import wrap
from cardboard.cards.readme.model_index import Ours
from cardboard.cards.readme.readme import Conflict, fresh_readme, merged
from cardboard.cards.readme.yaml import Value

OURS = Ours(source="https://example.org/")
FRONT: dict[str, Value] = {"license": "mit", "tags": ["ours"]}
OLD, NEW = wrap("# Old card"), wrap("# New card\n\nRank 1")
BLOCK = "---\nlicense: mit\ntags:\n  - ours\n---\n"

# Lines that no reader takes for a marker of ours or for the end of front matter.
LINES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).filter(
        lambda line: "cardboard:" not in line and not line.startswith("---")
    ),
    max_size=6,
)
NEWLINES = st.sampled_from(["\n", "\r\n"])


def put(text: str, take: str | None = None) -> str:
    """Return the README *text* with the new card."""
    assert take in (None, "ours", "append")
    new = merged(text, FRONT, "# New card\n\nRank 1", OURS, take)  # type: ignore[arg-type]  # checked above
    return new.text


def test_only_the_part_between_the_markers_changes() -> None:
    assert put(f"{BLOCK}# By hand\n\n{OLD}\nThe end") == f"{BLOCK}# By hand\n\n{NEW}\nThe end"


@given(LINES, LINES, NEWLINES)
def test_text_around_the_markers_stays_byte_for_byte(
    above: list[str], below: list[str], newline: str
) -> None:
    def text(part: str) -> str:
        head = BLOCK.replace("\n", newline)
        parts = (newline.join([*above, ""]), part.replace("\n", newline), newline.join(below))
        return head + "".join(parts)

    new = put(text(OLD))
    assert new == text(NEW)
    assert put(new) == new


def test_line_ends_inside_our_part_may_differ_from_ours() -> None:
    mixed = f"{BLOCK}\n{NEW}".replace("Rank 1\n", "Rank 1\r\n")
    assert put(mixed) == mixed


def test_a_byte_order_mark_stays() -> None:
    assert put(f"\ufeff{BLOCK}\n{OLD}") == f"\ufeff{BLOCK}\n{NEW}"


@pytest.mark.parametrize("blank", ["", "\n", " \n\n"])
def test_a_readme_without_text_has_nothing_to_lose(blank: str) -> None:
    assert put(BLOCK + blank) == f"{BLOCK}\n{NEW}"


def test_front_matter_is_added_where_there_is_none() -> None:
    assert put(f"{OLD}more") == f"{BLOCK}\n{NEW}more"
    assert put("") == fresh_readme(FRONT, "# New card\n\nRank 1")


UNMARKED = f"{BLOCK}# By hand\n"
EDITED = f"{BLOCK}# Above\n\n{OLD.replace('Old', 'My')}below\n"
DAMAGED = f"{BLOCK}# Above\n\n{OLD.replace('<!-- cardboard:end -->', '')}below\n"
OPEN = f"---\n# of the team\nlicense: mit\n\n# By hand\n\n{OLD}"
BROKEN = f"---\nlicense: [\n---\n# By hand\n\n{OLD}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (UNMARKED, "it has no cardboard markers"),
        (EDITED, "somebody edited the text between the cardboard markers"),
        (DAMAGED, "the cardboard markers are damaged"),
        (OPEN, "its front matter has no end: a line of --- is missing"),
        (BROKEN, "the front matter cannot be patched: it is not YAML"),
    ],
)
def test_a_conflict_says_why_and_is_never_touched(text: str, why: str) -> None:
    with pytest.raises(Conflict, match=why):
        put(text)


@pytest.mark.parametrize(
    ("text", "take", "expected"),
    [
        (UNMARKED, "append", f"{UNMARKED}\n{NEW}"),
        (UNMARKED.rstrip(), "append", f"{UNMARKED}\n{NEW}"),
        (UNMARKED, "ours", f"{BLOCK}\n{NEW}"),
        (EDITED, "append", f"{BLOCK}# Above\n\n# My card\nbelow\n\n{NEW}"),
        (EDITED, "ours", f"{BLOCK}# Above\n\n{NEW}below\n"),
        (DAMAGED, "append", f"{BLOCK}# Above\n\n# Old card\n\nbelow\n\n{NEW}"),
        (DAMAGED, "ours", f"{BLOCK}\n{NEW}"),
        (BROKEN, "ours", f"{BLOCK}# By hand\n\n{NEW}"),
    ],
)
def test_a_choice_resolves_a_conflict_for_good(text: str, take: str, expected: str) -> None:
    assert put(text, take) == expected
    assert put(expected) == expected


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert put(f"---\n# By hand\n\n{OLD}") == f"{BLOCK}\n---\n# By hand\n\n{NEW}"


def test_broken_front_matter_cannot_be_kept() -> None:
    with pytest.raises(Conflict) as conflict:
        put(BROKEN, "append")
    assert conflict.value.ways == ("ours", "theirs")


@given(LINES)
def test_append_keeps_every_line_that_was_there(lines: list[str]) -> None:
    text = "\n".join(lines)
    new = put(text, "append")
    assert text in new or not text.strip()
    assert put(new) == new


def test_known_front_matter_of_ours_is_replaced_whole() -> None:
    from cardboard.cards.readme.front_matter import sha256

    text = "---\nlicense: gpl\nold: true\n---\n" + OLD
    known = sha256("license: gpl\nold: true\n")
    assert merged(text, FRONT, "# New card\n\nRank 1", OURS, None, known).text == BLOCK + NEW
    assert "old: true" in put(text)
