"""The pages of charts, one a board: each chart with its words, and its table for every reader."""

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from typing import NamedTuple

from ...board.model import Board
from ...eval.metrics import Metric
from ..charts.charts import Chart, Point, Scatter, charts_of
from ..charts.drawing import SIGNS
from ..charts.lists import Gain, Heat, Range, gains_of, heats_of, ranges_of
from ..charts.pictures import Line, Listed, frame, list_table, listing, picture
from ..charts.pictures import Written as Word
from ..charts.scales import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from ..data.figures import Span, as_printed, billions, printed, signed, timed
from ..frame.page import Page, root_of
from ..source.joined import joined_scores
from ..source.metric_words import MetricWords
from ..source.source import Place, Source

PATH = "charts/"
FRAMED = 10
"""Rows of a board in a frame."""
_SHADES = 8


class Row(NamedTuple):
    """A row of the table beside a chart; slopes have a score for each of their points."""

    slug: str
    label: str
    cells: tuple[str, ...]
    best: bool


class Drawn(NamedTuple):
    """A chart as its page shows it."""

    name: str
    title: str
    text: str
    svg: str | None
    """What belongs inside the drawing; `None` where there is too little to draw."""
    words: tuple[Word, ...]
    more: bool
    """Whether there is more than what is drawn."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    front: tuple[Row, ...]
    legend: tuple[tuple[int, str, str], ...]
    """Number, sign and title of each family with a colour on it; 0 is of all others."""


class Bar(NamedTuple):
    """A row of a chart that is a list: words, and a bar on the scale of the list, in per cent."""

    slug: str
    label: str
    cells: tuple[str, ...]
    start: float
    wide: float
    mark: float | None
    dim: bool = False
    """Whether nothing is shown by it: an interval that holds 0."""


class Cell(NamedTuple):
    """A cell of a heat map: what it says, and how dark it is."""

    text: str | None
    shade: int


class Heated(NamedTuple):
    """A heat map as a page shows it."""

    anchor: str
    title: str
    groups: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Cell, ...]], ...]
    more: bool


SIZE = (LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM)


def chart_path(place: Place) -> str:
    """Return the path of the charts of the board at *place*: the first board's are at the top."""
    return f"{PATH}{place.slug}/" if place.path else PATH


def to_draw(source: Source) -> dict[tuple[str, str], tuple[Chart, str]]:
    """Return every chart that has enough to draw, by board and name, with the way to its models."""
    return {
        (place.slug, chart.name): (chart, f"{root_of(chart_path(place))}models/")
        for place, board in zip(source.places, source.boards.boards, strict=True)
        for chart in charts_of(board, joined_scores(board, source.ranked))
        if chart.shown
    }


def chart_pages(source: Source) -> Iterator[Page]:
    """Yield a page of charts for every board; the first is there even without one."""
    title = source.render.text("site.charts.title")
    if not source.places:
        html = source.render.html("charts", root="../", places=(), here=None, charts=(), size=SIZE)
        yield Page(path=PATH, title=title, description=title, slots={"charts": html})
    for place, board in zip(source.places, source.boards.boards, strict=True):
        path = chart_path(place)
        drawn = list(_drawn(board, place, source))
        gains, total = gains_of(board)
        bars = _gain_bars(gains, board)
        ranges = _range_bars(ranges_of(board), board, len(board.ranked))
        heats = list(_heated(board, source))
        lists = list(_lists(drawn, bars, ranges, heats, source))
        html = source.render.html(
            "charts",
            root=root_of(path),
            places=[(one.slug, one.title, chart_path(one)) for one in source.places],
            here=place,
            charts=[one for one in drawn if one.svg is not None],
            missing=[one for one in drawn if one.svg is None],
            size=SIZE,
            gains=bars,
            gains_known=total,
            gains_tested=any(one.low is not None for one in gains),
            ranges=ranges,
            heats=heats,
            ranked=len(board.ranked),
            first=FRAMED,
            frame=f"{source.settings.board.site_url or 'URL/'}"
            f"{source.addresses.prefix(source.render.language)}{path}",
            above=source.title,
        )
        yield Page(
            path=path,
            title=f"{title}: {place.title}",
            description=source.words_of(board.suite).of_score(
                "site.charts.description", title=place.title
            ),
            slots={"charts" if path == PATH else "body": html},
            script="charts",
            files=dict(_files(drawn, lists, board, place, source)),
        )


