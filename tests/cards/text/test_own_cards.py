"""Cards as a workspace shapes them: a block, sections, words of a third language, one language."""

from itertools import pairwise
from pathlib import Path

import pytest

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cards.text.render import texts_of
from cardboard.cards.text.write import write_cards
from cardboard.eval.errors import ConfigError
from cardboard.tests import yours


def cards(root: Path) -> dict[str, str]:
    workspace = open_workspace(root)
    return {slug: text for slug, text, _ in texts_of(load_boards(workspace), workspace.settings)}


@pytest.fixture
def root(tmp_path):
    return yours.write(tmp_path / "w")


def test_a_card_with_everything_changed_once_reads_as_expected(root, golden):
    golden("card-yours.md", cards(root)["lab__a"])


@pytest.mark.parametrize(("language", "title"), [("en", "Results"), ("ko", "평가 결과")])
def test_a_card_in_one_language_neither_names_it_nor_leaves_a_level_out(root, language, title):
    text = (root / "board.toml").read_text().replace('["en", "ja"]', f'["{language}"]')
    (root / "board.toml").write_text(text.replace("ja =", "ko ="))
    (root / "templates" / "card.md.jinja").unlink()
    card = cards(root)["lab__a"]
    headings = [line for line in card.splitlines() if line.startswith("#")]
    assert headings[:2] == ["# lab/a", f"## {title}"]
    assert not [line for line in headings if line in ("## English", "## 한국어")]
    assert "](#" not in card.split("\n## ")[0]
    levels = [len(line.split()[0]) for line in headings]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_whole_template_takes_the_packages_place(root):
    (root / "templates" / "card.md.jinja").write_text("Only {{ card.model }}.\n")
    assert "Only lab/a.\n\nOnly lab/a.\n" in cards(root)["lab__a"].replace("\\", "")


def test_what_lies_beside_board_toml_makes_cards_anew(root):
    def changed() -> int:
        workspace = open_workspace(root)
        return len(write_cards(load_boards(workspace), workspace).changed)

    assert (changed(), changed()) == (2, 0)
    (root / "locale" / "ja.po").write_text(yours.po({"language.name": "にほんご"}))
    assert (changed(), changed()) == (2, 0)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{% if %}", "Expected an expression"),
        ("\n{{ card.nothing }}", "has no attribute 'nothing'"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ ''.__class__.__mro__ }}", "__class__"),
        ("{% for n in range(10000000) %}{% endfor %}", "Range too big"),
        ('{% extends "cardboard/../cli.py" %}', "cli.py"),
        ("{{ card.sheets.append(1) }}", "append"),
    ],
)
def test_a_template_that_fails_or_reaches_out_is_named(root, template, told):
    (root / "templates" / "card.md.jinja").write_text(template)
    with pytest.raises(ConfigError) as caught:
        cards(root)
    assert told in caught.value.what
    assert caught.value.file == "templates/card.md.jinja"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"contact", ', '"contacts", ', "there is no section 'contacts'"),
        ('"results", ', "", "leaves out the results"),
        ('"contact", ', '"contact", "contact", ', "contact is there twice"),
        ("[cards.add.contact]", "[cards.add.notes]", "is a section of every card"),
        ("Write to", "<!-- cardboard:end -->", "holds a mark of a card's own"),
    ],
)
def test_a_mistaken_section_names_its_key(root, before, after, told):
    text = (root / "board.toml").read_text()
    assert before in text
    (root / "board.toml").write_text(text.replace(before, after))
    with pytest.raises(ConfigError, match=told) as caught:
        open_workspace(root)
    assert (caught.value.key or "").startswith("cards.")
