"""A replay suite: rows of prompts with their references, read from a file or a Hub dataset."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from .. import records
from ..errors import CardboardError, UsageError
from .fingerprints import fingerprint, keys_sha256

PACKAGED = Path(__file__).parent / "data"
"""Suites that come with the package, each in a folder of its name."""

MAX_PROBLEMS = 50
"""Bad rows that an error names one by one."""


class Message(Struct, frozen=True, kw_only=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class Command(Struct, frozen=True, kw_only=True):
    """What a reference types, and the seconds that it waits afterwards."""

    keystrokes: str = ""
    duration: Annotated[float, Meta(ge=0.0)] | None = None


class Row(Struct, frozen=True, kw_only=True):
    """One step: the conversation up to it, and the reference answer."""

    task_id: Annotated[str, Meta(min_length=1, max_length=1000)]
    sample_idx: records.Count | None = None
    step_idx: records.Count
    total_steps: Annotated[int, Meta(ge=1)]
    is_final_step: bool
    source: str = ""
    source_group: str = ""
    prompt: str | None = None
    """The conversation as one text, for suites that have no *messages*."""
    messages: tuple[Message, ...] = ()
    """The conversation; it ends before the reference's turn."""
    ref_raw: str
    ref_analysis: str = ""
    ref_plan: str = ""
    ref_task_complete: bool
    ref_commands: tuple[Command, ...] = ()
    ref_command_units: tuple[str, ...]
    ref_parse_ok: bool = True
    suite: str | None = None
    suite_version: str | None = None

    @property
    def key(self) -> tuple[str, int | None, int]:
        """Return the step's id: task, sample, step."""
        return self.task_id, self.sample_idx, self.step_idx


class Suite(Struct, frozen=True, kw_only=True):
    """A fixed set of steps, task by task."""

    name: str
    version: str | None = None
    rows: tuple[Row, ...]

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 over step ids and references."""
        return fingerprint((*row.key, row.ref_command_units) for row in self.rows)

    @property
    def keys_sha256(self) -> str:
        """Return the SHA-256 over the step ids."""
        return keys_sha256(row.key for row in self.rows)

    @property
    def tasks(self) -> int:
        """Return the number of tasks."""
        return len({row.task_id for row in self.rows})

    @property
    def source_groups(self) -> dict[str, int]:
        """Return the number of steps of each source group, by name."""
        return dict(sorted(Counter(row.source_group for row in self.rows).items()))

    @property
    def record(self) -> records.Suite:
        """Return what a result file says of the suite."""
        return records.Suite(
            name=self.name,
            version=self.version,
            fingerprint=self.fingerprint,
            steps=len(self.rows),
            tasks=self.tasks,
        )


class SuiteError(CardboardError):
    """A suite has rows that cannot be used; *problems* says one thing about each of them."""

    def __init__(self, file: str, rows: int, problems: list[str]) -> None:
        self.problems = tuple(problems)
        shown = problems[:MAX_PROBLEMS]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        what = f"{len(problems)} of {rows} rows cannot be used\n" + "\n".join(shown)
        super().__init__(what, file=file, remedy="Correct these rows or leave them out.")


def read(
    text: bytes,
    file: str,
    *,
    name: str | None = None,
    version: str | None = None,
    empty_references: bool = False,
) -> Suite:
    """Read the rows of *text*: JSON lines, or one JSON array; *file* names it in messages.

    Name and version are what the rows say; where they say nothing, the arguments, and at last the
    file's name. References without a command are refused unless *empty_references*.
    Raises SuiteError with one problem for each bad row, UsageError where rows and arguments differ.
    """
    rows: list[Row] = []
    problems: list[str] = []
    places: dict[tuple[str, int | None, int], str] = {}
    for place, raw in _raws(text, file):
        try:
            row = msgspec.json.decode(raw, type=Row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.append(f"{place}: {_reason(error)}")
            continue
        if fault := _fault(row, empty_references) or _repeated(row, places):
            problems.append(f"{place}: {fault}")
            continue
        places[row.key] = place
        rows.append(row)
    if problems or not rows:
        raise SuiteError(file, len(rows) + len(problems), problems or ["it holds no row"])
    said = _said("name", name, (row.suite for row in rows), file)
    return Suite(
        name=said or Path(file).name.split(".")[0],
        version=_said("version", version, (row.suite_version for row in rows), file),
        rows=tuple(rows),
    )


def encode(rows: Iterable[Row]) -> bytes:
    """Return *rows* as JSON lines."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _raws(text: bytes, file: str) -> list[tuple[str, bytes]]:
    """Return each row's JSON with its place, as `file:line` or, in an array, as `file[index]`."""
    text = text.removeprefix(b"\xef\xbb\xbf")
    if text.lstrip()[:1] != b"[":
        lines = enumerate(text.split(b"\n"), start=1)
        return [(f"{file}:{number}", line) for number, line in lines if line.strip()]
    try:
        members = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise SuiteError(file, 1, [f"{file}: {_reason(error)}"]) from error
    return [(f"{file}[{index}]", bytes(member)) for index, member in enumerate(members)]


def _reason(error: Exception) -> str:
    """Return `key: what is wrong` of a row that does not have the shape."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    what, _, path = str(error).partition(" - at `$")
    return f"{path.strip('.`')}: {what}" if path.strip(".`") else what


def _fault(row: Row, empty_references: bool) -> str | None:
    """Return `key: what is wrong` where a row of the right shape still cannot be used."""
    if not row.messages and not row.prompt:
        return "messages: there is neither a conversation nor a prompt"
    if row.messages and row.messages[-1].role in ("assistant", "system"):
        return f"messages: the last turn is of the {row.messages[-1].role}: nothing to answer"
    if row.step_idx >= row.total_steps:
        return f"step_idx: {row.step_idx} is not below total_steps, which is {row.total_steps}"
    if not row.ref_command_units and not empty_references:
        return "ref_command_units: the reference has no command"
    return None


def _repeated(row: Row, places: dict[tuple[str, int | None, int], str]) -> str | None:
    place = places.get(row.key)
    return f"step_idx: the same task, sample and step as {place}" if place else None


def _said(what: str, given: str | None, by_rows: Iterable[str | None], file: str) -> str | None:
    """Return what all rows say, or else what was given."""
    said = sorted({word for word in by_rows if word is not None})
    if len(said) > 1:
        raise UsageError(f"the rows say {' and '.join(said[:3])}", file=file, key=what)
    if said and given is not None and given != said[0]:
        raise UsageError(
            f"the rows say {said[0]}, not {given}", file=file, key=what, remedy="Leave it out."
        )
    return said[0] if said else given
