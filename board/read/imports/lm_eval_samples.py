"""Samples of lm-evaluation-harness: a line a document and filter comes in, a step each goes out."""

from pathlib import Path
from typing import Any

from ....eval.records import Step
from ...workspace.figures import metric_id
from ..decoding.content import json_lines, limit
from ..decoding.json_object import Document, Undecodable
from ..shapes.foreign import Foreign, is_number

MOST_STEPS = 2_000_000
MOST_TEXT = 64 * 2**20
"""Letters of all answers together, where answers are wanted."""
_LONGEST = 20_000
_NO_METRIC = frozenset(
    (
        *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
        *("doc_hash", "prompt_hash", "target_hash", "context", "targets", "index", "task_name"),
    )
)
_NO_GROUPS: dict[str, str] = {}

Scores = tuple[tuple[str, float | None], ...]


def samples_of(foreign: Foreign, path: Path) -> list[Step]:
    """Return the steps in the file of samples at *path*, what all filters scored in one each.

    A document that a filter scored twice comes twice: two runs went into one file. Where a line
    cannot be read the steps before it are returned, with a finding.
    """
    scores: dict[str, Scores] = {}
    answers: dict[str, str] = {}
    twice: list[tuple[str, Scores]] = []
    # Most documents have the same few scores: each such set is there once.
    same: dict[Scores, Scores] = {}
    left = MOST_TEXT if foreign.texts else 0
    try:
        with path.open("rb") as file:
            for row in json_lines(file):
                key = row.get("doc_id")
                if isinstance(key, bool) or not isinstance(key, (int, str)):
                    raise Undecodable("missing-key", "doc_id")
                name, new = str(key), _scores(row)
                before = scores.get(name, ())
                if {one for one, _ in before} & {one for one, _ in new}:
                    twice.append((name, new))
                    continue
                together = (*before, *new)
                scores[name] = same.setdefault(together, together)
                if len(scores) > MOST_STEPS:
                    raise limit("samples", MOST_STEPS)
                if left > 0 and name not in answers and (answer := _answer(row)) is not None:
                    answers[name] = answer[:_LONGEST]
                    left -= len(answers[name])
    except OSError:
        foreign.note("beside-unusable", path.name, reason="unreadable")
    except Undecodable as error:
        foreign.note(
            "beside-unusable",
            path.name,
            line=error.finding.values.get("line"),
            reason=error.finding.values.get("reason"),
        )
    held = {one: dict(one) for one in (*same, *(one for _, one in twice))}
    return [
        Step(
            task_id=name,
            step_idx=0,
            groups=_NO_GROUPS,
            scores=held[one],
            answer=answers.get(name),
        )
        for name, one in (*scores.items(), *twice)
    ]


def _scores(row: Document) -> Scores:
    """Return the numbers of one line by metric and filter; what is no number scores nothing."""
    filtered = row.get("filter")
    end = "" if filtered in (None, "none") else f".{filtered}"
    stated = row.get("metrics")
    names = stated if isinstance(stated, list) else [key for key in row if key not in _NO_METRIC]
    found: list[tuple[str, float]] = []
    for name in names:
        value: Any = row.get(name) if isinstance(name, str) else None
        if isinstance(value, bool) or is_number(value):
            found.append((metric_id(f"{name}{end}"), float(value)))
    return tuple(found)


def _answer(row: Document) -> str | None:
    """Return what was answered: the text behind the filter, else the first response."""
    for key in ("filtered_resps", "resps"):
        value = row.get(key)
        while isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return None
