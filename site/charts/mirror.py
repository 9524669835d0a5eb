"""Two scores of each task as a pair of bars, one upward and one downward from the same line."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

A_ROW = 50
"""Pairs that stand side by side: what a phone can still show."""
HIGH = 100
"""Of each of the two halves, which a line parts."""


class Bars(NamedTuple):
    """What a pair says, and how long its bars are, each in per cent of its half."""

    says: str
    up: float
    down: float


def mirror(bars: Sequence[Bars]) -> Markup:
    """Return drawings of up to 50 pairs each; all that they show must stand in a table as well."""
    rows = (bars[start : start + A_ROW] for start in range(0, len(bars), A_ROW))
    wide = 10 * min(A_ROW, len(bars))
    return Markup(
        "".join(
            f'<svg class="cb-strip cb-mirror" viewBox="0 0 {wide} {2 * HIGH}"'
            f' preserveAspectRatio="none" aria-hidden="true" focusable="false">'
            f"{''.join(_pairs(row))}"
            f'<rect class="cb-strip-median" y="{HIGH - 1}" width="{wide}" height="2"/></svg>'
            for row in rows
        )
    )


def _pairs(row: Sequence[Bars]) -> Iterator[str]:
    for number, one in enumerate(row):
        x = 10 * number + 1
        up, down = (max(round(one_way, 1), 1) for one_way in (one.up, one.down))
        yield (
            f"<g><title>{escape(one.says, quote=False)}</title>"
            f'<rect class="cb-strip-all" x="{x}" width="8" height="{2 * HIGH}"/>'
            f'<rect class="cb-strip-mark" x="{x}" y="{HIGH - up:g}" width="8" height="{up:g}"/>'
            f'<rect class="cb-strip-mark cb-strip-other" x="{x}" y="{HIGH}" width="8"'
            f' height="{down:g}"/></g>'
        )
