"""Two scores of each task as a pair of bars, one upward and one downward from the same line."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

A_ROW = 50
"""Pairs that stand side by side: what a phone can still show."""
HIGH = 100
"""Of each of the two halves, which a line parts."""


class Bars(NamedTuple):
    """How long the bars of a pair are, each in per cent of its half."""

    up: float
    down: float


def mirror(bars: Sequence[Bars]) -> Markup:
    """Return drawings of up to 50 pairs each, a path a series.

    All that they show must stand in a table as well.
    """
    rows = (bars[start : start + A_ROW] for start in range(0, len(bars), A_ROW))
    wide = 10 * min(A_ROW, len(bars))
    return Markup(
        "".join(
            f'<svg class="cb-strip cb-mirror" viewBox="0 0 {wide} {2 * HIGH}"'
            f' preserveAspectRatio="none" aria-hidden="true" focusable="false">'
            f'<rect class="cb-strip-all" width="{10 * len(row)}" height="{2 * HIGH}"/>'
            f'<path class="cb-strip-mark" d="{_series(row, up=True)}"/>'
            f'<path class="cb-strip-mark cb-strip-other" d="{_series(row, up=False)}"/>'
            f'<path class="cb-strip-median" d="M0 {HIGH}h{wide}"/></svg>'
            for row in rows
        )
    )


def _series(row: Sequence[Bars], *, up: bool) -> str:
    """Return the bars of one half as a path."""
    lengths = (max(round(one.up if up else one.down), 1) for one in row)
    return "".join(
        f"M{10 * number + 5} {HIGH}v{-long if up else long}" for number, long in enumerate(lengths)
    )
