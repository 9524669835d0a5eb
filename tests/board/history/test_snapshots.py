"""Snapshots: the same boards give the same bytes, a diff is readable, and no clock is asked."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.history.changes import lines, moves
from cardboard.board.history.snapshots import (
    Snapshot,
    encode,
    newest_day,
    order,
    read_snapshot,
    read_snapshots,
    take,
)
from cardboard.eval.errors import RecordError, UsageError
from cardboard.tests.making import a_result, boards_of

BOARDS = boards_of(a_result("org/a", 0.9), a_result("org/나", 0.5), a_result("org/c", None))
MORNING = "2026-11-21T03:00:00+09:00"
"""Still the day before in UTC."""


def test_a_snapshot_is_a_line_for_each_entry():
    assert (
        encode(take(BOARDS, "2026-11")).decode()
        == f"""{{
  "kind": "snapshot",
  "version": 1,
  "label": "2026-11",
  "date": "2026-11-01",
  "files": 3,
  "sha256": "{BOARDS.sha256}",
  "boards": [
    {{
      "suite": "mini 1",
      "class": "models",
      "metric": "command_f1",
      "entries": [
        {{"label": "org/a", "rank": "1", "score": 90.0, "result": "{entry(0).result_id}"}},
        {{"label": "org/나", "rank": "2", "score": 50.0, "result": "{entry(1).result_id}"}},
        {{"label": "org/c", "rank": null, "score": null, "result": "{entry(2).result_id}"}}
      ]
    }}
  ]
}}
"""
    )


def entry(number):
    return BOARDS.boards[0].entries[number]


def test_it_comes_back_as_it_went(tmp_path):
    taken = take(BOARDS, "2026-11")
    (tmp_path / "2026-11.json").write_bytes(encode(taken))
    assert list(read_snapshots(tmp_path)) == [taken]
    assert taken.lines == lines(BOARDS)


def test_a_snapshot_from_before_boards_said_what_they_are_ranked_by_is_read(tmp_path):
    taken = take(BOARDS, "2026-11")
    content = encode(taken).replace(b'      "metric": "command_f1",\n', b"")
    (tmp_path / "2026-11.json").write_bytes(content)
    (older,) = read_snapshots(tmp_path)
    assert [board.metric for board in older.boards] == [None]
    assert encode(older) == content
    assert moves(older.lines, taken.lines) == ()


def test_a_board_without_entries_is_valid_json_too():
    assert json.loads(encode(take(boards_of(), "2026")))["boards"] == []


@given(st.text(min_size=1, max_size=50))
def test_whatever_a_model_is_called_the_file_can_be_read(name):
    taken = take(boards_of(a_result(name)), "2026")
    again = msgspec.json.decode(encode(taken), type=Snapshot)
    assert [one.rank for one in again.boards[0].entries] == ["1"]


@pytest.mark.parametrize(
    ("label", "day", "told"),
    [
        ("2026", None, ("2026", "2026-01-01")),
        ("2026-11", None, ("2026-11", "2026-11-01")),
        ("2026-11-20", None, ("2026-11-20", "2026-11-20")),
        ("2026-11-20b", None, ("2026-11-20b", "2026-11-20")),
        ("spring", "2026-03-01", ("spring", "2026-03-01")),
        ("2026-11", "2026-11-30", ("2026-11", "2026-11-30")),
        (None, "2026-11-30", ("2026-11-30", "2026-11-30")),
        ("spring", None, ("spring", "2026-11-20")),
        ("2026-13", None, ("2026-13", "2026-11-20")),
        ("20261", None, ("20261", "2026-11-20")),
        (None, None, ("2026-11-20", "2026-11-20")),
    ],
)
def test_label_and_day_come_from_the_user_or_from_the_newest_result(label, day, told):
    older = a_result("org/b", finished_at="2026-11-20T10:00:00Z")
    boards = boards_of(a_result("org/a", finished_at=MORNING), older)
    taken = take(boards, label, day)
    assert (taken.label, taken.date) == told


def test_the_day_of_the_newest_result_is_that_of_utc():
    assert newest_day(boards_of(a_result(finished_at=MORNING))) == "2026-11-20"
    assert newest_day(boards_of(a_result())) is None


def test_without_any_date_one_is_asked_for():
    with pytest.raises(UsageError, match="nothing dates a snapshot") as refusal:
        take(BOARDS, "spring")
    assert "--date" in refusal.value.remedy


@pytest.mark.parametrize("label", ["a b", "../x", ".hidden", "x" * 65, "a/b", "2026\n"])
def test_a_label_that_is_no_file_name_is_refused(label):
    with pytest.raises(UsageError, match=r"label"):
        take(BOARDS, label, "2026-11-01")


def test_snapshots_follow_each_other_by_day_then_by_label_with_numbers_as_numbers():
    told = [("v10", "2026-02-01"), ("v9", "2026-02-01"), ("a", "2026-03-01"), ("z", "2026-01-01")]
    taken = [take(BOARDS, *one) for one in told]
    assert [one.label for one in sorted(taken, key=order)] == ["z", "v9", "v10", "a"]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"nonsense", None),
        (b'{"kind": "result"}', "kind"),
        (encode(take(BOARDS, "2026-11")).replace(b'"files": 3', b'"files": -3'), "files"),
        (encode(take(BOARDS, "2026-11")).replace(b"90.0", b'"90"'), "boards[0].entries[0].score"),
        (encode(take(BOARDS, "2026-12")), "label"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_with_its_name_and_key(tmp_path, content, key):
    path = tmp_path / "2026-11.json"
    path.write_bytes(content)
    with pytest.raises(RecordError) as refusal:
        read_snapshot(path)
    assert refusal.value.file == "history/2026-11.json"
    assert refusal.value.key == key
    assert refusal.value.remedy


def test_what_other_programs_leave_in_the_folder_is_passed_over(tmp_path):
    (tmp_path / "._2026.json").touch()
    (tmp_path / "README.md").touch()
    assert list(read_snapshots(tmp_path)) == []
    assert list(read_snapshots(tmp_path / "missing")) == []
