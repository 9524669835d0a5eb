"""The overview of all suites as rows: for people, and for programs."""

from collections.abc import Callable

from ..compare.overview import Overview, Row
from ..model import Board, Entry
from .tables import Cell, Table

Say = Callable[..., str]
"""Words by key, with values."""


def heading(board: Board) -> str:
    """Return the column of *board*."""
    return f"{board.suite.name} {board.suite.version}"


def table(found: Overview) -> Table:
    """Return a row a model: each suite's score with rank or range, and the overall order."""
    names = ["model", *(heading(board) for board in found.boards), "suites"]
    if found.counted:
        names = ["rank", *names, "mean", "95 %", "rank range"]
    rows = [_row(row, found) for row in found.rows]
    return Table(tuple(names), rows, frozenset({"mean", "suites"}))


def _row(row: Row, found: Overview) -> tuple[Cell, ...]:
    pairs = zip(found.boards, row.entries, strict=True)
    cells: list[Cell] = [row.label, *(cell(board, entry) for board, entry in pairs)]
    cells.append(f"{row.coverage} / {len(found.boards)}")
    if not found.counted:
        return tuple(cells)
    sure = row.sure
    span = ranks = None
    if sure is not None and sure.low is not None:
        span = f"{sure.low:.2f}–{sure.high:.2f}"
    if sure is not None and sure.rank_low is not None:
        ranks = f"{sure.rank_low}–{sure.rank_high}"
    mean = None if row.mean is None else f"{row.mean:.2f}"
    return (row.rank_text if row.rank is not None else None, *cells, mean, span, ranks)


def cell(board: Board, entry: Entry | None) -> str | None:
    """Return what one suite says of a model: score, rank and rank range, or why it has none."""
    if entry is None:
        return None
    if entry.score is None:
        return "no score"
    score = f"{entry.score:.{board.suite.ranked.decimals}f}"
    if entry.rank is None:
        return f"{score} (unranked)"
    spot = board.open_ranks(entry)
    span = f", {spot[0]}–{spot[1]}" if spot and spot[0] != spot[1] else ""
    return f"{score} (#{entry.rank_text}{span})"


FIELDS = (
    "model", "suite", "version", "metric", "score", "rank", "rank_low", "rank_high", "steps",
    "expected", "overall_mean", "overall_low_95", "overall_high_95", "overall_rank",
)  # fmt: skip


def fields(found: Overview) -> Table:
    """Return one row a model and suite, for programs; a suite that a model lacks has no row."""
    rows: list[tuple[Cell, ...]] = []
    for row in found.rows:
        for board, entry in zip(found.boards, row.entries, strict=True):
            if entry is None:
                continue
            spot, sure = board.open_ranks(entry), row.sure
            rows.append(
                (
                    row.label,
                    board.suite.name,
                    board.suite.version,
                    board.suite.ranked.id,
                    entry.score,
                    entry.rank,
                    spot[0] if spot else None,
                    spot[1] if spot else None,
                    entry.result.counts.scored,
                    board.suite.steps,
                    row.mean,
                    sure.low if sure else None,
                    sure.high if sure else None,
                    row.rank,
                )
            )
    return Table(FIELDS, rows)


def document(found: Overview) -> dict[str, object]:
    """Return the overview as plain JSON values; unknown is null."""
    rows = fields(found)
    return {
        "suites": [
            {
                "suite": board.suite.name,
                "version": board.suite.version,
                "metric": board.suite.ranked.id,
                "better": board.suite.ranked.better,
                "counts": place in found.counted,
            }
            for place, board in enumerate(found.boards)
        ],
        "rule": "mean-score" if found.counted else None,
        "refused": found.refused,
        "rows": [dict(zip(rows.columns, row, strict=True)) for row in rows.rows],
    }


def remarks(found: Overview, say: Say, name: Callable[[Board], str] = heading) -> list[str]:
    """Return what must be said beside the table: weights, who is missing, what was refused."""
    if found.refused is not None:
        return [say(found.refused, suite=found.because)]
    if not found.counted:
        return []
    names = ", ".join(name(found.boards[place]) for place in found.counted)
    told = [say("overview.weights", suites=names)]
    missing = [row.label for row in found.rows if row.rank is None]
    if missing:
        told.append(say("overview.missing", n=len(missing), models=", ".join(missing)))
    if all(row.sure is None for row in found.rows):
        told.append(say("overview.no-rows"))
    if found.heaviest is not None:
        told.append(say("overview.heaviest", suite=name(found.boards[found.heaviest])))
    return told
