"""What a card says of one result: its standing, its figures, its evidence, and its notes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from ...board.compare.held_out import HeldOut
from ...board.compare.languages import Gap
from ...board.model import Attempt, Entry
from ...board.notes.claims import Claim, Told, asked_here, looked_for, template, told_of
from ...board.notes.figures import shown
from ...board.notes.notes import Field, Rule, Said
from ...board.words.findings import Finding, distinct
from ...board.workspace.settings import Settings, Suite, Text
from ...eval.audit.reports import Check
from ...eval.metrics import Metric, on_one_scale
from ...eval.records import Group
from ...eval.suites.kinds.kind import Kind
from ...eval.suites.kinds.registry import kind_of
from . import evidence
from .evidence import Recorded, Row
from .names import keeps_rank, number, ranked_of, unit_of
from .standing import Base, CardEntry, Spread, Standing, Wilson

TIMES = ("seconds_per_step", "load_seconds")
"""Figures of every suite that are told, or told not to be recorded, beside its metrics."""
SAID_BY_BASIS = ("not-checkable-summary", "not-checkable-quoted")
"""Findings that say no more than the sentence on what stands under the figures."""
SHOWN_ATTEMPTS = 10


class Figure(NamedTuple):
    """A figure's printed value, beside the median of the board's ranked results."""

    key: str | None
    """Of its name in the catalogue; `None` where a metric gives the name."""
    value: str | None
    median: str | None = None
    unit: str | None = None
    metric: Metric | None = None


class Part(Struct, frozen=True, kw_only=True):
    """The figures of a group of steps."""

    name: str
    steps: int
    value: str | None


class Division(Struct, frozen=True, kw_only=True):
    """One way to divide the steps, and its groups with the ranked metric of each."""

    name: str
    parts: tuple[Part, ...]
    unit: str | None


class Try(Struct, frozen=True, kw_only=True):
    """Another result of the same model, and why it does not stand."""

    result_id: str
    score: str | None
    steps: int | None
    reasons: tuple[Finding, ...]


class Sheet(Struct, frozen=True, kw_only=True):
    """One result of the model, on one suite."""

    entry: Entry
    suite: Suite | None
    kind: str
    """Of the suite, or what the result says of it."""
    title: Text
    ranked: Metric | None
    """What the score is made of."""
    own_rank: bool
    """Whether it is the kind's own metric, so that the kind's words on the score hold."""
    score: str | None
    unit: str | None
    """Of the score where it stands alone."""
    bound_unit: str | None
    """Of numbers in sentences about it."""
    standing: Standing | None
    basis: tuple[Claim, ...]
    interval: tuple[str, str] | None
    spread: Spread | None
    counted: str | None
    """How many tasks it got right, with an interval."""
    base: Base | None
    """The same of its base model."""
    wilson: Wilson | None
    held_out: HeldOut | None
    """Figures of the groups that it was not trained on, where models.toml tells them."""
    gaps: tuple[str, tuple[Gap, ...]] | None
    """Its figures in each language, and the one that the others are held against."""
    told_by_kind: Mapping[str, str]
    """What the kind's section says beside figures, by name."""
    checked: Check | None
    """What an audit of the very template found by the check that is called like the kind."""
    tasks: int | None
    """On which the interval rests."""
    rows: bool
    """Whether the result holds its steps."""
    trials: int | None
    """How often every step was answered, where it was more than once."""
    reasons: tuple[Finding, ...]
    """Why there is no rank."""
    remarks: tuple[Finding, ...]
    """All other findings; gravest first."""
    figures: tuple[Figure, ...]
    divisions: tuple[Division, ...]
    protocol: Recorded
    template: tuple[Claim, ...]
    prompts: Recorded
    origin: tuple[Row, ...]
    attempts: tuple[Try, ...]
    more_attempts: int
    noted: bool
    """Whether there is anything to say, or the board has any rule for notes on this suite."""
    told: Told


def sheet_of(
    own: CardEntry, field: Field | None, checked: Sequence[Rule], settings: Settings
) -> Sheet:
    """Return the sheet of an entry; *field* is what its notes are judged against."""
    entry, suite, standing = own.entry, own.suite, own.standing
    kind = suite.of_kind if suite else kind_of(entry.result.suite.kind)
    ranked = suite.ranked if suite else ranked_of(kind)
    metrics = suite.metrics if suite else on_one_scale(kind.metrics)
    findings = distinct(entry.findings)
    told = told_of(entry, field, checked)
    if own.lasting:
        told = _lasting(told)
    name = f"{suite.name} {suite.version}" if suite else ""
    span = standing.interval if standing else None
    return Sheet(
        entry=entry,
        suite=suite,
        kind=kind.name,
        title=(suite.title or dict.fromkeys(settings.board.languages, name)) if suite else {},
        ranked=ranked,
        own_rank=suite is None or keeps_rank(suite),
        score=_printed(entry.score, ranked),
        unit=_unit_of_score(ranked),
        bound_unit=unit_of(ranked) if ranked else None,
        standing=standing,
        basis=own.basis,
        interval=(_fixed(span.low, ranked), _fixed(span.high, ranked)) if span and ranked else None,
        spread=own.spread,
        counted=own.counted,
        base=own.base,
        wilson=own.wilson,
        held_out=own.held_out,
        gaps=own.gaps,
        told_by_kind=kind.told(entry.result),
        checked=own.checked,
        tasks=own.tasks,
        rows=own.rows,
        trials=own.trials,
        reasons=() if standing else tuple(f for f in findings if f.severity == "error"),
        remarks=tuple(
            f
            for f in findings
            if (standing or f.severity != "error")
            and not (f.severity == "info" and f.code in SAID_BY_BASIS)
        ),
        figures=tuple(_figures(own, ranked, metrics, field)),
        divisions=tuple(_divisions(entry, ranked, kind)),
        protocol=evidence.protocol(entry.result.protocol, looked_for(suite, settings)),
        template=template(entry),
        prompts=evidence.prompts(entry.result.prompts, asked=asked_here(suite)),
        origin=evidence.origin(entry),
        attempts=tuple(_try(attempt, ranked) for attempt in entry.attempts[:SHOWN_ATTEMPTS]),
        more_attempts=max(0, len(entry.attempts) - SHOWN_ATTEMPTS),
        noted=bool(told) or any(rule.note.suite_kind in (None, kind.name) for rule in checked),
        told=told,
    )


