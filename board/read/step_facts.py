"""What a result's steps say: who they are, what they add up to, whether their scores follow."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple, cast

import msgspec

from ...eval.records import Step
from ...eval.suites.fingerprints import StepKey, fingerprint, keys_sha256
from ..model import StepFacts
from .decoding.own_files import Row
from .score_check import Rescored, rescored
from .step_sums import means

Rows = Sequence[Step | Row]
"""All of one kind: with their text, or without."""

Units = Sequence[tuple[str, ...] | None]

_DUPLICATES_NAMED = 5
_KEYS = msgspec.json.Decoder(tuple[list[str], list[int | None], list[int]])


def step_facts(rows: Rows, *, rescore: bool = True) -> StepFacts | None:
    """Return the facts of *rows*, `None` where there are none; their order changes nothing.

    Sums and the steps of a task count scored steps only, and the sums are empty where a scored
    step lacks the value. With *rescore*, the steps that hold their units are scored again; rows
    without their text never are.
    """
    if not rows:
        return None
    layout = _layout(_keys(rows))
    if layout.order:
        rows = [rows[place] for place in layout.order]
    references = _references(layout.keys, rows)
    again = Rescored(0, 0, None)
    if rescore and isinstance(rows[0], Step):
        again = rescored(cast(Sequence[Step], rows))
    reasons = [row.finish_reason for row in rows if row.finish_reason is not None]
    told, lengths, ends = rows, references.lengths, layout.ends
    scored = [row.scored for row in rows]
    if not all(scored):
        told = [row for row in rows if row.scored]
        lengths = [one for one, kept in zip(lengths, scored, strict=True) if kept]
        ends = tuple(accumulate(sum(scored[a:b]) for a, b in pairwise((0, *ends))))
    found = means(told, ends, lengths, _lengths(told))
    return StepFacts(
        steps=len(rows),
        scored=len(told),
        failed=len(rows) - len(told),
        unique=layout.unique,
        duplicates=layout.duplicates,
        keys_sha256=layout.keys_sha256,
        fingerprint=references.fingerprint,
        empty_references=references.empty,
        length_stops=reasons.count("length") if reasons else None,
        tasks=layout.tasks,
        steps_per_task=_differences(ends),
        f1_sums=found.f1,
        precision_sums=found.precision,
        recall_sums=found.recall,
        valid_json_sums=found.valid_json,
        aggregate=found.aggregate,
        rescored=again.steps,
        rescore_differs=again.differs,
        rescore_example=again.example,
    )


def _keys(rows: Rows) -> bytes:
    """Return the rows' keys as JSON: three lists, of tasks, samples and steps."""
    tasks, samples = [row.task_id for row in rows], [row.sample_idx for row in rows]
    return msgspec.json.encode((tasks, samples, [row.step_idx for row in rows]))


class _Layout(NamedTuple):
    """All that follows from the steps' keys alone."""

    keys: tuple[StepKey, ...]
    """In the order of tasks and steps."""
    order: tuple[int, ...]
    """Where each of *keys* stood; empty where they stood in this order."""
    keys_sha256: str
    unique: int
    duplicates: tuple[str, ...]
    tasks: tuple[str, ...]
    ends: tuple[int, ...]
    """Where the steps of each task end."""


# Results of one suite hold the same keys in the same order: this is computed once a suite.
@lru_cache(maxsize=64)
def _layout(columns: bytes) -> _Layout:
    keys: tuple[StepKey, ...] = tuple(zip(*_KEYS.decode(columns), strict=True))
    order = sorted(range(len(keys)), key=lambda place: (_by_step(keys[place]), place))
    ordered = tuple(keys[place] for place in order)
    times = Counter(ordered)
    repeated = [f"{task}/{step}" for (task, _, step), n in times.items() if n > 1]
    tasks = Counter(task for task, _, _ in ordered)
    return _Layout(
        keys=ordered,
        order=() if ordered == keys else tuple(order),
        keys_sha256=keys_sha256(keys),
        unique=len(times),
        duplicates=tuple(repeated[:_DUPLICATES_NAMED]),
        tasks=tuple(tasks),
        ends=tuple(accumulate(tasks.values())),
    )


def _by_step(key: StepKey) -> tuple[str, int, int]:
    task, sample, step = key
    return task, step, -1 if sample is None else sample


@lru_cache(maxsize=64)
def _differences(ends: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(end - start for start, end in pairwise((0, *ends)))


class _References(NamedTuple):
    """What the references say; `None` where one of the steps has none."""

    units: Units
    lengths: Sequence[int | None]
    fingerprint: str | None = None
    empty: int | None = None


def _references(keys: tuple[StepKey, ...], rows: Rows) -> _References:
    if isinstance(rows[0], Row):
        raw = [row.ref_command_units for row in cast(Sequence[Row], rows)]
        return _shared_references(keys, b"[" + b",".join(raw) + b"]")
    return _known_references(keys, [row.ref_command_units for row in cast(Sequence[Step], rows)])


# References are by far the longest text that all results of a suite share.
@lru_cache(maxsize=16)
def _shared_references(keys: tuple[StepKey, ...], joined: bytes) -> _References:
    units = msgspec.json.decode(joined, type=list[tuple[str, ...] | None])
    return _known_references(keys, units)


def _known_references(keys: tuple[StepKey, ...], units: Units) -> _References:
    lengths = [None if one is None else len(one) for one in units]
    if None in lengths:
        return _References(units, lengths)
    steps = [(*key, one or ()) for key, one in zip(keys, units, strict=True)]
    return _References(units, lengths, fingerprint(steps), lengths.count(0))


def _lengths(rows: Rows) -> list[int | None]:
    """Return the number of units of each answer; nothing for rows without their text."""
    if not rows or isinstance(rows[0], Row):
        return []
    units = [row.pred_command_units for row in cast(Sequence[Step], rows)]
    return [None if one is None else len(one) for one in units]
