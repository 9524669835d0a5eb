"""The lines of a board's table: what stands behind a score that has no steps."""

import json

from cardboard.board.judge.build import build_boards
from cardboard.board.workspace.settings import Suite
from cardboard.eval.metrics import Change, Measured
from cardboard.eval.records import Counts
from cardboard.eval.records import Suite as Recorded
from cardboard.site.frame.render import Renderer
from cardboard.site.source.source import Source
from cardboard.site.table.rows import columns_of, rows
from cardboard.site.table.script_data import rows_file
from cardboard.site.table.words import BoardWords
from cardboard.tests.making import a_reading, a_result, a_workspace

SUITE = Suite(
    name="right", version="1", kind="reported", steps=200,
    changes=(Change(id="right", scale=100, binary=True, ranked=True),),
)  # fmt: skip


def source_of(language, **measured):
    result = a_result(
        "org/a",
        suite=Recorded(name="right", version="1", kind="reported"),
        metrics={"right": Measured(value=0.4, **measured)},
        counts=Counts(expected=200, scored=200),
    )
    workspace = a_workspace(suites=(SUITE,))
    return Source(
        build_boards([a_reading(result)], workspace), workspace.settings, Renderer(language)
    )


def told(source):
    (board,) = source.boards.boards
    (row,) = rows(board)
    return row, BoardWords(board, source).stated(row)


def test_a_share_of_items_without_rows_has_wilsons_interval_and_says_on_what_it_rests():
    row, said = told(source_of("en"))
    assert row.independent == ("33.46", "46.92", "200")
    assert said == "33.46–46.92 if 200 items are independent"
    assert told(source_of("ko"))[1] == "33.46–46.92(문항 200개가 서로 독립일 때)"


def test_a_standard_error_that_is_stated_comes_first():
    row, said = told(source_of("en", stderr=0.05))
    assert (row.independent, row.error) == (None, "5.00")
    assert said == "± 5.00 as reported (method unstated)"


def test_the_script_gets_the_same_figures():
    source = source_of("en")
    (board,), (place,) = source.boards.boards, source.places
    _, text = rows_file(place, columns_of(board.suite), rows(board))
    assert json.loads(text)["columns"]["independent"] == [["33.46", "46.92", "200"]]
