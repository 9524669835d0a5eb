"""What the charts of a model's files show: scores against size, and speed against memory."""

from collections import defaultdict
from collections.abc import Sequence

from ...board.compare.files import GIGABYTE, Bench, File, Files, bench_of
from ...board.model import Board
from ...eval.metrics import Metric
from .charts import Point, Scatter, with_front

SPEED = Metric(
    id="answer_tokens_per_second", unit="count", low=0.0, better="higher", decimals=1, scale=1.0
)
"""How speeds are printed beside a chart."""


def size_chart(files: Files, board: Board) -> Scatter:
    """Return the scores of *files* with their intervals, against what they take on the disk."""
    metric = board.suite.ranked
    known = [
        _point(one, one.bytes / GIGABYTE, one.entry.score, interval=True)
        for one in files.files
        if one.bytes and one.entry.score is not None and one.entry.rank is not None
    ]
    return _scatter("file-size", known, metric, files)


def memory_chart(files: Files) -> tuple[Scatter, Bench | None]:
    """Return the speeds of *files* against their memory, of the machine that measured most of them.

    Others stand on no scale with these.
    """
    by_bench: dict[Bench, list[File]] = defaultdict(list)
    for one in files.files:
        bench = bench_of(one.entry.result)
        if bench is not None and one.peak and one.entry.result.timing.answer_tokens_per_second:
            by_bench[bench].append(one)
    bench = max(by_bench, key=lambda one: (len(by_bench[one]), one), default=None)
    known = (
        [
            _point(
                one, (one.peak or 0) / GIGABYTE, one.entry.result.timing.answer_tokens_per_second
            )
            for one in by_bench.get(bench, [])
        ]
        if bench is not None
        else []
    )
    return _scatter("file-memory", known, SPEED, files), bench


def _point(one: File, x: float, y: float | None, *, interval: bool = False) -> Point:
    found = one.entry.resolution.score if interval and one.entry.resolution else None
    return Point(
        label=one.name,
        slug=one.entry.slug,
        x=x,
        score=y or 0.0,
        low=found.low if found else None,
        high=found.high if found else None,
    )


def _scatter(name: str, points: Sequence[Point], metric: Metric, files: Files) -> Scatter:
    told = with_front(points, metric.sign)
    return Scatter(
        name=name,
        metric=metric,
        points=tuple(sorted(told, key=lambda p: (-metric.sign * p.score, p.label))),
        known=len(told),
        ranked=len(files.files),
        log=True,
        named=True,
    )
