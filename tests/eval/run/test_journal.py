"""The journal: what was answered survives any death of the process; nothing else is believed."""

import json
import resource
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.eval import records
from cardboard.eval.engine import Answer
from cardboard.eval.errors import CardboardError, RecordError, UsageError
from cardboard.eval.run.heading import Head
from cardboard.eval.run.journal import Journal, Session, discard, read, started_at

HEAD = Head(
    model=records.Model(id="org/model"),
    suite=records.Suite(name="tiny", version="1"),
    protocol=records.Protocol(backend="spelled", max_tokens=10),
    prompts=records.Prompts(template_status="chat_template"),
    prompts_sha256="0" * 64,
    versions={"spelled": "1", "cardboard": "0.1"},
    started_at="2026-01-01T00:00:00+00:00",
)
SESSION = Session(started_at="2026-01-01T00:00:01+00:00", load_seconds=2.0)


def answer(key: str, text: str | None = "done") -> Answer:
    return Answer(key=key, text=text, error=None if text is not None else "no route to host")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "a.journal"


def test_answers_are_there_for_the_next_session(path: Path) -> None:
    with Journal(path, HEAD, SESSION) as journal:
        assert not journal.done
        journal.add(answer("t/0", "안녕"), 1.5)
        journal.add(answer("t/1"), 2.5)
    with Journal(path, HEAD, SESSION) as journal:
        assert {key: one.text for key, one in journal.done.items()} == {
            "t/0": "안녕",
            "t/1": "done",
        }
        assert journal.generate_seconds == 2.5
        journal.add(answer("t/2"), 4.0)
    found = read(path)
    assert list(found.answers) == ["t/0", "t/1", "t/2"]
    assert found.generate_seconds == 6.5, "each session counts from its own beginning"
    assert found.head == HEAD


def test_a_failed_call_is_kept_but_asked_again(path: Path) -> None:
    with Journal(path, HEAD, SESSION) as journal:
        journal.add(answer("t/0", None), 1.0)
    with Journal(path, HEAD, SESSION) as journal:
        assert not journal.done
        journal.add(answer("t/0"), 1.0)
    assert read(path).answers == {"t/0": answer("t/0")}


@given(st.data())
def test_wherever_it_is_cut_off_whole_lines_are_kept_and_the_next_one_is_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.journal"
    with Journal(path, HEAD, SESSION) as journal:
        for step in range(3):
            journal.add(answer(f"t/{step}", "한글" * step), 1.0)
    written = path.read_bytes()
    cut = data.draw(st.integers(min_value=0, max_value=len(written)))
    path.write_bytes(written[:cut])
    whole = max(0, written[:cut].count(b"\n") - 2)
    with Journal(path, HEAD, SESSION) as journal:
        assert len(journal.done) == whole
        journal.add(answer("t/9"), 1.0)
    assert set(read(path).answers) == {f"t/{step}" for step in range(whole)} | {"t/9"}


def test_what_a_dying_disk_left_between_lines_is_passed_over(path: Path) -> None:
    with Journal(path, HEAD, SESSION) as journal:
        journal.add(answer("t/0"), 1.0)
    with path.open("ab") as file:
        file.write(b"\0\0\0\xff\n")
    with Journal(path, HEAD, SESSION) as journal:
        journal.add(answer("t/1"), 1.0)
    assert set(read(path).answers) == {"t/0", "t/1"}


def test_what_the_disk_does_not_take_is_told_and_what_it_took_is_kept(path: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with (
            pytest.raises(CardboardError, match="cannot be written: File too large") as told,
            Journal(path, HEAD, SESSION) as journal,
        ):
            journal.add(answer("t/0"), 1.0)
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, most[1]))
            journal.add(answer("t/1"), 2.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert "--resume" in told.value.remedy
    with Journal(path, HEAD, SESSION) as journal:
        assert list(journal.done) == ["t/0"]


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CardboardError, match="cannot be written: Not a directory"):
        Journal(tmp_path / "file" / "results" / "a.journal", HEAD, SESSION)


def test_a_journal_is_discarded_unless_another_process_writes_it(path: Path) -> None:
    discard(path)
    taken = pytest.raises(UsageError, match="another process is working on this run")
    with Journal(path, HEAD, SESSION), taken:
        discard(path)
    discard(path)
    assert not path.exists()


def test_two_processes_never_write_one_journal(path: Path) -> None:
    taken = pytest.raises(UsageError, match="another process is working on this run")
    with Journal(path, HEAD, SESSION), taken:
        Journal(path, HEAD, SESSION)
    with Journal(path, HEAD, SESSION):
        pass


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"protocol": records.Protocol(backend="spelled", max_tokens=9)}, "protocol.max_tokens"),
        ({"model": records.Model(id="org/model", revision="abc")}, "model.revision"),
        ({"suite": records.Suite(name="tiny", version="2")}, "suite.version"),
        ({"prompts_sha256": "1" * 64}, "prompts_sha256"),
        ({"versions": {"spelled": "2"}}, "versions.spelled"),
        ({"prompts": records.Prompts(template_status="raw_fallback")}, "prompts.template_status"),
    ],
)
def test_a_run_is_not_resumed_under_other_settings(
    path: Path, change: dict[str, object], key: str
) -> None:
    with Journal(path, HEAD, SESSION) as journal:
        journal.add(answer("t/0"), 1.0)
    before = path.read_bytes()
    with pytest.raises(UsageError, match=f"a.journal: {key}: the run began with"):
        Journal(path, replace(HEAD, **change), SESSION)
    assert path.read_bytes() == before


