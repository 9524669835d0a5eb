"""What lies in a folder of results, and what is in one of its files."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .json_object import Undecodable

MAX_BYTES = 256 * 2**20


class File(NamedTuple):
    """A file by its name below the folder, with `/`."""

    name: str
    path: Path


def files(folder: Path) -> Iterator[File]:
    """Yield what is called `*.json` below *folder*, in the order of names, whatever it is.

    Names that begin with a dot and links to folders are passed over; a folder that cannot be
    opened comes as if it were a file.
    """
    return _below(folder, "")


def status_of(path: Path) -> os.stat_result:
    """Return the status of *path*; raise `Undecodable` for what is no file of a sane size."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(error) from None
    if stat.S_ISDIR(status.st_mode):
        raise Undecodable("is-directory" if path.suffix == ".json" else "unreadable")
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without an end
        raise Undecodable("unreadable", reason="not a regular file")
    if status.st_size > MAX_BYTES:
        raise Undecodable("too-large", value=status.st_size, limit=MAX_BYTES)
    return status


def content_of(path: Path) -> bytes:
    """Return what is in the file at *path*; raise `Undecodable` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read()
    except OSError as error:
        raise _unreadable(error) from None


def _below(folder: Path, way: str) -> Iterator[File]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError:
        yield File(way or ".", folder)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        name = way + os.fsencode(entry.name).decode("utf-8", "replace")
        if entry.name.endswith(".json"):
            yield File(name, folder / entry.name)
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(folder / entry.name, f"{name}/")


def _unreadable(error: OSError) -> Undecodable:
    # The system's message would be in the language of whoever runs this.
    return Undecodable("unreadable", reason=errno.errorcode.get(error.errno or 0, "unknown"))
