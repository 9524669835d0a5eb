"""The pages of charts, one a board: each chart with its words, and its table for every reader."""

from collections.abc import Iterator
from typing import NamedTuple

from ...board.model import Board
from ..charts.charts import Chart, Scatter, Slopes, charts_of
from ..charts.scales import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, across
from ..data.figures import as_printed, billions, signed, timed
from ..frame.page import Page, root_of
from ..source.joined import joined_scores
from ..source.metric_words import MetricWords
from ..source.source import Place, Source

PATH = "charts/"


class Word(NamedTuple):
    """A word inside a drawing: where it stands, and by which end."""

    x: float
    y: float
    anchor: str
    text: str


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
        html = source.render.html(
            "charts",
            root=root_of(path),
            places=[(one.slug, one.title, chart_path(one)) for one in source.places],
            here=place,
            charts=list(_drawn(board, place, source)),
            size=SIZE,
        )
        yield Page(
            path=path,
            title=f"{title}: {place.title}",
            description=source.words_of(board.suite).of_score(
                "site.charts.description", title=place.title
            ),
            slots={"charts" if path == PATH else "body": html},
        )


def _drawn(board: Board, place: Place, source: Source) -> Iterator[Drawn]:
    words = source.words_of(board.suite)
    for chart in charts_of(board, joined_scores(board, source.ranked)):
        counted = {"known": chart.known, "ranked": place.ranked, **_other(chart)}
        shown = len(chart.points) if isinstance(chart, Scatter) else len(chart.lines)
        yield Drawn(
            name=chart.name,
            title=_said(chart, words, "", **_other(chart)),
            text=_said(chart, words, ".text" if chart.shown else ".missing", **counted),
            svg=source.drawings.get((place.slug, chart.name)),
            words=tuple(_words(chart, source, words)) if chart.shown else (),
            more=chart.known > shown,
            columns=_columns(chart, source, words),
            rows=tuple(_rows(chart, source)) if chart.shown else (),
        )


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
    """Yield what is written around the drawing: the axes' titles, and the ends of a slope."""
    say = source.render.text
    yield Word(4, 16, "start", say("site.column.score"))
    base = TOP + HEIGHT
    if chart.name == "bases":
        scale = across(chart)
        for value, name in ((0.0, "base"), (1.0, "tuned")):
            yield Word(round(LEFT + scale.at(value), 2), base + 20, "middle", say(_key(name)))
        return
    middle = LEFT + WIDTH / 2 if isinstance(chart, Scatter) else LEFT + WIDTH * 0.3
    yield Word(round(middle, 2), base + 42, "middle", _said(chart, words, ".axis", **_other(chart)))


def _key(name: str) -> str:
    return f"site.charts.column.{name}"


def _columns(chart: Chart, source: Source, words: MetricWords) -> tuple[str, ...]:
    say = source.render.text
    columns = {
        "size": ("site.column.model", "site.column.score", "site.column.parameters"),
        "speed": ("site.column.model", "site.column.score", "site.column.seconds"),
        "epochs": (_key("run"), _key("course"), _key("gain")),
        "bases": ("site.column.model", _key("base"), _key("tuned"), _key("gain")),
    }
    if isinstance(chart, Scatter) and chart.other is not None:
        there = say("site.charts.joined.axis", **_other(chart))
        return say("site.column.model"), say("site.column.score"), there
    if isinstance(chart, Scatter) and chart.figure is not None:
        return say("site.column.model"), say("site.column.score"), words.column(chart.figure)
    return tuple(map(say, columns[chart.name]))


def _rows(chart: Chart, source: Source) -> Iterator[Row]:
    if isinstance(chart, Scatter):
        guessed = f" ({source.render.text('card.guessed')})"
        for point in chart.points:
            marked = guessed if point.guessed and chart.name == "size" else ""
            cells = (_score(chart, point.score), f"{_figure(chart, point.x) or ''}{marked}")
            yield Row(point.slug, point.label, cells, point.best)
    else:
        yield from _slope_rows(chart)


def _figure(chart: Scatter, x: float) -> str | None:
    if chart.figure is not None:
        return as_printed(chart.figure, x)
    return billions(x) if chart.name == "size" else timed("seconds_per_step", x)


def _slope_rows(chart: Slopes) -> Iterator[Row]:
    for line in chart.lines:
        last, gain = line.points[-1], signed(chart.metric, line.gain)
        scores = [_score(chart, point.score) for point in line.points]
        if chart.name == "bases":
            cells: tuple[str, ...] = tuple(scores)
        else:
            told = zip(line.points, scores, strict=True)
            cells = (", ".join(f"{point.x:g}: {score}" for point, score in told),)
        yield Row(last.slug, line.label, (*cells, gain), False)


def _score(chart: Chart, value: float) -> str:
    return as_printed(chart.metric, value) or ""
