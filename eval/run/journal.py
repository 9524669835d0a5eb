"""The journal of a run: each answer is appended as it comes, so that a killed run loses nothing."""

import fcntl
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import IO

import msgspec
from msgspec import Struct

from ..engine import Answer
from ..errors import CardboardError, RecordError, UsageError
from .heading import Head, continued

FSYNC_ANSWERS = 32
FSYNC_SECONDS = 5.0


class Session(Struct, frozen=True, kw_only=True, tag_field="line", tag="session"):
    """One process that worked on the run."""

    started_at: str
    load_seconds: float | None = None
    batch_size: int | None = None


class Answered(Struct, frozen=True, kw_only=True, tag_field="line", tag="answer"):
    """One answer, and the seconds since its session began to ask."""

    answer: Answer
    seconds: float


Line = Head | Session | Answered


class Contents(Struct, frozen=True, kw_only=True):
    """What a journal holds."""

    head: Head
    answers: dict[str, Answer] = {}
    """The last answer to each key, failed calls included."""
    generate_seconds: float = 0.0
    """The sum over all sessions, each up to its last answer."""
    batch_sizes: tuple[int | None, ...] = ()
    """Of the sessions, in their order."""
    damaged: tuple[int, ...] = ()
    """Numbers, from 1, of lines that are not as they were written."""


class Journal:
    """A journal that is open for appending, by this process alone."""

    def __init__(self, path: Path, head: Head, session: Session) -> None:
        """Continue the journal at *path*, or begin it with *head*.

        Raises UsageError where another process writes it, or where it is of a run that differs,
        CardboardError here and later where the disk does not take it.
        """
        self._path = path
        with _on_disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
        try:
            _lock(self._file, path)
            _cut_torn_line(path)
            self.contents = read(path) if path.stat().st_size else None
            self.head = head
            """Of the run, all its sessions included."""
            self.told: tuple[str, ...] = ()
            """What to tell of going on with the run."""
            if self.contents is None:
                self._write(head)
            else:
                self.head, self.told = _gone_on(self.contents, head, path.name)
            self._write(session)
        except BaseException:
            self._file.close()
            raise
        self._pending, self._synced = 0, monotonic()

    def __enter__(self) -> "Journal":
        """Return the journal."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Close the journal, all of it on the disk."""
        with _on_disk(self._path):
            try:
                os.fsync(self._file.fileno())
            finally:
                self._file.close()

    @property
    def done(self) -> dict[str, Answer]:
        """Return what need not be asked again: the answers of earlier sessions that are answers."""
        answers = self.contents.answers if self.contents else {}
        return {key: answer for key, answer in answers.items() if answer.text is not None}

    @property
    def generate_seconds(self) -> float:
        """Return the seconds that earlier sessions spent on answers."""
        return self.contents.generate_seconds if self.contents else 0.0

    def add(self, answer: Answer, seconds: float) -> None:
        """Append *answer*; a killed process loses none, a killed machine those of some seconds."""
        self._write(Answered(answer=answer, seconds=round(seconds, 3)))
        self._pending += 1
        if self._pending >= FSYNC_ANSWERS or monotonic() - self._synced > FSYNC_SECONDS:
            with _on_disk(self._path):
                os.fsync(self._file.fileno())
            self._pending, self._synced = 0, monotonic()

    def _write(self, line: Line) -> None:
        with _on_disk(self._path):
            self._file.write(_encoded(line))
            self._file.flush()


def discard(path: Path) -> None:
    """Remove the journal at *path*, if there is one.

    Raises UsageError where another process writes it.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        _lock(file, path)
        path.unlink()


def started_at(path: Path) -> str | None:
    """Return when the run of the journal at *path* began; `None` where none has."""
    try:
        with path.open("rb") as file:
            head = _decoded(file.readline())
    except OSError:
        return None
    return head.started_at if isinstance(head, Head) else None


def read(path: Path) -> Contents:
    """Read a journal; a damaged line is passed over, and what it answered is asked again.

    Raises RecordError where the file does not begin as a journal does.
    """
    # What stands after the last line end is a line that a crash left torn.
    first, *lines = path.read_bytes().split(b"\n")[:-1] or [b""]
    head = _decoded(first)
    if not isinstance(head, Head):
        raise RecordError(
            "is not a journal of this version of cardboard, or its first line is damaged",
            file=path.name,
            remedy="Begin anew with --restart.",
        )
    summed = _SUM.search(first) is not None
    answers: dict[str, Answer] = {}
    spent, sizes, damaged = [0.0], list[int | None](), list[int]()
    for number, text in enumerate(lines, start=2):
        line = _decoded(text, summed)
        if isinstance(line, Session):
            spent.append(0.0)
            sizes.append(line.batch_size)
        elif isinstance(line, Answered):
            answers[line.answer.key] = line.answer
            spent[-1] = line.seconds
        else:
            damaged.append(number)
    return Contents(
        head=head,
        answers=answers,
        generate_seconds=round(sum(spent), 3),
        batch_sizes=tuple(sizes),
        damaged=tuple(damaged),
    )


def _gone_on(contents: Contents, head: Head, file: str) -> tuple[Head, tuple[str, ...]]:
    """Return the head of the run that goes on with *contents*, and what to tell of it."""
    head, told = continued(contents.head, head, contents.batch_sizes, file)
    if contents.damaged:
        lines = ", ".join(map(str, contents.damaged[:_NAMED]))
        more = len(contents.damaged) - _NAMED
        lines += f" and {more} more" if more > 0 else ""
        told = (f"{file}: damaged lines, which are asked again: {lines}", *told)
    return head, told


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError("another process is working on this run", file=path.name) from error


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    """Turn what a disk refuses into one sentence."""
    try:
        yield
    except OSError as error:
        raise CardboardError(
            f"cannot be written: {error.strerror or error}",
            file=str(path),
            remedy="What was answered before is kept. Once there is room, go on with --resume.",
        ) from error


_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


_SUM = re.compile(rb',"crc32":"([0-9a-f]{8})"\}$')
_NAMED = 10


def _encoded(line: Line) -> bytes:
    """Return *line* as JSON, whose last key is the CRC-32 of the line without that key."""
    text = msgspec.json.encode(line)
    return b'%b,"crc32":"%08x"}\n' % (text[:-1], zlib.crc32(text))


def _decoded(line: bytes, summed: bool = False) -> Line | None:
    """Return what *line* holds; `None` where it is not as it was written.

    Journals of older versions have no sums; where one is *summed*, each of its lines is.
    """
    found = _SUM.search(line)
    if found is None and summed:
        return None
    if found and zlib.crc32(line[: found.start()] + b"}") != int(found[1], 16):
        return None
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _cut_torn_line(path: Path) -> None:
    """Take off what stands after the last line end, so that the next line begins on its own."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
