"""A board's columns, and its entries as the lines of a table."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ...board.model import Board, Entry
from ...board.show.rows import beside, field_of, independent
from ...board.statistics.measurement import told_apart
from ...board.words.findings import Finding
from ...board.workspace.settings import ColumnChoice, Suite, Text
from ...eval.metrics import Metric
from ..data.figures import (
    Span,
    as_printed,
    billions,
    plain,
    printed,
    signed,
    span_of,
    stated_error,
    timed,
)

Kind = Literal["rank", "model", "score", "number", "set", "date", "findings"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# A name with letters that run to the left, or signs that turn text, is not taken apart.
_NOT_TO_CUT = re.compile("[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufeff]")
_UNCUT, _TAIL = 24, 10
SIZES = {"to-4": 4.0, "to-10": 10.0, "to-40": 40.0, "over-40": math.inf}
"""Classes of size, each with the most billions of parameters that belong to it."""


class Column(Struct, frozen=True, kw_only=True):
    """A column of the board: its name in the catalogue, what it holds, and which value is best.

    That of a metric is named after the metric's id, with a beginning of its own.
    """

    name: str
    kind: Kind
    best: Literal["high", "low"] | None = None
    shown: bool = True
    """Whether a reader sees it without asking."""
    unknown: str = "card.not-recorded"
    """What a missing value means, as a message."""
    field: str | None = None
    """Its name in exported files, where that is not its own."""
    metric: Metric | None = None
    """What it holds, where that is a metric of the suite."""
    title: Text = {}
    """Its heading in a workspace's own words, by language."""

    @property
    def number(self) -> bool:
        """Whether its values stand to the right."""
        return self.kind in ("rank", "score", "number")

    @property
    def descends(self) -> bool:
        """Whether a reader wants to see the highest value first."""
        return self.best == "high" or self.kind in ("date", "findings")


_FIRST = (Column(name="rank", kind="rank"), Column(name="model", kind="model"))
_BASE = Column(name="base", kind="number", unknown="site.base.none", field="difference_to_base")
_LAST = (
    Column(name="seconds", kind="number", best="low", field="seconds_per_step"),
    Column(name="parameters", kind="number", unknown="site.unknown", field="parameters_billions"),
    Column(name="size", kind="set", shown=False, unknown="site.size.unknown", field="size_class"),
    Column(
        name="leader", kind="set", shown=False, unknown="site.leader.no", field="best_of_its_size"
    ),
    Column(name="organisation", kind="set", shown=False, unknown="site.organisation.none"),
    Column(name="family", kind="set", unknown="site.unknown"),
    Column(
        name="relation",
        kind="set",
        shown=False,
        unknown="site.relation.none",
        field="base_model_relation",
    ),
    Column(name="backend", kind="set", shown=False),
    Column(name="evidence", kind="set"),
    Column(name="template", kind="set", shown=False, field="template_status"),
    Column(name="date", kind="date", shown=False, field="finished_on"),
    Column(name="level", kind="number", shown=False, unknown="site.unmeasured", field="level_with"),
    Column(name="findings", kind="findings", unknown="site.badge.nothing"),
)


def columns_of(suite: Suite, chosen: Sequence[ColumnChoice] = ()) -> tuple[Column, ...]:
    """Return the columns of a board of *suite*: its metrics between what every board has.

    Where a workspace has *chosen* some, they come first, in its order and with its headings, and
    all others wait until a reader asks for them; rank, model and score are always in sight.
    """
    every = {column.name: column for column in _every(suite)}
    if not chosen:
        return tuple(every.values())
    found = {}
    for choice in chosen:
        column = every.get(choice.name) or every.get(f"metric-{choice.name}")
        if column is not None:
            shown = True if choice.shown is None else choice.shown
            found[column.name] = replace(column, shown=shown, title=choice.title)
    missing = {name: every[name] for name in ("rank", "model", "score") if name not in found}
    rest = [column for name, column in every.items() if name not in missing | found]
    return (
        *missing.values(),
        *found.values(),
        *(replace(column, shown=False) for column in rest),
    )


def _every(suite: Suite) -> tuple[Column, ...]:
    score = Column(name="score", kind="score", best=_best(suite.ranked))
    metrics = (
        Column(
            name=f"metric-{metric.id}",
            kind="number",
            best=_best(metric),
            field=field_of(metric),
            metric=metric,
        )
        for metric in beside(suite)
    )
    return (*_FIRST, score, _BASE, *metrics, *_LAST)


def _best(metric: Metric) -> Literal["high", "low"] | None:
    ends: dict[str, Literal["high", "low"]] = {"higher": "high", "lower": "low"}
    return ends.get(metric.better)


