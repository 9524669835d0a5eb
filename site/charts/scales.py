"""Scales of charts: where a value lies on the paper, and which values the axes name."""

import math
from collections.abc import Sequence

from msgspec import Struct

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
    return Scale(low=0.0, high=100.0, ticks=tuple(range(0, 101, 20)), length=WIDTH)


def upward(chart: Chart) -> Scale:
    """Return the scale of the scores: from 0, so that heights can be compared."""
    points = (
        chart.points
        if isinstance(chart, Scatter)
        else [point for line in chart.lines for point in line.points]
    )
    most = max(max(point.score, point.high or 0.0) for point in points)
    step = _step(most)
    high = min(100.0, math.ceil(max(most, 1.0) * 1.02 / step) * step)
    ticks = tuple(n * step for n in range(round(high / step) + 1))
    return Scale(low=0.0, high=high, ticks=ticks, length=HEIGHT)


def _some(values: Sequence[float]) -> tuple[float, ...]:
    """Return *values*, and no more of them than can stand side by side."""
    return tuple(values[:: math.ceil(len(values) / _MOST_TICKS)])


def _step(most: float) -> float:
    """Return a round distance between ticks from 0 to *most*."""
    for power in (0, 1):
        for step in _STEPS:
            if most / (step * 10**power) <= _MOST_TICKS:
                return step * 10**power
    return 20.0


def _log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return the round values between *low* and *high*: fewer a decade the more decades."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in (_STEPS, (1,)):
        ticks = [round(s * 10.0**d, 12) for d in decades for s in steps]
        shown = tuple(tick for tick in ticks if low <= tick <= high)
        if len(shown) <= 2 * _MOST_TICKS:
            break
    return shown
