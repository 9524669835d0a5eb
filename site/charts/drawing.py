"""Draw charts as SVG without words: those are the page's, in its own language and colours."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise
from math import floor, sqrt
from typing import NamedTuple

from ..data.figures import as_printed
from ..frame.security import printable
from .charts import Chart, Point, Scatter, Slopes
from .labels import labels
from .scales import HEIGHT, LEFT, TOP, WIDTH, Scale, across, upward

INK, GRID = "var(--cb-chart-ink)", "var(--cb-line)"
MARK, BEST = "var(--cb-chart-mark)", "var(--cb-chart-best)"
FAMILIES = tuple(f"var(--cb-family-{number})" for number in range(1, 9))
"""One a family, by its number."""
COLOURS = frozenset((INK, GRID, MARK, BEST, *FAMILIES))
SIGNS = "●■◆▲✚▼▶◀"
"""Signs that go with the colours of families, for whoever cannot tell these."""

_LONGEST = 200
_TICK, _ASIDE, _BELOW, _MIDDLE = 5, 7, 17, 4
"""Length of a tick, and how far from their places names lie: aside, below, and down to be level."""
_COMMON, _BETTER, _FOLLOWING = sqrt(44) / 2, sqrt(80) / 2, sqrt(50) / 2
"""Half the width of a sign: of points, of those on the line of the best, and of slopes."""


def draw(charts: Sequence[tuple[Chart, str]]) -> list[str]:
    """Return what belongs inside the `svg` element of each chart, given with the way to its models.

    Nothing in it is measured, so that no font moves anything.
    """
    return [_drawn(chart, way) for chart, way in charts]


class _Field(NamedTuple):
    """The field of a chart's points: its scales, and the way from its page to its models."""

    x: Scale
    y: Scale
    way: str

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.x.at(x), HEIGHT - self.y.at(y)


def _drawn(chart: Chart, way: str) -> str:
    field = _Field(across(chart), upward(chart), way)
    marks = _scatter(chart, field) if isinstance(chart, Scatter) else _slopes(chart, field)
    drawn = "".join((*_axes(field), *marks, *_names(chart, field)))
    return f'<g transform="translate({LEFT},{TOP})" fill="none">{drawn}</g>'


def _axes(field: _Field) -> Iterator[str]:
    """Yield lines at the ticks of the scores, and both axes with their ticks and numbers."""
    # At half a unit a line is one unit wide, and not two that are pale.
    columns = [field.x.at(one) for one in field.x.ticks]
    rows = [HEIGHT - field.y.at(one) for one in field.y.ticks]
    yield '<g transform="translate(0.5,0.5)">'
    yield from (_line(0, floor(y + 0.5), WIDTH, 0) for y in rows)
    yield from (_line(floor(x + 0.5), HEIGHT, 0, _TICK) for x in columns)
    yield _line(0, HEIGHT, WIDTH, 0)
    yield from (_line(0, floor(y + 0.5), -_TICK, 0) for y in rows)
    yield _line(0, HEIGHT, 0, -HEIGHT)
    for x, told in zip(columns, _told(field.x), strict=True):
        yield _text(x, HEIGHT + _BELOW, told, "middle", 13)
    for y, told in zip(rows, _told(field.y), strict=True):
        yield _text(-_ASIDE, y + _MIDDLE, told, "end", 13)
    yield "</g>"


def _told(scale: Scale) -> Iterable[str]:
    return scale.texts or map(_number, scale.ticks)


def _number(value: float) -> str:
    """Return three digits of *value*, and no power of ten behind them."""
    told = f"{float(f'{value:.3g}'):.12f}".rstrip("0").rstrip(".")
    return told.replace("-", "−")


def _scatter(chart: Scatter, field: _Field) -> Iterator[str]:
    number = {family: at for at, family in enumerate(chart.families, start=1)}
    groups = [number.get(point.family or "", 0) for point in chart.points]
    whole = sorted(zip(groups, chart.points, strict=True), key=lambda one: one[0])
    for group, point in whole:
        if point.low is not None and point.high is not None:
            x, y = field.at(point.x, point.low)
            high = field.at(point.x, point.high)[1]
            yield _line(x, y, 0, high - y, _colour(group), ' opacity="0.35"')
    if front := [field.at(point.x, point.score) for point in chart.front]:
        # Nothing to the right of the last one is better either.
        front.append((field.x.length, front[-1][1]))
        steps = front[:1]
        for (_, before), (x, y) in pairwise(front):
            steps += (x, before), (x, y)
        yield _path(steps, BEST, ' stroke-dasharray="4,3"')
    for best in (False, True):
        for group, point in whole:
            if point.best is best:
                colour = BEST if best and not chart.families else _colour(group)
                size, opacity = (_BETTER, 0.95) if best else (_COMMON, 0.7)
                sign = SIGNS[group - 1] if group else SIGNS[0]
                yield _point(point, chart, field, colour, _sign(sign, size), opacity)


