"""What was read before is not read again, and is never believed where it could be wrong."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from cardboard.board.read import cache as caching
from cardboard.board.read import reader
from cardboard.board.read.reader import read_results
from cardboard.eval.records import encode, value
from cardboard.tests.bench import results as synthetic
from cardboard.tests.data import broken

LONG_AGO = 1_700_000_000_000_000_000


@pytest.fixture
def folder(tmp_path):
    """A folder of three results and thirty broken files, none of them touched of late."""
    folder = tmp_path / "results"
    broken.write(folder)
    for number in range(2):
        (folder / f"{number}.json").write_bytes(encode(synthetic.result(number, text=True)))
    return folder


@pytest.fixture
def cache(tmp_path):
    return tmp_path / ".cardboard" / "readings.sqlite"


@pytest.fixture
def later(monkeypatch):
    """Let the files' times lie long enough ago to be trusted."""
    monkeypatch.setattr(caching, "SETTLED", -(10**18))


@pytest.fixture
def work(monkeypatch):
    """Count what is done: the files opened and the contents interpreted."""
    done = {"opened": 0, "interpreted": 0}
    opened, interpreted = reader.content_of, reader.summarise

    def counted_bytes(path):
        done["opened"] += 1
        return opened(path)

    def counted_summary(data):
        done["interpreted"] += 1
        return interpreted(data)

    monkeypatch.setattr(reader, "content_of", counted_bytes)
    monkeypatch.setattr(reader, "summarise", counted_summary)
    return done


def reset(work):
    work.update(opened=0, interpreted=0)


def test_what_comes_from_the_cache_is_what_was_read(folder, cache):
    assert read_results(folder, cache=cache) == read_results(folder)
    assert read_results(folder, cache=cache) == read_results(folder)


def test_nothing_new_means_nothing_opened(folder, cache, work, later):
    read_results(folder, cache=cache)
    first = work["interpreted"]
    reset(work)
    read_results(folder, cache=cache)
    assert first > 20
    assert work == {"opened": 0, "interpreted": 0}


def test_one_new_file_is_one_file_read(folder, cache, work, later):
    read_results(folder, cache=cache)
    reset(work)
    (folder / "new.json").write_bytes(encode(synthetic.result(9, text=False)))
    assert "new.json" in [one.file for one in read_results(folder, cache=cache)]
    assert work == {"opened": 1, "interpreted": 1}


def test_a_renamed_file_is_opened_and_not_interpreted(folder, cache, work, later):
    read_results(folder, cache=cache)
    reset(work)
    (folder / "0.json").rename(folder / "renamed.json")
    found = {one.file: one for one in read_results(folder, cache=cache)}
    assert work == {"opened": 1, "interpreted": 0}
    assert all(finding.file == "renamed.json" for finding in found["renamed.json"].findings)


def test_findings_of_a_cached_file_name_that_file(folder, cache):
    read_results(folder, cache=cache)
    shutil.copy(folder / "without-counts.json", folder / "copy.json")
    found = {one.file: one for one in read_results(folder, cache=cache)}
    (finding,) = found["copy.json"].findings
    assert (finding.file, finding.sha256) == ("copy.json", found["copy.json"].sha256)


def test_a_changed_file_is_read_again_even_with_its_old_size_and_time(folder, cache, later):
    path = folder / broken.GOOD
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    read_results(folder, cache=cache)
    path.write_bytes(path.read_bytes().replace(b"0.25", b"0.75"))
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    found = {one.file: one for one in read_results(folder, cache=cache)}
    result = found[broken.GOOD].result
    assert result is not None and value(result, "command_f1") == 0.75


def test_a_file_that_changed_a_moment_ago_is_hashed_again(folder, cache, work, monkeypatch):
    """Two changes within one tick of the clock leave the same times."""
    monkeypatch.setattr(caching, "SETTLED", 10**13)  # a moment is long where a machine is busy
    read_results(folder, cache=cache)
    reset(work)
    read_results(folder, cache=cache)
    assert work["opened"] > 20
    assert work["interpreted"] == 0


