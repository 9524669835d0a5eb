"""Pages and pictures of the last build: those that would be made the same need not be made."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct


class Mark(NamedTuple):
    """A written page or picture: the digest of what it was made from, and its file as left."""

    made_of: bytes
    size: int
    time: int
    number: int


class _Record(Struct, kw_only=True, array_like=True):
    made_by: bytes
    """Digest of what made all of them: code, templates, words, settings, the frame."""
    pages: dict[str, Mark]


class Kept:
    """Pages and pictures of one language in *folder*, as far as a file of marks tells of them.

    A page is taken over where it would be made from the same again, and its file is as it was
    written. Nothing here is ever needed: without it every page is made.
    """

    def __init__(self, folder: Path = Path(), pages: Mapping[str, Mark] | None = None) -> None:
        self._folder, self._pages = str(folder), pages or {}
        self.made_by = b""
        self.found: dict[str, Mark] = {}
        """Every page of this build that follows from what is known."""

    @classmethod
    def read(cls, file: Path, folder: Path, made_by: bytes) -> "Kept":
        """Return the pages in *folder* of which *file* tells, where *made_by* makes them now."""
        record = _read(file)
        kept = cls(folder, record.pages if record and record.made_by == made_by else None)
        kept.made_by = made_by
        return kept

    def holds(self, path: str, made_of: bytes | None) -> bool:
        """Tell whether the page at *path* is there as it follows from what has that digest."""
        mark = self._pages.get(path)
        if mark is None or mark.made_of != made_of:
            return False
        try:
            return mark == _mark(made_of, os.lstat(self.file(path)))
        except OSError:
            return False

    def take(self, path: str, target: Path) -> None:
        """Put the page at *path* to *target* as it is."""
        if link(self.file(path), target):
            self.found[path] = self._pages[path]
        else:
            self.note(path, self._pages[path].made_of, target)

    def note(self, path: str, made_of: bytes, file: Path) -> None:
        """Remember that the page at *path*, just written to *file*, follows from *made_of*."""
        self.found[path] = _mark(made_of, file.stat())

    def save(self, file: Path) -> None:
        """Write what is known of this build's pages."""
        file.write_bytes(msgspec.msgpack.encode(_Record(made_by=self.made_by, pages=self.found)))

    def file(self, path: str) -> str:
        """Return where the page or file at *path* was left."""
        return f"{self._folder}/{path}{'index.html' if path.endswith('/') else ''}"


def link(source: str | Path, target: Path) -> bool:
    """Put the file *source* to *target* as well; tell whether the disk allows that both are one."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except FileNotFoundError:
        target.parent.mkdir(parents=True)
        return link(source, target)
    except OSError:  # neither on every file system, nor without end
        shutil.copy2(source, target)
        return False
    return True


def _mark(made_of: bytes, status: os.stat_result) -> Mark:
    return Mark(made_of, status.st_size, status.st_mtime_ns, status.st_ino)


def _read(file: Path) -> _Record | None:
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError, UnicodeError):
        return None
