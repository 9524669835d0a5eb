"""History: what moved from one snapshot to the next, and since the newest."""

import pytest

from cardboard.board.history import history as module
from cardboard.board.history.history import History, history
from cardboard.board.history.snapshots import encode, take
from cardboard.tests.making import a_result, boards_of

A, B, C = a_result("a", 0.9), a_result("b", 0.5), a_result("c", 0.1)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with three snapshots, the second of which came last in the alphabet."""
    for label, day, results in (
        ("z", "2026-01-01", [A]),
        ("b", "2026-02-01", [A, C]),
        ("c", "2026-03-01", [A, B, C]),
    ):
        (tmp_path / f"{label}.json").write_bytes(encode(take(boards_of(*results), label, day)))
    return tmp_path


def told(moves):
    return [(one.label, one.what) for one in moves.changes]


def test_every_snapshot_says_what_moved_since_the_one_before_it_newest_first(folder):
    newest, middle, first = history(folder, boards_of(A, B, C)).publishes
    assert (first.label, first.listed, first.moves) == ("z", 1, None)
    assert told(middle.moves) == [("c", "new")]
    assert told(newest.moves) == [("b", "new"), ("c", "rank")]
    assert newest.ranked == 3


def test_nothing_has_moved_since_the_newest_while_the_files_are_the_same(folder):
    since = history(folder, boards_of(A, B, C)).since
    assert (since.counts, since.same_files) == ({}, True)


def test_a_change_of_the_rules_moves_entries_without_any_new_file(folder):
    since = history(folder, boards_of(A, B, C, policy={"name-guessed": "off"})).since
    assert since.same_files
    stricter = {"revision-not-recorded": "off", "not-checkable-summary": "unranked"}
    since = history(folder, boards_of(A, B, C, policy=stricter)).since
    assert since.same_files
    assert since.counts == {"rank": 3}


def test_what_is_new_today_is_told_before_the_next_snapshot(folder):
    assert told(history(folder, boards_of(A, B)).since) == [("c", "gone")]


def test_without_snapshots_there_is_no_history(tmp_path):
    assert history(tmp_path / "none", boards_of(A)) == History()


def test_of_many_moves_of_a_kind_the_first_are_kept_and_all_are_counted(folder, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 1)
    more = [a_result(f"m{n}", 0.95) for n in range(5)]
    since = history(folder, boards_of(A, B, C, *more)).since
    assert since.counts == {"new": 5, "rank": 3}
    assert told(since) == [("m0", "new"), ("a", "rank")]
