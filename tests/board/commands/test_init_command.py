"""`cardboard init`: a board of the kind that was asked for, empty or with results at hand."""

import tomllib

import pytest
from click.testing import CliRunner, Result

from cardboard.board.commands import new_workspace
from cardboard.board.commands.new_workspace import CHOICES
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import main
from cardboard.eval.suites.info import facts
from cardboard.eval.suites.kinds.registry import KINDS
from cardboard.eval.suites.source import load
from cardboard.tests.imports import write_lm_eval

MADE = [kind for kind in CHOICES if kind in {*KINDS, "empty"}]
PACKAGED = [kind for kind in MADE if kind not in ("reported", "empty")]
OTHERS = ("tb2-lite", "LLM-OS", "terminal", "[families.", "lfm")


def init(*words: object, input: str | None = None) -> Result:  # noqa: A002  # as click calls it
    return CliRunner().invoke(main, ["init", *map(str, words)], input=input)


@pytest.mark.parametrize("kind", MADE)
def test_each_kind_has_a_board_of_its_own_and_nobodys_families_tags_or_notes(kind, tmp_path):
    assert init(tmp_path / "w", "--kind", kind, "--title", 'My "board"').exit_code == 0
    settings = open_workspace(tmp_path / "w").settings
    assert settings.board.title == {"en": 'My "board"', "ko": 'My "board"'}
    assert {suite.kind for suite in settings.suites} <= {kind}
    assert (settings.families, settings.cards.tags) == ({}, ())
    text = (tmp_path / "w" / "board.toml").read_text().replace("# [families.", "")
    assert [word for word in OTHERS if word in text and kind != "replay"] == []
    foreign = {note.id for note in settings.notes} & {"json-reliable", "covers-more"}
    assert bool(foreign) == (kind == "replay")


@pytest.mark.parametrize("kind", PACKAGED)
def test_a_board_knows_its_suite_by_the_rows_of_the_package(kind, tmp_path):
    init(tmp_path / "w", "--kind", kind)
    (suite,) = open_workspace(tmp_path / "w").settings.suites
    rows = facts(load(suite.name))
    assert (suite.fingerprint, suite.steps, suite.tasks) == (
        rows.fingerprint,
        rows.steps,
        rows.tasks,
    )
    assert suite.title.keys() == suite.description.keys() == {"en", "ko"}


def test_a_kind_that_cannot_be_asked_yet_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setitem(new_workspace._SUITES, "empty", "nothing")
    monkeypatch.delitem(new_workspace._NO_SUITE, "empty")
    told = init(tmp_path / "w", "--kind", "empty")
    assert "suites of the kind empty cannot be asked by this version" in told.stderr
    assert not (tmp_path / "w").exists()


def test_on_a_terminal_two_questions_are_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(new_workspace, "is_terminal", lambda: True)
    told = init(tmp_path / "w", input="모델 비교\nreported\n")
    assert told.exit_code == 0
    assert all(f"  {kind} " in told.stdout for kind in CHOICES)
    board = tomllib.loads((tmp_path / "w" / "board.toml").read_text())
    assert board["board"]["title"] == {"en": "모델 비교", "ko": "모델 비교"}
    assert "suites" not in board


def test_elsewhere_the_folder_names_the_board_and_nothing_is_asked(tmp_path):
    assert init(tmp_path / "my_board").exit_code == 0
    assert open_workspace(tmp_path / "my_board").settings.board.title["en"] == "my board"


@pytest.mark.parametrize("kind", MADE)
def test_an_empty_workspace_publishes_nothing_and_pushes_nothing(kind, tmp_path):
    init(tmp_path / "w", "--kind", kind)
    told = CliRunner().invoke(main, ["-C", str(tmp_path / "w"), "publish"])
    assert told.exit_code == 1
    assert "so nothing is published" in told.stderr
    CliRunner().invoke(main, ["-C", str(tmp_path / "w"), "push", "--to", str(tmp_path / "hub")])
    assert not list((tmp_path / "hub").glob("**/README.md"))


def test_results_at_hand_make_their_board(tmp_path):
    for number, model in enumerate(("lab/a", "lab/b", "lab/c")):
        write_lm_eval(tmp_path / f"lm-{number}", model, [1.0] * number + [0.0])
    told = init(tmp_path / "w", "--from", *tmp_path.glob("lm-*"))
    assert told.exit_code == 0, told.output
    assert "board for: arc lm-eval-1 (3 results)" in told.stdout
    shown = CliRunner().invoke(main, ["-C", str(tmp_path / "w"), "board", "--format", "csv"])
    assert {line.split(",")[6] for line in shown.stdout.splitlines()[1:]} == {
        "lab/a",
        "lab/b",
        "lab/c",
    }
    assert {path.name for path in (tmp_path / "w").iterdir()} == {
        ".cardboard",
        ".gitignore",
        "board.toml",
        "models.toml",
        "results",
    }


def test_a_table_at_hand_is_read_by_a_mapping_that_its_owner_checks(tmp_path):
    (tmp_path / "scores.csv").write_text("model,accuracy,n\nlab/a,0.71,200\nlab/b,0.65,200\n")
    told = init(tmp_path / "w", "--from", tmp_path / "scores.csv")
    assert "look at imports.toml, and correct it there" in told.stdout
    (suite,) = open_workspace(tmp_path / "w").settings.suites
    assert suite.ranked.id == "accuracy"


def test_where_no_file_holds_a_result_nothing_is_made(tmp_path):
    (tmp_path / "notes.json").write_text("{}")
    told = init(tmp_path / "w", "--from", tmp_path / "notes.json")
    assert told.exit_code == 2
    assert "nothing that another program measured" in told.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.json"]


def test_files_without_from_and_results_for_a_workspace_that_is_there_are_refused(tmp_path):
    assert "results follow --from" in init(tmp_path / "w", "one.json").stderr
    init(tmp_path / "w")
    told = init(tmp_path / "w", "--github", "--from", tmp_path)
    assert "is a workspace already" in told.stderr
    assert "cardboard import --adopt" in told.stderr
    assert not told.stdout
