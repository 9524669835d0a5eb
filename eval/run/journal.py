"""The journal of a run: each answer is appended as it comes, so that a killed run loses nothing."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import IO, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .. import records
from ..engine import Answer
from ..errors import CardboardError, RecordError, UsageError
from ..identity import differing, identity_of

FSYNC_ANSWERS = 32
FSYNC_SECONDS = 5.0


class Head(Struct, frozen=True, kw_only=True, tag_field="line", tag="run"):
    """The first line: what was asked, of whom and how. All of a run's answers were given so."""

    journal: Literal[2] = 2
    model: records.Model
    suite: records.Suite
    protocol: records.Protocol
    prompts: records.Prompts
    prompts_sha256: str
    versions: dict[str, str]
    shard: tuple[int, int] | None = None
    started_at: str


class Session(Struct, frozen=True, kw_only=True, tag_field="line", tag="session"):
    """One process that worked on the run."""

    started_at: str
    load_seconds: float | None = None


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
            if self.contents is None:
                self._write(head)
            else:
                _same_run(self.contents.head, head, path)
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
            self._file.write(msgspec.json.encode(line) + b"\n")
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
    """Read a journal; a line that a crash left torn is passed over, and its step asked again.

    Raises RecordError where the file does not begin as a journal does.
    """
    lines = path.read_bytes().split(b"\n")
    head = _decoded(lines[0])
    if not isinstance(head, Head):
        raise RecordError(
            "is not a journal of this version of cardboard",
            file=path.name,
            remedy="Begin anew with --restart.",
        )
    answers: dict[str, Answer] = {}
    spent = [0.0]
    for line in map(_decoded, lines[1:]):
        if isinstance(line, Session):
            spent.append(0.0)
        elif isinstance(line, Answered):
            answers[line.answer.key] = line.answer
            spent[-1] = line.seconds
    return Contents(head=head, answers=answers, generate_seconds=round(sum(spent), 3))


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


def _decoded(line: bytes) -> Line | None:
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


def _same_run(old: Head, new: Head, path: Path) -> None:
    """Raise UsageError, naming the setting, where *new* would answer otherwise than *old* did."""
    if parts := differing(identity_of(old.model), identity_of(new.model)):
        told = [
            ", ".join(f"{part} {getattr(identity_of(head.model), part)}" for part in parts)
            for head in (old, new)
        ]
        raise UsageError(
            f"the run began with another model: {told[0]}, not {told[1]}",
            file=path.name,
            key=f"model.{parts[0]}",
            remedy="Resume it with the model that it began with, or begin anew with --restart.",
        )
    for name in ("suite", "protocol", "prompts", "prompts_sha256", "versions", "shard"):
        was, now = (_compared(getattr(head, name)) for head in (old, new))
        if was == now:
            continue
        key = name
        if isinstance(was, dict) and isinstance(now, dict):
            inner = next(k for k in sorted({*was, *now}) if was.get(k) != now.get(k))
            key, was, now = f"{name}.{inner}", was.get(inner), now.get(inner)
        raise UsageError(
            f"the run began with {was!r}, not with {now!r}",
            file=path.name,
            key=key,
            remedy="Resume it with the settings that it began with, or begin anew with --restart.",
        )


def _compared(setting: object) -> object:
    """Return *setting* without the versions that no answer depends on."""
    if isinstance(setting, records.Protocol):
        setting = replace(setting, harness=None)
    if not isinstance(setting, dict):
        return msgspec.to_builtins(setting)
    return {name: value for name, value in setting.items() if name not in ("cardboard", "python")}