class Row(Struct, frozen=True, kw_only=True):
    """An entry as the table prints it; `None` where a figure is unknown."""

    slug: str
    organisation: str
    """What stands before the first `/` of the model's id; empty where there is none."""
    name: str
    rank: str
    ranks: str | None
    """The ranks that the paired tests leave open, e.g. `1–9`."""
    score: str
    low: str | None
    high: str | None
    """Ends of the score's interval."""
    bar: tuple[str, str, str]
    """Where the score and the ends of its interval lie on the board's span, in per cent."""
    error: str | None
    """The score's standard error as its file states it, where no interval was computed."""
    method: str | None
    """How that was measured, in the words of the file."""
    independent: tuple[str, str, str] | None
    """Ends of the interval of a share of items that are taken for independent, and their number."""
    measured: bool
    """Whether the entry has per-step data."""
    reach: tuple[str, str] | None
    """Where those ranks begin and end between the first and the last one, in per cent."""
    run: int
    """How many rows right below it, one after another, no test tells from it."""
    near: bool
    """Whether it is the first row, or one that no test tells from it."""
    active: str | None
    """Parameters at work for each token, where those are fewer than all."""
    apart: bool | None
    """Whether a test tells it from its base; `None` where it has none here, or nothing tests it."""
    cells: dict[str, str | None]
    """The other columns as printed; sets by the key of their value."""
    findings: tuple[str, ...]
    """Codes of what was found, without repetition."""
    badges: tuple[str, ...]
    """Those among them that warn of what does not hold for the whole board."""

    @property
    def label(self) -> str:
        """Return the entry's whole name."""
        return f"{self.organisation}/{self.name}" if self.organisation else self.name

    @property
    def cut(self) -> tuple[str, str]:
        """Return the name in two parts, the second of which stays in sight where room is short.

        Ends tell names of one family apart. The second part is empty where nothing is cut.
        """
        if len(self.name) <= _UNCUT or _NOT_TO_CUT.search(self.name):
            return self.name, ""
        return self.name[:-_TAIL], self.name[-_TAIL:]

    @property
    def tied(self) -> bool:
        """Whether the rank is shared."""
        return self.rank.endswith("=")


def rows(board: Board) -> tuple[Row, ...]:
    """Return the ranked entries of *board* as lines, the same in every language."""
    everywhere, span, runs = frozenset(universal(board)), score_span(board), _runs(board)
    near = runs[0] if runs else 0
    bases, leaders = _bases(board), _leaders(board.ranked)
    apart = _apart(board, bases)
    return tuple(
        _row(
            entry,
            board,
            everywhere,
            span,
            run=run,
            near=place <= near,
            apart=apart.get(entry.result_id),
            cells=_cells(entry, board.suite, bases.get(entry.result_id), leaders),
        )
        for place, (entry, run) in enumerate(zip(board.ranked, runs, strict=True))
    )


def score_span(board: Board) -> Span:
    """Return where drawings of scores begin and end: round numbers around all that is drawn."""
    metric = board.suite.ranked
    told = [end for entry in board.ranked for end in _ends(entry)]
    if not told or min(told) == max(told):
        return span_of(metric, told)
    step: float = 10 ** math.floor(math.log10(max(told) - min(told)))
    if (max(told) - min(told)) / step < 5:
        step /= 2
    bounds = span_of(metric, told)
    low, high = math.floor(min(told) / step) * step, math.ceil(max(told) / step) * step
    return Span(max(low, bounds.low), min(high, bounds.high))


def _ends(entry: Entry) -> tuple[float, float, float]:
    score = entry.score or 0.0
    found = entry.resolution.score if entry.resolution else None
    return (score, found.low, found.high) if found else (score, score, score)


def _bases(board: Board) -> dict[str, Entry]:
    """Return by its id the ranked entry that each entry is derived from, where that is here."""
    by_model = {entry.model.lower(): entry for entry in board.ranked}
    return {
        entry.result_id: base
        for entry in board.ranked
        if (base := by_model.get((entry.profile.base_model or "").lower())) and base is not entry
    }


def _apart(board: Board, bases: Mapping[str, Entry]) -> dict[str, bool]:
    """Tell of each entry with a base whether a test of the two alone tells them apart."""
    pairs = [(one, base) for one in board.ranked if (base := bases.get(one.result_id))]
    if board.alone is not None:
        return {one.result_id: board.told_alone(one, base) for one, base in pairs}
    tested = {
        one.result_id: (one.resolution, base.resolution)
        for one, base in pairs
        if one.resolution and base.resolution and one.resolution.tested
    }
    return dict(zip(tested, told_apart(list(tested.values())), strict=True))


def _leaders(ranked: Sequence[Entry]) -> frozenset[str]:
    """Return the ids of the first entries of each class of size that holds several."""
    by_size: dict[str, list[Entry]] = {}
    for entry in ranked:
        if size := _size(entry):
            by_size.setdefault(size, []).append(entry)
    return frozenset(
        entry.result_id
        for several in by_size.values()
        if len(several) > 1
        for entry in several
        if entry.rank == several[0].rank
    )