def test_a_newer_cardboard_may_finish_what_an_older_one_began(path: Path) -> None:
    with Journal(path, HEAD, SESSION) as journal:
        journal.add(answer("t/0"), 1.0)
    with Journal(
        path, replace(HEAD, versions={"spelled": "1", "cardboard": "9"}), SESSION
    ) as again:
        assert again.done


def test_the_clock_of_a_run_is_that_of_its_beginning(path: Path) -> None:
    assert started_at(path) is None
    with Journal(path, HEAD, SESSION):
        pass
    assert started_at(path) == HEAD.started_at


@pytest.mark.parametrize("text", [b"{}\n", b"notes\n", b'{"line":"run","journal":2}\n'])
def test_a_file_of_another_kind_is_not_written_to(path: Path, text: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(text)
    with pytest.raises(RecordError, match="not a journal"):
        Journal(path, HEAD, SESSION)
    assert path.read_bytes() == text
    assert started_at(path) is None


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_each_line_is_json_that_ends_with_the_sum_of_the_rest(path: Path) -> None:
    with Journal(path, HEAD, SESSION) as journal:
        journal.add(answer("t/0", "안녕"), 1.0)
    for line in lines_of(path):
        *_, name = told = json.loads(line)
        rest = line[: line.rindex(b",")] + b"}"
        assert (name, told[name]) == ("crc32", f"{zlib.crc32(rest):08x}")


@given(st.data())
def test_whatever_byte_of_an_answer_is_changed_it_is_named_and_asked_again(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damage") / "a.journal"
    with Journal(path, HEAD, SESSION) as journal:
        for step in range(3):
            journal.add(answer(f"t/{step}", "한글 rm -rf"), 1.0)
    lines = lines_of(path)
    damaged = bytearray(lines[3])
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    if damaged[place] in b"\n\r":
        damaged[place] = 0
    path.write_bytes(b"\n".join([*lines[:3], bytes(damaged), *lines[4:]]) + b"\n")
    with Journal(path, HEAD, SESSION) as journal:
        assert set(journal.done) == {"t/0", "t/2"}
        assert journal.told == ("a.journal: damaged lines, which are asked again: 4",)
        journal.add(answer("t/1"), 1.0)
    assert set(read(path).answers) == {"t/0", "t/1", "t/2"}
    assert read(path).damaged == (4,)


def test_a_journal_whose_first_line_is_damaged_is_not_gone_on_with(path: Path) -> None:
    with Journal(path, HEAD, SESSION):
        pass
    path.write_bytes(path.read_bytes().replace(b'"max_tokens":10', b'"max_tokens":11'))
    with pytest.raises(RecordError, match="its first line is damaged"):
        Journal(path, HEAD, SESSION)


def test_a_journal_of_an_older_version_has_no_sums_and_is_gone_on_with(path: Path) -> None:
    with Journal(path, HEAD, SESSION) as journal:
        journal.add(answer("t/0"), 1.0)
    plain = [line[: line.rindex(b",")] + b"}" for line in lines_of(path)]
    path.write_bytes(b"\n".join(plain) + b"\n")
    with Journal(path, HEAD, SESSION) as journal:
        assert (set(journal.done), journal.told) == ({"t/0"}, ())
        journal.add(answer("t/1"), 1.0)
    assert set(read(path).answers) == {"t/0", "t/1"}


def sampled(batch_size: int, seeding: records.Seeding) -> tuple[Head, Session]:
    protocol = replace(
        HEAD.protocol, temperature=0.7, seed=0, seeding=seeding, batch_size=batch_size
    )
    return replace(HEAD, protocol=protocol), replace(SESSION, batch_size=batch_size)


def test_a_sampled_run_whose_engine_takes_no_seed_keeps_its_batch_size(path: Path) -> None:
    with Journal(path, *sampled(8, "none")) as journal:
        journal.add(answer("t/0"), 1.0)
    with pytest.raises(UsageError, match=r"protocol\.batch_size: the run began with 8, not with 4"):
        Journal(path, *sampled(4, "none"))
    with Journal(path, *sampled(8, "none")) as journal:
        assert journal.done


def test_a_change_of_batch_size_is_told_where_each_answer_has_its_seed(path: Path) -> None:
    with Journal(path, *sampled(8, "step")) as journal:
        assert journal.head.protocol.batch_size == 8
    with Journal(path, *sampled(4, "step")) as journal:
        assert "4 at a time now and 8 before" in journal.told[0]
    with Journal(path, *sampled(8, "step")) as journal:
        assert not journal.told
        assert journal.head.protocol.batch_size is None, "it was not one all the time"


def test_a_greedy_run_may_go_on_in_batches_of_any_size(path: Path) -> None:
    for size in (8, 4):
        protocol = replace(HEAD.protocol, temperature=0.0, batch_size=size)
        session = replace(SESSION, batch_size=size)
        with Journal(path, replace(HEAD, protocol=protocol), session) as journal:
            assert not journal.told
    assert journal.head.protocol.batch_size is None