def _colour(group: int) -> str:
    """Return the colour of the families of this number; 0 is of all others."""
    return FAMILIES[group - 1] if group else MARK


def _slopes(chart: Slopes, field: _Field) -> Iterator[str]:
    for up in (False, True):
        colour, dashes = (MARK, "") if up else (BEST, ' stroke-dasharray="5,3"')
        lines = [one for one in chart.lines if (chart.metric.sign * one.gain >= 0) is up]
        for line in lines:
            places = [field.at(point.x, point.score) for point in line.points]
            yield _path(sorted(places, key=lambda at: at[0]), colour, f'{dashes} opacity="0.75"')
        for line in lines:
            for point in line.points:
                yield _point(point, chart, field, colour, _sign(SIGNS[0], _FOLLOWING), 1)


def _names(chart: Chart, field: _Field) -> Iterator[str]:
    for one in labels(chart):
        x, y = field.at(one.x, one.y)
        aside, anchor = (-_ASIDE, "end") if one.left else (_ASIDE, "start")
        yield _text(x + aside, y - one.lift + _MIDDLE, one.text, anchor, 12)


def _point(
    point: Point, chart: Chart, field: _Field, colour: str, sign: str, opacity: float
) -> str:
    """Return a point as a link to its model, which says its name and score."""
    said = f"{printable(point.label[:_LONGEST])}: {as_printed(chart.metric, point.score)}"
    x, y = field.at(point.x, point.score)
    faint = "" if opacity == 1 else f' opacity="{opacity}"'
    return (
        f'<a href="{escape(f"{field.way}{point.slug}/")}" tabindex="-1">'
        f"<title>{escape(said, quote=False)}</title>"
        f'<path{_moved(x, y)} d="{sign}" fill="{colour}" stroke-width="2"{faint}/></a>'
    )


def _sign(sign: str, half: float) -> str:
    """Return the outline of a *sign* that reaches *half* its width to each side."""
    r, high, arm = (f"{round(n, 2):g}" for n in (half, half * sqrt(3) / 2, half / 2.5))
    wide = f"{round(2 * half, 2):g}"
    return {
        "●": f"M{r},0A{r},{r},0,1,1,-{r},0A{r},{r},0,1,1,{r},0",
        "■": f"M-{r},-{r}h{wide}v{wide}h-{wide}Z",
        "◆": f"M-{r},0L0,-{r}L{r},0L0,{r}Z",
        "▲": f"M0,-{high}L-{r},{high}L{r},{high}Z",
        "✚": (
            f"M-{r},-{arm}L-{r},{arm}L-{arm},{arm}L-{arm},{r}L{arm},{r}L{arm},{arm}L{r},{arm}"
            f"L{r},-{arm}L{arm},-{arm}L{arm},-{r}L-{arm},-{r}L-{arm},-{arm}Z"
        ),
        "▼": f"M0,{high}L-{r},-{high}L{r},-{high}Z",
        "▶": f"M{high},0L-{high},-{r}L-{high},{r}Z",
        "◀": f"M-{high},0L{high},-{r}L{high},{r}Z",
    }[sign]


def _line(x: float, y: float, wide: float, high: float, colour: str = GRID, more: str = "") -> str:
    ends = f'x2="{_place(wide)}" y2="{_place(high)}"'
    return f'<line{_moved(x, y)} {ends} stroke="{colour}"{more}/>'


def _path(places: Sequence[tuple[float, float]], colour: str, more: str) -> str:
    drawn = "L".join(f"{_place(x)},{_place(y)}" for x, y in places)
    return f'<path d="M{drawn}" stroke="{colour}" stroke-width="1.5"{more}/>'


def _text(x: float, y: float, text: str, anchor: str, size: int) -> str:
    return (
        f'<text{_moved(x, y)} text-anchor="{anchor}" font-size="{size}" fill="{INK}">'
        f"{escape(text, quote=False)}</text>"
    )


def _moved(x: float, y: float) -> str:
    return f' transform="translate({_place(x)},{_place(y)})"'


def _place(number: float) -> str:
    """Return a length at a hundredth of a unit."""
    return f"{round(number, 2) + 0.0:g}"
