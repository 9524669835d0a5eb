"""Scales of charts: where a value lies on the paper, and which values the axes name."""

import math
from collections.abc import Sequence

from msgspec import Struct

from ...eval.metrics import Metric
from .charts import Chart, Scatter

# The paper, in units of the drawing: the field of the points, and what lies around it.
WIDTH, HEIGHT = 560, 360
LEFT, TOP, RIGHT, BOTTOM = 46, 34, 16, 48
# Slopes end here, to leave room for their names.
_NAMES_FROM = 0.56

_STEPS = (1, 2, 5)
_MOST_TICKS = 7


class Scale(Struct, frozen=True, kw_only=True):
    """One axis: its ends, its ticks, and how long it is."""

    low: float
    high: float
    ticks: tuple[float, ...]
    length: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the distance of *value* from the lower end."""
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return share * self.length


def across(chart: Chart) -> Scale:
    """Return the horizontal scale of *chart*."""
    if not isinstance(chart, Scatter):
        values = [point.x for line in chart.lines for point in line.points]
        first, last = min(values), max(values)
        low = first - (last - first) * 0.08
        high = low + (last - low) / _NAMES_FROM
        return Scale(low=low, high=high, ticks=_some(sorted(set(values))), length=WIDTH)
    values = [point.x for point in chart.points]
    if chart.log:
        low, high = min(values) / 1.25, max(values) * 1.25
        return Scale(low=low, high=high, ticks=_log_ticks(low, high), length=WIDTH, log=True)
    least, most = _bounds(chart.figure) if chart.figure else (None, None)
    if least is not None and most is not None:
        fifth = (most - least) / 5
        ticks = tuple(round(least + n * fifth, 12) for n in range(6))
        return Scale(low=least, high=most, ticks=ticks, length=WIDTH)
    return _round(values, least, most, WIDTH)


def upward(chart: Chart) -> Scale:
    """Return the scale of the scores: from 0, so that heights can be compared."""
    points = (
        chart.points
        if isinstance(chart, Scatter)
        else [point for line in chart.lines for point in line.points]
    )
    ends = [(point.low, point.score, point.high) for point in points]
    values = [value for end in ends for value in end if value is not None]
    return _round(values, *_bounds(chart.metric), HEIGHT)


def _bounds(metric: Metric) -> tuple[float | None, float | None]:
    """Return what a printed value of *metric* cannot leave."""
    low, high = (None if one is None else metric.scale * one for one in metric.bounds)
    return (low, high) if metric.scale > 0 else (high, low)


_PRINTED = 1e-9
"""The smallest step that a metric is printed in."""


def _round(
    values: Sequence[float], least: float | None, most: float | None, length: float
) -> Scale:
    """Return a scale from 0, or from below the lowest of *values*, to above the highest one."""
    first, last = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if least is not None and least > 0:
        first = least
    if last - first < _PRINTED:
        last = first + 1.0
    step = _step(last - first)
    start = math.floor(first / step) * step
    end = math.ceil((last + 0.02 * (last - first)) / step) * step
    start = start if least is None else max(least, start)
    end = end if most is None else min(most, end)
    ticks = tuple(round(start + n * step, 12) for n in range(round((end - start) / step) + 1))
    return Scale(low=start, high=end, ticks=ticks, length=length)


def _some(values: Sequence[float]) -> tuple[float, ...]:
    """Return *values*, and no more of them than can stand side by side."""
    return tuple(values[:: math.ceil(len(values) / _MOST_TICKS)])


def _step(span: float) -> float:
    """Return a round distance between ticks that are *span* apart."""
    power = math.floor(math.log10(span)) - 1
    for place in range(power, power + 3):
        for step in _STEPS:
            if span / (step * 10.0**place) <= _MOST_TICKS:
                return step * 10.0**place
    return span


def _log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return the round values between *low* and *high*: fewer a decade the more decades."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in (_STEPS, (1,)):
        ticks = [round(s * 10.0**d, 12) for d in decades for s in steps]
        shown = tuple(tick for tick in ticks if low <= tick <= high)
        if len(shown) <= 2 * _MOST_TICKS:
            break
    return shown