def _lists(
    drawn: Sequence[Drawn],
    gains: Sequence[tuple[Gain, Bar]],
    ranges: Sequence[Bar],
    heats: Sequence[Heated],
    source: Source,
) -> Iterator[Listed]:
    """Yield every chart of a board that is a list, and the front of each one that is drawn."""
    say = source.render.text
    for chart in drawn:
        if chart.front:
            title = f"{chart.title}: {say('site.charts.best')}"
            lines = tuple(Line(row.label, row.slug, row.cells) for row in chart.front)
            yield Listed(f"{chart.name}-front", title, chart.columns, lines)
    if gains:
        names = ("tuned", "base", "before", "after", "gain", "interval")
        columns = tuple(say(_key(name)) for name in names)
        lines = tuple(_line(bar, (gain.base, *bar.cells)) for gain, bar in gains)
        yield Listed("bases", say("site.charts.bases"), columns, lines)
    if ranges:
        keys = ("site.column.model", "site.column.rank", _key("open"), "site.column.score")
        lines = tuple(_line(bar, bar.cells) for bar in ranges)
        yield Listed("ranks", say("site.charts.ranks"), tuple(map(say, keys)), lines)
    for heat in heats:
        columns = (say("site.column.model"), *heat.groups)
        lines = tuple(
            Line(label, slug, tuple(cell.text or "–" for cell in cells))
            for label, slug, cells in heat.rows
        )
        title = say("site.charts.groups", division=heat.title)
        yield Listed(heat.anchor, title, columns, lines)


def _line(bar: Bar, cells: tuple[str, ...]) -> Line:
    return Line(bar.label, bar.slug, cells, (bar.start, bar.wide, bar.mark))


