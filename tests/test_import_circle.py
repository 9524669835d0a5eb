"""One workspace with four boards: lm-eval with samples, inspect, a table and a suite of our own."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cardboard.board.judge.build import load_boards
from cardboard.board.model import Boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cards.text.card import cards_of
from cardboard.cards.text.render import Renderer
from cardboard.cli import main
from cardboard.eval.records import Model, encode
from cardboard.tests.imports import write_inspect, write_lm_eval
from cardboard.tests.making import a_result

BOARD = """\
[board]
title = { en = "Acme", ko = "에이크미" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
"""
TABLES = """\
[[tables]]
file = "scores.csv"
model = "Model"
harness = "ours"
[tables.columns.KMMLU]
suite = "kmmlu"
metric = "accuracy"
unit = "percent"
better = "higher"
n = 1000
"""
MODELS = ("acme/Aster-1B", "acme/Beech-1B")


def run(workspace: Path, *arguments: object):
    command = ["-C", str(workspace), *map(str, arguments)]
    return CliRunner().invoke(main, command, catch_exceptions=False)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, elsewhere = tmp_path_factory.mktemp("board"), tmp_path_factory.mktemp("elsewhere")
    (root / "results").mkdir()
    (root / "board.toml").write_text(BOARD, "utf-8")
    (root / "imports.toml").write_text(TABLES, "utf-8")
    for shift, model in enumerate(MODELS):
        scores = [float((n + shift) % 5 != 0) for n in range(60)]
        write_lm_eval(elsewhere / f"lm{shift}", model, scores)
        write_inspect(elsewhere / f"inspect{shift}", model, scores)
        (root / "results" / f"own{shift}.json").write_bytes(
            encode(a_result(model, 0.5, model=Model(id=model, revision="0f3a9c1")))
        )
    (elsewhere / "scores.csv").write_text("Model,KMMLU\nacme/Aster-1B,41.5\nacme/Beech-1B,N/A\n")
    told = run(root, "import", "--adopt", elsewhere)
    assert told.exit_code == 0, told.output
    return root


@pytest.fixture(scope="module")
def boards(workspace) -> Boards:
    return load_boards(open_workspace(workspace))


def test_there_are_four_boards_each_ranked_by_what_its_files_hold(boards):
    assert [
        (board.suite.full_name, len(board.ranked), {entry.evidence for entry in board.ranked})
        for board in boards.boards
    ] == [
        ("mini 1", 2, {"summary"}),
        ("arc inspect-1", 2, {"rows"}),
        ("arc lm-eval-1", 2, {"rows"}),
        ("kmmlu ours", 1, {"quoted"}),
    ]


def test_every_result_names_its_file_and_the_hash_of_it(boards):
    entries = [entry for board in boards.boards for entry in board.entries]
    assert len({entry.result_id for entry in entries}) == len(entries)
    assert all(len(entry.sha256) == 64 for entry in entries)


def test_the_overview_sets_the_models_against_all_four(workspace):
    told = run(workspace, "overview", "--format", "csv").output.splitlines()
    assert len(told) == 8
    assert {line.partition(",")[0] for line in told[1:]} == set(MODELS)


def test_two_files_of_lm_eval_are_compared_sample_by_sample(workspace):
    told = run(workspace, "compare", *MODELS, "--format", "csv")
    assert "12 / 12 / 36" in told.output or "12,12,36" in told.output


def test_the_card_says_what_the_evidence_allows(workspace, boards, golden):
    settings = open_workspace(workspace).settings
    card = next(one for one in cards_of(boards, settings) if one.slug == "acme__Aster-1B")
    golden("imports/card.md", Renderer(settings).readme(card))


def test_the_same_files_give_the_same_boards_from_the_cache(workspace, boards):
    again = load_boards(open_workspace(workspace))
    assert [board.entries for board in again.boards] == [board.entries for board in boards.boards]
