"""Scales of charts: where a value lies on the paper, and which values the axes name."""

import math
from collections.abc import Sequence
from datetime import date

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
    texts: tuple[str, ...] = ()
    """What stands beside each tick, where that is not its number."""

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
    if chart.name == "time":
        return _days(min(values), max(values))
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
    """Return the scale of the scores, which reaches from the lowest to the highest."""
    points = (
        chart.points
        if isinstance(chart, Scatter)
        else [point for line in chart.lines for point in line.points]
    )
    ends = [(point.low, point.score, point.high) for point in points]
    values = [value for end in ends for value in end if value is not None]
    return _round(values, *_bounds(chart.metric), HEIGHT, fitted=True)


def _bounds(metric: Metric) -> tuple[float | None, float | None]:
    """Return what a printed value of *metric* cannot leave."""
    low, high = (None if one is None else metric.scale * one for one in metric.bounds)
    return (low, high) if metric.scale > 0 else (high, low)


_PRINTED = 1e-9
"""The smallest step that a metric is printed in."""


def _round(
    values: Sequence[float],
    least: float | None,
    most: float | None,
    length: float,
    *,
    fitted: bool = False,
) -> Scale:
    """Return a scale from below the lowest of *values* to above the highest one.

    It begins at 0, unless it is *fitted*: points say nothing by their distance from there.
    """
    first, last = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if least is not None and least > 0:
        first = least
    if fitted and max(values) - min(values) > _PRINTED:
        first, last = min(values), max(values)
    if last - first < _PRINTED:
        last = first + 1.0
    step = _step(last - first)
    start = math.floor((first - 0.02 * fitted * (last - first)) / step) * step
    end = math.ceil((last + 0.02 * (last - first)) / step) * step
    start = start if least is None else max(least, start)
    end = end if most is None else min(most, end)
    ticks = tuple(round(start + n * step, 12) for n in range(round((end - start) / step) + 1))
    return Scale(low=start, high=end, ticks=ticks, length=length)


def _days(first: float, last: float) -> Scale:
    """Return a scale of days, with round dates as its ticks."""
    margin = max((last - first) * 0.04, 0.5)
    low, high = first - margin, last + margin
    months = (high - low) / 30.44
    if months >= _MOST_TICKS / 2:
        step = next((n for n in (1, 2, 3, 6, 12, 24, 60) if months / n <= _MOST_TICKS), 120)
        begin = date.fromordinal(max(math.floor(low), 1))
        numbers = range(
            begin.year * 12 // step * step, begin.year * 12 + 12 + round(months) + 1, step
        )
        dates = [date(n // 12, n % 12 + 1, 1) for n in numbers if n >= 12]
        form = "%Y-%m"
    else:
        step = next((n for n in (1, 2, 7, 14) if (high - low) / n <= _MOST_TICKS), 30)
        dates = [date.fromordinal(n) for n in range(math.ceil(low), math.floor(high) + 1, step)]
        form = "%m-%d"
    shown = [one for one in dates if low <= one.toordinal() <= high]
    return Scale(
        low=low,
        high=high,
        ticks=tuple(float(one.toordinal()) for one in shown),
        texts=tuple(one.strftime(form) for one in shown),
        length=WIDTH,
    )


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
        if len(shown) <= _MOST_TICKS + 2:
            break
    return shown
