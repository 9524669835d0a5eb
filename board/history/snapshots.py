"""Snapshots: what the boards said at a publish, kept as small JSON files under `history/`."""

import json
import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from ...eval.errors import RecordError, UsageError
from ...eval.records import Count, Sha256, instant
from ..model import Boards, Class
from .changes import Line, Place, lines

Label = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")]

_DATED = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?!\d)")
_DIGITS = re.compile(r"(\d+)")


class Listing(Struct, frozen=True, kw_only=True):
    """One board as it stood: every entry, ranked first."""

    suite: str
    """Name and version."""
    class_: Class = field(name="class")
    metric: str | None = None
    """What it is ranked by; `None` in snapshots that were taken before boards said so."""
    entries: tuple[Line, ...]


class Snapshot(Struct, frozen=True, kw_only=True, tag_field="kind", tag="snapshot"):
    """All boards as they stood."""

    version: Literal[1] = 1
    label: Label
    """Also the file's name, without `.json`."""
    date: Day
    files: Count
    """Files that were looked at."""
    sha256: Sha256
    """SHA-256 over their sorted hashes."""
    boards: tuple[Listing, ...]

    @property
    def lines(self) -> dict[Place, Line]:
        """Return the line of every entry."""
        return {
            Place(board.suite, board.class_, one.label): replace(one, metric=board.metric)
            for board in self.boards
            for one in board.entries
        }


def take(boards: Boards, label: str | None = None, day: str | None = None) -> Snapshot:
    """Return *boards* as a snapshot.

    Nothing asks a clock: *day* is given, or stands in the label (`2026-11`), or is the day (UTC)
    on which the newest result was finished; and that day is the label where none is given. Raises
    `UsageError` where none of them tells, and for a label that is no file name.
    """
    newest = newest_day(boards)
    label = label or day or newest
    day = day or _day_in(label or "") or newest
    if label is None or day is None:
        raise UsageError(
            "no result says when it was finished, so nothing dates a snapshot",
            remedy="Give it a label that is a date, such as --label 2026-11, or a --date.",
        )
    listings = tuple(
        _listed(suite, class_, [one for _, one in members])
        for (suite, class_), members in groupby(lines(boards).items(), key=lambda item: item[0][:2])
    )
    made = Snapshot(
        label=label, date=day, files=boards.files, sha256=boards.sha256, boards=listings
    )
    try:
        return msgspec.convert(msgspec.to_builtins(made), Snapshot)
    except msgspec.ValidationError as error:
        raise UsageError(
            "cannot be a snapshot",
            key=str(error).rpartition("$.")[2].strip("`"),
            remedy="A label holds letters, digits and `._-`; a date is written as 2026-11-20.",
        ) from None


def _listed(suite: str, class_: Class, members: list[Line]) -> Listing:
    entries = tuple(replace(one, metric=None) for one in members)
    return Listing(suite=suite, class_=class_, metric=members[0].metric, entries=entries)


def newest_day(boards: Boards) -> str | None:
    """Return the day (UTC) on which the newest result was finished; `None` where none says so."""
    stamps = [
        instant(reading.result.finished_at)
        for read in boards.readings
        for reading in read.results
        if reading.result is not None and reading.result.finished_at is not None
    ]
    return max(stamps).date().isoformat() if stamps else None


def _day_in(label: str) -> str | None:
    """Return the day that *label* begins with; the first of the month or year where it is short."""
    found = _DATED.match(label)
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def order(snapshot: Snapshot) -> tuple[str, list[str | int]]:
    """Return what snapshots are sorted by: their day, then their label, numbers as numbers."""
    parts: list[str | int] = list(_DIGITS.split(snapshot.label))
    parts[1::2] = [int(part) for part in parts[1::2]]
    return snapshot.date, parts


def encode(snapshot: Snapshot) -> bytes:
    """Return *snapshot* as JSON with one entry a line, so that a diff of two is readable."""
    head = msgspec.to_builtins(snapshot)
    boards = head.pop("boards")
    facts = "".join(f'  "{key}": {_json(value)},\n' for key, value in head.items())
    text = f'{{\n{facts}  "boards": {_list([_listing(board) for board in boards], 2)}\n}}\n'
    return text.encode("utf-8", "replace")


def _listing(board: dict[str, Any]) -> str:
    told = [key for key in ("suite", "class", "metric") if board[key] is not None]
    facts = "".join(f'      "{key}": {_json(board[key])},\n' for key in told)
    entries = _list([_json(entry) for entry in board["entries"]], 6)
    return f'{{\n{facts}      "entries": {entries}\n    }}'


def _list(members: list[str], indent: int) -> str:
    """Return a JSON list with one member a line, closed at *indent*."""
    if not members:
        return "[]"
    blank = " " * indent
    return f"[\n{blank}  " + f",\n{blank}  ".join(members) + f"\n{blank}]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_snapshots(folder: Path) -> Iterator[Snapshot]:
    """Yield every snapshot in *folder*, in the order of file names; none where there is none.

    Raises `RecordError` naming a file that is no snapshot.
    """
    for path in snapshot_files(folder):
        yield read_snapshot(path)


def snapshot_files(folder: Path) -> list[Path]:
    """Return the files in *folder* that must be snapshots, in the order of their names."""
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot in the file at *path*; raise `RecordError` where it holds none."""
    name = f"history/{path.name}"
    remedy = "Restore it from version control, or delete it: `cardboard snapshot` writes another."
    try:
        snapshot = msgspec.json.decode(path.read_bytes(), type=Snapshot)
    except OSError as error:
        raise RecordError(error.strerror or "cannot be read", file=name) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what, _, place = str(error).partition(" - at ")
        key = place.strip("`").removeprefix("$.")
        raise RecordError(what, file=name, key=key or None, remedy=remedy) from None
    if snapshot.label != path.stem:
        raise RecordError(
            f"has the label {snapshot.label!r}", file=name, key="label", remedy="Rename the file."
        )
    return snapshot