def _files(
    drawn: Sequence[Drawn], lists: Sequence[Listed], board: Board, place: Place, source: Source
) -> Iterator[tuple[str, str]]:
    """Yield path and text of what others may show: each chart, alone and in a frame; the board."""
    path, language = chart_path(place), source.render.language
    root = root_of(path)
    whole = f"{place.title} · {source.title}"
    for one in drawn:
        if one.svg is None:
            continue
        title = f"{one.title} · {place.title}"
        yield f"{path}{one.name}.svg", picture(one.svg, one.words, title, one.legend)
        body = (
            f'<a href="./#{one.name}" target="_top"><img src="{one.name}.svg" '
            f'alt="{escape(f"{title}. {one.text}")}"></a>'
        )
        yield f"{path}{one.name}.html", frame(language, root, title, body)
    for listed in lists:
        titled = listed._replace(title=f"{listed.title} · {place.title}")
        yield f"{path}{listed.name}.svg", listing(titled)
        body = list_table(titled, root)
        yield f"{path}{listed.name}.html", frame(language, root, titled.title, body)
    rows = "".join(
        f"<tr><td>{escape(entry.rank_text)}</td>"
        f'<th scope="row"><a href="{root}models/{entry.slug}/" target="_top">'
        f"<bdi>{escape(entry.label)}</bdi></a></th>"
        f"<td>{as_printed(board.suite.ranked, entry.score)}</td></tr>"
        for entry in board.ranked[:FRAMED]
    )
    say = source.render.text
    heads = "".join(
        f'<th scope="col">{escape(say(f"site.column.{name}"))}</th>'
        for name in ("rank", "model", "score")
    )
    link = (
        f'<p><a href="{root}{place.path}" target="_top">'
        f"{escape(say('site.charts.whole', ranked=len(board.ranked)))}</a></p>"
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{link}"
    yield f"{path}board.html", frame(language, root, whole, table)


def _drawn(board: Board, place: Place, source: Source) -> Iterator[Drawn]:
    words = source.words_of(board.suite)
    for chart in charts_of(board, joined_scores(board, source.ranked)):
        counted = {"known": chart.known, "ranked": place.ranked, **_other(chart)}
        shown = len(chart.points) if isinstance(chart, Scatter) else len(chart.lines)
        front = chart.front if isinstance(chart, Scatter) and chart.shown else ()
        yield Drawn(
            name=chart.name,
            title=_said(chart, words, "", **_other(chart)),
            text=_said(chart, words, ".text" if chart.shown else ".missing", **counted),
            svg=source.drawings.get((place.slug, chart.name)),
            words=tuple(_words(chart, source, words)) if chart.shown else (),
            more=chart.known > shown,
            columns=_columns(chart, source, words),
            rows=tuple(_rows(chart, source)) if chart.shown else (),
            front=tuple(_row(chart, point, "") for point in front)
            if isinstance(chart, Scatter)
            else (),
            legend=tuple(_legend(chart, source)),
        )


def _legend(chart: Chart, source: Source) -> Iterator[tuple[int, str, str]]:
    """Yield the families on *chart*, in the order of their numbers, and the others last."""
    if not isinstance(chart, Scatter) or not chart.families:
        return
    met = {point.family for point in chart.points}
    for number, key in enumerate(chart.families, start=1):
        if key in met:
            known = source.settings.families.get(key)
            name = (source.render.own(known.title) if known else "") or key
            yield number, SIGNS[number - 1], name
    if met - set(chart.families):
        yield 0, SIGNS[0], source.render.text("site.charts.others")


def _gain_bars(gains: Sequence[Gain], board: Board) -> list[tuple[Gain, Bar]]:
    metric = board.suite.ranked
    ends = [end for one in gains for end in (one.low, one.high, one.difference) if end is not None]
    span = Span(min([0.0, *ends]), max([0.0, *ends]))
    return [(one, _gain_bar(one, metric, span)) for one in gains]


def _gain_bar(one: Gain, metric: Metric, span: Span) -> Bar:
    measured = one.low is not None and one.high is not None
    low = one.low if measured and one.low is not None else min(0.0, one.difference)
    high = one.high if measured and one.high is not None else max(0.0, one.difference)
    between = f"{signed(metric, low)} – {signed(metric, high)}" if measured else "–"
    cells = (
        as_printed(metric, one.base_score) or "",
        as_printed(metric, one.score) or "",
        signed(metric, one.difference),
        between,
    )
    start, end = span.at(low), span.at(high)
    return Bar(
        slug=one.slug,
        label=one.label,
        cells=cells,
        start=round(start, 2),
        wide=round(end - start, 2),
        mark=round(span.at(one.difference), 2),
        dim=low <= 0 <= high and measured,
    )


def _range_bars(ranges: Sequence[Range], board: Board, ranked: int) -> list[Bar]:
    metric = board.suite.ranked
    last = max([one.high for one in ranges], default=1)
    span = Span(1, max(last, 2))
    return [
        Bar(
            slug=one.slug,
            label=one.label,
            cells=(
                one.rank,
                f"{one.low}–{one.high}",
                as_printed(metric, one.score) or "",
            ),
            start=round(span.at(one.low), 2),
            wide=max(round(span.at(one.high) - span.at(one.low), 2), 1.0),
            mark=None,
        )
        for one in ranges
    ]


def _heated(board: Board, source: Source) -> Iterator[Heated]:
    words, metric = source.words_of(board.suite), board.suite.ranked
    for number, heat in enumerate(heats_of(board)):
        known = [value for *_, values in heat.rows for value in values if value is not None]
        span = Span(min(known, default=0.0), max(known, default=0.0))
        yield Heated(
            anchor=f"groups-{number}",
            title=words.division(heat.division),
            groups=tuple(words.group(heat.division, group) for group in heat.groups),
            rows=tuple(
                (
                    label,
                    slug,
                    tuple(_cell(value, metric, span, heat) for value in values),
                )
                for label, slug, values in heat.rows
            ),
            more=heat.more,
        )


def _cell(value: float | None, metric: Metric, span: Span, heat: Heat) -> Cell:
    if value is None:
        return Cell(None, 0)
    share = span.at(value) if metric.scale * metric.sign > 0 else 100 - span.at(value)
    return Cell(printed(metric, value), min(int(share * _SHADES / 100), _SHADES - 1))


def _said(chart: Chart, words: MetricWords, part: str, **values: object) -> str:
    """Return what the catalogue says of *chart*."""
    if isinstance(chart, Scatter) and chart.figure is not None and chart.other is None:
        return words.of_metric(f"site.charts.metric{part}", chart.figure, **values)
    return words.of_score(f"site.charts.{chart.name}{part}", **values)


def _other(chart: Chart) -> dict[str, str]:
    """Return the name of the other suite that *chart* is of as well, for what is said of it."""
    if not isinstance(chart, Scatter) or chart.other is None:
        return {}
    return {"other": chart.other.full_name}


def _words(chart: Chart, source: Source, words: MetricWords) -> Iterator[Word]:
    """Yield the titles of the axes, which are written around the drawing."""
    yield Word(4, 16, "start", source.render.text("site.column.score"))
    middle = LEFT + WIDTH / 2 if isinstance(chart, Scatter) else LEFT + WIDTH * 0.3
    base = TOP + HEIGHT + 42
    yield Word(round(middle, 2), base, "middle", _said(chart, words, ".axis", **_other(chart)))


def _key(name: str) -> str:
    return f"site.charts.column.{name}"


def _columns(chart: Chart, source: Source, words: MetricWords) -> tuple[str, ...]:
    say = source.render.text
    drawn = ("site.column.model", "site.column.score")
    columns = {
        "size": (*drawn, "site.column.parameters", "site.column.rank"),
        "speed": (*drawn, "site.column.seconds", "site.column.rank"),
        "time": (*drawn, "site.column.date", "site.column.rank"),
        "epochs": (_key("run"), _key("course"), _key("gain")),
    }
    if isinstance(chart, Scatter) and chart.other is not None:
        there = say("site.charts.joined.axis", **_other(chart))
        return (*map(say, drawn), there, say("site.column.rank"))
    if isinstance(chart, Scatter) and chart.figure is not None:
        return (*map(say, drawn), words.column(chart.figure), say("site.column.rank"))
    return tuple(map(say, columns[chart.name]))


def _rows(chart: Chart, source: Source) -> Iterator[Row]:
    if isinstance(chart, Scatter):
        guessed = f" ({source.render.text('card.guessed')})"
        for point in chart.points:
            yield _row(chart, point, guessed if point.guessed and chart.name == "size" else "")
        return
    for line in chart.lines:
        last, gain = line.points[-1], signed(chart.metric, line.gain)
        course = ", ".join(f"{point.x:g}: {_score(chart, point.score)}" for point in line.points)
        yield Row(last.slug, line.label, (course, gain), False)


def _row(chart: Scatter, point: Point, marked: str) -> Row:
    figure = f"{_figure(chart, point.x) or ''}{marked}"
    cells = (_score(chart, point.score), figure, point.rank)
    return Row(point.slug, point.label, cells, point.best)


def _figure(chart: Scatter, x: float) -> str | None:
    if chart.figure is not None:
        return as_printed(chart.figure, x)
    if chart.name == "time":
        return date.fromordinal(int(x)).isoformat()
    return billions(x) if chart.name == "size" else timed("seconds_per_step", x)


def _score(chart: Chart, value: float) -> str:
    return as_printed(chart.metric, value) or ""
