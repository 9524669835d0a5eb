"""The page of all suites: models against suites, each cell with its rank, sortable by each."""

from collections.abc import Iterator
from typing import NamedTuple

from ...board.compare.overview import Overview, Row, overview_of
from ...board.model import Board, Entry
from ...board.show.overview_tables import remarks
from ..data.figures import as_printed
from ..frame.page import Page, root_of
from ..source.source import Source

PATH = "overview/"


class Cell(NamedTuple):
    """What one suite says of a model; `score` is `None` where it was never measured."""

    score: str | None
    rank: str | None
    span: str | None
    """The ranks that stay open, where there is more than one."""
    steps: str | None
    """Scored of all steps, where some are missing."""
    order: int | None
    """Its rank, for sorting."""


class Line(NamedTuple):
    """A model on every suite, and over those that count."""

    slug: str
    label: str
    cells: tuple[Cell, ...]
    coverage: int
    rank: str | None
    order: int | None
    mean: str | None
    interval: str | None
    like: str | None
    """The interval for suites like these."""
    span: str | None


class Column(NamedTuple):
    """A suite at the head of the table."""

    title: str
    path: str
    metric: str
    better: str
    counts: bool


def overview_pages(source: Source) -> Iterator[Page]:
    """Yield the overview; where there is but one suite, a page that says so."""
    render = source.render
    found = overview_of(source.boards, source.settings)
    titles = {id(b): p.title for b, p in zip(source.boards.boards, source.places, strict=True)}
    html = render.html(
        "overview",
        root=root_of(PATH),
        columns=_columns(found, source) if found else (),
        lines=[_line(row, found) for row in found.rows] if found else (),
        counted=bool(found and found.counted),
        like=bool(found and any(row.sure and row.sure.low_like is not None for row in found.rows)),
        remarks=remarks(found, render.text, lambda board: titles[id(board)]) if found else (),
    )
    title = render.text("site.overview.title")
    yield Page(path=PATH, title=title, description=title, slots={"suites": html}, script="overview")


def _columns(found: Overview, source: Source) -> tuple[Column, ...]:
    by_board = dict(zip(map(id, source.boards.boards), source.places, strict=True))
    columns = []
    for number, board in enumerate(found.boards):
        place, metric = by_board[id(board)], board.suite.ranked
        columns.append(
            Column(
                title=place.title,
                path=place.path,
                metric=source.render.words.metric(metric, board.suite.kind),
                better=metric.better,
                counts=number in found.counted,
            )
        )
    return tuple(columns)


def _line(row: Row, found: Overview) -> Line:
    sure = row.sure
    interval = like = span = None
    if sure is not None and sure.low is not None:
        interval = f"{sure.low:.2f}–{sure.high:.2f}"
    if sure is not None and sure.low_like is not None:
        like = f"{sure.low_like:.2f}–{sure.high_like:.2f}"
    if sure is not None and sure.rank_low is not None:
        span = f"{sure.rank_low}–{sure.rank_high}"
    return Line(
        slug=row.slug,
        label=row.label,
        cells=tuple(_cell(*pair) for pair in zip(found.boards, row.entries, strict=True)),
        coverage=row.coverage,
        rank=row.rank_text if row.rank is not None else None,
        order=row.rank,
        mean=None if row.mean is None else f"{row.mean:.2f}",
        interval=interval,
        like=like,
        span=span,
    )


def _cell(board: Board, entry: Entry | None) -> Cell:
    if entry is None:
        return Cell(None, None, None, None, None)
    suite, spot = board.suite, board.open_ranks(entry)
    scored = entry.result.counts.scored
    short = suite.steps is not None and scored is not None and scored < suite.steps
    return Cell(
        score=as_printed(suite.ranked, entry.score),
        rank=entry.rank_text if entry.rank is not None else None,
        span=f"{spot[0]}–{spot[1]}" if spot and spot[0] != spot[1] else None,
        steps=f"{scored} / {suite.steps}" if short else None,
        order=entry.rank,
    )
