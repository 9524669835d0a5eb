"""A board's columns, and its entries as the lines of a table."""

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from ...board.model import Board, Entry
from ...board.show.rows import beside, field_of, independent
from ...board.words.findings import Finding
from ...board.workspace.settings import Suite
from ...eval.metrics import Metric
from ..data.figures import (
    Span,
    as_printed,
    billions,
    plain,
    printed,
    span_of,
    stated_error,
    timed,
)

Kind = Literal["rank", "model", "score", "number", "set", "date", "findings"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


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

    @property
    def number(self) -> bool:
        """Whether its values stand to the right."""
        return self.kind in ("rank", "score", "number")

    @property
    def descends(self) -> bool:
        """Whether a reader wants to see the highest value first."""
        return self.best == "high" or self.kind in ("date", "findings")


_FIRST = (Column(name="rank", kind="rank"), Column(name="model", kind="model"))
_LAST = (
    Column(name="seconds", kind="number", best="low", field="seconds_per_step"),
    Column(name="parameters", kind="number", unknown="site.unknown", field="parameters_billions"),
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
    Column(name="template", kind="set", field="template_status"),
    Column(name="date", kind="date", shown=False, field="finished_on"),
    Column(name="level", kind="number", shown=False, unknown="site.unmeasured", field="level_with"),
    Column(name="findings", kind="findings", unknown="site.badge.nothing"),
)


def columns_of(suite: Suite) -> tuple[Column, ...]:
    """Return the columns of a board of *suite*: its metrics between what every board has."""
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
    return (*_FIRST, score, *metrics, *_LAST)


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
    """How far the score and the ends of its interval reach, in per cent of the room."""
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
    def tied(self) -> bool:
        """Whether the rank is shared."""
        return self.rank.endswith("=")


def rows(board: Board) -> tuple[Row, ...]:
    """Return the ranked entries of *board* as lines, the same in every language."""
    everywhere, span = frozenset(universal(board)), score_span(board)
    return tuple(
        _row(entry, board, everywhere, run, span)
        for entry, run in zip(board.ranked, _runs(board), strict=True)
    )


def score_span(board: Board) -> Span:
    """Return where the bars of scores begin and end."""
    return span_of(board.suite.ranked, (entry.score for entry in board.ranked))


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


def _row(entry: Entry, board: Board, everywhere: frozenset[str], run: int, span: Span) -> Row:
    suite = board.suite
    metric, resolution = suite.ranked, entry.resolution
    interval = resolution.score if resolution else None
    organisation, slash, _ = entry.name.partition("/")
    score = entry.score or 0.0
    ends = (interval.low, interval.high) if interval else (score, score)
    error, method = stated(entry, metric)
    return Row(
        slug=entry.slug,
        organisation=organisation if slash else "",
        name=entry.label.removeprefix(f"{organisation}/") if slash else entry.label,
        rank=entry.rank_text,
        ranks=ranks(entry, board),
        score=as_printed(metric, entry.score) or "",
        low=as_printed(metric, interval.low) if interval else None,
        high=as_printed(metric, interval.high) if interval else None,
        bar=(f"{span.at(score):.2f}", f"{span.at(ends[0]):.2f}", f"{span.at(ends[1]):.2f}"),
        error=error,
        method=method,
        independent=_independent(entry, suite),
        measured=resolution is not None,
        reach=_reach(entry, board),
        run=run,
        cells=_cells(entry, suite),
        findings=_codes(entry.findings),
        badges=_codes(
            [one for one in entry.findings if one.severity != "info" and one.code not in everywhere]
        ),
    )


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


def _cells(entry: Entry, suite: Suite) -> dict[str, str | None]:
    profile, result = entry.profile, entry.result
    date = _DATE.match(result.finished_at or "")
    metrics = {
        f"metric-{metric.id}": printed(metric, entry.value(metric.id)) for metric in beside(suite)
    }
    return {
        "level": plain(entry.resolution.level_with) if entry.resolution else None,
        **metrics,
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
