"""What lies in a folder of results, and what is in one of its files."""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .json_object import Undecodable

MAX_BYTES = 256 * 2**20
MOST_BESIDE = 8 * 2**30
"""Bytes of a file that is read along with another one, line by line."""

READ = frozenset({".json", ".eval", ".csv", ".tsv", ".yaml", ".yml"})
"""Endings of files that are read for results."""
ROWS = frozenset({".jsonl", ".ndjson", ".parquet"})
"""Endings of files that are read along with others."""
LOGS = frozenset({".txt", ".log"})
"""Endings of texts, of which only those that end in figures are read."""
_MARKS = re.compile(rb'"model_filename"|Final estimate: PPL = *\d|Mean +KLD: *-?\d')
_END = 1 << 14
# The Hub keeps figures about a model in a folder of this name.
_DOTTED = ".eval_results"


class File(NamedTuple):
    """A file by its name below the folder, with `/`."""

    name: str
    path: Path


def files(folder: Path) -> Iterator[File]:
    """Yield every file below *folder*, in the order of names, and what is called `*.json`.

    Names that begin with a dot and links to folders are passed over; a folder that cannot be
    opened comes as if it were a file.
    """
    return _below(folder, "")


def status_of(path: Path, most: int = MAX_BYTES) -> os.stat_result:
    """Return the status of *path*; raise `Undecodable` for what is no file of a sane size."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(error) from None
    if stat.S_ISDIR(status.st_mode):
        raise Undecodable("is-directory" if path.suffix == ".json" else "unreadable")
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without an end
        raise Undecodable("unreadable", reason="not a regular file")
    if status.st_size > most:
        raise Undecodable("too-large", value=status.st_size, limit=most)
    return status


def content_of(path: Path) -> bytes:
    """Return what is in the file at *path*; raise `Undecodable` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read()
    except OSError as error:
        raise _unreadable(error) from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file at *path*, however large; raise `Undecodable`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(error) from None


def is_measured(path: Path) -> bool:
    """Tell of rows and logs whether they hold what llama.cpp's programs print of a model's file.

    The first and the last of their bytes tell it: other logs may be of any size.
    """
    if ending_of(path.name) not in LOGS | ROWS:
        return False
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(_END)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _END))
            ends = head + file.read(_END)
    except OSError:
        return False
    return _MARKS.search(ends) is not None


def ending_of(name: str) -> str:
    """Return the ending of a file's *name*, with its dot, in small letters."""
    return PurePosixPath(name).suffix.lower()


def _below(folder: Path, way: str) -> Iterator[File]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError:
        yield File(way or ".", folder)
        return
    for entry in entries:
        if entry.name.startswith(".") and entry.name != _DOTTED:
            continue
        name = way + os.fsencode(entry.name).decode("utf-8", "replace")
        if entry.name.endswith(".json"):
            yield File(name, folder / entry.name)
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(folder / entry.name, f"{name}/")
        elif not entry.is_dir():
            yield File(name, folder / entry.name)


def _unreadable(error: OSError) -> Undecodable:
    # The system's message would be in the language of whoever runs this.
    return Undecodable("unreadable", reason=errno.errorcode.get(error.errno or 0, "unknown"))
