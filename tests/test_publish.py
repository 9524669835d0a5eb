"""`cardboard publish` from end to end: broken files, and a second time on the same input."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cardboard.cli import main
from cardboard.tests.data import broken

SUITE = """
[[suites]]
name = "tb2-lite"
version = "corrected303"
"""
"""The board of the good file."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("publish") / "board"
    run("init", str(root))
    broken.write(root / "results")
    with (root / "board.toml").open("a", encoding="utf-8") as board:
        board.write(SUITE)
    return root


def run(*command: str) -> Result:
    return CliRunner().invoke(main, command)


def bytes_below(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_without_any_result_there_is_no_site(tmp_path):
    (tmp_path / "board.toml").write_text('suites = []\n[board]\ntitle = { en = "A" }\n')
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "notes.md").write_text("notes")
    told = CliRunner().invoke(main, ["-C", str(tmp_path), "publish"])
    assert told.exit_code == 1
    assert "none of 0 files in results/ holds a result" in told.output
    assert not (tmp_path / "build").exists()


def test_strict_publishes_nothing_while_a_file_cannot_be_used(workspace):
    told = run("-C", str(workspace), "publish", "--strict")
    assert told.exit_code == 1
    assert not (workspace / "build").exists()


def test_the_good_file_is_published_and_each_broken_one_is_named_with_its_reason(workspace):
    told = run("-C", str(workspace), "publish")
    assert told.exit_code == 0
    named = [line for line in told.stderr.splitlines() if "could not be used:" in line]
    assert {line.partition(" ")[0] for line in named} == set(broken.BROKEN)
    assert all(line.partition("could not be used: ")[2] for line in named)
    assert [card.name for card in (workspace / "build" / "cards").iterdir()] == [
        "example-org__Tiny-1B"
    ]
    assert (workspace / "build" / "site" / "ko" / "index.html").exists()


def test_a_second_time_changes_no_byte_reads_no_result_and_says_the_same(workspace, monkeypatch):
    def read(*_, **__):
        raise AssertionError("nothing has changed, so nothing is to be read")

    before = bytes_below(workspace / "build")
    monkeypatch.setattr("cardboard.board.judge.build.load_boards", read)
    told = run("-C", str(workspace), "publish")
    assert told.stdout.startswith("0 of 1 card changed\n")
    assert told.stdout.endswith("nothing has changed\n")
    assert {line.partition(" ")[0] for line in told.stderr.splitlines()} == set(broken.BROKEN)
    assert bytes_below(workspace / "build") == before
    assert run("-C", str(workspace), "publish", "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("in_the_way", "command"),
    [
        ("results", ("add", "good.json")),
        ("build", ("cards",)),
        ("build", ("publish",)),
        ("history", ("snapshot", "--label", "2026-11")),
    ],
)
def test_what_the_disk_refuses_is_told_in_one_line_that_names_the_file(
    tmp_path, monkeypatch, in_the_way, command
):
    run("init", str(tmp_path / "w"))
    with (tmp_path / "w" / "board.toml").open("a", encoding="utf-8") as board:
        board.write(SUITE)
    broken.write(tmp_path / "given")
    monkeypatch.chdir(tmp_path / "given")
    (tmp_path / "w" / "results" / "good.json").write_bytes(Path(broken.GOOD).read_bytes())
    if in_the_way == "results":
        (tmp_path / "w" / "results" / "good.json").unlink()
        (tmp_path / "w" / "results").rmdir()
    (tmp_path / "w" / in_the_way).write_text("")
    told = run("-C", str(tmp_path / "w"), *command)
    assert told.exit_code == 1
    assert f"Error: {tmp_path / 'w' / in_the_way}" in told.stderr
    assert isinstance(told.exception, SystemExit)
