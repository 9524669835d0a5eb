"""Where one entry stands and why, in the words and figures that its page shows."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ...board.compare.counted import counted
from ...board.compare.held_out import HeldOut, held_out
from ...board.compare.languages import gaps
from ...board.model import Attempt, Board, Entry
from ...board.notes.claims import Claim, Told, basis, template, told_of
from ...board.notes.lasting import Lasting
from ...board.notes.notes import Field
from ...board.show.rows import blind_spot
from ...board.words.findings import Finding, distinct
from ...board.workspace.settings import Suite
from ...eval.metrics import Metric
from ..data.figures import as_printed, plain, printed, sign, stated_error, timed
from ..source.background import Measured
from ..source.joined import Joint, joint_of
from ..source.metric_words import MetricWords
from ..source.paired_table import MOST_MEASURED, Rival
from ..source.source import Model, Place, Placed, Source
from ..source.steps import Telling
from ..source.task_strip import Strip, strip_of
from ..table.rows import ranks
from ..table.rows import stated as stated_of
from ..table.words import stated
from .divisions import Slices, slices_of
from .facts import Facts, facts_of
from .field_file import TIMES
from .step_page import field_of, href_of

if TYPE_CHECKING:
    from ...board.statistics.intervals import Interval


class Figure(NamedTuple):
    """A figure's title, its printed value, and the median of the ranked entries."""

    id: str | None
    """Of what boards have a median of."""
    title: str
    value: str | None
    median: str | None = None
    large: bool = False
    """Whether it stands in large print at the top of a page."""
    stated: str | None = None
    """How sure its file says that it is."""
    interval: tuple[str, str] | None = None
    """How sure the steps say that it is."""
    open: str | None = None
    """The ranks that it alone would leave open."""


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
    lasting: Lasting | None
    """What it is made from, where it must stay as it is when its board gains results."""
    words: MetricWords
    score: str | None
    counted: str | None
    """How many tasks it got right, with an interval; `None` where the score is no such count."""
    ranks: str | None
    """The ranks that the paired tests leave open."""
    interval: tuple[str, str] | None
    stated: str | None
    """The score's standard error as the file states it, where no interval was computed."""
    tested: bool
    """Whether there are tasks enough to tell any pair apart."""
    level_with: int
    """Entries that no test tells from this one."""
    own_ranks: tuple[int, int] | None
    """The ranks that its own test leaves open, where they are fewer."""
    alone: dict[str, object] | None
    """What its score alone leaves open, on a board without per-step data."""
    tied: tuple[Model, ...]
    reasons: tuple[Finding, ...]
    """What keeps it from being ranked."""
    remarks: tuple[Finding, ...]
    """What else was found."""
    basis: tuple[Claim, ...]
    """What stands under its figures."""
    told: tuple[tuple[str, tuple[str, ...]], ...]
    """Sentences about it by kind: `strength`, `limit`, `speed`, `open`, `next`."""
    template: tuple[Claim, ...]
    """Who says how its prompts were built, and what the status stands for."""
    figures: tuple[Figure, ...]
    compared: bool
    """Whether any figure stands beside a median."""
    sure: bool
    """Whether any figure beside the score has an interval."""
    opened: bool
    """Whether any has ranks that it leaves open."""
    slices: tuple[Slices, ...]
    held_out: HeldOut | None
    """Figures of the groups that it was not trained on, where models.toml tells them."""
    before: Model | None
    """The entry that stands above it in the ranking."""
    after: Model | None
    titled: Callable[[str], str]
    """What its tasks are called."""
    strip: Strip
    """The tasks; none where the result holds no steps."""
    joint: Joint | None
    """Its tasks beside those of another result of the model; `None` where there is none."""
    path: str | None
    """Where the pages of its steps are; `None` where they are not at hand."""
    steps: int
    behind: tuple[tuple[Telling, str], ...]
    """Steps on which it is furthest behind the field, and where its answers are."""
    ahead: tuple[tuple[Telling, str], ...]
    only: tuple[int, int]
    """Steps that all others have right and it has not, and the other way round."""
    tasks: bool
    """Whether its board has pages of tasks."""
    episodes: str | None
    """Where the page of its episodes is; `None` where it has none."""
    languages: tuple[str, str] | None
    """Where the page of its languages is, and the one that the others are held against."""
    rivals: tuple[Rival, ...]
    facts: tuple[Facts, ...]
    tries: tuple[Try, ...]
    interpretation: str


