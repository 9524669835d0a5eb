"""Whether anything that a publish was made from, or that it made, has changed since."""

import os

import pytest

from cardboard.board.workspace import stamp
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.stamp import Stamp

BOARD = '[board]\ntitle = { en = "A" }\n[[suites]]\nname = "mini"\nversion = "1"\n'


@pytest.fixture
def workspace(tmp_path):
    """Return a workspace that was published: one result, one card, one page."""
    for name in ("results/deep", "audits", "history", "build/cards/m", "build/site"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "board.toml").write_text(BOARD, "utf-8")
    (tmp_path / "results" / "deep" / "a.json").write_text("{}", "utf-8")
    for name in ("cards/m/README.md", "site/index.html"):
        (tmp_path / "build" / name).write_text("made", "utf-8")
    opened = open_workspace(tmp_path)
    Stamp(opened).keep(refused=["a"], told=["b", "c"])
    return opened


def test_what_was_said_is_said_again_where_nothing_has_changed(workspace):
    found = Stamp(workspace).unchanged()
    assert (found.refused, found.told) == (("a",), ("b", "c"))


@pytest.mark.parametrize(
    "file",
    [
        "board.toml",
        "models.toml",
        "imports.toml",
        "results/deep/a.json",
        "results/b.json",
        "audits/m.json",
        "history/2026-11.json",
        "build/cards/m/README.md",
        "build/site/index.html",
        "build/site/new.html",
    ],
)
def test_a_change_of_what_goes_in_or_of_what_came_out_is_seen(workspace, file):
    (workspace.root / file).write_text("changed", "utf-8")
    assert Stamp(workspace).unchanged() is None


@pytest.mark.parametrize("file", ["results/deep/a.json", "build/site/index.html"])
def test_so_is_what_is_gone(workspace, file):
    (workspace.root / file).unlink()
    assert Stamp(workspace).unchanged() is None


def test_a_second_change_that_the_times_do_not_show_is_seen_by_content(workspace):
    """Right after a change a file system may give the next one the same time."""
    path = workspace.root / "results" / "deep" / "a.json"
    kept = workspace.root / ".cardboard" / "published.json"
    before = path.stat()
    path.write_text("[]", "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    told = kept.read_text("utf-8").replace(str(before.st_ctime_ns), str(after.st_ctime_ns))
    kept.write_text(told, "utf-8")
    assert Stamp(workspace).unchanged() is None


def test_another_cardboard_begins_anew(workspace, monkeypatch):
    monkeypatch.setattr(stamp, "maker", lambda: "another")
    assert Stamp(workspace).unchanged() is None


def test_what_changes_while_it_is_published_is_not_noted(workspace):
    (workspace.root / "results" / "b.json").write_text("{}", "utf-8")
    begun = Stamp(workspace)
    (workspace.root / "results" / "c.json").write_text("{}", "utf-8")
    begun.keep(refused=[], told=[])
    assert Stamp(workspace).unchanged() is None


def test_a_note_that_cannot_be_read_is_none(workspace):
    (workspace.root / ".cardboard" / "published.json").write_text("{", "utf-8")
    assert Stamp(workspace).unchanged() is None


def test_folders_that_lead_into_each_other_are_walked_once(workspace):
    (workspace.root / "results" / "again").symlink_to(workspace.root / "results")
    Stamp(workspace).keep(refused=[], told=["b"])
    assert Stamp(workspace).unchanged() is not None
