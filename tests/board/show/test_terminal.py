"""A board on a terminal of any width: what is shown, what is cut, what is said to be missing."""

import os
import pty
import sys

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cardboard.board.history.changes import title
from cardboard.board.judge.build import build_boards
from cardboard.board.show.terminal import board_lines, cut
from cardboard.board.workspace.settings import Suite
from cardboard.cli import main
from cardboard.eval.metrics import Change, Measured
from cardboard.eval.records import Counts, Prompts, Protocol
from cardboard.eval.records import Suite as OfSuite
from cardboard.tests.making import a_reading, a_result, a_workspace, measured

WIDTHS = (60, 80, 100, 120, 200)
LONG = "example-org/Model-{}B-Instruct-Terminal-SFT-Native-Liquid-{}Epoch-HF-FSDP-TemplateMasked"


def a_board_with_steps():
    """Return a board of models with long names, some equal at both ends, and two without a rank."""
    tasks = [0.9, 0.8, 0.7, 0.6, 0.5, 0.9, 0.8, 0.4]
    readings = [
        measured(name, *([max(0.0, score - drop)] * 3 for score in tasks))
        for name, drop in (
            (LONG.format(7, 1), 0.0),
            (LONG.format(7, 2), 0.01),
            (LONG.format(13, 2), 0.2),
            ("작은연구소/가나다라마바사-한국어-모델-1.2B-지시학습-도구호출-2에폭", 0.3),
            ("tiny/T", 0.4),
        )
    ]
    cut_off = Protocol(temperature=1.0, max_tokens=64)
    readings.append(
        measured(LONG.format(70, 1), [0.5] * 3, [0.2] * 3, protocol=cut_off, status="partial")
    )
    raw = Prompts(template_status="raw")
    readings.append(a_reading(a_result("other/Raw-1B", prompts=raw)))
    suite = Suite(name="mini", version="1", steps=24, tasks=8, protocol="greedy")
    (board,) = build_boards(readings, a_workspace(suites=(suite,))).boards
    return board


def a_reported_board():
    """Return a board of figures that others measured: with standard errors, items, and neither."""
    suite = Suite(
        name="gsm8k",
        version="3",
        kind="reported",
        changes=(Change(id="accuracy", ranked=True, better="higher", binary=True, scale=100),),
    )
    results = [
        a_result(
            f"lab/{name}",
            suite=OfSuite(name="gsm8k", version="3"),
            counts=Counts(scored=scored),
            metrics={"accuracy": Measured(value=value, stderr=stderr)},
        )
        for name, value, stderr, scored in (
            ("Stated", 0.45, 0.0137, 1319),
            ("Items", 0.43, None, 1319),
            ("Alone", 0.41, None, None),
        )
    ]
    (board,) = build_boards(
        [a_reading(one) for one in results], a_workspace(suites=(suite,))
    ).boards
    return board


def printed(board, width, **options):
    return [line.plain for line in board_lines(board, title(board), width, **options)]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_board_at_each_width_is_as_it_should_be(golden, width):
    boards = (a_board_with_steps(), a_reported_board())
    lines = [line for one in boards for line in (*printed(one, width), "")]
    assert max(map(cell_len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]
    golden(f"terminal/{width}.txt", "\n".join(lines))


def test_at_any_width_rank_model_score_and_reasons_stand_in_every_row():
    for width in range(48, 200):
        text = "\n".join(printed(a_reported_board(), width))
        assert all(name in text for name in ("lab/Stated", "45.00", "± 1.37*")), width


def test_wide_shows_every_column_and_cuts_nothing():
    text = "\n".join(printed(a_board_with_steps(), None))
    assert LONG.format(70, 1) in text and "…" not in text and "Not shown" not in text
    assert "result id" in text


def test_a_first_look_says_how_to_see_the_rest():
    lines = printed(a_board_with_steps(), 80, most=1, rest="cardboard board")
    assert "... and 4 more: cardboard board" in lines
    assert "... and 1 more: cardboard board" in lines
    assert "tiny/T" not in "\n".join(lines)


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=6), st.integers(9, 70))
def test_a_cut_name_fits_and_one_that_fits_is_whole(names, width):
    for name, text in zip(names, cut(names, width), strict=True):
        assert cell_len(text) <= width
        assert text == name or cell_len(name) > width


@pytest.mark.parametrize("place", [2, 20, 41, 60, 79])
def test_names_that_differ_in_one_sign_stay_apart(place):
    name = "org/" + "a" * 76
    names = [name[:place] + sign + name[place + 1 :] for sign in "bcd"]
    assert len(set(cut(names, 24))) == 3


def on_a_terminal(command, columns, lines, **environment):
    """Return what *command* prints on a terminal of that size."""
    told = {**os.environ, "COLUMNS": str(columns), "LINES": str(lines), "TERM": "xterm"}
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-m", *command], told | environment)
    data = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so where the other end is closed.
            break
        if not part:
            break
        data += part
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0, data
    return data.decode()


def test_what_is_longer_than_the_screen_goes_to_the_pager_and_a_pipe_gets_all(tmp_path):
    root = str(tmp_path / "w")
    assert CliRunner().invoke(main, ["init", root]).exit_code == 0
    suite = OfSuite(name="shell-mini", version="1")
    for number in range(9):
        one = a_result(LONG.format(number, 1), f1=number / 10, suite=suite)
        (tmp_path / "w" / "results" / f"{number}.json").write_bytes(msgspec.json.encode(one))
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nsed 's/^/paged /'\n", "utf-8")
    pager.chmod(0o755)
    command = ["cardboard", "-C", root, "board"]
    short = on_a_terminal(command, 80, 200, PAGER=str(pager), NO_COLOR="1")
    assert "paged" not in short and "example-org" in short
    assert "paged" in on_a_terminal(command, 80, 8, PAGER=str(pager), NO_COLOR="1")
    piped = CliRunner().invoke(main, ["-C", root, "board"]).stdout.splitlines()
    assert any(LONG.format(8, 1) in line for line in piped)
    assert [line for line in piped if line != line.rstrip()] == []
