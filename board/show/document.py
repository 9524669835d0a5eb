"""The board as data: the JSON document, and the rows that tables, CSV and Markdown show."""

import hashlib
import json
from collections.abc import Callable, Iterator

import msgspec

from ... import __version__
from ...eval.metrics import Measured, Metric
from ..model import Board, Boards, Entry, Reading
from ..words.findings import JUDGING, THRESHOLDS, Finding
from ..workspace.settings import Settings

Json = dict[str, object]
Say = Callable[[Finding], str]
"""Words for a finding in the language of the reader."""


def document(boards: Boards, say: Say) -> Json:
    """Return all boards as plain JSON values; numbers stay numbers and unknown is null."""
    return {
        "generated_from": source_json(boards),
        "rules": rules_json(boards),
        "boards": [board_json(board, say) for board in boards.boards],
        "unplaced": [entry_json(entry, say) for entry in boards.unplaced],
        "files": [file_json(reading, say) for reading in boards.readings],
    }


def source_json(boards: Boards) -> Json:
    """Return what *boards* were made from, and by which version of this program."""
    return {
        "files": boards.files,
        "sha256": boards.sha256,
        "sources": dict(sorted(boards.sources.items())),
        "cardboard": __version__,
    }


def rules_json(boards: Boards) -> Json | None:
    """Return what *boards* were judged by, all of it as it is in force, and the hash of each part.

    A hash is the SHA-256 of the part as JSON with sorted keys and without blanks.
    """
    settings = boards.settings
    if settings is None:
        return None
    policy = {code: settings.policy.get(code, default) for code, default in JUDGING.items()}
    told: Json = {
        "protocols": msgspec.to_builtins(settings.protocols),
        "templates": msgspec.to_builtins(settings.templates),
        "thresholds": thresholds(settings),
        "policy": policy | settings.policy,
        "overview": msgspec.to_builtins(settings.overview),
    }
    return told | {"sha256": {name: _digest(value) for name, value in told.items()}}


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def thresholds(settings: Settings) -> dict[str, float]:
    """Return the limits of warnings by code: those of the suites' kinds, then those of all."""
    doubts = {one.code: one.below for suite in settings.suites for one in suite.of_kind.doubts}
    return {
        code: settings.thresholds.get(code, default)
        for code, default in (doubts | THRESHOLDS).items()
    }


def board_json(board: Board, say: Say) -> Json:
    """Return one board with all its entries."""
    return _head(board) | {"entries": [entry_json(entry, say) for entry in board.entries]}


def _head(board: Board) -> Json:
    return {
        "suite": board.suite.name,
        "version": board.suite.version,
        "class": board.class_,
        "kind": board.suite.kind,
        "metrics": [_metric(metric) for metric in board.suite.metrics],
        "scorers": [{"scorer": scorer, "ranked": count} for scorer, count in board.scorers.items()],
        "policy": board.policy,
        "method": board.method.plain() if board.method else None,
        "scores_alone": _alone(board),
    }


def _alone(board: Board) -> Json | None:
    """Return what the scores of a board without rows can tell, with the ranks left open by id."""
    found = board.alone
    if found is None:
        return None
    ranges = {e.result_id: list(board.open_ranks(e) or ()) for e in board.ranked}
    return {
        "tasks": found.effective,
        "pairs": found.pairs,
        "separable": found.separable,
        "blind": found.blind,
        "ranks": ranges,
    }


def _metric(metric: Metric) -> Json:
    return {
        "id": metric.id,
        "title": metric.title or None,
        "unit": metric.unit,
        "better": metric.better,
        "scale": metric.scale,
        "decimals": metric.decimals,
        "aggregate": metric.aggregate,
        "ranked": metric.ranked,
    }


def _measured(one: Measured) -> Json:
    """Return a value with what is known of how sure it is."""
    told = {name: getattr(one, name) for name in Measured.__struct_fields__}
    return {name: value for name, value in told.items() if value is not None or name == "value"}


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
        "metrics": {name: _measured(one) for name, one in entry.metrics.items()},
        "seconds_per_step": entry.result.timing.seconds_per_step,
        "load_seconds": entry.result.timing.load_seconds,
        "steps": entry.result.counts.scored,
        "tasks": entry.result.counts.tasks,
        "resolution": entry.resolution.plain() if entry.resolution else None,
        "template_status": entry.template_status,
        "class": entry.class_,
        "evidence": entry.evidence,
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


def pieces(boards: Boards, say: Say) -> Iterator[str]:
    """Yield `document` of the same as JSON text, an entry or file a line."""
    yield f'{{\n"generated_from": {_text(source_json(boards))},\n'
    yield f'"rules": {_text(rules_json(boards))},\n"boards": ['
    for number, board in enumerate(boards.boards):
        head = _text(_head(board) | {"entries": []}).removesuffix("]}")
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
