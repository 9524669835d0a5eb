"""Draw charts as SVG with Altair, without words: those are the page's, in its own language."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..data.figures import as_printed
from ..frame.security import printable
from .charts import Chart, Point, Scatter, Slopes
from .labels import labels
from .scales import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, across, upward
from .svg import BEST, FAMILIES, GRID, INK, LINK, MARK, SHAPES, inner

if TYPE_CHECKING:
    import altair as alt

    Layer = alt.Chart
    Axes = dict[str, alt.X | alt.Y]

_LONGEST = 200


def draw(charts: Sequence[tuple[Chart, str]]) -> list[str]:
    """Return what belongs inside the `svg` element of each chart, given with the way to its models.

    Neither a browser nor a network takes part. Starting takes about a second and 100 MB, which
    this process keeps; a chart takes about 0.1 s.
    """
    import vl_convert

    return [inner(vl_convert.vegalite_to_svg(specified(one)), way) for one, way in charts]


def specified(chart: Chart) -> dict[str, Any]:
    """Return *chart* in Vega-Lite; nothing in it is measured, so that no font moves anything."""
    import altair as alt

    axes = _axes(across(chart), upward(chart))
    layers = _scatter(chart, axes) if isinstance(chart, Scatter) else _slopes(chart, axes)
    drawn = alt.layer(*layers, *_names(chart, axes)).properties(
        width=WIDTH,
        height=HEIGHT,
        padding={"left": LEFT, "top": TOP, "right": RIGHT, "bottom": BOTTOM},
        autosize=alt.AutoSizeParams(type="none"),
    )
    plain = drawn.configure(font="inherit", background="transparent").configure_view(stroke=None)
    specified: dict[str, Any] = plain.to_dict(validate=False)
    return specified


def _axes(x: Scale, y: Scale) -> "Axes":
    import altair as alt

    def axis(scale: Scale, *, grid: bool) -> alt.Axis:
        return alt.Axis(
            title=None,
            # A day is a number here, and no clock of any place has a part in it.
            labelExpr=_as_text(scale) if scale.texts else alt.Undefined,
            values=list(scale.ticks),
            format=".3~r",
            grid=grid,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
            labelColor=INK,
            labelFontSize=13,
            labelOverlap=False,
            labelFlush=False,
            labelBound=False,
        )

    scale = alt.Scale(
        domain=[x.low, x.high], type="log" if x.log else "linear", nice=False, zero=False
    )
    upright = alt.Scale(domain=[y.low, y.high], nice=False, zero=False)
    return {
        "x": alt.X("x:Q", scale=scale, axis=axis(x, grid=False)),
        "y": alt.Y("y:Q", scale=upright, axis=axis(y, grid=True)),
    }


def _as_text(scale: Scale) -> str:
    """Return the expression that names the ticks of *scale* by its texts."""
    told = zip(scale.ticks, scale.texts, strict=True)
    chosen = "".join(f"datum.value == {tick:g} ? '{text}' : " for tick, text in told)
    return f"{chosen}''"


def _scatter(chart: Scatter, axes: "Axes") -> Iterator["Layer"]:
    import altair as alt

    rows = [_row(point, chart) for point in chart.points]
    groups = sorted({row["family"] for row in rows})
    for group in groups:
        yield from _whiskers([row for row in rows if row["family"] == group], _colour(group), axes)
    front = [{"x": point.x, "y": point.score} for point in chart.front]
    if front:
        # Nothing to the right of the last one is better either.
        front.append({"x": across(chart).high, "y": front[-1]["y"]})
        line = alt.Chart(_data(front)).mark_line(
            color=BEST, strokeWidth=1.5, interpolate="step-after", strokeDash=[4, 3]
        )
        yield line.encode(**axes)
    for best in (False, True):
        for group in groups:
            chosen = [row for row in rows if row["best"] is best and row["family"] == group]
            if chosen:
                mark = alt.Chart(_data(chosen)).mark_point(
                    color=BEST if best and not chart.families else _colour(group),
                    filled=True,
                    shape=SHAPES[group - 1] if group else "circle",
                    size=80 if best else 44,
                    opacity=0.95 if best else 0.7,
                )
                yield mark.encode(**axes, href="href:N", description="says:N")


def _colour(group: int) -> str:
    """Return the colour of the families of this number; 0 is of all others."""
    return FAMILIES[group - 1] if group else MARK


def _slopes(chart: Slopes, axes: "Axes") -> Iterator["Layer"]:
    import altair as alt

    rows = [_row(p, chart) | {"line": n} for n, line in enumerate(chart.lines) for p in line.points]
    sign = chart.metric.sign
    for up in (False, True):
        numbers = {n for n, line in enumerate(chart.lines) if (sign * line.gain >= 0) is up}
        chosen = [row for row in rows if row["line"] in numbers]
        if chosen:
            colour = MARK if up else BEST
            base = alt.Chart(_data(chosen))
            line = base.mark_line(
                color=colour, strokeWidth=1.5, opacity=0.75, strokeDash=[1, 0] if up else [5, 3]
            )
            yield line.encode(**axes, detail="line:N")
            mark = base.mark_circle(color=colour, size=50, opacity=1)
            yield mark.encode(**axes, href="href:N", description="says:N")


def _whiskers(rows: list[dict[str, Any]], colour: str, axes: "Axes") -> Iterator["Layer"]:
    import altair as alt

    known = [row | {"y": row["low"]} for row in rows if row["low"] is not None]
    if known:
        rule = alt.Chart(_data(known)).mark_rule(color=colour, opacity=0.35)
        yield rule.encode(**axes, y2="high:Q")


def _names(chart: Chart, axes: "Axes") -> Iterator["Layer"]:
    import altair as alt

    told = labels(chart)
    for left, lift in sorted({(one.left, one.lift) for one in told}):
        chosen = [one for one in told if (one.left, one.lift) == (left, lift)]
        rows = [{"x": one.x, "y": one.y, "text": one.text} for one in chosen]
        name = alt.Chart(_data(rows)).mark_text(
            align="right" if left else "left",
            baseline="middle",
            dx=-7 if left else 7,
            dy=-lift,
            color=INK,
            fontSize=12,
        )
        yield name.encode(**axes, text="text:N")


def _row(point: Point, chart: Chart) -> dict[str, Any]:
    families = chart.families if isinstance(chart, Scatter) else ()
    return {
        "x": point.x,
        "y": point.score,
        "low": point.low,
        "high": point.high,
        "best": point.best,
        "family": families.index(point.family) + 1 if point.family in families else 0,
        "href": f"{LINK}{point.slug}/",
        "says": f"{printable(point.label[:_LONGEST])}: {as_printed(chart.metric, point.score)}",
    }


def _data(rows: list[dict[str, Any]]) -> "alt.InlineData":
    import altair as alt

    return alt.InlineData(values=rows)
