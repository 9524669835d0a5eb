"""`cardboard board` and `check` in workspaces that have little to show."""

import csv
import io

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.cli import main
from cardboard.eval.records import Counts, Prompts, Protocol, Suite
from cardboard.tests.making import a_result


@pytest.fixture
def run(tmp_path):
    def run(*arguments):
        return CliRunner().invoke(main, ["-C", str(tmp_path / "w"), *arguments])

    CliRunner().invoke(main, ["init", str(tmp_path / "w")])
    return run


def test_an_empty_workspace_says_what_to_do_next(run):
    told = run("board")
    assert told.exit_code == 0
    assert told.stdout == "No results yet: cardboard add FILE puts one into results/.\n"
    assert run("check").stdout.startswith("Files: none\n")


def test_results_of_no_known_suite_are_counted_below_the_boards_and_named_by_check(run, tmp_path):
    result = tmp_path / "w" / "results" / "one.json"
    result.write_bytes(msgspec.json.encode(a_result()))
    assert run("board").stdout.endswith("on no board (see cardboard check): 1\n")
    assert (
        "Results of no known suite: 1\n  one.json: The suite cannot be told" in run("check").stdout
    )


def test_a_reason_that_several_settings_give_is_printed_once(run, tmp_path):
    protocol = Protocol(temperature=1.0, max_tokens=4096)
    suite, counts = Suite(name="shell-mini", version="1"), Counts(expected=302, scored=302)
    result = a_result(protocol=protocol, suite=suite, counts=counts)
    (tmp_path / "w" / "results" / "one.json").write_bytes(msgspec.json.encode(result))
    (row,) = csv.DictReader(io.StringIO(run("board", "--format", "csv").stdout))
    assert row["reasons"].split(", ").count("off-protocol") == 1


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_init_says_in_one_line_what_stands_in_its_way(tmp_path, where):
    (tmp_path / "file").write_text("")
    told = CliRunner().invoke(main, ["init", str(tmp_path / where)])
    assert told.exit_code == 2
    assert "file" in told.stderr


def test_a_folder_that_is_no_workspace_is_named_as_it_was_given(tmp_path):
    told = CliRunner().invoke(main, ["-C", str(tmp_path / "nowhere"), "board"])
    assert f"{tmp_path / 'nowhere' / 'board.toml'}: no such file" in told.stderr


def test_git_passes_over_what_is_made_anew_and_an_own_gitignore_stays(run, tmp_path):
    run("board")
    ignored = (tmp_path / "w" / ".gitignore").read_text().splitlines()
    assert {"/build/", "/.cardboard/"} <= set(ignored)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".gitignore").write_text("mine\n")
    assert CliRunner().invoke(main, ["init", str(tmp_path / "mine")]).exit_code == 0
    assert (tmp_path / "mine" / ".gitignore").read_text() == "mine\n"


def test_no_command_hands_a_strangers_control_signs_to_the_terminal(run, tmp_path):
    suite, counts = Suite(name="shell-mini", version="1"), Counts(expected=302, scored=302)
    prompts = Prompts(template_status="\x1b[2Jmade\nup")
    hostile = a_result("org/\x1b[31mred\u202e", suite=suite, counts=counts, prompts=prompts)
    path = tmp_path / "w" / "results" / "one\x1b[2J.json"
    path.write_bytes(msgspec.json.encode(hostile))
    (path.parent / "bad\x1b[2J.json").write_text("{")
    for words in (
        ["board"],
        ["check"],
        ["explain", "org/\ufffd[31mred\ufffd"],
        ["publish", "--strict"],
    ):
        told = CliRunner().invoke(main, ["-C", str(tmp_path / "w"), *words], color=True)
        assert "\x1b" not in told.output and "\u202e" not in told.output
    assert "org/\ufffd[31mred\ufffd" in run("board", "--format", "csv").stdout


def test_check_names_a_model_of_models_toml_that_no_result_is_of(run, tmp_path):
    suite = Suite(name="shell-mini", version="1")
    for name in ("org/one", "org/two"):
        result = a_result(name, suite=suite)
        path = tmp_path / "w" / "results" / f"{name[4:]}.json"
        path.write_bytes(msgspec.json.encode(result))
    (tmp_path / "w" / "models.toml").write_text(
        '["ORG/One"]\nbase_model = "org/base"\n["org/base"]\n["org/twoo"]\n["org/far-away"]\n',
        encoding="utf-8",
    )
    lines = [line for line in run("check").stdout.splitlines() if line.startswith("models.toml")]
    assert lines == [
        "models.toml: org/twoo: no result is of this model; the nearest name in results is org/two",
        "models.toml: org/far-away: no result is of this model; no name is like it",
    ]
