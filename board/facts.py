"""What a result's steps say: who they are, what they add up to, whether their scores follow."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import msgspec

from ..eval.identity import StepKey, fingerprint, keys_sha256
from ..eval.records import Step
from .light import Row
from .means import Column, aggregate
from .model import StepFacts
from .rescoring import Rescored, rescored

Rows = Sequence[Step | Row]
Units = Sequence[tuple[str, ...] | None]

MICRO = 1_000_000
_DUPLICATES_NAMED = 5


def step_facts(rows: Rows, *, rescore: bool = True) -> StepFacts | None:
    """Return the facts of *rows*, `None` where there are none; their order changes nothing.

    Sums and the steps of a task count scored steps only, and the sums are empty where a scored
    step lacks the value. With *rescore*, the steps that hold their units are scored again; rows
    without their text never are.
    """
    if not rows:
        return None
    layout = _layout(tuple([(row.task_id, row.sample_idx, row.step_idx) for row in rows]))
    if layout.order:
        rows = [rows[place] for place in layout.order]
    scored = [row.scored for row in rows]
    references, answers = _references(layout.keys, rows), _answers(rows)
    again = rescored(rows, references.units) if rescore else Rescored(0, 0, None)
    reasons = [row.finish_reason for row in rows if row.finish_reason is not None]
    return StepFacts(
        steps=len(rows),
        scored=sum(scored),
        failed=len(rows) - sum(scored),
        unique=layout.unique,
        duplicates=layout.duplicates,
        keys_sha256=layout.keys_sha256,
        fingerprint=references.fingerprint,
        empty_references=references.empty,
        length_stops=reasons.count("length") if reasons else None,
        tasks=layout.tasks,
        steps_per_task=_per_task([int(one) for one in scored], layout.ends),
        f1_sums=_sums([row.command_f1 for row in rows], scored, layout.ends),
        precision_sums=_sums([row.command_precision for row in rows], scored, layout.ends),
        recall_sums=_sums([row.command_recall for row in rows], scored, layout.ends),
        valid_json_sums=_sums([row.valid_json for row in rows], scored, layout.ends),
        aggregate=aggregate(rows, references.lengths, answers),
        rescored=again.steps,
        rescore_differs=again.differs,
        rescore_example=again.example,
    )


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
def _layout(keys: tuple[StepKey, ...]) -> _Layout:
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


class _References(NamedTuple):
    """What the references say; `None` where one of the steps has none."""

    units: Units
    lengths: Column
    fingerprint: str | None = None
    empty: int | None = None


def _references(keys: tuple[StepKey, ...], rows: Rows) -> _References:
    raw = [row.ref_command_units for row in rows if isinstance(row, Row)]
    if raw:
        return _shared_references(keys, b"[" + b",".join(map(bytes, raw)) + b"]")
    return _known_references(keys, [row.ref_command_units for row in rows if isinstance(row, Step)])


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


def _answers(rows: Rows) -> Column | None:
    """Return the number of units of each answer; `None` for rows without their text."""
    steps = [row for row in rows if isinstance(row, Step)]
    units = [row.pred_command_units for row in steps]
    return [None if one is None else len(one) for one in units] if steps else None


def _sums(values: Column, scored: list[bool], ends: tuple[int, ...]) -> tuple[int, ...]:
    """Return each task's sum in millionths; nothing where a scored step has no value."""
    if not all(scored):
        values = [value if told else 0 for value, told in zip(values, scored, strict=True)]
    if None in values:
        return ()
    return _per_task([round(value * MICRO) for value in values if value is not None], ends)


def _per_task(values: list[int], ends: tuple[int, ...]) -> tuple[int, ...]:
    running = [0, *accumulate(values)]
    return tuple([running[end] - running[start] for start, end in pairwise((0, *ends))])
