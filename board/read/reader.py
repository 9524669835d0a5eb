"""Result files, read: a folder in, a reading for each file out, each file once."""

import hashlib
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import force_setattr, replace

from ...eval.errors import RecordError, plural
from ...eval.records import Result
from ..model import Reading
from ..words.findings import READING, Finding
from ..workers import collector_paused, each, processors
from ..workspace.tables import TableMapping
from .cache import Cache, open_cache
from .decoding.files import (
    MOST_BESIDE,
    READ,
    ROWS,
    File,
    content_of,
    ending_of,
    files,
    is_measured,
    sha256_of,
    status_of,
)
from .decoding.json_object import Undecodable, finding
from .interpretation import interpret, summarise

if TYPE_CHECKING:
    from .importing import Opened

_TUPLES = ("tasks", "steps_per_task")
_MOST = 250_000
"""Scores with four decimals have fewer sums than this; others are too many to be held twice."""


class Sharing:
    """Replaces what a fresh reading holds by the equal thing that an earlier one holds."""

    def __init__(self) -> None:
        self._tuples: dict[tuple[object, ...], tuple[object, ...]] = {}
        self._numbers: dict[int, int] = {}

    def share(self, reading: Reading) -> Reading:
        """Return *reading* itself, which nobody else may hold yet."""
        for part in reading.parts:
            self.share(part)
        facts, shared = reading.facts, self._numbers.setdefault
        if facts is None:
            return reading
        for name in _TUPLES:
            own = getattr(facts, name)
            force_setattr(facts, name, self._tuples.setdefault(own, own))
        if len(self._numbers) < _MOST:
            sums = {name: tuple(map(shared, own, own)) for name, own in facts.sums.items()}
            force_setattr(facts, "sums", sums)
        return reading


Progress = Callable[[int, int], None]

WORTHWHILE = 128 * 2**20
"""Bytes from which on other processes save more time than their start takes."""
_LARGE = 16 * 2**10
"""Bytes of a file that is read in more time than its reading takes from process to process."""

_SAVED_EVERY = 256
_DECODER = msgspec.msgpack.Decoder(Reading)


def read_results(
    folder: Path,
    *,
    cache: Path | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    workers: int | None = 1,
    tables: Sequence[TableMapping] = (),
) -> tuple[Reading, ...]:
    """Return a reading of every file below *folder*, in the order of their names.

    What was read along with another file has no reading of its own. Names that begin with a dot and
    links to folders are passed over, and nothing is ever changed.
    *cache* is the path of a database of earlier readings; it makes this read only what is new.
    *progress* is told the number of files done and of all files. With
    *strict*, raises `RecordError` naming every file that is broken, after all were read.
    A folder of which nothing is cached can be read by several *workers*; `None` starts as many as
    pay for it. They are processes, so a script that asks for them needs a guarded `__main__`.
    *tables* say how tables of the workspace's own are read.
    """
    found = list(files(folder))
    readings, sharing = [], Sharing()
    with open_cache(cache) as kept, collector_paused():
        for number, reading in enumerate(_readings(found, kept, workers, tables), start=1):
            readings.append(sharing.share(reading))
            if number % _SAVED_EVERY == 0:
                kept.save()
            if progress is not None:
                progress(number, len(found))
    readings = _without_companions(readings)
    if strict and (broken := problems(readings)):
        raise RecordError(
            f"{plural(len(broken), 'problem')} in "
            f"{plural(len({one.file for one in broken}), 'file')}",
            file=str(folder),
            remedy="\n".join(_line(one) for one in broken),
        )
    return tuple(readings)


def read_file(
    path: Path, *, name: str | None = None, tables: Sequence[TableMapping] = ()
) -> Reading:
    """Return the reading of one file, called *name* in its findings."""
    return _read(File(name or path.name, path), Cache(None), tables, place=_place(path))


def read_content(data: bytes, name: str) -> Reading:
    """Return the reading of a file called *name* that holds *data*, and open no other file.

    Of another program's file it says only what it is.
    """
    return _named(summarise(data), name, hashlib.sha256(data).hexdigest())


def read_whole(
    path: Path, part: str | None = None, *, tables: Sequence[TableMapping] = ()
) -> tuple[Reading, Result | None]:
    """Return the reading of one file without its facts, and its result with all steps.

    *part* says which of the results of another program's file is meant.
    """
    try:
        status_of(path)
        data = content_of(path)
    except Undecodable as error:
        return _refused(error.finding, path.name), None
    found = interpret(data)
    sha256 = hashlib.sha256(data).hexdigest()
    kept = Reading(
        file="",
        sha256="",
        kind=found.kind,
        shape=found.shape,
        result=found.result,
        findings=found.findings,
    )
    if found.kind == "import" and part is not None:
        opened = _open(File(path.name, path), _place(path), found.shape, sha256, Cache(None))
        from .importing import steps_of

        inside = steps_of(opened, data, part, tables=tables) if opened else None
        return _named(kept, path.name, sha256), inside and replace(
            inside[0], steps=tuple(inside[1])
        )
    result = replace(found.result, steps=tuple(found.rows)) if found.result is not None else None
    return _named(kept, path.name, sha256), result


def weight_of(path: Path, beside: Iterable[str] = ()) -> int:
    """Return the bytes of the file at *path* and of those *beside* it; 0 for what is not there."""
    sizes = []
    for one in (path, *(path.parent / name for name in beside)):
        try:
            sizes.append(one.stat().st_size)
        except OSError:
            sizes.append(0)
    return sum(sizes)


def problems(readings: Iterable[Reading]) -> tuple[Finding, ...]:
    """Return the findings that keep files from being used, in the order of *readings*."""
    return tuple(
        one
        for read in readings
        for one in read.findings
        if one.severity == "error" and one.code in READING
    )


