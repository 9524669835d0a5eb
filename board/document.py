"""The board as data: the JSON document, and the rows that tables, CSV and Markdown show."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from .findings import Finding
from .model import Board, Boards, Entry, Reading

Json = dict[str, object]
Say = Callable[[Finding], str]
"""Words for a finding in the language of the reader."""

Cell = str | int | float | None


class Table(NamedTuple):
    """Column names, and rows of plain cells in the same order."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def document(boards: Boards, say: Say) -> Json:
    """Return all boards as plain JSON values; numbers stay numbers and unknown is null."""
    return {
        "generated_from": {"files": len(boards.readings), "sha256": boards.sha256},
        "boards": [_board(board, say) for board in boards.boards],
        "unplaced": [_entry(entry, say) for entry in boards.unplaced],
        "files": [_file(reading, say) for reading in boards.readings],
    }


def _board(board: Board, say: Say) -> Json:
    return {
        "suite": board.suite.name,
        "version": board.suite.version,
        "class": board.class_,
        "policy": board.policy,
        "entries": [_entry(entry, say) for entry in board.entries],
    }


def _entry(entry: Entry, say: Say) -> Json:
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


def _file(reading: Reading, say: Say) -> Json:
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
    "precision",
    "recall",
    "first_cmd_exact_pct",
    "valid_json_pct",
    "seconds_per_step",
    "template_status",
    "result_id",
    "reasons",
)


def table(board: Board) -> Table:
    """Return *board* as rows, ranked entries first; `reasons` holds the codes that unrank."""
    return Table(COLUMNS, [_row(entry, board.policy) for entry in board.entries])


def reasons(entry: Entry, policy: dict[str, str]) -> list[Finding]:
    """Return the findings that keep *entry* from being ranked."""
    return [finding for finding in entry.findings if policy.get(finding.code) == "unranked"]


def _row(entry: Entry, policy: dict[str, str]) -> tuple[Cell, ...]:
    metrics = entry.metrics
    return (
        entry.rank_text if entry.rank is not None else None,
        entry.label,
        entry.score,
        metrics.command_precision,
        metrics.command_recall,
        metrics.first_cmd_exact_pct,
        metrics.valid_json_pct,
        metrics.seconds_per_step,
        entry.template_status,
        entry.result_id,
        ", ".join(finding.code for finding in reasons(entry, policy)) or None,
    )
