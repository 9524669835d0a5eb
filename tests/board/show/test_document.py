"""The board as data, in the shapes that other programs rely on."""

import csv
import io
import json

import pytest

from cardboard.board.show import tables as printing
from cardboard.board.show.document import FIELDS, document, fields, pieces, table
from cardboard.board.words.catalogue import Words
from cardboard.eval.records import Protocol as Sent
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
    assert set(told) == {"generated_from", "boards", "unplaced", "files"}
    assert set(told["generated_from"]) == {"files", "sha256"}
    (board,) = told["boards"]
    assert {"suite", "version", "class", "policy", "method", "entries"} == set(board)
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
    assert tuple(rows[0]) == FIELDS
    assert [row["rank_text"] for row in rows] == ["1", "2=", "2=", ""]
    assert "'=org/c|d" in [row["model"] for row in rows]


def test_markdown_escapes_what_would_break_the_table():
    text = printing.to_markdown("Board", table(BOARDS.boards[0]))
    assert r"=org/c\|d" in text
    assert "| 1 | org/a | 22.45 |" in text


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [("score", 12.8, "12.80"), ("precision", 0.5, "0.5000"), ("rank", None, "–"), ("x", 3, "3")],
)
def test_numbers_are_printed_with_the_digits_of_their_column(column, value, shown):
    assert printing.shown(column, value) == shown


@pytest.mark.parametrize("boards", [BOARDS, boards_of()], ids=["some", "none"])
def test_the_text_in_pieces_is_the_same_document(boards):
    assert json.loads("".join(pieces(boards, SAY))) == json.loads(
        printing.dump(document(boards, SAY))
    )


def test_in_pieces_every_entry_has_a_line():
    lines = "".join(pieces(BOARDS, SAY)).splitlines()
    entries = [json.loads(line.rstrip(",")) for line in lines if '"rank_text"' in line]
    assert [one["label"] for one in entries] == [one.label for one in BOARDS.boards[0].entries]
