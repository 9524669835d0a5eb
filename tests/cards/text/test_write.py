"""Cards on disk: only what differs is touched, and nothing is ever half written."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.workspace.settings import Note, Workspace
from cardboard.cards.commands import card_commands as commands
from cardboard.cards.text.write import changed_cards, write_cards
from cardboard.eval.errors import CardboardError
from cardboard.tests.cards import sample

SLUGS = {
    "maker__Big-30B-GGUF-Q4_K_M-87aa8702",
    "org__Everywhere-8B",
    "org__Small-1B-SFT",
    "org__Small-1B-SFT-4GPU",
    "org__Small-1B-SFT-8GPU",
    "vendor__Hosted",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return replace(sample.workspace(), root=tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_model_gets_a_card(workspace):
    report = write_cards(sample.boards(), workspace)
    assert set(report.changed) == SLUGS
    assert (report.unchanged, report.removed) == ((), ())
    assert set(files(workspace.build / "cards")) == {f"{slug}/README.md" for slug in SLUGS}


def test_a_second_run_touches_nothing(workspace):
    write_cards(sample.boards(), workspace)
    paths = sorted((workspace.build / "cards").rglob("README.md"))
    for path in paths:
        os.utime(path, ns=(1, 1))
    report = write_cards(sample.boards(), workspace)
    assert (report.changed, report.total) == ((), len(SLUGS))
    assert {path.stat().st_mtime_ns for path in paths} == {1}


def test_only_cards_that_differ_are_written(workspace):
    write_cards(sample.boards(), workspace)
    before = files(workspace.build / "cards")
    edited = workspace.build / "cards" / "vendor__Hosted" / "README.md"
    edited.write_text("spoiled")
    report = write_cards(sample.boards(), workspace)
    assert report.changed == ("vendor__Hosted",)
    assert files(workspace.build / "cards") == before


def test_cards_of_models_that_left_are_removed(workspace):
    write_cards(sample.boards(), workspace)
    left = [one for one in sample.readings() if one.file != "hosted.json"]
    report = write_cards(build_boards(left, workspace), workspace)
    assert report.removed == ("vendor__Hosted",)
    assert not (workspace.build / "cards" / "vendor__Hosted").exists()


def test_a_link_in_the_folder_is_left_alone_with_what_it_leads_to(workspace, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    (workspace.build / "cards").mkdir(parents=True)
    (workspace.build / "cards" / "link").symlink_to(precious, target_is_directory=True)
    write_cards(sample.boards(), workspace)
    assert (precious / "file").read_text() == "mine"


def test_what_would_change_is_told_without_changing_it(workspace):
    boards = sample.boards()
    assert set(changed_cards(boards, workspace).changed) == SLUGS
    assert not workspace.build.exists()
    write_cards(boards, workspace)
    (workspace.build / "cards" / "gone").mkdir()
    report = changed_cards(boards, workspace)
    assert (report.changed, len(report.unchanged), report.removed) == ((), len(SLUGS), ("gone",))
    assert (workspace.build / "cards" / "gone").is_dir()


def test_a_mistaken_note_leaves_all_cards_as_they_were(workspace):
    write_cards(sample.boards(), workspace)
    before = files(workspace.build)
    broken = Note(id="broken", kind="limit", when="scre > 1", text={"en": "", "ko": ""})
    mistaken = replace(workspace, settings=replace(workspace.settings, notes=(broken,)))
    with pytest.raises(CardboardError, match=r"notes\.broken\.when"):
        write_cards(sample.boards(), mistaken)
    assert files(workspace.build) == before


def test_a_crash_while_writing_leaves_whole_files_only(workspace, monkeypatch):
    write_cards(sample.boards(), workspace)
    (workspace.build / "cards" / "org__Small-1B-SFT" / "README.md").write_text("old but whole")

    def crash(self: Path, target: Path) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(Path, "replace", crash)
        write_cards(sample.boards(), workspace)
    card = workspace.build / "cards" / "org__Small-1B-SFT"
    assert (card / "README.md").read_text() == "old but whole"
    write_cards(sample.boards(), workspace)
    assert [path.name for path in card.iterdir()] == ["README.md"]


def test_the_command_says_how_many_cards_changed(workspace, monkeypatch):
    monkeypatch.setattr(commands, "workspace_of", lambda context: workspace)
    monkeypatch.setattr(commands, "boards_of", lambda opened: sample.boards())
    run = CliRunner().invoke
    assert run(commands.cards).output == f"{len(SLUGS)} of {len(SLUGS)} cards changed\n"
    (workspace.build / "cards" / "gone").mkdir()
    assert run(commands.cards).output == f"0 of {len(SLUGS)} cards changed, 1 removed\n"


def test_where_nothing_has_changed_the_command_makes_no_board(workspace, monkeypatch):
    made = []
    monkeypatch.setattr(commands, "workspace_of", lambda context: workspace)
    monkeypatch.setattr(commands, "boards_of", lambda opened: made.append(1) or sample.boards())
    run, none = CliRunner().invoke, f"0 of {len(SLUGS)} cards changed\n"
    run(commands.cards)
    assert (run(commands.cards).output, len(made)) == (none, 1)
    (workspace.build / "cards" / "vendor__Hosted" / "README.md").write_text("spoiled")
    assert run(commands.cards).output == f"1 of {len(SLUGS)} cards changed\n"
    workspace.results.mkdir()
    (workspace.results / "new.json").write_text("{}")
    assert (run(commands.cards).output, len(made)) == (none, 3)
