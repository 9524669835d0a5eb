"""Why a model has its rank, and what the judge says of a file that was just measured."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from cardboard.board.show.explanation import explain_file, explain_model
from cardboard.board.words.catalogue import Words
from cardboard.cli import main
from cardboard.eval.errors import UsageError
from cardboard.eval.records import Counts, encode
from cardboard.tests.making import a_result, boards_of

BOARD = """\
[board]
title = { en = "A", ko = "가" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
"""


def told(boards, name, language="en"):
    return "\n".join(explain_model(boards, name, Words(language)))


def test_a_ranked_model_is_told_its_rank_and_with_whom_it_is_shared():
    boards = boards_of(a_result("org/a", 0.5), a_result("org/b", 0.5), a_result("org/c", 0.7))
    text = told(boards, "ORG/A")
    assert "rank 2= of 3: 1 score higher, shared with org/b" in text
    assert "score 50.00 = 100 x 0.5000 (Command F1) over 6 steps" in text


def test_an_unranked_model_is_told_every_reason_in_either_language():
    boards = boards_of(a_result("org/a", counts=Counts(expected=6, scored=2)))
    assert "error incomplete (unranked): " in told(boards, "org/a")
    assert told(boards, "org/a", "ko") != told(boards, "org/a")


def test_other_attempts_are_shown_with_why_they_do_not_stand():
    boards = boards_of(
        a_result("org/a", 0.5), a_result("org/a", 0.9, counts=Counts(expected=6, scored=2))
    )
    assert "attempt" in told(boards, "org/a")
    assert "90.00" in told(boards, "org/a")


def test_a_name_that_nothing_has_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=r"Near: org/model\."):
        told(boards_of(a_result("org/model")), "org/modle")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "board.toml").write_text(BOARD, "utf-8")
    (tmp_path / "results").mkdir()
    return tmp_path


@pytest.mark.parametrize("place", ["results/new.json", "elsewhere.json"])
def test_a_file_is_judged_where_it_lies_in_the_results_and_where_it_does_not(workspace, place):
    (workspace / "results" / "old.json").write_bytes(encode(a_result("org/old", 0.9)))
    path = workspace / place
    path.write_bytes(encode(a_result("org/new", 0.5)))
    text = "\n".join(explain_file(path, workspace))
    assert "org/new on mini 1 (models)" in text
    assert "rank 2 of 2" in text


def test_a_suite_of_the_package_that_the_board_does_not_know_can_be_added_to_it(workspace):
    path = workspace / "live.json"
    result = a_result("org/new")
    path.write_bytes(encode(replace(result, suite=replace(result.suite, name="shell-live"))))
    text = "\n".join(explain_file(path, workspace))
    assert "error suite-unknown" in text
    assert "board.toml what this prints: cardboard suite info shell-live --format toml" in text
    path.write_bytes(encode(replace(result, suite=replace(result.suite, name="of-nobody"))))
    assert "cardboard suite info" not in "\n".join(explain_file(path, workspace))


def test_a_file_that_only_becomes_an_attempt_is_told_with_the_entry_that_stands(workspace):
    late = a_result("org/a", 0.5, finished_at="2026-06-02T00:00:00Z")
    (workspace / "results" / "late.json").write_bytes(encode(late))
    path = workspace / "early.json"
    path.write_bytes(encode(a_result("org/a", 0.9, finished_at="2026-06-01T00:00:00Z")))
    text = "\n".join(explain_file(path, workspace))
    assert "score 50.00" in text
    assert "attempt" in text


def test_a_file_that_is_no_result_is_told_so(workspace):
    path = workspace / "broken.json"
    path.write_text("{", "utf-8")
    assert explain_file(path, workspace)[0].startswith("not-json: ")


def test_a_part_of_a_split_run_is_told_to_be_merged(workspace):
    path = workspace / "part.json"
    path.write_bytes(encode(a_result("org/a", shard=(0, 2))))
    assert explain_file(path, workspace) == [
        "shard: This is one shard of a run (1/2); only the merged result counts."
    ]


def test_without_a_workspace_there_is_nothing_to_say(tmp_path):
    path = tmp_path / "new.json"
    path.write_bytes(encode(a_result()))
    assert explain_file(path, tmp_path) == []


def test_a_language_that_there_is_not_is_a_mistake_on_the_command_line(workspace):
    told = CliRunner().invoke(main, ["-C", str(workspace), "explain", "org/a", "--lang", "fr"])
    assert told.exit_code == 2
    assert "There are: en, ko." in told.stderr and "board.toml" not in told.stderr
