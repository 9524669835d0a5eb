"""What a card says of one result: its standing, its figures, its evidence, and its notes."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from ...board.model import Attempt, Entry
from ...board.notes.figures import ALWAYS, FURTHER, shown, unit
from ...board.notes.notes import Field, Rule, Said, notes_of
from ...board.words.findings import Finding, distinct
from ...board.workspace.settings import NOTE_KINDS, Settings, Suite, Text
from ...eval.records import Slice
from . import evidence
from .evidence import Recorded, Row
from .standing import CardEntry, Standing

METRICS = ("score", *ALWAYS)
_SHOWN = [(key, f"metric.{key}", unit(key)) for key in (*METRICS, *FURTHER)]
BUCKETS = ("early", "mid", "late")
TEMPLATES = (
    "chat_template",
    "gemma4_native",
    "gemma4_patched",
    "gemma4_fallback",
    "chatml_fallback",
    "deepseek_v4_fallback",
    "model_specific_or_mixed",
    "mixed_or_raw",
    "raw_fallback",
    "raw",
    "unknown",
)
SHOWN_ATTEMPTS = 10


class Figure(NamedTuple):
    """A metric's printed value, beside the median of the board's ranked results."""

    key: str
    """Of its name in the catalogue."""
    value: str | None
    median: str | None = None


class Part(Struct, frozen=True, kw_only=True):
    """The figures of a part of the steps."""

    name: str
    steps: int
    f1: str | None


class Division(Struct, frozen=True, kw_only=True):
    """One way to divide the steps, and its parts."""

    key: str
    parts: tuple[Part, ...]


class Try(Struct, frozen=True, kw_only=True):
    """Another result of the same model, and why it does not stand."""

    result_id: str
    score: str | None
    steps: int | None
    reasons: tuple[Finding, ...]


class Sheet(Struct, frozen=True, kw_only=True):
    """What a card says of one result: its standing on one board, its figures, its evidence."""

    entry: Entry
    suite: Suite | None
    title: Text
    score: str | None
    standing: Standing | None
    tasks: int | None
    """On which the interval and the rank range rest."""
    reasons: tuple[Finding, ...]
    """What keeps the result from being ranked."""
    remarks: tuple[Finding, ...]
    figures: tuple[Figure, ...]
    divisions: tuple[Division, ...]
    protocol: Recorded
    template_key: str
    template_status: str
    prompts: Recorded
    origin: tuple[Row, ...]
    from_table: bool
    attempts: tuple[Try, ...]
    more_attempts: int
    notes: tuple[tuple[str, tuple[Said, ...]], ...]


def sheet_of(
    own: CardEntry, field: Field | None, checked: Iterable[Rule], settings: Settings
) -> Sheet:
    """Return the sheet of an entry; *field* is what its notes are judged against."""
    entry, suite, standing = own.entry, own.suite, own.standing
    findings = distinct(entry.findings)
    notes = notes_of(entry, field, checked) if field else ()
    name = suite.full_name if suite else ""
    status = entry.template_status
    source = entry.result.provenance
    return Sheet(
        entry=entry,
        suite=suite,
        title=(suite.title or dict.fromkeys(settings.board.languages, name)) if suite else {},
        score=None if entry.score is None else shown("score", entry.score),
        standing=standing,
        tasks=own.tasks,
        reasons=() if standing else tuple(f for f in findings if f.severity == "error"),
        remarks=tuple(f for f in findings if standing or f.severity != "error"),
        figures=tuple(_figures(own, field)),
        divisions=tuple(_divisions(entry)),
        protocol=evidence.protocol(entry.result.protocol),
        template_key=status if status in TEMPLATES else "other",
        template_status=status,
        prompts=evidence.prompts(entry.result.prompts),
        origin=evidence.origin(entry),
        from_table=source is not None and source.kind == "published-table",
        attempts=tuple(_try(attempt) for attempt in entry.attempts[:SHOWN_ATTEMPTS]),
        more_attempts=max(0, len(entry.attempts) - SHOWN_ATTEMPTS),
        notes=tuple(
            (kind, said)
            for kind in NOTE_KINDS
            if (said := tuple(one for one in notes if one.note.kind == kind))
        ),
    )


def _figures(own: CardEntry, field: Field | None) -> Iterator[Figure]:
    for key, name, sign in _SHOWN:
        value = own.figures[key]
        if value is not None and not isinstance(value, str):
            median = field.printed(50, key) if field else None
            yield Figure(name, shown(key, value) + sign, median and median + sign)
        elif key in METRICS:
            yield Figure(name, None)
    metrics, expected = own.entry.metrics, own.entry.result.counts.expected
    if metrics.steps is not None:
        whole = f" / {expected}" if expected is not None and metrics.steps < expected else ""
        yield Figure(key="metric.steps", value=f"{metrics.steps}{whole}")
    if metrics.tasks is not None:
        yield Figure(key="metric.tasks", value=str(metrics.tasks))


def _divisions(entry: Entry) -> Iterator[Division]:
    aggregate = entry.result.aggregate
    buckets = {name: aggregate.by_bucket[name] for name in BUCKETS if name in aggregate.by_bucket}
    for key, parts in (
        ("by_bucket", buckets),
        ("by_source_group", dict(sorted(aggregate.by_source_group.items()))),
    ):
        if parts:
            yield Division(key=key, parts=tuple(_part(name, part) for name, part in parts.items()))


def _part(name: str, part: Slice) -> Part:
    f1 = part.avg_command_f1
    return Part(name=name, steps=part.steps, f1=None if f1 is None else shown("command_f1", f1))


def _try(attempt: Attempt) -> Try:
    return Try(
        result_id=attempt.result_id,
        score=None if attempt.score is None else shown("score", attempt.score),
        steps=attempt.steps,
        reasons=tuple(f for f in distinct(attempt.findings) if f.severity == "error"),
    )
