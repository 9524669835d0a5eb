"""`cardboard add`: what is copied, what is refused, and what it says moves."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cardboard.cards.commands import additions
from cardboard.cli import main
from cardboard.eval.records import Counts, Suite, encode
from cardboard.tests.making import a_result

BOARD = """\
[board]
title = { en = "A", ko = "가" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "board"
    (root / "results").mkdir(parents=True)
    (root / "board.toml").write_text(BOARD, "utf-8")
    (root / "results" / "old.json").write_bytes(encode(a_result("org/old", 0.5)))
    return root


def a_file(folder: Path, name: str, result) -> Path:
    path = folder / name
    path.write_bytes(encode(result))
    return path


def add(workspace: Path, *arguments: object):
    command = ["-C", str(workspace), "add", *map(str, arguments)]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def names(workspace: Path) -> list[str]:
    return sorted(path.name for path in (workspace / "results").iterdir())


def test_a_better_result_moves_the_others_and_every_changed_card_is_named(workspace, tmp_path):
    told = add(workspace, a_file(tmp_path, "new.json", a_result("org/new", 0.9)))
    assert told.exit_code == 0
    assert "mini 1 (models) org/new: new, rank 1, score 90.00" in told.output
    assert "mini 1 (models) org/old: rank 1 -> 2" in told.output
    assert "2 entries move; 2 of 2 cards change" in told.output
    assert "card org__new (new)" in told.output


def test_a_result_that_comes_onto_no_board_is_told_why_at_once(workspace, tmp_path):
    stray = a_result("org/stray", suite=Suite(name="other", version="9"), counts=Counts(scored=4))
    told = add(workspace, a_file(tmp_path, "stray.json", stray))
    assert "on no board: org/stray. The suite cannot be told" in told.output
    assert "0 entries move; " in told.output


def test_one_entry_moves_and_two_move(workspace, tmp_path):
    told = add(workspace, a_file(tmp_path, "new.json", a_result("org/new", 0.1)))
    assert "1 entry moves; 2 of 2 cards change" in told.output


def test_the_copy_is_named_by_model_suite_and_content(workspace, tmp_path):
    add(workspace, a_file(tmp_path, "x.json", a_result("org/new", 0.9)))
    (copied,) = [name for name in names(workspace) if name != "old.json"]
    assert copied.startswith("org__new--mini-1--")
    assert (workspace / "results" / copied).read_bytes() == (tmp_path / "x.json").read_bytes()


def test_a_dry_run_says_the_same_and_adds_nothing(workspace, tmp_path):
    path = a_file(tmp_path, "new.json", a_result("org/new", 0.9))
    dry = add(workspace, "--dry-run", path)
    assert names(workspace) == ["old.json"]
    assert dry.output == add(workspace, path).output


def test_nothing_is_copied_before_all_is_computed(workspace, tmp_path, monkeypatch):
    def fails(*_):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(additions, "changes", fails)
    with pytest.raises(RuntimeError, match="in the middle"):
        add(workspace, a_file(tmp_path, "new.json", a_result("org/new", 0.9)))
    assert names(workspace) == ["old.json"]


def test_the_same_bytes_are_not_added_twice(workspace):
    told = add(workspace, workspace / "results" / "old.json")
    assert "is there already as old.json" in told.output
    assert "0 entries move; 0 of 1 cards change" in told.output
    assert names(workspace) == ["old.json"]


def test_what_holds_no_result_is_refused_with_the_reason_and_the_rest_is_added(workspace, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"version": 1', "utf-8")
    told = add(workspace, broken, a_file(tmp_path, "new.json", a_result("org/new", 0.9)))
    assert told.exit_code == 1
    assert "broken.json: not added" in told.output
    assert len(names(workspace)) == 2


def test_a_file_that_is_not_there_is_a_mistake_of_use(workspace, tmp_path):
    assert add(workspace, tmp_path / "nowhere.json").exit_code == 2


def test_a_hostile_model_name_cannot_leave_the_folder(workspace, tmp_path):
    add(workspace, a_file(tmp_path, "new.json", a_result("../../../etc/passwd", 0.9)))
    assert len(names(workspace)) == 2
    assert not (workspace.parent / "etc").exists()