def _readings(
    found: Sequence[File], kept: Cache, workers: int | None, tables: Sequence[TableMapping]
) -> Iterator[Reading]:
    """Yield the reading of each file, from what is kept or by as many processes as it takes."""
    if kept.is_empty:
        marks = [_status(file) for file in found]
        size = sum(mark.st_size for mark in marks if mark is not None)
        if workers is None:
            large = size >= max(WORTHWHILE, _LARGE * len(found))
            workers = processors() if large else 1
        if workers > 1:
            packed = each(partial(_packed, tables=tables), found, workers=workers)
            for file, mark, body in zip(found, marks, packed, strict=True):
                yield _unpacked(file, mark, body, kept, tables)
            return
    for file in found:
        yield _read(file, kept, tables)


def _read(
    file: File, kept: Cache, tables: Sequence[TableMapping], place: PurePosixPath | None = None
) -> Reading:
    whole = file.name.endswith((".json", "/")) or file.name == "."
    if whole or ending_of(file.name) in READ or is_measured(file.path):
        try:
            return _read_content(file, kept, tables, place or PurePosixPath(file.name))
        except Undecodable as error:
            return _refused(error.finding, file.name)
    ending = ending_of(file.name)
    if ending in ROWS:
        return _refused(finding("rows-alone", ending=ending), file.name)
    other = finding("other-file", ending=ending or file.name)
    return _named(Reading(file="", sha256="", kind="other", findings=(other,)), file.name, "")


def _read_content(
    file: File, kept: Cache, tables: Sequence[TableMapping], place: PurePosixPath
) -> Reading:
    status = status_of(file.path)
    sha256, data = kept.sha256(file.name, status), None
    if sha256 is None:
        data = content_of(file.path)
        sha256 = hashlib.sha256(data).hexdigest()
        kept.remember(file.name, status, sha256)
    found = kept.get(sha256)
    if found is None:
        data = content_of(file.path) if data is None else data
        found = summarise(data)
        kept.put(sha256, found)
    opened = _open(file, place, found.shape, sha256, kept) if found.kind == "import" else None
    if opened is not None:
        # What a foreign file says follows from its place and the files beside it as well.
        identity = opened.identity(tables)
        inside = kept.get(identity)
        if inside is None:
            from .importing import imported

            data = content_of(file.path) if data is None else data
            inside = imported(opened, data, tables=tables)
            kept.put(identity, inside)
        found = inside
    return _named(found, file.name, sha256)


def _open(
    file: File, place: PurePosixPath, name: str | None, sha256: str, kept: Cache
) -> "Opened | None":
    """Return a foreign file with the files beside it, each known by its hash."""
    from .importing import Opened, companions, format_named  # the many formats of other programs

    found = format_named(name)
    if found is None:
        return None
    beside = companions(file.path, found)
    hashes = {}
    for where, path in beside.items():
        status = status_of(path, MOST_BESIDE)
        full = _beside(file.name, where)
        known = kept.sha256(full, status)
        if known is None:
            known = sha256_of(path)
            kept.remember(full, status, known)
        hashes[where] = known
    return Opened(file.path, place, found, sha256, beside, hashes)


def _beside(name: str, where: str) -> str:
    """Return the name below the results of what lies at *where*, seen from the file *name*."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), where))


def _place(path: Path) -> PurePosixPath:
    """Return the place of a file of which nobody says where the folder of results begins."""
    return PurePosixPath(*path.absolute().parts[-8:])


def _without_companions(readings: Sequence[Reading]) -> list[Reading]:
    """Return *readings* without those of files that were read along with others."""
    along = {_beside(one.file, where) for one in readings for where in one.beside}
    return [one for one in readings if one.file not in along] if along else list(readings)


def _packed(file: File, tables: Sequence[TableMapping]) -> bytes:
    """Return the reading of *file* as it travels from one process to another."""
    try:
        return msgspec.msgpack.encode(_read(file, Cache(None), tables))
    except OverflowError:  # integers beyond 64 bits
        return b""


def _unpacked(
    file: File,
    mark: os.stat_result | None,
    body: bytes,
    kept: Cache,
    tables: Sequence[TableMapping],
) -> Reading:
    """Return the reading in *body*, and keep it; *mark* is from before the file was read."""
    if not body:
        return _read(file, kept, tables)
    reading = _DECODER.decode(body)
    if mark is not None and reading.sha256:
        kept.remember(file.name, mark, reading.sha256)
        if reading.kind == "import":
            kept.put(reading.identity, reading)
            reading_ = replace(reading, parts=(), findings=(), beside={}, made_from="")
            kept.put(reading.sha256, reading_)
        else:
            kept.put(reading.sha256, reading)
    return reading


def _status(file: File) -> os.stat_result | None:
    try:
        return status_of(file.path)
    except Undecodable:
        return None


def _refused(finding: Finding, name: str) -> Reading:
    return _named(Reading(file="", sha256="", kind="refused", findings=(finding,)), name, "")


def _named(found: Reading, name: str, sha256: str) -> Reading:
    """Return *found* with the name and hash of its file, in its findings and parts too."""
    findings = tuple(replace(one, file=name, sha256=sha256 or None) for one in found.findings)
    parts = tuple(_named(part, name, sha256) for part in found.parts)
    return replace(found, file=name, sha256=sha256, findings=findings, parts=parts)


def _line(finding: Finding) -> str:
    told = ", ".join(f"{name}={value}" for name, value in finding.values.items())
    place = ": ".join(part for part in (finding.file, finding.key) if part)
    return f"{place}: {finding.code}" + (f" ({told})" if told else "")
