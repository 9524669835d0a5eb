"""What the charts of a board show: points, lines, and whether there is enough to draw at all."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from ...board.model import Board, Entry
from ...board.show.rows import beside
from ...board.workspace.settings import Suite
from ...eval.metrics import Metric

# More marks than this can neither be told apart nor pointed at.
MOST = 200
FEWEST = 2
LISTS = frozenset(("bases", "ranks", "groups"))
"""What stands on the page beside charts, and is none."""
COLOURS = 8
"""Families that have a colour and a sign of their own; more could not be told apart."""


class Point(Struct, frozen=True, kw_only=True):
    """An entry on a chart: a figure of it against its score, as both are printed."""

    label: str
    slug: str
    x: float
    score: float
    low: float | None = None
    high: float | None = None
    """Ends of the score's interval."""
    best: bool = False
    """Whether it lies on the line of the best."""
    guessed: bool = False
    """Whether the figure was read from the model's name."""
    family: str | None = None
    """As models.toml names it."""
    rank: str = ""
    """As printed, with the ranks that paired tests leave open."""


class Scatter(Struct, frozen=True, kw_only=True):
    """Scores against another figure."""

    name: str
    metric: Metric
    """What the scores are of."""
    figure: Metric | None = None
    """What the other figure is, where that is a metric of the suite or of another."""
    other: Suite | None = None
    """The other suite that it is a metric of."""
    points: tuple[Point, ...]
    """What is drawn, best score first."""
    known: int
    """Ranked entries that have the figure."""
    ranked: int
    log: bool = False
    families: tuple[str, ...] = ()
    """Those that have a colour, by the number of it."""
    named: bool = False
    """Whether all points have their names beside them, and not only those on the line."""

    @property
    def shown(self) -> bool:
        """Tell whether there is enough to draw."""
        return (
            len({point.x for point in self.points}) > 1
            if self.name == "time"
            else (self.known >= FEWEST)
        )

    @property
    def front(self) -> tuple[Point, ...]:
        """Return the points on the line of the best, from the smallest figure up."""
        return tuple(sorted((p for p in self.points if p.best), key=lambda p: p.x))


class Slope(Struct, frozen=True, kw_only=True):
    """Scores of entries that follow from each other, from left to right."""

    label: str
    points: tuple[Point, ...]

    @property
    def gain(self) -> float:
        """Return the last score minus the first."""
        return round(self.points[-1].score - self.points[0].score, 9)


class Slopes(Struct, frozen=True, kw_only=True):
    """How scores went over the epochs of training runs."""

    name: str
    metric: Metric
    lines: tuple[Slope, ...]
    """What is drawn, the best last score first."""
    known: int
    """Lines that there are."""

    @property
    def shown(self) -> bool:
        """Tell whether there is enough to draw."""
        return self.known > 0


Chart = Scatter | Slopes


Joined = tuple[Suite, Mapping[str, float]]
"""Another suite, and the scores of this board's models there by their result here."""


def charts_of(board: Board, joined: Joined | None = None) -> tuple[Chart, ...]:
    """Return the charts of *board*; all are of its ranked entries."""
    return (
        _scatter("size", board, lambda e: e.profile.parameters, log=True, front=True),
        _scatter("speed", board, _seconds, log=True, front=True),
        *(
            _scatter(metric.id, board, partial(_printed, metric), of=metric)
            for metric in _telling(board.suite)
        ),
        *(_joined(board, *joined) if joined else ()),
        _scatter("time", board, _day, front=True),
        _slopes("epochs", _epochs(board), board),
    )


def families_of(board: Board) -> tuple[str, ...]:
    """Return the families with most ranked entries, of which each has a colour on every chart."""
    met = Counter(family for entry in board.ranked if (family := entry.profile.family))
    ordered = sorted(met, key=lambda family: (-met[family], family))
    return tuple(ordered[:COLOURS])


