"""Held-out groups: told only where models.toml lists the trained ones, with the figures of both."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from cardboard.board.compare.held_out import HeldOut, held_out
from cardboard.board.judge.build import build_boards
from cardboard.board.read.step_facts import step_facts
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Profile, Settings, Suite, Workspace
from cardboard.cards.text.render import texts_of
from cardboard.eval.errors import ConfigError
from cardboard.eval.suites.kinds.aggregate import divided
from cardboard.eval.suites.kinds.registry import kind_of
from cardboard.tests.eval.suites.kinds.shell.episodes import a_played_result
from cardboard.tests.making import SETTINGS, a_reading

SHELL = kind_of("shell")
SUITE = Suite(name="paper", version="1", kind="shell", steps=16, tasks=16)
GROUPS = ("files", "git", "text", "data")
"""Four episodes each, in turn: of 6 clean ones, the first, two are of files and of git each."""


def boards_with(trained: dict[str, tuple[str, ...]], clean: int = 6):
    """Return the boards of one model of which models.toml says *trained*, and their settings."""
    result = a_played_result("org/player", clean, 16)
    steps = tuple(
        replace(step, groups={"group": GROUPS[number % 4]})
        for number, step in enumerate(result.steps)
    )
    facts = step_facts(steps, SHELL)
    result = replace(result, steps=(), divisions=divided(SHELL.metrics, steps))
    settings = Settings(board=SETTINGS.board, suites=(SUITE,), protocols={})
    models = {"org/player": Profile(trained_groups=trained)}
    workspace = Workspace(root=Path(), settings=settings, models=models)
    return build_boards([a_reading(result, facts=facts)], workspace), settings


def told(trained: dict[str, tuple[str, ...]]) -> HeldOut | None:
    boards, _ = boards_with(trained)
    (entry,) = boards.boards[0].entries
    return held_out(entry, SUITE)


def test_the_groups_that_are_left_are_counted_and_so_are_the_others():
    found = told({"paper": ("files", "git")})
    assert found == HeldOut(
        division="group", groups=("data", "text"), held="2/8 [7–59 %]", trained="4/8 [22–78 %]"
    )


def test_a_model_trained_on_no_group_has_only_held_out_ones():
    found = told({"paper": ()})
    assert found is not None
    assert (found.held, found.trained) == ("6/16 [18–61 %]", None)


@pytest.mark.parametrize(
    "trained", [{}, {"other": ("files",)}, {"paper": GROUPS}, {"paper": ("flies",)}]
)
def test_nothing_is_held_out_where_nobody_says_so_or_none_is_left_or_a_group_is_unknown(trained):
    assert told(trained) is None


def card(trained: dict[str, tuple[str, ...]]) -> str:
    boards, settings = boards_with(trained)
    (text,) = (text for _, text, *_ in texts_of(boards, settings))
    return text


def test_the_card_says_it_in_both_languages_and_only_then():
    text = card({"paper": ("files", "git")})
    assert "by what models.toml says of it: Data, Text. Episodes that ended cleanly there" in text
    assert "학습에 쓰이지 않은(held-out) 유형은 데이터, 텍스트입니다" in text
    assert "eld-out" not in card({})


BOARD = """[board]
title = { en = "B", ko = "B" }

[[suites]]
name = "shell-live"
version = "1"
kind = "shell"
divisions = { group = { files = 7, git = 7 } }
"""


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ('{ shell-live = ["flies"] }', "there is no group 'flies'.*Groups: files, git"),
        ('{ shell-dead = ["files"] }', "there is no suite 'shell-dead'.*shell-live"),
    ],
)
def test_a_group_that_no_suite_has_is_refused(tmp_path: Path, said: str, what: str):
    (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")
    (tmp_path / "models.toml").write_text(f'["org/a"]\ntrained_groups = {said}\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_workspace(tmp_path)

    assert re.search(what, f"{caught.value}", re.DOTALL), caught.value
    assert "trained_groups" in f"{caught.value}"
