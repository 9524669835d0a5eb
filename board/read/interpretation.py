"""From a file's bytes to a reading: what it is, what it says, what is wrong with it. Pure."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from ...eval.records import Result, Step
from ...eval.suites.kinds.registry import kind_of
from ..model import Kind, Reading
from ..words.findings import Finding
from .decoding.content import Content
from .decoding.json_faults import shorten
from .decoding.json_object import Undecodable, decode, finding, plain
from .shapes import registry, version1, version2
from .shapes.failures import without_failed
from .shapes.source import Source
from .step_facts import step_facts

FORMS = frozenset({"json-lines", "yaml", "table", "zip", "parquet", "gzip", "sqlite"})
"""What a file that is no JSON can be called by."""


class Interpreted(NamedTuple):
    """What a file is, the result that it holds with its steps apart, and what is to be said."""

    kind: Kind
    shape: str | None
    result: Result | None
    rows: Sequence[Step]
    findings: tuple[Finding, ...]


def summarise(data: bytes) -> Reading:
    """Return the reading of a file that holds *data*; its name and hash are left open."""
    found = interpret(data, sums_only=True)
    facts = None
    if found.result is not None and found.kind != "shard":
        facts = step_facts(
            without_failed(found.rows),
            kind_of(found.result.suite.kind).as_scored_by(found.result.scorer),
            limit=found.result.protocol.max_tokens,
            claimed=found.result.divisions,
        )
    return Reading(
        file="",
        sha256="",
        kind=found.kind,
        shape=found.shape,
        result=found.result,
        facts=facts,
        findings=found.findings,
    )


def interpret(data: bytes, *, sums_only: bool = False) -> Interpreted:
    """Return what *data* holds; its rows are to be added up, not kept, with *sums_only*."""
    as_v2 = partial(version2.read_own, sums_only=sums_only)
    for own_shape, read_own in (("v2", as_v2), ("v1", version1.read_own)):
        own = read_own(data)
        if own is not None:
            source = Source({})
            head = version2.without_paths(replace(own, steps=()), source)
            kind = version2.classify(own).kind
            return _told(kind, own_shape, head, own.steps, source.findings)
    try:
        document, remarks = decode(data)
    except Undecodable as error:
        return _foreign(data, (error.finding,))
    source = Source(document, remarks=remarks)
    adapted = registry.adapt(source)
    if adapted is None:
        source.note("unknown-shape", detail=shorten(", ".join(source.keys)) or "none")
        return _foreign(data, source.findings)
    shape, (kind, result) = adapted
    steps: Sequence[Step] = result.steps if result is not None else ()
    clean = version2.without_paths(replace(result, steps=()), source) if result else None
    return _told(kind, shape, clean, steps, source.findings)


def _foreign(data: bytes, otherwise: tuple[Finding, ...]) -> Interpreted:
    """Return which other program wrote *data*; if none did, what is wrong with it *otherwise*."""
    from .importing import format_of  # the many formats of other programs: boards do without

    content = Content(data)
    found = format_of(content)
    if found is not None:
        return Interpreted("import", found.name, None, (), ())
    if otherwise[0].code in ("not-json", "not-an-object") and content.form in FORMS:
        otherwise = (finding("other-form", reason=content.form),)
    return Interpreted("refused", None, None, (), tuple(map(plain, otherwise)))


def _told(
    kind: Kind,
    shape: str | None,
    result: Result | None,
    rows: Sequence[Step],
    findings: tuple[Finding, ...],
) -> Interpreted:
    """Return what was interpreted; a file with an error holds no result that could be used."""
    findings = tuple(map(plain, findings))
    if _broken(findings) or (result is None and kind != "status"):
        return Interpreted("proxy" if kind == "proxy" else "refused", shape, None, (), findings)
    return Interpreted(kind, shape, result, rows, (*findings, *_of_kind(kind, result)))


def _of_kind(kind: Kind, result: Result | None) -> tuple[Finding, ...]:
    if kind == "status":
        return (finding("status-file"),)
    if result is not None and kind == "shard" and result.shard is not None:
        index, count = result.shard
        return (finding("shard", "shard", value=f"{index + 1}/{count}"),)
    if result is not None and kind == "partial":
        counts = result.counts
        told = f"{counts.scored or 0}" + (
            f"/{counts.expected}" if counts.expected is not None else ""
        )
        return (finding("part-of-run", value=told),)
    return ()


def _broken(findings: tuple[Finding, ...]) -> bool:
    return any(one.severity == "error" for one in findings)