def _joined(board: Board, other: Suite, scores: Mapping[str, float]) -> Iterator[Scatter]:
    found = _scatter("joined", board, lambda e: scores.get(e.result_id), of=other.ranked)
    yield replace(found, other=other)


def _telling(suite: Suite) -> list[Metric]:
    """Return the metrics that are drawn against the score.

    Those that the suite's kind doubts where they are low, since they hold the score down, and those
    that the suite shows beside its kind's own.
    """
    doubted = {doubt.metric for doubt in suite.of_kind.doubts}
    own = {metric.id for metric in suite.of_kind.metrics}
    names = {"size", "speed", "epochs", "joined", "time"} | LISTS
    told = [one for one in beside(suite) if one.id in doubted or one.id not in own]
    return [metric for metric in told if metric.id not in names]


def _seconds(entry: Entry) -> float | None:
    return entry.result.timing.seconds_per_step


def _day(entry: Entry) -> float | None:
    """Return the day of the evaluation, counted as calendars do."""
    try:
        return float(date.fromisoformat((entry.result.finished_at or "")[:10]).toordinal())
    except ValueError:
        return None


def _printed(metric: Metric, entry: Entry) -> float | None:
    value = entry.value(metric.id)
    return None if value is None else metric.scale * value


def _scatter(
    name: str,
    board: Board,
    figure: Callable[[Entry], float | None],
    *,
    log: bool = False,
    front: bool = False,
    of: Metric | None = None,
) -> Scatter:
    metric = board.suite.ranked
    known = [
        _point(entry, value)
        for entry in board.ranked
        if (value := figure(entry)) is not None and (value > 0 or not log)
    ]
    sign = metric.sign
    if front:
        known = with_front(known, sign)
    # Whatever is left out, the line of the best is whole.
    chosen = sorted(known, key=lambda p: (not p.best, -sign * p.score, p.label))[:MOST]
    return Scatter(
        name=name,
        metric=metric,
        figure=of,
        points=tuple(sorted(chosen, key=lambda p: (-sign * p.score, p.label))),
        known=len(known),
        ranked=len(board.ranked),
        log=log,
        families=families_of(board),
    )


def _point(entry: Entry, x: float, *, best: bool = False) -> Point:
    interval = entry.resolution.score if entry.resolution else None
    return Point(
        label=entry.label,
        slug=entry.slug,
        x=x,
        score=entry.score or 0.0,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        best=best,
        guessed="parameters" in entry.profile.guessed,
        family=entry.profile.family,
        rank=_rank(entry),
    )


def _rank(entry: Entry) -> str:
    found = entry.resolution
    open_ = f" ({found.low}–{found.high})" if found is not None and found.tested else ""
    return f"{entry.rank_text}{open_}"


def with_front(points: Iterable[Point], sign: int) -> list[Point]:
    """Return *points*, marking those that no point with a smaller or equal figure outscores."""
    told, best = [], -inf
    for point in sorted(points, key=lambda p: (p.x, -sign * p.score, p.label)):
        told.append(replace(point, best=sign * point.score > best))
        best = max(best, sign * point.score)
    return told


def _slopes(name: str, lines: Sequence[Slope], board: Board) -> Slopes:
    metric = board.suite.ranked
    ordered = sorted(lines, key=lambda line: (-metric.sign * line.points[-1].score, line.label))
    return Slopes(name=name, metric=metric, lines=tuple(ordered[: MOST // 4]), known=len(lines))


def _epochs(board: Board) -> list[Slope]:
    """Return the checkpoints of each training run by epoch, for runs with two or more."""
    runs: dict[str, dict[float, Point]] = defaultdict(dict)
    for entry in board.ranked:
        series, epoch = entry.profile.series, entry.profile.epoch
        if series is not None and epoch is not None:
            # Several checkpoints of one epoch: the best of them, which comes first.
            runs[series].setdefault(epoch, _point(entry, epoch))
    return [
        Slope(label=series, points=tuple(point for _, point in sorted(points.items())))
        for series, points in runs.items()
        if len(points) >= FEWEST
    ]
