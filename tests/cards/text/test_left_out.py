"""What is on no board gets no card and no place in a plan, and is named with the reason."""

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.board.judge.build import load_boards
from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cards.text.card import MOST_LEFT_OUT, left_out_lines
from cardboard.cli import main
from cardboard.tests import yours
from cardboard.tests.making import a_result


@pytest.fixture
def root(tmp_path):
    root = yours.write(tmp_path / "w")
    (root / "templates" / "card.md.jinja").unlink()
    (root / "results" / "own.json").write_bytes(msgspec.json.encode(a_result("lab/elsewhere")))
    return root


def run(root, *words):
    return CliRunner().invoke(main, ["-C", str(root), *words])


def test_cards_and_pushes_pass_it_over_and_say_why(root):
    told = run(root, "cards")
    assert "2 of 2 cards changed" in told.stdout
    assert "1 model is on no board, so it gets no card:\n  lab/elsewhere: The suite" in told.stdout
    assert sorted(one.name for one in (root / "build" / "cards").iterdir()) == ["lab__a", "lab__b"]
    planned = run(root, "push", "--to", str(root / "hub"), "--dry-run")
    assert "lab/elsewhere: The suite" in planned.stderr
    assert "elsewhere" not in planned.stdout
    assert "lab/a" in planned.stdout


def test_many_are_counted_and_the_first_are_named(root):
    (entry,) = load_boards(open_workspace(root)).unplaced
    lines = list(left_out_lines([entry] * (MOST_LEFT_OUT + 2), Words("en")))
    assert lines[0] == "12 models are on no board, so they get no cards:"
    assert lines[-1] == "  … and 2 more; cardboard check names all."
    assert list(left_out_lines([], Words("en"))) == []
