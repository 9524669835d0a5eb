"""The journal remembers pushes through every crash, and never more than is sure."""

from pathlib import Path

import pytest

from cardboard.cards.push.journal import Journal, Record, push_lock
from cardboard.eval.errors import CardboardError, UsageError

HUB = "https://huggingface.co"


def opened(path: Path, hub: str = HUB, now: float = 100.0) -> Journal:
    """Open the journal anew, as the next process would."""
    return Journal(path / "push.jsonl", hub, lambda: now)


def a_record(head: str, digest: str, front: str = "") -> Record:
    """Return what is known of a repository with our card on its main branch."""
    return Record(head=head, digest=digest, front=front, pull=None)


def test_a_commit_that_was_made_is_remembered(tmp_path: Path) -> None:
    opened(tmp_path).sent("a/b", "digest", "old")
    opened(tmp_path).made("a/b", a_record("new", "digest", "front"))
    found = opened(tmp_path)
    assert found.record("a/b") == Record(head="new", digest="digest", front="front", pull=None)
    assert found.pushed("a/b")
    assert not found.unsure


def test_what_the_hub_takes_as_text_is_known_while_the_head_is_our_commit(tmp_path: Path) -> None:
    opened(tmp_path).made("a/b", a_record("h1", "one"), plain=["README.md"])
    found = opened(tmp_path)
    assert (found.is_own("a/b", "h1"), set(found.plain("a/b", "h1"))) == (True, {"README.md"})
    assert not found.is_own("a/b", "h2")
    assert not found.plain("a/b", "h2")
    assert not found.is_own("c/d", "")
    in_a_pull = Record(head="h3", digest="two", front="", pull=7)
    found.made("a/b", in_a_pull)
    assert opened(tmp_path).is_own("a/b", "h1"), "a pull request leaves the main branch as it is"


def test_a_commit_that_was_only_sent_is_unsure_and_hides_what_was_known(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.made("a/b", a_record("h1", "one"))
    journal.sent("a/b", "two", "h1")
    found = opened(tmp_path)
    assert found.unsure == {"a/b"}
    assert found.record("a/b") is None
    assert found.pushed("a/b")


@pytest.mark.parametrize("ending", ["made", "seen", "failed"])
def test_whatever_became_of_it_ends_the_doubt(tmp_path: Path, ending: str) -> None:
    journal = opened(tmp_path)
    journal.sent("a/b", "digest", "h1")
    if ending == "failed":
        journal.failed("a/b")
    else:
        getattr(journal, ending)("a/b", a_record("h2", "digest"))
    assert not opened(tmp_path).unsure
    assert opened(tmp_path).pushed("a/b") is (ending != "failed")


def test_a_file_cut_anywhere_tells_what_its_whole_lines_told(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.made("a/b", a_record("h1", "one"))
    journal.sent("a/b", "two", "h1")
    journal.made("a/b", a_record("h2", "two"))
    data = (tmp_path / "push.jsonl").read_bytes()
    cut = tmp_path / "cut"
    cut.mkdir()
    ends = [place for place, byte in enumerate(data) if byte == ord("\n")]
    for length in range(len(data)):
        (cut / "push.jsonl").write_bytes(data[:length])
        after = opened(cut)
        whole = sum(length >= end for end in ends)
        assert (after.record("a/b") is not None) is (whole in (1, 3))
        assert after.unsure == ({"a/b"} if whole == 2 else set())
        after.made("a/b", a_record("h3", "three"))
        again = opened(cut).record("a/b")
        assert again is not None
        assert again.head == "h3"


def test_strange_lines_are_passed_over(tmp_path: Path) -> None:
    lines = b'\xff\xfe\n{"what": "made"}\n[]\n\n' + b'{"what":"seen","hub":"h","repo":1,"at":0}\n'
    (tmp_path / "push.jsonl").write_bytes(lines)
    assert not opened(tmp_path).pushed("a/b")


def test_each_hub_has_records_of_its_own_and_commits_count_together(tmp_path: Path) -> None:
    opened(tmp_path).sent("a/b", "d", "h")
    opened(tmp_path).made("a/b", a_record("h2", "d"))
    other = opened(tmp_path, "http://127.0.0.1:8123")
    assert not other.pushed("a/b")
    assert other.commits_sent() == [100.0]
    assert opened(tmp_path, now=100.0 + 3601).commits_sent() == []


def test_a_clock_that_was_wrong_once_holds_nobody_for_years(tmp_path: Path) -> None:
    for moment in (9e9, 50.0, 30.0):
        opened(tmp_path, now=moment).sent("a/b", "d", "h")
    assert opened(tmp_path).commits_sent() == [30.0, 50.0]


def test_what_is_known_is_not_written_twice(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    for _ in range(3):
        journal.seen("a/b", a_record("h", "d"))
    assert len((tmp_path / "push.jsonl").read_bytes().splitlines()) == 1


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    journal = Journal(None, HUB, lambda: 0.0)
    journal.made("a/b", a_record("h", "d"))
    assert journal.pushed("a/b")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_refuses_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "push.jsonl").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(CardboardError, match=r"push\.jsonl: the journal .*: Is a directory"):
        opened(tmp_path)
    with pytest.raises(CardboardError, match="push again: nothing is done twice"):
        opened(tmp_path / "file").sent("a/b", "d", "h")
    lock = tmp_path / "file" / "lock"
    with pytest.raises(CardboardError, match="cannot be kept"), push_lock(lock):
        raise AssertionError("nobody gets here")


def test_two_pushes_of_one_workspace_exclude_each_other(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with push_lock(lock), pytest.raises(UsageError, match="another push"), push_lock(lock):
        raise AssertionError("nobody gets here")
    with push_lock(lock):
        assert lock.exists()