class TestWhatIsNotBelieved:
    def test_a_file_that_is_no_database(self, folder, cache):
        cache.parent.mkdir()
        cache.write_bytes(b"no database " * 1000)
        assert read_results(folder, cache=cache) == read_results(folder)
        with sqlite3.connect(cache) as database:
            assert database.execute("SELECT count(*) FROM reading").fetchone()[0] > 20
        database.close()

    def test_a_damaged_database(self, folder, cache):
        read_results(folder, cache=cache)
        data = bytearray(cache.read_bytes())
        data[4096:] = b"\x5a" * (len(data) - 4096)
        cache.write_bytes(data)
        for _ in range(2):
            assert read_results(folder, cache=cache) == read_results(folder)

    def test_readings_that_do_not_decode(self, folder, cache):
        read_results(folder, cache=cache)
        for body in (b"", b"\xc1", b"\x80", "text"):
            database = sqlite3.connect(cache)
            with database:
                database.execute("UPDATE reading SET body = ?", (body,))
            database.close()
            assert read_results(folder, cache=cache) == read_results(folder)

    def test_what_older_code_read(self, folder, cache, work, monkeypatch):
        read_results(folder, cache=cache)
        reset(work)
        monkeypatch.setattr(caching, "_version", lambda: "other code")
        read_results(folder, cache=cache)
        assert work["interpreted"] > 20

    def test_a_database_that_came_from_elsewhere(self, folder, cache, work, tmp_path):
        """It could claim any score for any file."""
        read_results(folder, cache=cache)
        reset(work)
        elsewhere = tmp_path / "clone" / "readings.sqlite"
        elsewhere.parent.mkdir()
        shutil.copy2(cache, elsewhere)
        read_results(folder, cache=elsewhere)
        assert work["interpreted"] > 20

    def test_a_link(self, folder, cache, tmp_path):
        target = tmp_path / "precious"
        target.write_text("keep me")
        cache.parent.mkdir()
        cache.symlink_to(target)
        assert read_results(folder, cache=cache) == read_results(folder)
        assert target.read_text() == "keep me"

    def test_a_place_where_nothing_can_be_written(self, folder, tmp_path):
        (tmp_path / "file").write_text("")
        cache = tmp_path / "file" / "readings.sqlite"
        assert read_results(folder, cache=cache) == read_results(folder)

    def test_a_database_that_somebody_else_holds(self, folder, cache, monkeypatch):
        read_results(folder, cache=cache)
        held = sqlite3.connect(cache, isolation_level=None)
        held.execute("BEGIN EXCLUSIVE")
        connect = sqlite3.connect
        monkeypatch.setattr(
            sqlite3, "connect", lambda path, **more: connect(path, **(more | {"timeout": 0.01}))
        )
        assert read_results(folder, cache=cache) == read_results(folder)
        held.close()


def test_it_may_be_deleted_at_any_time(folder, cache):
    before = read_results(folder, cache=cache)
    shutil.rmtree(cache.parent)
    assert read_results(folder, cache=cache) == before


def test_the_version_follows_from_the_code(monkeypatch):
    read = []
    whole = Path.read_bytes

    def noted(path):
        read.append(path.name)
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    assert len(caching._version.__wrapped__()) == 64
    assert {"scoring.py", "reader.py", "records.py"} <= set(read)


class TestWhatIsMade:
    """Figures that take long are made once for all that they follow from."""

    def made(self, cache, key, body):
        calls = []

        def make():
            calls.append(key)
            return body

        return caching.kept_or_made(cache, key, make), len(calls)

    def test_it_is_made_once_a_key(self, cache):
        assert self.made(cache, "a" * 64, b"one") == (b"one", 1)
        assert self.made(cache, "a" * 64, b"two") == (b"one", 0)
        assert self.made(cache, "b" * 64, b"two") == (b"two", 1)

    def test_what_was_made_long_before_goes(self, cache):
        for number in range(caching.MOST_MADE + 1):
            self.made(cache, f"{number:064}", b"body")
        assert self.made(cache, f"{0:064}", b"anew") == (b"anew", 1)
        assert self.made(cache, f"{caching.MOST_MADE:064}", b"anew") == (b"body", 0)

    def test_without_a_place_for_it_it_is_made_each_time(self, cache):
        cache.parent.write_text("no folder")
        assert [self.made(cache, "a" * 64, b"one") for _ in range(2)] == [(b"one", 1)] * 2
