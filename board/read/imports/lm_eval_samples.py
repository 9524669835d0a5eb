"""Samples of lm-evaluation-harness: a line a document and filter comes in, a step each goes out."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import msgspec

from ....eval.records import Step
from ...workspace.figures import metric_id
from ..decoding.content import limit, lines_of, object_of
from ..decoding.json_object import Document, Undecodable
from ..shapes.foreign import Foreign, is_number

MOST_STEPS = 2_000_000
MOST_TEXT = 64 * 2**20
"""Letters of all answers together, where answers are wanted."""
_LONGEST = 20_000
_MOST_METRICS = 100
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
            for key, new, row in _rows(file, texts=foreign.texts):
                if isinstance(key, bool) or not isinstance(key, (int, str)):
                    raise Undecodable("missing-key", "doc_id")
                name = str(key)
                before = scores.get(name, ())
                if {one for one, _ in before} & {one for one, _ in new}:
                    twice.append((name, new))
                    continue
                together = (*before, *new)
                scores[name] = same.setdefault(together, together)
                if len(scores) > MOST_STEPS:
                    raise limit("samples", MOST_STEPS)
                if row and left > 0 and name not in answers and (answer := _answer(row)):
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


Row = tuple[object, Scores, Document | None]
"""A document's id, its scores, and the whole line where texts are wanted."""


def _rows(file: IO[bytes], *, texts: bool) -> Iterator[Row]:
    """Yield the lines of *file*; of all but the first only what is scored is decoded.

    A line that names other metrics than the one before it is decoded whole, and so is one that
    cannot be decoded otherwise.
    """
    known: list[str] | None = None
    decoder = _ids({})
    for number, line in lines_of(file):
        if known is not None and not texts:
            try:
                told = decoder.decode(line)
                if told.metrics == known:
                    yield told.doc_id, _named(told, known), None
                    continue
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass
        row = object_of(line, number)
        yield row.get("doc_id"), _scores(row), row
        known = _known(row)
        if known is not None:
            decoder = _ids({f"m{at}": name for at, name in enumerate(known)})


def _known(row: Document) -> list[str] | None:
    """Return the metrics that a line names, where the next ones can be decoded by them."""
    stated = row.get("metrics")
    if not isinstance(stated, list) or len(stated) > _MOST_METRICS:
        return None
    names = {one for one in stated if isinstance(one, str)}
    return stated if len(names) == len(stated) and not names & _NO_METRIC else None


def _ids(names: dict[str, str]) -> "msgspec.json.Decoder[Any]":
    """Return what decodes a line's id, filter and the metrics *known*, and passes over the rest."""
    fields = [(name, Any, None) for name in ("doc_id", "filter", "metrics", *names)]
    row = msgspec.defstruct("Row", fields, rename=names or None)
    return msgspec.json.Decoder(row)


def _named(told: Any, known: list[str]) -> Scores:
    return _numbers(told.filter, ((name, getattr(told, f"m{at}")) for at, name in enumerate(known)))


def _scores(row: Document) -> Scores:
    """Return the numbers of one line by metric and filter; what is no number scores nothing."""
    stated = row.get("metrics")
    names = stated if isinstance(stated, list) else [key for key in row if key not in _NO_METRIC]
    return _numbers(
        row.get("filter"), ((one, row.get(one)) for one in names if isinstance(one, str))
    )


def _numbers(filtered: object, values: Iterable[tuple[str, Any]]) -> Scores:
    end = "" if filtered in (None, "none") else f".{filtered}"
    return tuple(
        (_id(f"{name}{end}"), float(value))
        for name, value in values
        if isinstance(value, bool) or is_number(value)
    )


@lru_cache(maxsize=1000)
def _id(name: str) -> str:
    return metric_id(name)


def _answer(row: Document) -> str | None:
    """Return what was answered: the text behind the filter, else the first response."""
    for key in ("filtered_resps", "resps"):
        value = row.get(key)
        while isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return None
