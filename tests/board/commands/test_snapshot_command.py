"""`cardboard snapshot`, and `cardboard publish --snapshot`, as somebody types them."""

import pytest
from click.testing import CliRunner

from cardboard.cli import main
from cardboard.eval.records import encode
from cardboard.tests.making import a_result

BOARD = """
[board]
title = { en = "A board", ko = "보드" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
"""


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")
    add(tmp_path, "first", finished_at="2026-11-20T10:00:00Z")
    return tmp_path


def add(workspace, name, **differs):
    (workspace / "results" / f"{name}.json").write_bytes(encode(a_result(name, **differs)))


def run(workspace, *arguments):
    return CliRunner().invoke(main, ["-C", str(workspace), *arguments])


def test_it_writes_a_file_named_after_the_day_of_the_newest_result(workspace):
    done = run(workspace, "snapshot")
    assert done.output == "history/2026-11-20.json: 1 board, 1 entry (2026-11-20), written\n"
    assert [path.name for path in (workspace / "history").iterdir()] == ["2026-11-20.json"]


def test_the_same_again_changes_nothing(workspace):
    run(workspace, "snapshot", "--label", "2026-11")
    before = (workspace / "history" / "2026-11.json").stat()
    done = run(workspace, "snapshot", "--label", "2026-11")
    assert done.output.endswith("is there already\n")
    assert (workspace / "history" / "2026-11.json").stat().st_mtime_ns == before.st_mtime_ns


def test_another_snapshot_of_the_same_label_is_refused_unless_it_is_meant(workspace):
    run(workspace, "snapshot", "--label", "2026-11")
    add(workspace, "second")
    refused = run(workspace, "snapshot", "--label", "2026-11")
    assert refused.exit_code == 2
    assert "--replace" in refused.output
    assert run(workspace, "snapshot", "--label", "2026-11", "--replace").exit_code == 0
    assert "second" in (workspace / "history" / "2026-11.json").read_text()


def test_a_snapshot_comes_after_those_that_are_there(workspace):
    run(workspace, "snapshot", "--label", "2026-11")
    refused = run(workspace, "snapshot", "--label", "2026-10")
    assert refused.exit_code == 2
    assert "would come before 2026-11" in refused.output
    assert len(list((workspace / "history").iterdir())) == 1


@pytest.mark.parametrize(("option", "name"), [(["--snapshot", "v1"], "v1"), (["--snapshot"], None)])
def test_publish_keeps_a_snapshot_first(workspace, monkeypatch, option, name):
    published = []
    for command in ("cards", "site"):
        monkeypatch.setattr(main.get_command(None, command), "callback", published.append)
    done = run(workspace, "publish", *option)
    assert done.output.startswith(f"history/{name or '2026-11-20'}.json")


def test_publish_alone_keeps_none(workspace, monkeypatch):
    for command in ("cards", "site"):
        monkeypatch.setattr(main.get_command(None, command), "callback", lambda *_: None)
    assert run(workspace, "publish").exit_code == 0
    assert not (workspace / "history").exists()