def standing(
    placed: Placed,
    source: Source,
    episodes: str = "",
    languages: str = "",
    path: str | None = None,
) -> Standing:
    """Return where the entry *placed* stands.

    Its *episodes* and its *languages*, if it has any, have pages there, and its steps at *path*.
    """
    entry, place = placed
    suite, lasting = placed.suite, source.lasting(placed)
    joined = source.background.joined(entry)
    words, metric = source.words_of(suite), suite.ranked
    error, method = stated_of(entry, metric)
    why = reasons(entry, source)
    field = source.fields.get(place.slug) if place and not lasting else None
    measured = source.measured.get(place.slug) if place and not lasting else None
    board = measured.board if measured else None
    behind, ahead, alone = _telling(placed, path, source) if not lasting else ((), (), (0, 0))
    before, after = _neighbours(entry, measured)
    span = _spans(entry, lasting)
    figures = tuple(_figures(entry, suite, field, span, words, source))
    told = lasting.told if lasting else told_of(entry, field, source.rules)
    family = source.settings.families.get(entry.profile.family or "")
    return Standing(
        anchor=place.slug if place else "unplaced",
        title=place.title if place else source.render.text("site.unplaced"),
        place=place,
        entry=entry,
        lasting=lasting,
        words=words,
        score=as_printed(metric, entry.score),
        counted=count.text if (count := counted(entry, metric)) else None,
        ranks=ranks(entry, board) if board else None,
        alone=_alone(entry, board) if board else None,
        interval=_interval(metric, span),
        stated=stated(source.render, error, method) if error is not None else None,
        tested=entry.resolution.tested if entry.resolution else False,
        level_with=entry.resolution.level_with if entry.resolution else 0,
        own_ranks=_own_ranks(entry),
        tied=tuple(Model(label, source.slugs[label]) for label in entry.tied_with),
        reasons=why,
        remarks=tuple(one for one in distinct(entry.findings) if one not in why),
        basis=basis(entry, suite if place else None),
        told=tuple(_told(told, source)),
        template=template(entry),
        figures=figures,
        compared=any(figure.median is not None for figure in figures),
        sure=any(figure.interval is not None for figure in figures),
        opened=any(figure.open is not None for figure in figures),
        slices=tuple(
            slices_of(entry.result.divisions, measured.parts if measured else {}, suite, words)
        ),
        held_out=held_out(entry, suite),
        before=before,
        after=after,
        path=path,
        steps=_explored_steps(entry, source),
        behind=behind,
        ahead=ahead,
        only=alone,
        tasks=lasting.tasks if lasting else source.tasks_of(place) is not None,
        titled=words.task,
        strip=strip_of(entry.facts, metric, measured.tasks if measured else {}),
        joint=(
            joint_of(entry, source.measured[place.slug].board, source.ranked, joined)
            if place and suite.of_kind.joined
            else None
        ),
        episodes=episodes if source.background.episodes(entry) else None,
        languages=(languages, words.group("language", apart[0]))
        if (apart := gaps(entry, suite))
        else None,
        rivals=measured.rivals.get(entry.result_id, ()) if measured else (),
        facts=facts_of(entry, suite if place else None, source),
        tries=tuple(_tries(entry, metric)),
        interpretation=source.render.own(family.interpretation) if family else "",
    )


def _explored_steps(entry: Entry, source: Source) -> int:
    found = source.background.step_files.explored.get(entry.result_id)
    return found.steps if found else 0


Linked = tuple[tuple[Telling, str], ...]


def _telling(
    placed: Placed, path: str | None, source: Source
) -> tuple[Linked, Linked, tuple[int, int]]:
    """Return the steps behind and ahead of the field, and on how many it is alone, either way."""
    found = source.background.step_files.explored.get(placed.entry.result_id)
    field = field_of(placed, source)
    if found is None or field is None or path is None:
        return (), (), (0, 0)
    behind, ahead = (
        tuple((one, href_of(path, found, one.step, source)) for one in told)
        for told in field.telling(found)
    )
    return behind, ahead, field.alone(found, ranked=placed.entry.rank is not None)


def lasting_rank(found: Lasting, source: Source) -> str:
    """Return the rank of an entry that has one, or the band that it is in, in words."""
    if found.band is None:
        return found.entry.rank_text
    key = "rank.lower" if found.band == 100 else "rank.band"
    return source.render.text(key, **({} if found.band == 100 else {"band": found.band}))


def _neighbours(entry: Entry, measured: Measured | None) -> tuple[Model | None, Model | None]:
    """Return who stands above and below *entry* in the ranking."""
    at = measured.places.get(entry.result_id) if measured else None
    if measured is None or at is None:
        return None, None
    ranked = measured.board.ranked
    around = (ranked[n] if 0 <= n < len(ranked) else None for n in (at - 1, at + 1))
    before, after = (None if one is None else Model(one.label, one.slug) for one in around)
    return before, after


def reasons(entry: Entry, source: Source) -> tuple[Finding, ...]:
    """Return the findings that keep *entry* from being ranked."""
    if entry.rank is not None:
        return ()
    found = distinct(entry.findings)
    return tuple(one for one in found if source.policy.get(one.code) == "unranked")


