"""The board as data, in the shapes that other programs rely on."""

import csv
import io
import json

import pytest

from cardboard.board.show import tables as printing
from cardboard.board.show.document import board_json, document, pieces
from cardboard.board.show.rows import columns, field_names, fields, summary, table, uncertain
from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.settings import Suite
from cardboard.eval.metrics import Change, Measured
from cardboard.eval.records import Protocol as Sent
from cardboard.eval.records import Suite as Recorded
from cardboard.tests.making import a_result, boards_of

SAY = Words("en").finding
BOARDS = boards_of(
    a_result("org/a", 0.2245),
    a_result("org/b", 0.0),
    a_result("=org/c|d", 0.0),
    a_result("org/hot", 0.9, protocol=Sent(temperature=1.0, max_tokens=1024)),
)


def test_the_document_has_the_documented_keys():
    told = json.loads(printing.dump(document(BOARDS, SAY)))
    assert set(told) == {"generated_from", "rules", "boards", "unplaced", "files"}
    assert set(told["generated_from"]) == {"files", "sha256", "sources", "cardboard"}
    (board,) = told["boards"]
    assert set(board) == {
        "suite", "version", "class", "kind", "metrics", "scorers", "policy", "method",
        "scores_alone", "entries",
    }  # fmt: skip
    assert board["scorers"] == [{"scorer": None, "ranked": len(BOARDS.boards[0].ranked)}]
    best = board["entries"][0]
    assert (best["model"], best["rank"], best["rank_text"], best["score"]) == (
        "org/a",
        1,
        "1",
        22.45,
    )
    assert {"tied_with", "metrics", "template_status", "rankable", "findings", "file"} < set(best)
    unranked = board["entries"][-1]
    assert (unranked["model"], unranked["rank"], unranked["rankable"]) == ("org/hot", None, False)
    (finding,) = [f for f in unranked["findings"] if f["code"] == "off-protocol"]
    assert finding["severity"] == "error"
    assert "temperature" in finding["message"]
    assert [f["kind"] for f in told["files"]] == ["result"] * 4


def test_the_document_does_not_depend_on_the_order_of_files():
    again = boards_of(
        a_result("org/b", 0.0),
        a_result("org/hot", 0.9, protocol=Sent(temperature=1.0, max_tokens=1024)),
        a_result("=org/c|d", 0.0),
        a_result("org/a", 0.2245),
    )
    assert document(again, SAY) == document(BOARDS, SAY)


def test_csv_has_one_header_and_keeps_names_from_being_formulas():
    text = printing.to_csv([fields(b) for b in BOARDS.boards])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == field_names(BOARDS.boards)
    assert [row["rank_text"] for row in rows] == ["1", "2=", "2=", ""]
    assert "'=org/c|d" in [row["model"] for row in rows]


def test_markdown_escapes_what_would_break_the_table():
    text = printing.to_markdown("Board", table(BOARDS.boards[0]))
    assert r"=org/c\|d" in text
    assert "| 1 | org/a | 22.45 |" in text


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [("seconds_per_step", 0.5, "0.500"), ("score", "12.80", "12.80"), ("rank", None, "–")],
)
def test_numbers_are_printed_with_the_digits_of_their_column(column, value, shown):
    assert printing.shown(column, value) == shown


def test_metrics_are_printed_with_their_own_decimals():
    (board,) = BOARDS.boards
    names, (best, *_), numeric = table(board)
    cells = dict(zip(names, best, strict=True))
    assert (cells["score"], cells["command_precision"], cells["valid_json_pct"]) == (
        "22.45",
        "22.45",
        "80.0",
    )
    assert {"score", "command_precision", "valid_json_pct"} <= numeric


@pytest.mark.parametrize("boards", [BOARDS, boards_of()], ids=["some", "none"])
def test_the_text_in_pieces_is_the_same_document(boards):
    assert json.loads("".join(pieces(boards, SAY))) == json.loads(
        printing.dump(document(boards, SAY))
    )


def test_in_pieces_every_entry_has_a_line():
    lines = "".join(pieces(BOARDS, SAY)).splitlines()
    entries = [json.loads(line.rstrip(",")) for line in lines if '"rank_text"' in line]
    assert [one["label"] for one in entries] == [one.label for one in BOARDS.boards[0].entries]


class TestFiguresWithoutRows:
    """What another harness reported is shown with its own standard error, never as an interval."""

    SUITE = Suite(
        name="bytes",
        version="1",
        kind="reported",
        changes=(Change(id="bits", unit="bits", better="lower", decimals=3, ranked=True),),
    )

    def board(self, **measured):
        result = a_result(
            "org/a",
            suite=Recorded(name="bytes", version="1", kind="reported"),
            metrics={"bits": Measured(value=0.8125, **measured)},
        )
        (board,) = boards_of(result, suites=(self.SUITE,)).boards
        return board

    @pytest.mark.parametrize(
        ("measured", "text"),
        [
            ({"stderr": 0.0061, "stderr_method": "bootstrap"}, "± 0.006 as reported (bootstrap)"),
            ({"stderr": 0.0061}, "± 0.006 as reported (method unstated)"),
            ({}, None),
        ],
    )
    def test_the_standard_error_is_that_of_the_file(self, measured, text):
        board = self.board(**measured)
        (entry,) = board.ranked
        assert (board.method, entry.resolution) == (None, None)
        assert uncertain(entry, board) == text
        assert ("95 %" in columns(board)) == (text is not None)

    def test_it_is_told_that_there_are_no_rank_ranges(self):
        assert summary(self.board(stderr=0.0061)) == (
            "1 ranked, 0 unranked; no per-step data, standard errors are as reported, "
            "and no rank ranges"
        )

    def test_the_document_holds_what_is_known_of_it(self):
        board = self.board(stderr=0.0061, stderr_method="bootstrap", n=2000)
        told = board_json(board, SAY)
        assert told["entries"][0]["metrics"] == {
            "bits": {"value": 0.8125, "n": 2000, "stderr": 0.0061, "stderr_method": "bootstrap"}
        }
        (metric,) = told["metrics"]
        assert (metric["id"], metric["better"], metric["ranked"]) == ("bits", "lower", True)

    def test_boards_of_unlike_suites_share_one_table_for_programs(self):
        both = [*BOARDS.boards, self.board()]
        names = field_names(both)
        assert {"command_f1", "bits"} <= set(names)
        assert len(names) == len(set(names))
        text = printing.to_csv([fields(board, names) for board in both])
        rows = list(csv.DictReader(io.StringIO(text)))
        assert (rows[-1]["bits"], rows[-1]["command_f1"], rows[0]["bits"]) == ("0.8125", "", "")
