"""Whose rows a result's steps are: tasks, steps and trials, and how scores add up over them."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, chain, pairwise, repeat
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...eval.records import Step
from ...eval.suites.fingerprints import StepKey, keys_sha256

Floats = NDArray[np.float64]

MICRO = 1_000_000
_DUPLICATES_NAMED = 5
_KEYS = msgspec.json.Decoder(tuple[list[str], list[int | None], list[int], list[int | None]])


class Steps:
    """The scored answers, step by step and task by task."""

    def __init__(self, rows: Sequence[Step], layout: "Layout") -> None:
        places = [place for place, row in enumerate(rows) if row.scored]
        steps = [layout.step_of[place] for place in places]
        met = Counter(steps)
        self.counts = tuple(met[step] for step in sorted(met))
        """Scored answers to each step."""
        tasks = Counter(layout.task_of[step] for step in met)
        self.ends = tuple(accumulate(tasks[task] for task in range(len(layout.tasks))))
        """Where the scored steps of each task end."""
        self.starts = [0, *accumulate(self.counts)][:-1]

    @cached_property
    def per_task(self) -> tuple[int, ...]:
        """Return the number of scored steps of each task."""
        return tuple(end - start for start, end in pairwise((0, *self.ends)))

    @cached_property
    def trials(self) -> tuple[int, int]:
        """Return the fewest and the most scored answers to a step."""
        return (min(self.counts), max(self.counts)) if self.counts else (0, 0)

    @cached_property
    def _bounds(self) -> NDArray[np.intp]:
        """Return where each task begins, and where the last one ends."""
        return np.array((0, *self.ends), np.intp)

    def averaged(self, columns: Floats) -> Floats:
        """Return one row a step: the mean of its trials, in each column."""
        if self.trials[1] <= 1:
            return columns
        counts = np.array(self.counts)[:, None]
        return np.asarray(np.add.reduceat(columns, self.starts) / counts)

    def summed(self, columns: Floats) -> list[tuple[int, ...]]:
        """Return for each column the millionths of its values, added up a task."""
        running = np.zeros((len(columns) + 1, columns.shape[1]), np.int64)
        np.cumsum(np.rint(columns * MICRO).astype(np.int64), axis=0, out=running[1:])
        there = running[self._bounds]
        return [tuple(one) for one in (there[1:] - there[:-1]).T.tolist()]


class Layout(NamedTuple):
    """All that follows from the steps' keys alone."""

    order: tuple[int, ...]
    """Where each row stood that comes now; empty where they stood in this order."""
    keys_sha256: str
    repeated: int
    duplicates: tuple[str, ...]
    tasks: tuple[str, ...]
    step_of: tuple[int, ...]
    """The number of each row's step."""
    task_of: tuple[int, ...]
    """The number of each step's task."""
    firsts: tuple[int, ...]
    """The first row of each step."""
    keys: tuple[StepKey, ...]
    """Of each step."""
    trials: int
    """The most answers to one step."""
    plain: "Plain"


class Plain(Steps):
    """Every step answered once, and scored."""

    def __init__(self, tasks: Sequence[int]) -> None:
        self.counts = (1,) * sum(tasks)
        self.ends = tuple(accumulate(tasks))
        self.starts = list(range(sum(tasks)))


def layout_of(rows: Sequence[Step]) -> Layout:
    """Return what the keys of *rows* say; computed once for all results of a suite."""
    return _layout(_keys(rows))


def _keys(rows: Sequence[Step]) -> bytes:
    """Return the rows' keys as JSON: lists of tasks, samples, steps and trials."""
    return msgspec.json.encode(
        (
            [row.task_id for row in rows],
            [row.sample_idx for row in rows],
            [row.step_idx for row in rows],
            [row.trial for row in rows],
        )
    )


# Results of one suite hold the same keys in the same order: this is computed once a suite.
@lru_cache(maxsize=64)
def _layout(columns: bytes) -> Layout:
    rows = list(zip(*_KEYS.decode(columns), strict=True))
    # Sorting is stable: equal rows stay in the order in which they stood.
    order = sorted(range(len(rows)), key=lambda place: _by_step(rows[place]))
    ordered = [rows[place] for place in order]
    moved = () if order == list(range(len(order))) else tuple(order)
    del order
    once = tuple(row[:3] for row in ordered)
    if len(set(once)) == len(once):
        return _layout_of_single(once, moved)
    answers = Counter(ordered)
    repeated = dict.fromkeys(f"{row[0]}/{row[2]}" for row, n in answers.items() if n > 1)
    keys: tuple[StepKey, ...] = tuple(dict.fromkeys(row[:3] for row in ordered))
    times = dict.fromkeys(keys, 1)
    for row, n in answers.items():
        times[row[:3]] = max(times[row[:3]], n)
    number = {key: at for at, key in enumerate(keys)}
    step_of = tuple(number[row[:3]] for row in ordered)
    firsts = {step: place for place, step in reversed(list(enumerate(step_of)))}
    tasks = Counter(task for task, _, _ in keys)
    place_of = {task: at for at, task in enumerate(tasks)}
    return Layout(
        order=moved,
        keys_sha256=keys_sha256(key for key in keys for _ in range(times[key])),
        repeated=len(ordered) - len(answers),
        duplicates=tuple(repeated)[:_DUPLICATES_NAMED],
        tasks=tuple(tasks),
        step_of=step_of,
        task_of=tuple(place_of[task] for task, _, _ in keys),
        firsts=tuple(firsts[step] for step in range(len(keys))),
        keys=keys,
        trials=max(Counter(step_of).values()),
        plain=Plain(tuple(tasks.values())),
    )


def _layout_of_single(keys: tuple[StepKey, ...], order: tuple[int, ...]) -> Layout:
    """Return the layout of steps that have one row each, which may be millions."""
    tasks = Counter(task for task, _, _ in keys)
    names, counts = tuple(tasks), tuple(tasks.values())
    places = tuple(range(len(keys)))
    return Layout(
        order=order,
        keys_sha256=keys_sha256(keys),
        repeated=0,
        duplicates=(),
        tasks=names,
        step_of=places,
        # Steps stand by their task, and so the numbers of tasks rise.
        task_of=tuple(chain.from_iterable(repeat(at, n) for at, n in enumerate(counts))),
        firsts=places,
        keys=keys,
        trials=1,
        plain=Plain(counts),
    )


def _by_step(row: tuple[str, int | None, int, int | None]) -> tuple[str, int, int, int]:
    task, sample, step, trial = row
    return task, step, -1 if sample is None else sample, -1 if trial is None else trial
