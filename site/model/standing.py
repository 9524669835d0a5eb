"""Where one entry stands and why, in the words and figures that its page shows."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from ...board.model import Attempt, Entry
from ...board.notes.figures import ALWAYS, FURTHER, shown, unit
from ...board.notes.figures import figures as figures_of
from ...board.notes.notes import Field, notes_of
from ...board.words.findings import Finding, distinct
from ...board.workspace.settings import NOTE_KINDS
from ..data.figures import plain, printed
from ..source.paired_table import Rival
from ..source.source import Model, Place, Placed, Source
from ..source.steps import Extremes
from ..source.task_strip import Mark, marks_of
from ..table.rows import ranks
from .divisions import Slices, slices_of
from .facts import Facts, facts_of


class Figure(NamedTuple):
    """A figure's name in the catalogue, its printed value, and the median of the ranked entries."""

    name: str
    value: str | None
    median: str | None = None


class Try(Struct, frozen=True, kw_only=True):
    """One of several results of a model on a suite."""

    result_id: str
    file: str
    sha256: str
    score: str | None
    steps: str | None
    finished_at: str | None
    here: bool
    """Whether this is the result that the page's figures come from."""
    findings: tuple[Finding, ...]


class Standing(Struct, frozen=True, kw_only=True):
    """One entry as its page shows it."""

    anchor: str
    title: str
    place: Place | None
    entry: Entry
    score: str | None
    ranks: str | None
    """The ranks that the paired tests leave open."""
    interval: tuple[str, str] | None
    level_with: int
    """Entries that no paired test tells from this one."""
    tied: tuple[Model, ...]
    reasons: tuple[Finding, ...]
    """What keeps it from being ranked."""
    remarks: tuple[Finding, ...]
    """What else was found."""
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    """Sentences about it by kind: `strength`, `limit`, `speed`, `next`."""
    template_key: str
    figures: tuple[Figure, ...]
    compared: bool
    """Whether any figure stands beside a median."""
    slices: tuple[Slices, ...]
    marks: tuple[Mark, ...]
    """The tasks; none where the result holds no steps."""
    steps: Extremes | None
    rivals: tuple[Rival, ...]
    facts: tuple[Facts, ...]
    tries: tuple[Try, ...]
    interpretation: str


def standing(placed: Placed, source: Source) -> Standing:
    """Return where the entry *placed* stands."""
    entry, place = placed
    why = reasons(entry, source)
    template = f"template.{entry.template_status}"
    field = source.fields.get(place.slug) if place else None
    measured = source.measured.get(place.slug) if place else None
    figures = tuple(_figures(entry, field))
    family = source.settings.families.get(entry.profile.family or "")
    return Standing(
        anchor=place.slug if place else "unplaced",
        title=place.title if place else source.render.text("site.unplaced"),
        place=place,
        entry=entry,
        score=printed("score", entry.score),
        ranks=ranks(entry),
        interval=_interval(entry),
        level_with=entry.resolution.level_with if entry.resolution else 0,
        tied=tuple(Model(label, source.slugs[label]) for label in entry.tied_with),
        reasons=why,
        remarks=tuple(one for one in distinct(entry.findings) if one not in why),
        notes=tuple(_notes(entry, field, source)),
        template_key=template if source.render.words.has(template) else "template.other",
        figures=figures,
        compared=any(figure.median is not None for figure in figures),
        slices=tuple(slices_of(entry.result.aggregate, measured.parts if measured else {})),
        marks=marks_of(entry.facts, measured.tasks if measured else {}),
        steps=source.background.steps(entry),
        rivals=measured.rivals.get(entry.result_id, ()) if measured else (),
        facts=facts_of(entry, source),
        tries=tuple(_tries(entry)),
        interpretation=source.render.own(family.interpretation) if family else "",
    )


def reasons(entry: Entry, source: Source) -> tuple[Finding, ...]:
    """Return the findings that keep *entry* from being ranked."""
    if entry.rank is not None:
        return ()
    found = distinct(entry.findings)
    return tuple(one for one in found if source.policy.get(one.code) == "unranked")


def _interval(entry: Entry) -> tuple[str, str] | None:
    score = entry.resolution.score if entry.resolution else None
    if score is None:
        return None
    return shown("score", score.low), shown("score", score.high)


def _notes(
    entry: Entry, field: Field | None, source: Source
) -> Iterator[tuple[str, tuple[str, ...]]]:
    said = notes_of(entry, field, source.rules) if field else ()
    for kind in NOTE_KINDS:
        sentences = tuple(one.text(source.render.language) for one in said if one.note.kind == kind)
        if sentences:
            yield kind, sentences


def _figures(entry: Entry, field: Field | None) -> Iterator[Figure]:
    known = figures_of(entry)
    for name in (*ALWAYS, *FURTHER):
        value = known[name]
        if name in ALWAYS or value is not None:
            text = printed(name, value) if isinstance(value, float | int) else None
            yield Figure(name, text, _median(name, field))
    yield Figure("steps", plain(entry.metrics.steps))
    yield Figure("tasks", plain(entry.metrics.tasks))


def _median(name: str, field: Field | None) -> str | None:
    median = field.printed(50, name) if field else None
    return median and median + unit(name)


def _tries(entry: Entry) -> Iterator[Try]:
    yield Try(
        result_id=entry.result_id,
        file=entry.file,
        sha256=entry.sha256,
        score=printed("score", entry.score),
        steps=plain(entry.result.counts.scored),
        finished_at=entry.result.finished_at,
        here=True,
        findings=distinct(entry.findings),
    )
    yield from (_try(attempt) for attempt in entry.attempts)


def _try(attempt: Attempt) -> Try:
    return Try(
        result_id=attempt.result_id,
        file=attempt.file,
        sha256=attempt.sha256,
        score=printed("score", attempt.score),
        steps=plain(attempt.steps),
        finished_at=attempt.finished_at,
        here=False,
        findings=distinct(attempt.findings),
    )
