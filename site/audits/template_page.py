"""The pages on templates: recorded statuses, failed checks and whom they concern, audits kept."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from ...board.model import Entry
from ...board.notes.claims import TEMPLATES
from ...board.words.findings import Finding
from ..frame.page import Page, root_of
from ..frame.pagination import parts
from ..source.source import Source
from .audit_matrix import matrix
from .template_checks import CHECKS, CODES, Outcome

PATH = "templates/"
MOST = 50


class Status(NamedTuple):
    """A recorded status, and what the policy makes of it."""

    name: str
    key: str
    """Of the message that says what it stands for."""
    verdict: str
    """`accepted`, `accepted_without_raw`, `raw` or `none`."""
    ranked: int
    unranked: int


class Affected(NamedTuple):
    """A model and what was found of its prompts."""

    slug: str
    label: str
    finding: Finding


class Concern(NamedTuple):
    """A finding about prompts and whom it concerns."""

    code: str
    verdict: str
    total: int
    affected: tuple[Affected, ...]


class Text(NamedTuple):
    """The text of a template, known by its hash, and the models that were asked through it."""

    sha256: str
    source: str | None
    total: int
    models: tuple[tuple[str, str], ...]


class Row(NamedTuple):
    """What every check says of one entry."""

    slug: str
    label: str
    status: str
    outcomes: tuple[Outcome, ...]


def template_pages(source: Source) -> Iterator[Page]:
    """Yield the audit of templates; its two tables of every model go on in pages."""
    render = source.render
    entries = [entry for board in source.boards.boards for entry in board.entries]
    entries += source.boards.unplaced
    rows = [
        Row(e.slug, e.label, e.template_status, tuple(check.outcome(e) for check in CHECKS))
        for e in entries
    ]
    summary = {
        "statuses": tuple(_statuses(entries, source)),
        "concerns": tuple(_concerns(entries, source)),
        "texts": tuple(_texts(entries)),
    }
    title = render.text("site.templates.title")
    first, *more = _audits(source)
    for part in parts(PATH, "templates", rows):
        html = render.html(
            "templates",
            root=root_of(part.path),
            checks=[check.name for check in CHECKS],
            rows=part.items,
            pages=part.links,
            most=MOST,
            first=part.number == 1,
            audits=Markup(first[1]),
            **summary,
        )
        yield Page(
            path=part.path,
            title=title if part.number == 1 else f"{title} ({part.number})",
            description=title,
            slots={"templates" if part.number == 1 else "body": html},
        )
    for number, (path, html) in enumerate(more, start=2):
        audits = render.text("site.audits.title")
        yield Page(
            path=path, title=f"{audits} ({number})", description=audits, slots={"body": html}
        )


def _audits(source: Source) -> Iterator[tuple[str, str]]:
    """Yield path and content of every part of what audits found; the first is empty without any."""
    held = matrix(source)
    for part in parts(PATH, "audits", held.rows):
        html = source.render.html(
            "audits",
            root=root_of(part.path),
            checks=held.checks,
            audits=part.items,
            pages=part.links,
        )
        yield part.path, html if held.rows else ""


def _statuses(entries: Sequence[Entry], source: Source) -> Iterator[Status]:
    """Yield every status that was met, the most frequent first."""
    met: dict[str, Counter[bool]] = defaultdict(Counter)
    for entry in entries:
        met[entry.template_status][entry.rank is not None] += 1
    for name, counts in sorted(met.items(), key=lambda one: (-one[1].total(), one[0])):
        yield Status(
            name=name,
            key=f"template.{name}" if name in TEMPLATES else "template.other",
            verdict=_verdict(name, source),
            ranked=counts[True],
            unranked=counts[False],
        )


def _verdict(status: str, source: Source) -> str:
    templates = source.settings.templates
    for verdict in ("accepted", "accepted_without_raw", "raw"):
        if status in getattr(templates, verdict):
            return verdict
    return "none"


def _concerns(entries: Sequence[Entry], source: Source) -> Iterator[Concern]:
    for code in CODES:
        found = [
            Affected(entry.slug, entry.label, finding)
            for entry in entries
            for finding in entry.findings
            if finding.code == code
        ]
        if found:
            yield Concern(code, source.policy[code], len(found), tuple(found[:MOST]))


def _texts(entries: Sequence[Entry]) -> Iterator[Text]:
    """Yield the templates whose text is known by its hash, the most used first."""
    met: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.result.prompts.template_sha256 is not None:
            met[entry.result.prompts.template_sha256].append(entry)
    for sha256, members in sorted(met.items(), key=lambda one: (-len(one[1]), one[0]))[:MOST]:
        sources = {entry.result.prompts.template_source for entry in members}
        models = tuple(dict.fromkeys((entry.slug, entry.label) for entry in members))
        told = ", ".join(sorted(filter(None, sources))) or None
        yield Text(sha256, told, len(models), models[:MOST])
