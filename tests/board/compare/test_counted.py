"""A share of tasks as the count that it is: base against tuned, in a comparison and on a card."""

from pathlib import Path

import pytest
from msgspec import UNSET

from cardboard.board.compare.comparison import compare
from cardboard.board.compare.counted import counted
from cardboard.board.judge.build import build_boards
from cardboard.board.model import Board, Entry
from cardboard.board.read.reader import read_results
from cardboard.board.show.comparison_tables import pair_tables
from cardboard.board.workspace.settings import Profile, Settings, Suite, Workspace
from cardboard.eval.records import encode
from cardboard.tests.eval.suites.kinds.shell.episodes import a_played_result
from cardboard.tests.making import SETTINGS

PLAYED = Suite(name="paper", version="1", kind="shell", steps=16, tasks=16)


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """Return a board of a base that ends no episode cleanly, and its fine-tune that ends nine."""
    (tmp_path / "results").mkdir()
    for name, clean in (("org/base", 0), ("org/tuned", 9)):
        path = tmp_path / "results" / f"{name[4:]}.json"
        path.write_bytes(encode(a_played_result(name, clean, 16)))
    settings = Settings(board=SETTINGS.board, suites=(PLAYED,), protocols={})
    models = {"org/tuned": Profile(base_model="org/base")}
    workspace = Workspace(root=tmp_path, settings=settings, models=models)
    (found,) = build_boards(read_results(workspace.results), workspace).boards
    return found


def named(board: Board, name: str) -> Entry:
    """Return the entry of a model."""
    return next(one for one in board.ranked if one.model == name)


def test_base_against_tuned_reads_as_counts_with_intervals_and_a_paired_test(board: Board) -> None:
    pair = (named(board, "org/base"), named(board, "org/tuned"))
    (found,) = compare(board, [pair])
    assert found.counted_a is not UNSET and found.counted_b is not UNSET
    assert (found.counted_a.text, found.counted_b.text) == ("0/16 [0–19 %]", "9/16 [33–77 %]")
    assert found.paired is not None and found.paired.p < 0.05
    ((_, table),) = pair_tables([found])
    assert {"0/16 [0–19 %]", "9/16 [33–77 %]"} <= set(table.rows[0])


def test_what_is_no_count_of_tasks_is_not_counted(board: Board) -> None:
    tuned, turns = named(board, "org/tuned"), board.suite.metric("median_turns")
    assert turns is not None
    assert counted(tuned, turns) is None


def test_the_card_says_it_too(board: Board) -> None:
    from cardboard.cards.text.standing import card_entry

    settings = Settings(board=SETTINGS.board, suites=(PLAYED,), protocols={})
    own = card_entry(named(board, "org/tuned"), board, None, settings)
    assert own.counted == "9/16 [33–77 %]"
    assert own.base is not None
    assert (own.base.label, own.base.counted) == ("org/base", "0/16 [0–19 %]")
    assert card_entry(named(board, "org/base"), board, None, settings).base is None
