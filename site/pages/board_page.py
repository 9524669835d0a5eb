"""The leaderboard's pages: every row in the HTML, and what the script needs to sort and choose."""

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from ...board.judge.resolution import measured_entries, tasks_of
from ...board.model import Board
from ...board.show.rows import blind_spot
from ...board.statistics.paired import reach_of
from ...board.statistics.scores_alone import OF_A_PAIR
from ..data.exports import FOLDER
from ..data.figures import as_printed, span_of
from ..frame.page import Page, root_of
from ..frame.pagination import ROWS_A_PAGE, Part, parts
from ..model.field_file import field_file
from ..source.source import Place, Source
from ..table.filters import filters, presets, untelling_columns
from ..table.rows import Column, Row, columns_of, rows, score_span, universal
from ..table.script_data import MODELS_A_FILE, points_files, rows_file, script_scale
from ..table.words import BoardWords

MOST_COMPARED = 4
_DOWNLOADS = {"board.csv": "text/csv", "board.json": "application/json"}


class _Telling(NamedTuple):
    """A board, about to be told in one language."""

    source: Source
    place: Place
    board: Board
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    words: BoardWords


def board_pages(source: Source) -> Iterator[Page]:
    """Yield every page of every board; the first page of all is there even without a board."""
    if not source.places:
        html = source.render.html("board", root="", boards=(), here=None)
        yield Page(path="", title=source.title, description=source.title, slots={"board": html})
    for place, board in zip(source.places, source.boards.boards, strict=True):
        columns = columns_of(board.suite, source.settings.columns)
        words = BoardWords(board, source)
        telling = _Telling(source, place, board, columns, rows(board), words)
        table = _table(telling)
        for part in parts(place.path, place.slug, telling.rows):
            told = {**table, "root": root_of(part.path), "part": part}
            yield _first(telling, part, told) if part.number == 1 else _further(telling, part, told)


def _description(telling: _Telling) -> str:
    place = telling.place
    return telling.source.render.text(
        "site.board.description", title=place.title, ranked=place.ranked, unranked=place.unranked
    )


def _table(telling: _Telling) -> dict[str, object]:
    """Return what the template of a table asks for, on each of its pages."""
    quiet = frozenset(column.name for column in telling.columns if not column.shown)
    return {
        "here": telling.place,
        "columns": telling.columns,
        "hidden": quiet | untelling_columns(telling.columns, telling.rows),
        "span": _span(telling),
        "words": telling.words,
        "method": telling.board.method,
        "alone": telling.board.alone,
        "blind": blind_spot(telling.board),
        "stated": any(row.error is not None for row in telling.rows),
    }


def _further(telling: _Telling, part: Part[Row], told: dict[str, object]) -> Page:
    """Return a numbered page of a long board, for readers whose browser runs no scripts."""
    return Page(
        path=part.path,
        title=f"{telling.place.title} ({part.number})",
        description=_description(telling),
        slots={"body": telling.source.render.html("board_rest", **told)},
    )


def _first(telling: _Telling, part: Part[Row], told: dict[str, object]) -> Page:
    """Return the page that holds the board's script, and the files that this one reads."""
    source, place, board, columns, all_rows, words = telling
    data = {}
    if all_rows:
        data = dict((rows_file(place, columns, all_rows), *points_files(place, board)))
    lasting = source.measured[place.slug].lasting
    found = tuple(filters(columns, all_rows, words))
    html = source.render.html(
        "board",
        **told,
        resolution=_resolution(telling),
        newest=max((row.cells["date"] or "" for row in all_rows), default=""),
        alike=_alike(telling),
        presets=tuple(presets(found)),
        organisations=next((f.choices for f in found if f.column.name == "organisation"), ()),
        boards=source.places,
        files=_files(telling),
        unmeasured=place.ranked - (board.method.measured if board.method else 0),
        universal=[words.badge(code) for code in universal(board)],
        filters=found,
        most=MOST_COMPARED,
        by_task=source.tasks_of(place) is not None,
        config=_config(telling, part, tuple(data)) if data else None,
        status=_status(telling),
        dataset=_dataset(telling),
    )
    return Page(
        path=part.path,
        title=place.title,
        description=_description(telling),
        slots={"body" if part.path else "board": html},
        search=_description(telling),
        script="board" if data else "frame",
        files=data | (dict([field_file(place, source)]) if lasting else {}),
    )


def _status(telling: _Telling) -> str:
    """Return what the script says of a table that nobody has sorted or searched."""
    text, size = telling.source.render.text, str(len(telling.rows))
    rank = next(column for column in telling.columns if column.kind == "rank")
    counted = text("site.script.count").replace("%shown", size).replace("%total", size)
    order = text("site.script.ascending").replace("%column", telling.words.title(rank))
    return f"{counted} · {order}"


