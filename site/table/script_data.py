"""What a board's script reads: all rows column by column, and each model's sums a task."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from ...board.judge.resolution import measured_entries, task_sums
from ...board.model import Board
from ..frame.security import printable
from ..source.source import Place
from .rows import Column, Row

# So many models share a file of points; a comparison reads those of the models that it is of.
MODELS_A_FILE = 250


def rows_file(place: Place, columns: Sequence[Column], rows: Sequence[Row]) -> tuple[str, str]:
    """Return path and text of the file that holds every row of a board, in its order.

    The path, below the site's root, holds the hash of the text.
    """
    codes = sorted({code for row in rows for code in row.findings})
    index = {code: number for number, code in enumerate(codes)}
    held: dict[str, list[object]] = {
        "slug": [row.slug for row in rows],
        "name": [printable(row.name) for row in rows],
        "rank": [row.rank for row in rows],
        "ranks": [row.ranks for row in rows],
        "run": [row.run for row in rows],
        "score": [row.score for row in rows],
        "low": [row.low for row in rows],
        "high": [row.high for row in rows],
        "measured": [int(row.measured) for row in rows],
        "findings": [[index[code] for code in row.findings] for row in rows],
        "badges": [[index[code] for code in row.badges] for row in rows],
    }
    if any(row.error is not None for row in rows):
        held["error"] = [row.error for row in rows]
        held["method"] = [None if row.method is None else printable(row.method) for row in rows]
    if any(row.independent is not None for row in rows):
        held["independent"] = [row.independent for row in rows]
    for name in ("active", "apart"):
        if any(getattr(row, name) is not None for row in rows):
            held[name] = [getattr(row, name) for row in rows]
    numbers, words = (
        [column.name for column in columns if column.kind in kinds]
        for kinds in (("number",), ("set", "date"))
    )
    held |= {name: [row.cells[name] for row in rows] for name in numbers}
    repeated = {name: _few([row.cells[name] for row in rows]) for name in words}
    return _file(place.slug, {"codes": codes, "columns": held, "repeated": repeated})


def points_files(place: Place, board: Board) -> Iterator[tuple[str, str]]:
    """Yield path and text of the files that hold the measured models' sums a task.

    `steps` counts each task's steps, `points` holds by slug each task's sum of scores, brought to 0
    to 1 a step so that more is better, in millionths.
    """
    measured = measured_entries(board)
    sums = task_sums(board.suite, measured, board.suite.ranked.id) if measured else None
    if sums is None or measured[0].facts is None:
        return
    steps = measured[0].facts.steps_per_task
    told = dict(zip((entry.slug for entry in measured), sums.rising.tolist(), strict=True))
    for start in range(0, len(measured), MODELS_A_FILE):
        some = measured[start:][:MODELS_A_FILE]
        yield _file(
            f"{place.slug}.points",
            {"steps": steps, "points": {entry.slug: told[entry.slug] for entry in some}},
        )


def script_scale(board: Board) -> dict[str, float]:
    """Return how scripts print such sums: points for 1 a step, what 0 stands for, decimals."""
    metric, measured = board.suite.ranked, measured_entries(board)
    sums = task_sums(board.suite, measured, metric.id) if measured else None
    points = sums.scale.points if sums is not None else metric.scale * metric.factor
    offset = sums.scale.offset if sums is not None else 0.0
    return {"points": metric.sign * points, "offset": offset, "decimals": metric.decimals}


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
