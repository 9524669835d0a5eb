"""What a board's script reads: all rows column by column, and each model's points a task."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from ...board.model import Board
from ..frame.security import printable
from ..source.source import Place
from .rows import NUMBERS, WORDS, Row

# So many models share a file of points; a comparison reads those of the models that it is of.
MODELS_A_FILE = 250


def rows_file(place: Place, rows: Sequence[Row]) -> tuple[str, str]:
    """Return path and text of the file that holds every row of a board, in its order.

    The path, below the site's root, holds the hash of the text.
    """
    codes = sorted({code for row in rows for code in row.findings})
    index = {code: number for number, code in enumerate(codes)}
    columns: dict[str, list[object]] = {
        "slug": [row.slug for row in rows],
        "name": [printable(row.name) for row in rows],
        "rank": [row.rank for row in rows],
        "ranks": [row.ranks for row in rows],
        "score": [row.score for row in rows],
        "low": [row.low for row in rows],
        "high": [row.high for row in rows],
        "measured": [int(row.measured) for row in rows],
        "findings": [[index[code] for code in row.findings] for row in rows],
        "badges": [[index[code] for code in row.badges] for row in rows],
    }
    columns |= {name: [row.cells[name] for row in rows] for name in NUMBERS}
    repeated = {"organisation": _few([row.organisation for row in rows])} | {
        name: _few([row.cells[name] for row in rows]) for name in WORDS
    }
    return _file(place.slug, {"codes": codes, "columns": columns, "repeated": repeated})


def points_files(place: Place, board: Board) -> Iterator[tuple[str, str]]:
    """Yield path and text of the files that hold the measured models' points a task.

    `steps` counts each task's steps, `points` holds by slug each task's sum of F1, in millionths.
    """
    measured = [(one.slug, one.facts) for one in board.ranked if one.resolution is not None]
    for start in range(0, len(measured), MODELS_A_FILE):
        some = [(slug, facts) for slug, facts in measured[start:][:MODELS_A_FILE] if facts]
        yield _file(
            f"{place.slug}.points",
            {"steps": some[0][1].steps_per_task, "points": {s: f.f1_sums for s, f in some}},
        )


def _few(held: Sequence[str | None]) -> dict[str, object]:
    """Return a column of values that come again and again: each value once, then their places."""
    values = sorted({value for value in held if value is not None})
    place = {value: number for number, value in enumerate(values)}
    return {
        "values": [printable(value) for value in values],
        "rows": [None if value is None else place[value] for value in held],
    }


def _file(name: str, value: object) -> tuple[str, str]:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"data/{name}.{digest}.json", text