def _lasting(told: Told) -> Told:
    """Return *told* without what moves with every result that the board gains."""
    return tuple(
        (kind, tuple(one.lasting() if isinstance(one, Said) else one for one in sentences))
        for kind, sentences in told
    )


def _fixed(printed: float, ranked: Metric) -> str:
    """Return a score, or a bound of it, that is at the printed scale already."""
    return f"{printed:.{ranked.decimals}f}"


def _printed(score: float | None, ranked: Metric | None) -> str | None:
    return None if score is None or ranked is None else _fixed(score, ranked)


def _unit_of_score(ranked: Metric | None) -> str | None:
    """Return the unit of a printed score: points where a share is printed as up to 100."""
    if ranked is None:
        return None
    if (ranked.unit == "share" and ranked.scale == 100) or ranked.unit == "points":
        return "points"
    return unit_of(ranked)


def _figures(
    own: CardEntry, ranked: Metric | None, metrics: Iterable[Metric], field: Field | None
) -> Iterator[Figure]:
    entry, counts = own.entry, own.entry.result.counts
    medians = None if own.lasting else field
    if ranked is not None:
        yield Figure(
            key=None,
            value=_printed(entry.score, ranked),
            median=medians.median("score") if medians else None,
            unit=unit_of(ranked),
            metric=ranked,
        )
    told, further = [], []
    for metric in metrics:
        if metric.ranked:
            continue  # it is the score
        if metric.trials and entry.value(metric.id) is None:
            continue  # it was not asked so often
        figure = _figure(metric, entry, medians)
        if metric.shown != "details":
            told.append(figure)
        elif figure.value is not None:
            further.append(figure)
    yield from told
    yield from _times(own, medians)
    yield from further
    if counts.scored or (entry.score is None and counts.scored is not None):
        # Figures without a count were not made of no steps.
        part = counts.expected is not None and counts.scored < counts.expected
        whole = f" / {counts.expected}" if part else ""
        yield Figure(key="metric.steps", value=f"{counts.scored}{whole}")
    if counts.tasks is not None:
        yield Figure(key="metric.tasks", value=str(counts.tasks))


def _figure(metric: Metric, entry: Entry, field: Field | None) -> Figure:
    value = entry.value(metric.id)
    return Figure(
        key=None,
        value=None if value is None else number(metric, value),
        median=field.median(metric.id) if field and value is not None else None,
        unit=unit_of(metric),
        metric=metric,
    )


def _times(own: CardEntry, field: Field | None) -> Iterator[Figure]:
    for key in TIMES:
        value = own.figures[key]
        if value is None or isinstance(value, str):
            yield Figure(key=f"metric.{key}", value=None)
        else:
            median = field.median(key) if field else None
            yield Figure(key=f"metric.{key}", value=shown(key, value), median=median)


def _divisions(entry: Entry, ranked: Metric | None, kind: Kind) -> Iterator[Division]:
    """Yield every division of the result: those of its *kind* first, then by name."""
    found = entry.result.divisions
    known = [name for name in kind.divisions if name in found]
    for name in (*known, *sorted(found.keys() - {*known})):
        groups = found[name]
        first = [group for group in kind.groups if group in groups]
        parts = [
            _part(group, groups[group], ranked)
            for group in (*first, *sorted(groups.keys() - {*first}))
        ]
        if parts and ranked is not None:
            yield Division(name=name, parts=tuple(parts), unit=unit_of(ranked))


def _part(name: str, group: Group, ranked: Metric | None) -> Part:
    value = group.metrics.get(ranked.id) if ranked else None
    told = None if value is None or ranked is None else number(ranked, value)
    return Part(name=name, steps=group.steps, value=told)


def _try(attempt: Attempt, ranked: Metric | None) -> Try:
    return Try(
        result_id=attempt.result_id,
        score=_printed(attempt.score, ranked),
        steps=attempt.steps,
        reasons=tuple(f for f in distinct(attempt.findings) if f.severity == "error"),
    )
