"""`cardboard board` and `check` in workspaces that have little to show."""

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.cli import main
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


def test_results_of_no_known_suite_are_counted_below_the_boards(run, tmp_path):
    result = tmp_path / "w" / "results" / "one.json"
    result.write_bytes(msgspec.json.encode(a_result()))
    assert run("board").stdout.endswith("on no board (see cardboard check): 1\n")
    assert "Results of no known suite: 1\n" in run("check").stdout
