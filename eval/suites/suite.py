"""A suite: rows of prompts with their references, read from the text of a file."""

import codecs
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from .. import records
from ..errors import CardboardError, UsageError, meant
from .fingerprints import fingerprint, keys_sha256, prompts_sha256, with_prompts
from .kinds.kind import Kind, Row
from .kinds.registry import DEFAULT, KINDS, kind_of
from .mistakes import mistake

PACKAGED = Path(__file__).parent / "data"
"""Suites that come with the package, each in a folder of its name."""

_ONE = "Correct this row or leave it out."
_NONE = "Put one JSON object a line into it, as `cardboard suite build` writes them."
TITLES = "titles.toml"
"""The file of a packaged suite that says what its tasks are called, by language."""

MAX_PROBLEMS = 50
"""Bad rows that an error names one by one."""


class _Named(Struct):
    """What a row may say of the suite that it is of, whatever its kind."""

    suite: str | None = None
    suite_kind: str | None = None
    suite_version: str | None = None


class Suite(Struct, frozen=True, kw_only=True):
    """A fixed set of steps, task by task."""

    name: str
    version: str | None = None
    kind: str = DEFAULT
    """How it is asked and scored, by the name in the registry of kinds."""
    rows: tuple[Row, ...]

    @property
    def of_kind(self) -> Kind:
        """Return its kind."""
        return kind_of(self.kind)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 over step ids, references and what is asked."""
        return with_prompts(self.references_sha256, self.prompts_sha256)

    @property
    def references_sha256(self) -> str:
        """Return the SHA-256 over step ids and references: a fingerprint of version 1."""
        identity = self.of_kind.identity
        return fingerprint((*row.key, identity(row.reference)) for row in self.rows)

    @property
    def prompts_sha256(self) -> str:
        """Return the SHA-256 over step ids and what is asked: all turns, and the tools."""
        return prompts_sha256((row.key, row.conversation, row.tools) for row in self.rows)

    @property
    def keys_sha256(self) -> str:
        """Return the SHA-256 over the step ids."""
        return keys_sha256(row.key for row in self.rows)

    @property
    def tasks(self) -> int:
        """Return the number of tasks."""
        return len({row.task_id for row in self.rows})

    @property
    def divisions(self) -> dict[str, dict[str, int]]:
        """Return the number of steps of each group, by division; a step of no group is of `""`."""
        kind = self.of_kind
        groups = [row.groups for row in self.rows]
        named = dict.fromkeys((*kind.divisions, *(name for one in groups for name in one)))
        return {name: _counted(kind, (one.get(name, "") for one in groups)) for name in named}

    @property
    def record(self) -> records.Suite:
        """Return what a result file says of the suite."""
        return records.Suite(
            name=self.name,
            version=self.version,
            kind=self.kind,
            fingerprint=self.fingerprint,
            prompts_sha256=self.prompts_sha256,
            steps=len(self.rows),
            tasks=self.tasks,
        )


def _counted(kind: Kind, groups: Iterable[str]) -> dict[str, int]:
    """Return how often each of *groups* is there, in the order of the kind and then by name."""
    counts = Counter(groups)
    order = (*kind.groups, *sorted({*counts} - {*kind.groups}))
    return {name: counts[name] for name in order if counts[name]}


class SuiteError(CardboardError):
    """A suite has rows that cannot be used; *problems* says one thing about each of them."""

    def __init__(self, file: str, rows: int, problems: list[str]) -> None:
        self.problems = tuple(problems)
        if len(problems) == 1:
            place, what = file, problems[0]
            if what.startswith(f"{file}:") or what.startswith(f"{file}["):
                place, _, what = what.partition(": ")
            super().__init__(what, file=place, remedy=_ONE if rows else _NONE)
            return
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
    file's name. Empty references are refused unless *empty_references*.
    Raises SuiteError with one problem for each bad row, UsageError where rows and arguments differ.
    """
    rows: list[Row] = []
    problems: list[str] = []
    places: dict[tuple[str, int | None, int], str] = {}
    said: list[_Named] = []
    for place, raw in _raws(text, file):
        kind = KINDS[DEFAULT]
        try:
            told = msgspec.json.decode(raw, type=_Named)
            kind = _asked(told.suite_kind, place)
            row = msgspec.json.decode(raw, type=kind.row or Row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.append(f"{place}: {_reason(error, raw, kind.row or Row)}")
            continue
        if fault := _fault(row, kind, empty_references) or _repeated(row, places):
            problems.append(f"{place}: {fault}")
            continue
        places[row.key] = place
        rows.append(row)
        said.append(told)
    if problems or not rows:
        raise SuiteError(file, len(rows) + len(problems), problems or ["holds no row"])
    kind_said = _said("suite_kind", None, (told.suite_kind or DEFAULT for told in said), file)
    known = _said("name", name, (told.suite for told in said), file)
    return Suite(
        name=known or Path(file).name.split(".")[0],
        version=_said("version", version, (told.suite_version for told in said), file),
        kind=kind_said or DEFAULT,
        rows=tuple(rows),
    )


def _asked(name: str | None, place: str) -> Kind:
    """Return the kind called *name*; `UsageError` where there is none whose steps can be asked."""
    kind = KINDS.get(name or DEFAULT)
    askable = [one.name for one in KINDS.values() if one.row is not None]
    if kind is None:
        raise UsageError(
            f"there is no kind of suite called {name:.60}",
            file=place,
            key="suite_kind",
            remedy=f"{meant(name or '', askable)}Known: {', '.join(askable)}.",
        )
    if kind.row is None:
        raise UsageError(
            f"suites of the kind {name} are measured elsewhere: there is nothing to ask",
            file=place,
            key="suite_kind",
            remedy=f"Kinds that can be asked: {', '.join(askable)}.",
        )
    return kind


def encode(rows: Iterable[Row]) -> bytes:
    """Return *rows* as JSON lines."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _raws(text: bytes, file: str) -> list[tuple[str, bytes]]:
    """Return each row's JSON with its place, as `file:line` or, in an array, as `file[index]`."""
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SuiteError(file, 0, ["is text in UTF-16, and rows are UTF-8"])
    text = text.removeprefix(codecs.BOM_UTF8)
    if text.lstrip()[:1] != b"[":
        lines = enumerate(text.split(b"\n"), start=1)
        return [(f"{file}:{number}", line) for number, line in lines if line.strip()]
    try:
        members = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise SuiteError(file, 1, [f"{file}: {_reason(error)}"]) from error
    return [(f"{file}[{index}]", bytes(member)) for index, member in enumerate(members)]


def _reason(error: Exception, raw: bytes = b"", shape: type[Row] = Row) -> str:
    """Return `key: what is wrong` of a row that does not have the *shape*."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if not isinstance(error, msgspec.ValidationError):
        what = str(error).removeprefix("JSON is malformed: ")
        return f"is no JSON: {'it ends in the middle' if 'truncated' in what else what}"
    found = mistake(msgspec.json.decode(raw), shape) if raw else None
    if found is not None:
        remedy = "" if " = " in found.remedy else f". {found.remedy}"
        what = f"{found.what}{remedy}".removesuffix(".")
        return f"{found.key}: {what}" if found.key else what
    what, _, path = str(error).partition(" - at `$")
    return f"{path.strip('.`')}: {what}" if path.strip(".`") else what


def _fault(row: Row, kind: Kind, empty_references: bool) -> str | None:
    """Return `key: what is wrong` where a row of the right shape still cannot be used."""
    turns = row.conversation
    if not turns:
        return "messages: there is neither a conversation nor a prompt"
    if turns[-1].role in ("assistant", "system"):
        return f"messages: the last turn is of the {turns[-1].role}: nothing to answer"
    if kind.is_empty(row.reference) and not empty_references:
        return "the reference is empty"
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


@cache
def titles_of(name: str, version: str) -> Mapping[str, Mapping[str, str]]:
    """Return what the tasks of a packaged suite are called by language; none of another suite."""
    folder = PACKAGED / name
    if folder.parent != PACKAGED or not (folder / TITLES).is_file():
        return {}
    told = tomllib.loads((folder / TITLES).read_text(encoding="utf-8"))
    titles: Mapping[str, Mapping[str, str]] = told["titles"]
    return titles if told["version"] == version else {}