def _span(telling: _Telling) -> str | None:
    """Return the ends of the span on which scores are drawn, and what the lines there are."""
    board = telling.board
    if not telling.rows:
        return None
    low, high = score_span(board)
    sure = " · 95%" if any(row.low is not None for row in telling.rows) else ""
    return f"{low:g}–{high:g}{sure}"


def _resolution(telling: _Telling) -> str | None:
    """Return in one line what the board can tell apart; `None` for fewer than two entries."""
    board, text = telling.board, telling.source.render.text
    method, metric = board.method, board.suite.ranked
    if len(telling.rows) < 2:
        return None
    if method is None:
        blind, alone = blind_spot(board), board.alone
        if blind is None or alone is None:
            return text("site.state.unsure")
        return text("site.state.alone", tasks=f"{alone.effective:.0f}", blind=blind)
    if method.critical is None:
        return text("site.state.too-few", tasks=method.tasks)
    widths = [
        (one.high - one.low) / 2
        for entry in board.ranked
        if entry.resolution and (one := entry.resolution.score)
    ]
    return text(
        "site.state.measured",
        tasks=method.tasks,
        width=as_printed(metric, median(widths)) if widths else None,
        separable=f"{method.separable:,}",
        pairs=f"{method.pairs:,}",
    )


def _alike(telling: _Telling) -> list[tuple[str, str]]:
    """Return title and value of the usual columns in which all rows hold the same word."""
    words, first = telling.words, telling.rows[:1]
    hidden = untelling_columns(telling.columns, telling.rows)
    return [
        (words.title(column), words.value(column, value))
        for column in telling.columns
        if column.kind == "set" and column.shown and column.name in hidden
        for row in first
        if (value := row.cells[column.name]) is not None
    ]


def _dataset(telling: _Telling) -> dict[str, object]:
    """Return the board as catalogues of data sets know them (https://schema.org/Dataset)."""
    source, place = telling.source, telling.place
    board, language = source.settings.board, source.render.language
    own = f"{board.site_url.rstrip('/')}/" if board.site_url else source.above(place.path)
    told: dict[str, object] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": place.title,
        "description": f"{place.description} {_description(telling)}".strip(),
        "inLanguage": language,
        "isAccessibleForFree": True,
        "version": source.boards.sha256[:12],
        "measurementTechnique": telling.words.score,
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": f"{own}{FOLDER}/{name}"}
            for name, kind in _DOWNLOADS.items()
        ],
    }
    if board.site_url:
        told["url"] = source.addresses.absolute(language, place.path)
    if board.organisation:
        told["creator"] = {"@type": "Organization", "name": board.organisation}
    return told


def _files(telling: _Telling) -> list[tuple[str, str]]:
    """Return path and name of the pages of those models that have several files on this board."""
    number = telling.source.places.index(telling.place)
    return [
        (path, family.name)
        for path, family in telling.source.families
        if any(one.board == number for one in family.boards)
    ]


def _test(board: Board) -> dict[str, float] | None:
    """Return what the board's test asks of a pair; `None` where nothing can be told apart."""
    method = board.method
    if method is None or method.critical is None:
        return None
    return {"critical": method.critical, "lead": method.lead}


def _reach(board: Board) -> float | None:
    """Return how many standard errors the interval of a difference reaches; see `reach_of`."""
    measured = measured_entries(board)
    return reach_of(tasks_of(board, measured)) if measured else None


def _alone(board: Board) -> dict[str, object] | None:
    """Return by what scores alone are told apart; `None` where rows tell more, or these nothing."""
    if board.alone is None:
        return None
    span = span_of(board.suite.ranked)
    return {"span": span, "effective": board.alone.effective, "errors": OF_A_PAIR}


def _config(telling: _Telling, part: Part[Row], data: tuple[str, ...]) -> dict[str, object]:
    """Return what the board's script must know beside the rows themselves."""
    _, place, board, columns, all_rows, words = telling
    root = root_of(part.path)
    return {
        "name": place.slug,
        "title": place.title,
        "models": f"{root}models/",
        "rows": f"{root}{data[0]}",
        "points": [f"{root}{path}" for path in data[1:]],
        "modelsAFile": MODELS_A_FILE,
        "method": board.method is not None,
        "scale": script_scale(board),
        "bar": score_span(board),
        "test": _test(board),
        "reach": _reach(board),
        "compare": f"{root}compare/{place.slug}/" if telling.source.tasks_of(place) else None,
        "alone": _alone(board),
        "rowsAPage": ROWS_A_PAGE if len(part.links) > 1 else None,
        "mostCompared": MOST_COMPARED,
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "field": column.field or column.name,
                "best": column.best,
                "descends": column.descends,
                "missing": words.missing(column),
            }
            for column in columns
        ],
        "values": words.values(all_rows),
        "words": words.script(),
    }
