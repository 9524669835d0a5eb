"""`cardboard add`: what is copied, what is refused, and what it says moves."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cardboard.cards.commands import additions
from cardboard.cli import main
from cardboard.eval.records import Counts, Suite, encode
from cardboard.tests.board.read.test_verdicts import BEGUN, judged, log, said
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
    assert "0 entries move; 0 of 1 card change" in told.output
    assert names(workspace) == ["old.json"]


def test_what_holds_no_result_is_refused_with_the_reason_and_the_rest_is_added(workspace, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"version": 1', "utf-8")
    told = add(workspace, broken, a_file(tmp_path, "new.json", a_result("org/new", 0.9)))
    assert told.exit_code == 1
    (line,) = told.stderr.splitlines()
    assert line.startswith(f"{broken}: not added, it is no result (refused): not-json: ")
    assert line.endswith("it may have been cut off on the way.")
    assert len(names(workspace)) == 2


def test_a_file_that_is_not_there_is_a_mistake_of_use(workspace, tmp_path):
    assert add(workspace, tmp_path / "nowhere.json").exit_code == 2


def test_a_hostile_model_name_cannot_leave_the_folder(workspace, tmp_path):
    add(workspace, a_file(tmp_path, "new.json", a_result("../../../etc/passwd", 0.9)))
    assert len(names(workspace)) == 2
    assert not (workspace.parent / "etc").exists()


@pytest.fixture
def judgements(tmp_path: Path) -> Path:
    """Return a log of `cardboard try`, in which a person judged answers of two models."""
    asked = [("Q1", 0, True), ("Q2", 0, False), ("Q1", 1, True), ("Q2", 1, True), ("Q1", 1, True)]
    answers = [said(n, text, model=model) for n, (text, model, _) in enumerate(asked)]
    verdicts = [judged(n, accepted) for n, (_, _, accepted) in enumerate(asked)]
    path = tmp_path / "2026-11-30-a-b.jsonl"
    path.write_bytes(log(BEGUN, *answers, *verdicts))
    return path


def test_judgements_need_a_board_of_their_own_which_is_shown_and_adopted(workspace, judgements):
    told = add(workspace, "--dry-run", "--adopt", judgements)
    assert 'name = "home-by-hand"' in told.output
    assert (workspace / "board.toml").read_text("utf-8") == BOARD
    assert names(workspace) == ["old.json"]
    told = add(workspace, "--adopt", judgements)
    assert "home-by-hand 1 (models) a: new, rank 1, score 50.00" in told.output
    # A question that was asked once more than the others is an answer that was chosen.
    assert "home-by-hand 1 (models) b: new, unranked" in told.output
    assert len(names(workspace)) == 3
    assert "is there already" in add(workspace, judgements).output


def test_a_card_says_that_a_person_judged_and_nothing_of_rules(workspace, judgements):
    add(workspace, "--adopt", judgements)
    CliRunner().invoke(main, ["-C", str(workspace), "cards"], catch_exceptions=False)
    card = (workspace / "build" / "cards" / "a" / "README.md").read_text("utf-8")
    assert "a person read its answers, and accepted or rejected each" in card
    assert "the share of 2 answers that a person accepted" in card
    assert "no rule can check it" in card
    assert "사람이 cardboard try로 직접 질문하고" in card
    assert "another program" not in card


def test_a_log_without_a_judgement_is_refused_by_its_name(workspace, tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_bytes(log(BEGUN, said(1)))
    told = CliRunner().invoke(main, ["-C", str(workspace), "add", str(path)])
    assert told.exit_code != 0
    assert "empty.jsonl: no answer in it was accepted or rejected" in told.output
