"""Figures as every page prints them: as the cards do, and `None` where nothing is known."""

from collections.abc import Iterable
from typing import NamedTuple

from ...board.notes.figures import setting, shown
from ...eval.metrics import Measured, Metric

Value = str | int | float | bool | None


def printed(metric: Metric, value: float | None) -> str | None:
    """Return a value of *metric* as boards print it; percentages with their sign."""
    return None if value is None else as_printed(metric, metric.scale * value)


def as_printed(metric: Metric, number: float | None) -> str | None:
    """Return a number that is at the scale of *metric* already, such as a score."""
    return None if number is None else f"{number:.{metric.decimals}f}{sign(metric)}"


def column(metric: Metric, numbers: Iterable[float | None]) -> list[str | None]:
    """Return numbers that are at the scale of *metric* already, each as printed."""
    decimals, unit = metric.decimals, sign(metric)
    return [None if one is None else f"{one:.{decimals}f}{unit}" for one in numbers]


def sign(metric: Metric) -> str:
    """Return what stands behind every value of *metric*."""
    return "%" if metric.unit == "percent" and metric.scale == 1 else ""


def signed(metric: Metric, difference: float) -> str:
    """Return a printed difference with its sign, and with none where it prints as zero."""
    text = f"{abs(difference):.{metric.decimals}f}"
    if not text.strip("0."):
        return text
    return f"{'+' if difference > 0 else '−'}{text}"


def stated_error(metric: Metric, measured: Measured | None) -> str | None:
    """Return the standard error that a result states for *metric*, as it is printed."""
    if measured is None or measured.stderr is None:
        return None
    return as_printed(metric, abs(metric.scale) * measured.stderr)


def timed(name: str, value: float | None) -> str | None:
    """Return the figure *name*, which results of every suite may have, as it is printed."""
    return None if value is None else shown(name, value)


def plain(value: Value) -> str | None:
    """Return a recorded setting as it would stand in a JSON file, without quotes."""
    return None if value is None else setting(value)


def billions(value: float | None) -> str | None:
    """Return a number of parameters, given in billions, e.g. `1.2B`."""
    return None if value is None else f"{shown('parameters', value)}B"


class Span(NamedTuple):
    """Where drawings of a metric begin and end, as it is printed."""

    low: float
    high: float

    def at(self, number: float) -> float:
        """Return how far along the way a printed *number* lies, in per cent."""
        if self.high <= self.low:
            return 0.0
        share = (number - self.low) / (self.high - self.low)
        return 100 * min(max(share, 0.0), 1.0)


def span_of(metric: Metric, numbers: Iterable[float | None] = ()) -> Span:
    """Return the span of *metric*: its bounds, or where it has none, 0 or the furthest number."""
    ends = [None if bound is None else metric.scale * bound for bound in metric.bounds]
    low, high = ends if metric.scale > 0 else ends[::-1]
    if low is None or high is None:
        known = [number for number in numbers if number is not None]
        low = min([0.0, *known]) if low is None else low
        high = max([0.0, *known]) if high is None else high
    return Span(low, high)