def _size(entry: Entry) -> str | None:
    held = entry.profile.parameters
    return None if held is None else next(name for name, most in SIZES.items() if held <= most)


def universal(board: Board) -> tuple[str, ...]:
    """Return the codes of the findings that all ranked entries share, where there are several."""
    found = [_codes(entry.findings) for entry in board.ranked]
    if len(found) < 2:
        return ()
    shared = set(found[0]).intersection(*found[1:])
    return tuple(code for code in found[0] if code in shared)


def _runs(board: Board) -> list[int]:
    """Return how many rows right below each are not told from it.

    Rows without steps between rows with some can be told from nobody, so none is counted past one.
    """
    found, like = [0] * len(board.ranked), 0
    for place in reversed(range(len(board.ranked))):
        entry = board.ranked[place]
        like = like + 1 if board.open_ranks(entry) is not None else 0
        found[place] = min(board.level_below(entry), max(like - 1, 0))
    return found


def _reach(entry: Entry, board: Board) -> tuple[str, str] | None:
    found, ranked = board.open_ranks(entry), len(board.ranked)
    if found is None or ranked < 2:
        return None
    return f"{100 * (found[0] - 1) / ranked:.2f}", f"{100 * found[1] / ranked:.2f}"


def _row(
    entry: Entry,
    board: Board,
    everywhere: frozenset[str],
    span: Span,
    *,
    run: int,
    near: bool,
    apart: bool | None,
    cells: dict[str, str | None],
) -> Row:
    suite, profile = board.suite, entry.profile
    metric, resolution = suite.ranked, entry.resolution
    interval = resolution.score if resolution else None
    organisation, slash, _ = entry.name.partition("/")
    score = as_printed(metric, entry.score) or ""
    low = as_printed(metric, interval.low) if interval else None
    high = as_printed(metric, interval.high) if interval else None
    active = profile.active_parameters
    error, method = stated(entry, metric)
    return Row(
        slug=entry.slug,
        organisation=organisation if slash else "",
        name=entry.label.removeprefix(f"{organisation}/") if slash else entry.label,
        rank=entry.rank_text,
        ranks=ranks(entry, board),
        score=score,
        low=low,
        high=high,
        bar=(_at(score, span), _at(low or score, span), _at(high or score, span)),
        error=error,
        method=method,
        independent=_independent(entry, suite),
        measured=resolution is not None,
        reach=_reach(entry, board),
        run=run,
        near=near,
        active=None if active is None or active == profile.parameters else billions(active),
        apart=apart,
        cells={**cells, "organisation": organisation if slash else None},
        findings=_codes(entry.findings),
        badges=_codes(
            [one for one in entry.findings if one.severity != "info" and one.code not in everywhere]
        ),
    )


def _at(text: str, span: Span) -> str:
    """Return how far along the way a printed score lies, as the script works it out as well."""
    number = float(text.rstrip("%")) if text else span.low
    return f"{math.floor(10 * span.at(number) + 0.5) / 10:.1f}"


def _independent(entry: Entry, suite: Suite) -> tuple[str, str, str] | None:
    found = independent(entry, suite)
    if found is None:
        return None
    low, high, items = found
    metric = suite.ranked
    return as_printed(metric, low) or "", as_printed(metric, high) or "", str(items)


def stated(entry: Entry, metric: Metric) -> tuple[str | None, str | None]:
    """Return the standard error that the file of *entry* states, and its method.

    Nothing where the entry's own steps tell how sure its score is.
    """
    measured = entry.metrics.get(metric.id) if entry.resolution is None else None
    error = stated_error(metric, measured)
    return error, (measured.stderr_method if measured and error is not None else None)


def _cells(
    entry: Entry, suite: Suite, base: Entry | None, leaders: frozenset[str]
) -> dict[str, str | None]:
    profile, result = entry.profile, entry.result
    date = _DATE.match(result.finished_at or "")
    metrics = {
        f"metric-{metric.id}": printed(metric, entry.value(metric.id)) for metric in beside(suite)
    }
    return {
        "level": plain(entry.resolution.level_with) if entry.resolution else None,
        "base": None
        if base is None
        else signed(suite.ranked, (entry.score or 0.0) - (base.score or 0.0)),
        **metrics,
        "size": _size(entry),
        "leader": "yes" if entry.result_id in leaders else None,
        "seconds": timed("seconds_per_step", result.timing.seconds_per_step),
        "parameters": billions(profile.parameters),
        "family": profile.family,
        "relation": profile.base_model_relation,
        "backend": result.protocol.backend,
        "evidence": entry.evidence,
        "template": entry.template_status,
        "date": date[0] if date else None,
    }


def _codes(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.code for one in findings))


def ranks(entry: Entry, board: Board) -> str | None:
    """Return the range of ranks that stays open; `None` where nothing can be said of it."""
    found = board.open_ranks(entry)
    if found is None:
        return None
    low, high = found
    return str(low) if low == high else f"{low}–{high}"
