"""What was read before, by content: one SQLite file that may be deleted at any time."""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from ..model import Reading

SETTLED = 2_000_000_000
"""Nanoseconds after which a second change of a file shows in its times on every file system."""

MOST_MADE = 64
"""Figures of boards that are kept: a few for each board and metric."""

_TABLES = """
CREATE TABLE IF NOT EXISTS about (version TEXT, place TEXT);
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, mark TEXT, sha256 TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading (sha256 TEXT PRIMARY KEY, body BLOB);
CREATE TABLE IF NOT EXISTS made (key TEXT PRIMARY KEY, body BLOB);
"""
_DECODER = msgspec.msgpack.Decoder(Reading)


class Cache:
    """Readings by the hash of their file, and the hashes of files that did not change since.

    Nothing here is ever needed: where the database cannot be used, it remembers nothing.
    """

    def __init__(self, database: sqlite3.Connection | None) -> None:
        self._database = database

    @property
    def is_empty(self) -> bool:
        """Tell whether no reading at all is kept."""
        return not self._run("SELECT 1 FROM reading LIMIT 1")

    def sha256(self, name: str, status: os.stat_result) -> str | None:
        """Return the hash of the file *name* if it is the one that was hashed before."""
        rows = self._run("SELECT mark, sha256 FROM file WHERE name = ?", name)
        return str(rows[0][1]) if rows and rows[0][0] == _mark(status) else None

    def remember(self, name: str, status: os.stat_result, sha256: str) -> None:
        """Keep the hash of a file, unless it changed so lately that its times cannot be trusted."""
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED:
            self._run("REPLACE INTO file VALUES (?, ?, ?)", name, _mark(status), sha256)

    def get(self, sha256: str) -> Reading | None:
        """Return the reading of the file with this hash."""
        rows = self._run("SELECT body FROM reading WHERE sha256 = ?", sha256)
        body = rows[0][0] if rows else None
        if not isinstance(body, bytes):
            return None
        try:
            return _DECODER.decode(body)
        except (msgspec.DecodeError, UnicodeError):
            return None

    def put(self, sha256: str, reading: Reading) -> None:
        """Keep *reading* for the file with this hash."""
        try:
            body = msgspec.msgpack.encode(reading)
        except OverflowError:  # integers beyond 64 bits
            return
        self._run("REPLACE INTO reading VALUES (?, ?)", sha256, body)

    def made(self, key: str) -> bytes | None:
        """Return what was made from all that *key* is the hash of."""
        rows = self._run("SELECT body FROM made WHERE key = ?", key)
        body = rows[0][0] if rows else None
        return body if isinstance(body, bytes) else None

    def keep_made(self, key: str, body: bytes) -> None:
        """Keep what was made; what was made long before goes."""
        self._run("REPLACE INTO made VALUES (?, ?)", key, body)
        self._run(
            "DELETE FROM made WHERE rowid NOT IN (SELECT rowid FROM made ORDER BY rowid DESC"
            " LIMIT ?)",
            MOST_MADE,
        )

    def save(self) -> None:
        """Write what was kept so far."""
        if self._database is not None and self._database.in_transaction:
            self._run("COMMIT")
        self._run("BEGIN")

    def close(self) -> None:
        """Let go of the database; nothing is remembered any more."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _run(self, statement: str, *values: str | int | bytes) -> list[tuple[object, ...]]:
        if self._database is None:
            return []
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error:
            self.close()
            return []


@contextmanager
def open_cache(path: Path | None) -> Iterator[Cache]:
    """Open the cache at *path* and write it at the end; one that is stale or broken starts anew.

    It is stale when our code has changed. A database that came from elsewhere, say in a clone, is
    never believed, for it could claim anything of a file: it must lie where it was made.
    """
    kept = Cache(_open(path) if path is not None else None)
    try:
        kept.save()
        yield kept
    finally:
        kept.save()
        kept.close()


def kept_or_made(path: Path, key: str, make: Callable[[], bytes]) -> bytes:
    """Return what the cache at *path* keeps under *key*, or else make and keep it.

    *key* is the hash of all that it follows from, but for our code.
    """
    with open_cache(path) as kept:
        found = kept.made(key)
    if found is None:
        found = make()
        with open_cache(path) as kept:
            kept.keep_made(key, found)
    return found


def _open(path: Path) -> sqlite3.Connection | None:
    if path.is_symlink() or path.parent.is_symlink():
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _connect(path)
    except (OSError, sqlite3.OperationalError):
        return None
    except sqlite3.DatabaseError:
        try:
            path.unlink()
            return _connect(path)
        except (OSError, sqlite3.Error):
            return None


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, timeout=1)
    try:
        # A cache need not survive a power cut.
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(_TABLES)
        place = path.stat()
        identity = (_version(), f"{place.st_dev}:{place.st_ino}")
        if database.execute("SELECT version, place FROM about").fetchall() != [identity]:
            for table in ("about", "file", "reading", "made"):
                database.execute(f"DELETE FROM {table}")
            database.execute("INSERT INTO about VALUES (?, ?)", identity)
    except BaseException:
        database.close()
        raise
    return database


@cache
def _version() -> str:
    """Return the hash of all code that a reading depends on, so that nobody has to count it up."""
    digest = hashlib.sha256(msgspec.__version__.encode())
    package = Path(__file__).parents[2]
    for folder in ("board", "eval"):
        for source in sorted((package / folder).rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _mark(status: os.stat_result) -> str:
    """Return what changes with a file's content: size, times and place."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
