"""Audits of chat templates as a page shows them: models by checks, and what is behind each cell."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...board.model import Entry
from ...board.words.catalogue import Words
from ...board.words.findings import GRAVEST_FIRST, Finding
from ...board.workspace.audits import as_finding, landed, owners, picked
from ...eval.audit.reports import Audit, Check, State
from ..source.source import Source

_LONGEST = 60


class Cell(NamedTuple):
    """What one check came to."""

    state: State
    words: str


class Told(NamedTuple):
    """A finding, and what to do about it."""

    finding: Finding
    remedy: str | None
    of: str
    """The hashes of its templates, where it is not of all of them."""


class Audited(NamedTuple):
    """One audit: its row of the matrix, and what stands below it."""

    label: str
    slug: str | None
    """Of the model's page; `None` where no result is of this model."""
    anchor: str
    about: str
    """The kind of source, its revision and family."""
    sha256: str | None
    cells: tuple[Cell, ...]
    templates: tuple[tuple[str, str], ...]
    """Hash and places of each template."""
    picks: tuple[str, ...]
    rungs: tuple[str, ...]
    """Of a GGUF file, what answers in each engine."""
    told: tuple[Told, ...]
    notes: tuple[Told, ...]


class Matrix(NamedTuple):
    """All audits, and the checks that any of them could look at."""

    checks: tuple[str, ...]
    rows: tuple[Audited, ...]


def matrix(source: Source) -> Matrix:
    """Return the matrix of the audits that the workspace keeps, by the models' names."""
    audits = sorted(source.boards.audits, key=lambda one: (one.model.lower(), one.model))
    looked = {one.check for audit in audits for one in audit.checks if one.state != "unknown"}
    checks = tuple(one.check for audit in audits[:1] for one in audit.checks if one.check in looked)
    pages = _pages(source)
    rows = (_row(number, one, checks, pages, source) for number, one in enumerate(audits, start=1))
    return Matrix(checks, tuple(rows))


def _pages(source: Source) -> dict[str, tuple[str, str]]:
    """Return slug and label of the page of each model, by all names that an audit may have."""
    found: dict[str, tuple[str, str]] = {}
    for slug, placed in source.pages.items():
        for entry, _ in placed:
            for name in _names(entry):
                found.setdefault(name.lower(), (slug, entry.label))
    return found


def _names(entry: Entry) -> tuple[str, ...]:
    model = entry.result.model
    return (model.adapter.id if model.adapter else model.id, entry.model, entry.label)


def _row(
    number: int,
    audit: Audit,
    checks: Sequence[str],
    pages: Mapping[str, tuple[str, str]],
    source: Source,
) -> Audited:
    words = source.render.words
    slug, label = pages.get(audit.model.lower(), (None, audit.model))
    cells = {one.check: one for one in audit.checks}
    of = owners(audit)
    told = [
        Told(finding, words.remedy(finding), of.get(str(one), ""))
        for one in audit.all_findings
        for finding in (as_finding(one),)
    ]
    told.sort(key=lambda one: GRAVEST_FIRST.index(one.finding.severity))
    family = next((one for one in cells.values() if one.check == "family" and one.value), None)
    about = (audit.kind, audit.revision, _words(family, words) if family else None)
    return Audited(
        label=label,
        slug=slug,
        anchor=f"audit-{number}",
        about=" · ".join(one for one in about if one),
        sha256=audit.reports[0].sha256 if audit.reports else None,
        cells=tuple(Cell(cells[check].state, _words(cells[check], words)) for check in checks),
        templates=tuple(_templates(audit)),
        picks=tuple(picked(audit.picks, words)),
        rungs=tuple(
            words.text("audit.rung", engine=one.engine, rung=landed(one, words))
            for one in audit.rungs
        ),
        told=tuple(one for one in told if one.finding.severity != "info"),
        notes=tuple(one for one in told if one.finding.severity == "info"),
    )


def _templates(audit: Audit) -> Iterator[tuple[str, str]]:
    for report in audit.reports:
        if report.sha256 is not None:
            yield report.sha256, ", ".join(report.places)


def _words(check: Check, words: Words) -> str:
    """Return how *check* came out; nothing where its state is all that there is to say."""
    key = f"audit.{check.check}.{check.value}"
    if check.value is None or not words.has(key):
        return words.text("audit.state.unknown") if check.state == "unknown" else ""
    values = {
        name: value if not isinstance(value, str) or len(value) <= _LONGEST else value[:_LONGEST]
        for name, value in check.values.items()
    }
    return words.text(key, **values)
