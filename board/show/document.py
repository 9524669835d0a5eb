"""The board as data: the JSON document, and the rows that tables, CSV and Markdown show."""

import json
from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from ..model import Board, Boards, Entry, Reading
from ..words.findings import Finding
from .tables import Cell, Table

Json = dict[str, object]
Say = Callable[[Finding], str]
"""Words for a finding in the language of the reader."""


def document(boards: Boards, say: Say) -> Json:
    """Return all boards as plain JSON values; numbers stay numbers and unknown is null."""
    return {
        "generated_from": source_json(boards),
        "boards": [board_json(board, say) for board in boards.boards],
        "unplaced": [entry_json(entry, say) for entry in boards.unplaced],
        "files": [file_json(reading, say) for reading in boards.readings],
    }


def source_json(boards: Boards) -> Json:
    """Return what *boards* were made from."""
    return {"files": len(boards.readings), "sha256": boards.sha256}


def board_json(board: Board, say: Say) -> Json:
    """Return one board with all its entries."""
    return {
        "suite": board.suite.name,
        "version": board.suite.version,
        "class": board.class_,
        "policy": board.policy,
        "method": board.method.plain() if board.method else None,
        "entries": [entry_json(entry, say) for entry in board.entries],
    }


def entry_json(entry: Entry, say: Say) -> Json:
    """Return one entry with its findings and attempts."""
    return {
        "model": entry.model,
        "label": entry.label,
        "slug": entry.slug,
        "result_id": entry.result_id,
        "rank": entry.rank,
        "rank_text": entry.rank_text,
        "tied_with": list(entry.tied_with),
        "score": entry.score,
        "metrics": msgspec.to_builtins(entry.metrics),
        "resolution": entry.resolution.plain() if entry.resolution else None,
        "template_status": entry.template_status,
        "class": entry.class_,
        "rankable": entry.rankable,
        "findings": [_finding(finding, say) for finding in entry.findings],
        "attempts": [
            {
                "result_id": attempt.result_id,
                "score": attempt.score,
                "steps": attempt.steps,
                "finished_at": attempt.finished_at,
                "findings": [_finding(finding, say) for finding in attempt.findings],
                "file": attempt.file,
                "sha256": attempt.sha256,
            }
            for attempt in entry.attempts
        ],
        "file": entry.file,
        "sha256": entry.sha256,
    }


def _finding(finding: Finding, say: Say) -> Json:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": say(finding),
        "key": finding.key,
        "values": finding.values,
    }


def file_json(reading: Reading, say: Say) -> Json:
    """Return what was found in one file."""
    return {
        "file": reading.file,
        "sha256": reading.sha256 or None,
        "kind": reading.kind,
        "shape": reading.shape,
        "findings": [_finding(finding, say) for finding in reading.findings],
    }


COLUMNS = (
    "rank",
    "model",
    "score",
    "95 %",
    "rank range",
    "tie group",
    "precision",
    "recall",
    "first_cmd_exact_pct",
    "valid_json_pct",
    "seconds_per_step",
    "template_status",
    "result_id",
    "reasons",
)

RESOLVED = ("95 %", "rank range", "tie group")

FIELDS = (
    "suite",
    "version",
    "class",
    "rank",
    "rank_text",
    "model",
    "label",
    "score",
    "score_low_95",
    "score_high_95",
    "score_standard_error",
    "rank_low",
    "rank_high",
    "tie_group",
    "level_with",
    "precision",
    "recall",
    "first_cmd_exact_pct",
    "valid_json_pct",
    "seconds_per_step",
    "load_seconds",
    "steps",
    "template_status",
    "reasons",
    "result_id",
    "file",
    "sha256",
)

NO_STEPS = "no per-step data"


def table(board: Board) -> Table:
    """Return *board* as rows for people, ranked entries first; `reasons` are what unranks.

    The columns of intervals and rank ranges are there where any entry has them.
    """
    rows = [_row(entry, board) for entry in board.entries]
    if board.method is not None:
        return Table(COLUMNS, rows)
    kept = [n for n, column in enumerate(COLUMNS) if column not in RESOLVED]
    return Table(tuple(COLUMNS[n] for n in kept), [tuple(row[n] for n in kept) for row in rows])


