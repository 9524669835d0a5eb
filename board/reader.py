"""The one place where result files are read: a folder in, a reading for each file out."""

import errno
import gc
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from ..eval.errors import RecordError
from ..eval.records import Result, Step
from .cache import Cache, open_cache
from .decoding import Undecodable
from .findings import READING, Finding
from .interpreting import interpret, summarise
from .model import Reading

Progress = Callable[[int, int], None]

MAX_BYTES = 256 * 2**20
_SAVED_EVERY = 256


def read_results(
    folder: Path,
    *,
    cache: Path | None = None,
    rescore: bool = True,
    strict: bool = False,
    progress: Progress | None = None,
) -> tuple[Reading, ...]:
    """Return a reading of every `*.json` below *folder*, in the order of their names.

    Names that begin with a dot and links to folders are passed over, and nothing is ever changed.
    *cache* is the path of a database of earlier readings; it makes this read only what is new.
    With *rescore*, scores are checked against stored command units, which takes most of the time
    and is kept in the cache. *progress* is told the number of files done and of all files. With
    *strict*, raises `RecordError` naming every file that is broken, after all were read.
    """
    files = list(_files(folder, ""))
    readings = []
    with open_cache(cache) as kept, _no_collector():
        for number, file in enumerate(files, start=1):
            readings.append(_read(file, kept, rescore=rescore))
            if number % _SAVED_EVERY == 0:
                kept.save()
            if progress is not None:
                progress(number, len(files))
    if strict and (broken := problems(readings)):
        raise RecordError(
            f"{len(broken)} problems in {len({one.file for one in broken})} files",
            file=str(folder),
            remedy="\n".join(_line(one) for one in broken),
        )
    return tuple(readings)


def read_file(path: Path, *, name: str | None = None, rescore: bool = True) -> Reading:
    """Return the reading of one file, called *name* in its findings."""
    return _read(_File(name or path.name, path), Cache(None), rescore=rescore)


def read_whole(path: Path) -> tuple[Reading, Result | None]:
    """Return the reading of one file without its facts, and its result with all steps."""
    try:
        _status(path)
        data = _bytes(path)
    except Undecodable as error:
        return _refused(error.finding, path.name), None
    found = interpret(data)
    kept = Reading(
        file="",
        sha256="",
        kind=found.kind,
        shape=found.shape,
        result=found.result,
        findings=found.findings,
    )
    steps = tuple(row for row in found.rows if isinstance(row, Step))
    result = replace(found.result, steps=steps) if found.result is not None else None
    return _named(kept, path.name, hashlib.sha256(data).hexdigest()), result


def problems(readings: Iterable[Reading]) -> tuple[Finding, ...]:
    """Return the findings that keep files from being used, in the order of *readings*."""
    return tuple(
        one
        for read in readings
        for one in read.findings
        if one.severity == "error" and one.code in READING
    )


@contextmanager
def _no_collector() -> Iterator[None]:
    """Pause the garbage collector: readings hold no cycles, and there are many of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _File(NamedTuple):
    """A file by its name below the folder."""

    name: str
    path: Path


def _files(folder: Path, below: str) -> Iterator[_File]:
    """Yield what is called `*.json` below *folder*, whatever it is, and folders without access."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError:
        yield _File(below or ".", folder)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        name = below + os.fsencode(entry.name).decode("utf-8", "replace")
        if entry.name.endswith(".json"):
            yield _File(name, folder / entry.name)
        elif entry.is_dir(follow_symlinks=False):
            yield from _files(folder / entry.name, f"{name}/")


def _read(file: _File, kept: Cache, *, rescore: bool) -> Reading:
    try:
        status = _status(file.path)
        sha256, data = kept.sha256(file.name, status), None
        if sha256 is None:
            data = _bytes(file.path)
            sha256 = hashlib.sha256(data).hexdigest()
            kept.remember(file.name, status, sha256)
        found = kept.get(sha256, rescored=rescore)
        if found is None:
            data = _bytes(file.path) if data is None else data
            found = summarise(data, rescore=rescore)
            kept.put(sha256, found, rescored=rescore)
    except Undecodable as error:
        return _refused(error.finding, file.name)
    return _named(found, file.name, sha256)


def _status(path: Path) -> os.stat_result:
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
        raise Undecodable("too-large", bytes=status.st_size, limit=MAX_BYTES)
    return status


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read()
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> Undecodable:
    # The system's message would be in the language of whoever runs this.
    return Undecodable("unreadable", reason=errno.errorcode.get(error.errno or 0, "unknown"))


def _refused(finding: Finding, name: str) -> Reading:
    return _named(Reading(file="", sha256="", kind="refused", findings=(finding,)), name, "")


def _named(found: Reading, name: str, sha256: str) -> Reading:
    """Return *found* with the name and hash of its file, in its findings too."""
    findings = tuple(replace(one, file=name, sha256=sha256 or None) for one in found.findings)
    return replace(found, file=name, sha256=sha256, findings=findings)


def _line(finding: Finding) -> str:
    told = ", ".join(f"{name}={value}" for name, value in finding.values.items())
    place = ": ".join(part for part in (finding.file, finding.key) if part)
    return f"{place}: {finding.code}" + (f" ({told})" if told else "")
