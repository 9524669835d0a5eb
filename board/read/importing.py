"""Files of other programs: which one wrote a file, what lies beside it, and its results."""

import hashlib
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from ...eval.records import Result, Step
from ...eval.suites.kinds.registry import kind_of
from ..model import Kind, Reading
from ..words.findings import Finding
from .decoding.content import Content, limit
from .decoding.json_object import Undecodable, finding, plain
from .imports import (
    bfcl,
    bigcode,
    evalplus,
    every_eval_ever,
    harbor,
    helm,
    inspect_ai,
    lighteval,
    lm_eval,
    mteb,
    swe_bench,
    terminal_bench,
)
from .imports.tables import aider, eval_results, llama_cpp, opencompass, speed, wandb
from .imports.tables import tables as tables_
from .shapes.foreign import MOST_RESULTS, Foreign, Format, Missing, Part, listed
from .shapes.source import Source
from .shapes.version2 import without_paths
from .step_facts import step_facts

FORMATS: tuple[Format, ...] = (
    lm_eval.FORMAT,
    inspect_ai.FORMAT,
    lighteval.FORMAT,
    every_eval_ever.FORMAT,
    harbor.FORMAT,
    terminal_bench.FORMAT,
    bfcl.FORMAT,
    evalplus.FORMAT,
    bigcode.FORMAT,
    swe_bench.FORMAT,
    opencompass.FORMAT,
    helm.FORMAT,
    mteb.FORMAT,
    aider.FORMAT,
    eval_results.FORMAT,
    wandb.FORMAT,
    *llama_cpp.FORMATS,
    speed.FORMAT,
    tables_.FORMAT,
)
"""The most telling formats first."""


class Opened(NamedTuple):
    """A foreign file with everything that its results follow from."""

    path: Path
    place: PurePosixPath
    format: Format
    sha256: str
    beside: Mapping[str, Path]
    """By the place from the file's folder."""
    hashes: dict[str, str]
    """Of the files beside it."""

    def identity(self, tables: Sequence[Any] = ()) -> str:
        """Return the hash of everything that the results follow from."""
        told = [self.sha256, self.format.name]
        told += self.place.parts[-1 - self.format.parents(self.place) : -1]
        told += [self.place.name] if self.format.named else []
        told += [f"{name} {sha256}" for name, sha256 in sorted(self.hashes.items())]
        if self.format is tables_.FORMAT:
            told += [hashlib.sha256(msgspec.json.encode(one)).hexdigest() for one in tables]
        return hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()


def format_of(content: Content) -> Format | None:
    """Return the format of a file with this *content*; `None` where nobody knows it."""
    for one in FORMATS:
        try:
            if one.told(content):
                return one
        except Undecodable:
            continue
    return None


def format_named(name: str | None) -> Format | None:
    """Return the format of this name."""
    return next((one for one in FORMATS if one.name == name), None)


def companions(path: Path, found: Format) -> dict[str, Path]:
    """Return the files that are read along with the one at *path*, by their place from its folder.

    Neither links to files nor links to folders are followed on the way there.
    """
    here = path.parent.resolve()
    named = {relative_name(one, path.parent): one for one in found.beside(path)}
    return {
        name: one
        for name, one in named.items()
        if one.is_file() and str(one.resolve()) == posixpath.normpath(here / name)
    }


def relative_name(path: Path, folder: Path) -> str:
    """Return the place of *path* as seen from *folder*, with `/`."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        up = folder.parent
        return "../" + relative_name(path, up) if up != folder else path.name


def read_parts(
    opened: Opened, data: bytes, *, tables: Sequence[Any] = (), texts: bool = False
) -> Iterator[tuple[Part, Kind]]:
    """Yield every result in *data* with what kind of result it is.

    Raises `Undecodable`, `Missing` for keys that are not there.
    """
    foreign = Foreign(Content(data), opened.place, beside=opened.beside, tables=tables, texts=texts)
    yield from _parts(foreign, opened)


def _parts(foreign: Foreign, opened: Opened) -> Iterator[tuple[Part, Kind]]:
    names: set[str] = set()
    for part in opened.format.read(foreign):
        if len(names) >= MOST_RESULTS:
            raise limit("results in a file", MOST_RESULTS)
        if part.name in names:
            foreign.note("part-repeated", name=part.name)
            continue
        names.add(part.name)
        # What is too large, too small or no text of ours must not travel on: checked once, here.
        source = Source({})
        result = without_paths(
            msgspec.convert(msgspec.to_builtins(_own(part, opened)), Result), source
        )
        yield part._replace(result=result), part.kind or _kind_of(result)


def _own(part: Part, opened: Opened) -> Result:
    provenance = part.result.provenance
    assert provenance is not None
    return replace(part.result, provenance=replace(provenance, source_sha256=opened.sha256))


def _kind_of(result: Result) -> Kind:
    if result.provenance is not None and result.provenance.evidence == "quoted":
        return "published-table"
    return "partial" if result.status == "partial" else "result"


def imported(opened: Opened, data: bytes, *, tables: Sequence[Any] = ()) -> Reading:
    """Return the reading of a foreign file, with one part a result."""
    identity = opened.identity(tables)
    foreign = Foreign(Content(data), opened.place, beside=opened.beside, tables=tables)
    parts: list[Reading] = []
    trouble: tuple[Finding, ...] = ()
    try:
        for part, kind in _parts(foreign, opened):
            parts.append(_reading(part, kind, opened, identity))
    except Missing as error:
        trouble = (finding("tool-unfit", tool=opened.format.name, keys=listed(error.keys)),)
    except Undecodable as error:
        trouble = (error.finding,)
    except (msgspec.ValidationError, RecursionError) as error:
        trouble = (finding("tool-unfit", tool=opened.format.name, keys=str(error)),)
    if not parts and not trouble and not foreign.measures and not _excused(foreign.findings):
        trouble = (finding("no-result-inside", tool=opened.format.name),)
    return Reading(
        file="",
        sha256="",
        kind="import",
        shape=opened.format.name,
        findings=tuple(map(plain, (*foreign.findings, *trouble))),
        parts=tuple(parts) if not trouble else (),
        measures=tuple(foreign.measures) if not trouble else (),
        beside=opened.hashes,
        made_from=identity,
    )


def _excused(findings: Sequence[Finding]) -> bool:
    """Tell whether it was said already why a file holds no result."""
    return any(one.severity == "error" or one.code == "timing-only" for one in findings)


def _reading(part: Part, kind: Kind, opened: Opened, identity: str) -> Reading:
    own = hashlib.sha256(f"{identity}\n{part.name}".encode("utf-8", "replace")).hexdigest()
    return Reading(
        file="",
        sha256="",
        kind=kind,
        shape=opened.format.name,
        result=part.result,
        facts=step_facts(
            part.steps,
            kind_of(part.result.suite.kind).as_scored_by(part.result.scorer),
            limit=part.result.protocol.max_tokens,
        ),
        part=part.name,
        figures=part.figures,
        beside=opened.hashes,
        made_from=own,
    )


def steps_of(
    opened: Opened, data: bytes, wanted: str, *, tables: Sequence[Any] = ()
) -> tuple[Result, Sequence[Step]] | None:
    """Return the result called *wanted* with its steps and their answers, if it is there."""
    try:
        for part, _ in read_parts(opened, data, tables=tables, texts=True):
            if part.name == wanted:
                return part.result, part.steps
    except (Undecodable, Missing, msgspec.ValidationError, RecursionError):
        pass
    return None