def fields(board: Board) -> Table:
    """Return *board* as rows for programs: one figure a field, unknown empty."""
    return Table(FIELDS, [_fields(entry, board) for entry in board.entries])


def summary(board: Board) -> str:
    """Say how many are ranked, and what the intervals and rank ranges rest on."""
    counted = f"{len(board.ranked)} ranked, {len(board.unranked)} unranked"
    method = board.method
    if method is None:
        return f"{counted}; {NO_STEPS}, so no intervals"
    missing = len(board.ranked) - method.measured
    if method.critical is None:
        return f"{counted}. {method.tasks} tasks are too few for intervals and rank ranges"
    return (
        f"{counted}. 95 % intervals from {method.draws} draws of {method.tasks} tasks; rank ranges"
        f" from paired tests ({method.correction}): {method.separable} of {method.pairs} pairs can"
        " be told apart"
        + (f"; {missing} of {len(board.ranked)} ranked entries have {NO_STEPS}" if missing else "")
    )


def reasons(entry: Entry, policy: dict[str, str]) -> list[Finding]:
    """Return the findings that keep *entry* from being ranked."""
    return [finding for finding in entry.findings if policy.get(finding.code) == "unranked"]


def _reasons(entry: Entry, board: Board) -> str | None:
    codes = dict.fromkeys(finding.code for finding in reasons(entry, board.policy))
    return ", ".join(codes) or None


def _row(entry: Entry, board: Board) -> tuple[Cell, ...]:
    metrics = entry.metrics
    return (
        entry.rank_text if entry.rank is not None else None,
        entry.label,
        entry.score,
        *_resolved(entry),
        metrics.command_precision,
        metrics.command_recall,
        metrics.first_cmd_exact_pct,
        metrics.valid_json_pct,
        metrics.seconds_per_step,
        entry.template_status,
        entry.result_id,
        _reasons(entry, board),
    )


def _resolved(entry: Entry) -> tuple[Cell, Cell, Cell]:
    """Return interval, rank range and tie group in words; none of them is ever of zero width."""
    found = entry.resolution
    if found is None:
        return (NO_STEPS if entry.rank is not None else None, None, None)
    span = found.score
    return (
        f"{span.low:.2f}–{span.high:.2f}" if span else "too few tasks",
        f"{found.low}–{found.high}",
        found.group,
    )


def _fields(entry: Entry, board: Board) -> tuple[Cell, ...]:
    metrics, found = entry.metrics, entry.resolution
    span = found.score if found else None
    return (
        board.suite.name,
        board.suite.version,
        board.class_,
        entry.rank,
        entry.rank_text if entry.rank is not None else None,
        entry.model,
        entry.label,
        entry.score,
        *((span.low, span.high, span.standard_error) if span else (None, None, None)),
        *((found.low, found.high, found.group, found.level_with) if found else (None,) * 4),
        metrics.command_precision,
        metrics.command_recall,
        metrics.first_cmd_exact_pct,
        metrics.valid_json_pct,
        metrics.seconds_per_step,
        metrics.load_seconds,
        metrics.steps,
        entry.template_status,
        _reasons(entry, board),
        entry.result_id,
        entry.file,
        entry.sha256,
    )


def pieces(boards: Boards, say: Say) -> Iterator[str]:
    """Yield `document` of the same as JSON text, an entry or file a line."""
    yield f'{{\n"generated_from": {_text(source_json(boards))},\n"boards": ['
    for number, board in enumerate(boards.boards):
        head = _text(board_json(replace(board, entries=()), say)).removesuffix("]}")
        yield f"{',' if number else ''}\n{head}"
        yield from _lines(entry_json(entry, say) for entry in board.entries)
        yield "\n]}"
    yield '\n],\n"unplaced": ['
    yield from _lines(entry_json(entry, say) for entry in boards.unplaced)
    yield '\n],\n"files": ['
    yield from _lines(file_json(reading, say) for reading in boards.readings)
    yield "\n]\n}\n"


def _lines(values: Iterator[Json]) -> Iterator[str]:
    for number, value in enumerate(values):
        yield f"{',' if number else ''}\n{_text(value)}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
