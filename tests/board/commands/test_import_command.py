"""`cardboard import`: what is copied, what it says, and which boards it adopts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import main
from cardboard.tests.imports import DATA, write_lm_eval

BOARD = """\
[board]
title = { en = "A", ko = "가" }
# Kept as it is.
[[suites]]
name = "own"
version = "1"
steps = 6
"""
LM_EVAL = DATA / "lm-eval"
COPY = "imported/lm-eval/acme__Aster-1B/results_2026-04-24T10-00-00.123456.json"
SAMPLES = "imported/lm-eval/acme__Aster-1B/samples_gsm8k_2026-04-24T10-00-00.123456.jsonl"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "board"
    (root / "results").mkdir(parents=True)
    (root / "board.toml").write_text(BOARD, "utf-8")
    return root


def run(workspace: Path, *arguments: object):
    command = ["-C", str(workspace), *map(str, arguments)]
    return CliRunner().invoke(main, command)


def files(workspace: Path) -> list[str]:
    results = workspace / "results"
    return sorted(p.relative_to(results).as_posix() for p in results.rglob("*") if p.is_file())


def test_a_folder_is_copied_unchanged_with_the_samples_of_its_results(workspace):
    told = run(workspace, "import", LM_EVAL)
    assert told.exit_code == 0
    assert files(workspace) == [COPY, SAMPLES]
    assert (workspace / "results" / COPY).read_bytes() == next(LM_EVAL.rglob("*.json")).read_bytes()


def test_it_says_models_suites_figures_counts_and_evidence(workspace):
    told = run(workspace, "import", LM_EVAL)
    assert "lm-eval 0.4.9.2, 1 result of 1 model" in told.output
    assert "acme/Aster-1B on gsm8k lm-eval-3: exact_match.strict-match 0.412" in told.output
    assert "(n 1319, summary)" in told.output
    assert "no [[suites]] block for: gsm8k lm-eval-3 (1 result)" in told.output


def test_a_dry_run_changes_nothing_and_prints_what_would_be_adopted(workspace):
    told = run(workspace, "import", "--dry-run", "--adopt", LM_EVAL)
    assert 'name = "gsm8k"' in told.output
    assert files(workspace) == []
    assert (workspace / "board.toml").read_text("utf-8") == BOARD


def test_what_is_adopted_stands_behind_all_that_was_there(workspace, golden):
    run(workspace, "import", "--adopt", LM_EVAL, DATA / "lm-eval-0.3", DATA / "opencompass")
    text = (workspace / "board.toml").read_text("utf-8")
    assert text.startswith(BOARD)
    golden("imports/adopted.toml", text)
    suites = open_workspace(workspace).settings.suites
    assert [suite.ranked.better for suite in suites if suite.name == "lambada"] == ["lower"]


def test_what_is_there_is_neither_copied_nor_adopted_again(workspace):
    run(workspace, "import", "--adopt", LM_EVAL)
    before = (workspace / "board.toml").read_text("utf-8")
    told = run(workspace, "import", "--adopt", LM_EVAL)
    assert f"is there already as {COPY}" in told.output
    assert (workspace / "board.toml").read_text("utf-8") == before


def test_files_that_were_dropped_into_results_are_adopted_without_a_path(workspace):
    folder = workspace / "results" / "runs"
    folder.mkdir()
    (folder / "ko.json").write_bytes((DATA / "lm-eval-0.3" / "ko.json").read_bytes())
    told = run(workspace, "import", "--adopt")
    assert "adopted into board.toml: kobest_boolq lm-eval-0 (1 result)" in told.output
    assert "kobest_copa" in run(workspace, "board").output


def test_a_suite_of_which_nobody_says_which_way_is_up_becomes_a_comment(workspace, tmp_path):
    folder = tmp_path / "acme" / "Aster-1B" / ".eval_results"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("- dataset:\n    id: acme/set\n  value: 0.5\n")
    told = run(workspace, "import", "--adopt", tmp_path / "acme")
    assert "acme/Aster-1B on acme/set eval-results: value 0.5 (n unknown, quoted)" in told.output
    assert "nobody says which way is up" in told.output
    assert len(open_workspace(workspace).settings.suites) == 1
    assert '# name = "acme/set"' in (workspace / "board.toml").read_text("utf-8")


def test_what_is_not_imported_is_named_with_what_to_do(workspace, tmp_path):
    (tmp_path / "rows.json").write_text('{"a": 1}\n{"a": 2}\n')
    (tmp_path / "notes.md").write_text("notes")
    told = run(workspace, "import", tmp_path / "rows.json", tmp_path / "notes.md")
    assert told.exit_code == 1
    assert "JSON Lines" in told.output
    assert "cardboard schema" in told.output
    assert len(told.stderr.splitlines()) == 2, "a line for each"
    assert "1 file .md: not read" in told.output


def test_a_path_where_nothing_is_is_named(workspace):
    told = run(workspace, "import", "nowhere/*.json")
    assert told.exit_code != 0
    assert "no such file" in told.output


def test_a_file_of_another_program_can_be_added_as_well(workspace):
    told = run(workspace, "add", next(LM_EVAL.rglob("*.json")))
    assert told.exit_code == 0
    assert files(workspace) == [COPY, SAMPLES]
    assert "on no board: acme/Aster-1B" in told.output


def test_samples_give_intervals_and_a_paired_test(workspace, tmp_path):
    for model, shift in (("A", 0), ("B", 1)):
        scores = [float((n + shift) % 5 != 0) for n in range(60)]
        write_lm_eval(tmp_path / model, f"acme/{model}", scores)
    run(workspace, "import", "--adopt", tmp_path / "A", tmp_path / "B")
    board = run(workspace, "board", "--format", "json").output
    (entries,) = [one["entries"] for one in json.loads(board)["boards"]]
    assert [(one["rank"], one["evidence"]) for one in entries] == [(1, "rows"), (1, "rows")]
    assert all(one["resolution"]["score"] for one in entries)
    compared = run(workspace, "compare", "acme/A", "acme/B")
    assert compared.exit_code == 0
    assert "12 / 12 / 36" in compared.output
