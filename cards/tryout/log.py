"""What is kept of a try: a conversation to read, and lines of JSON that hold everything."""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock

import msgspec

from ...board.read.verdicts import Line
from ...board.words.catalogue import Words
from ...eval.errors import CardboardError
from ...eval.records import Scalar

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MOST_FILES = 1000


class Log:
    """Two files of one try, which only grow; nobody but their owner may read them."""

    def __init__(self, folder: Path, names: Sequence[str], now: datetime) -> None:
        """Begin both files in *folder*, called after the day and the models' *names*.

        Raises CardboardError where they cannot be written.
        """
        stem = "-".join((now.strftime("%Y-%m-%d"), *map(_safe, names)))[:150]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.lines = _fresh(folder, stem)
        except OSError as error:
            raise CardboardError(
                f"cannot be written: {error.strerror}", file=folder.name, key="--output"
            ) from error
        self.text = self.lines.with_suffix(".txt")
        self._lock = Lock()

    def add(self, line: Line, text: str = "") -> None:
        """Add *line*, and to the other file *text*, each whole; raises OSError."""
        with self._lock:
            _append(self.lines, msgspec.json.encode(line) + b"\n")
            if text:
                _append(self.text, _CONTROL.sub("\ufffd", text).encode("utf-8", "replace"))


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name.replace("/", "__")).strip("-.")[:60] or "model"


def _fresh(folder: Path, stem: str) -> Path:
    """Make a file that was not there, and return its path."""
    for number in range(1, _MOST_FILES):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}.jsonl"
        if path.with_suffix(".txt").exists():
            continue
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        return path
    raise CardboardError("has too many logs of this day", file=folder.name, key="--output")


def _append(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        os.write(handle, data)
    finally:
        os.close(handle)


def heading(words: Words, names: Sequence[tuple[str, str | None]], started_at: str) -> str:
    """Return how the conversation begins: when, and with whom by name and hash."""
    lines = [f"{words.text('try.title')}, {started_at}"]
    for name, sha256 in names:
        lines.append(
            f"{words.text('try.model')}: {name}" + (f" (SHA-256 {sha256})" if sha256 else "")
        )
    return "\n".join((*lines, "", ""))


def question(words: Words, number: int, text: str) -> str:
    """Return what was asked, as one reads it."""
    return f"\n[{number}] {words.text('try.you')}:\n{text}\n"


def answer(who: str, text: str | None, told: str, sent: Mapping[str, Scalar]) -> str:
    """Return what *who* said, with what is *told* of it and the settings that were *sent*."""
    settings = ", ".join(
        f"{name} {value}" for name, value in sent.items() if name in _TOLD and value is not None
    )
    return f"\n{who} ({'; '.join(filter(None, (told, settings)))}):\n{text or ''}\n"


_TOLD = ("seed", "temperature", "top_p", "max_tokens", "max_completion_tokens")