Spans = Callable[[str], "Interval | None"]
"""The interval of a metric."""


def _spans(entry: Entry, lasting: Lasting | None) -> Spans:
    if lasting is not None:
        return lasting.intervals.get
    found = entry.resolution
    return found.interval if found is not None else lambda _: None


def _interval(metric: Metric, span: Spans) -> tuple[str, str] | None:
    found = span(metric.id)
    if found is None:
        return None
    return as_printed(metric, found.low) or "", as_printed(metric, found.high) or ""


def _alone(entry: Entry, board: Board) -> dict[str, object] | None:
    found = board.open_ranks(entry)
    if board.alone is None or found is None:
        return None
    low, high = found
    tasks = f"{board.alone.effective:.0f}"
    return {"low": low, "high": high, "tasks": tasks, "blind": blind_spot(board)}


def _own_ranks(entry: Entry) -> tuple[int, int] | None:
    found = entry.resolution
    if found is None or (found.own_low, found.own_high) == (found.low, found.high):
        return None
    return found.own_low, found.own_high


def _told(told: Told, source: Source) -> Iterator[tuple[str, tuple[str, ...]]]:
    render = source.render
    for kind, sentences in told:
        yield (
            kind,
            tuple(
                render.text(one.key, **one.values)
                if isinstance(one, Claim)
                else one.text(render.language)
                for one in sentences
            ),
        )


def _figures(
    entry: Entry,
    suite: Suite,
    field: Field | None,
    span: Spans,
    words: MetricWords,
    source: Source,
) -> Iterator[Figure]:
    say, timing = source.render.text, entry.result.timing
    prominent = [metric for metric in suite.metrics if metric.shown != "details"]
    details = [metric for metric in suite.metrics if metric.shown == "details"]
    for metric in prominent:
        if metric.trials and entry.value(metric.id) is None:
            continue  # it was not asked so often
        yield _figure(metric, entry, field, span, words, source)
    for name in TIMES:
        value = timed(name, getattr(timing, name))
        yield Figure(name, say(f"metric.{name}"), value, _usual(name, field))
    for metric in details:
        if entry.value(metric.id) is not None:
            yield _figure(metric, entry, field, span, words, source)
    yield Figure(None, say("metric.steps"), plain(entry.result.counts.scored))
    yield Figure(None, say("metric.tasks"), plain(entry.result.counts.tasks))


def _figure(
    metric: Metric,
    entry: Entry,
    field: Field | None,
    span: Spans,
    words: MetricWords,
    source: Source,
) -> Figure:
    measured, value = entry.metrics.get(metric.id), entry.value(metric.id)
    beside = not metric.ranked and value is not None
    error = stated_error(metric, measured)
    told = stated(source.render, error, measured.stderr_method) if error and measured else None
    return Figure(
        metric.id,
        words.score_title if metric.ranked else words.in_unit(metric, words.title(metric)),
        printed(metric, value),
        _median(metric, field),
        large=metric.shown == "board" and not metric.ranked,
        stated=None if metric.ranked else told,
        interval=_interval(metric, span) if beside else None,
        open=_open(entry, metric) if beside else None,
    )


def _open(entry: Entry, metric: Metric) -> str | None:
    """Return the ranks that *metric* leaves open, where every pair of the board is tested by it."""
    if metric.better == "neither" or entry.resolution is None:
        return None
    if entry.resolution.measured > MOST_MEASURED:
        return None
    found = entry.resolution.open(metric.id)
    if found is None:
        return None
    return str(found.low) if found.low == found.high else f"{found.low}–{found.high}"


def _median(metric: Metric, field: Field | None) -> str | None:
    median = field.median(metric.id) if field else None
    return None if median is None else median + sign(metric)


def _usual(name: str, field: Field | None) -> str | None:
    return field.median(name) if field else None


def _tries(entry: Entry, metric: Metric) -> Iterator[Try]:
    yield Try(
        result_id=entry.result_id,
        file=entry.file,
        sha256=entry.sha256,
        score=as_printed(metric, entry.score),
        steps=plain(entry.result.counts.scored),
        finished_at=entry.result.finished_at,
        here=True,
        findings=distinct(entry.findings),
    )
    yield from (_try(attempt, metric) for attempt in entry.attempts)


def _try(attempt: Attempt, metric: Metric) -> Try:
    return Try(
        result_id=attempt.result_id,
        file=attempt.file,
        sha256=attempt.sha256,
        score=as_printed(metric, attempt.score),
        steps=plain(attempt.steps),
        finished_at=attempt.finished_at,
        here=False,
        findings=distinct(attempt.findings),
    )
