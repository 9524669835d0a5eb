"""What a board can tell apart: intervals and rank ranges for its ranked entries."""

from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from ...eval.metrics import Metric
from ..model import Board, Entry, StepFacts
from ..statistics.measurement import Kept, Measurement, Method, Resolution, Sums
from ..workspace.settings import Suite

if TYPE_CHECKING:
    from ..statistics.intervals import Scale
    from ..statistics.tasks import Ints, Tasks


def resolve(board: Board, kept: Kept | None = None) -> Board:
    """Return *board* with the resolution of every ranked entry that has per-step data.

    The figures are worked out when somebody asks for them, or taken from where they are *kept*.
    """
    measured = measured_entries(board)
    if not measured:
        return board
    told = Measurement(
        partial(tasks_of, board, measured),
        cache(partial(task_sums, board.suite, measured)),
        ranked=board.suite.ranked.id,
        unmeasured=len(board.ranked) - len(measured),
        kept=kept,
    )
    row = {entry.result_id: number for number, entry in enumerate(measured)}
    return replace(
        board,
        entries=tuple(
            replace(entry, resolution=Resolution(told, row[entry.result_id]))
            if entry.result_id in row
            else entry
            for entry in board.entries
        ),
        method=Method(
            tasks=len(_steps(measured)),
            measured=len(measured),
            pairs=len(measured) * (len(measured) - 1) // 2,
            seed=_seed(board, measured),
            of=told,
        ),
    )


def worth_of(suite: Suite, entries: Sequence[Entry]) -> float | None:
    """Return how many tasks of equal size *suite* is worth; `None` where nobody counted them.

    As the steps of any result on it tell, on whatever board; or else its number of tasks, by its
    settings or by what all results say of themselves.
    """
    for entry in entries:
        facts = entry.facts
        if facts is None or not any(facts.steps_per_task):
            continue
        if suite.steps in (None, facts.steps) and suite.tasks in (None, len(facts.tasks)):
            steps = facts.steps_per_task
            return sum(steps) ** 2 / sum(size * size for size in steps)
    if suite.tasks is not None:
        return float(suite.tasks)
    told = {entry.result.counts.tasks for entry in entries if entry.rankable}
    (tasks,) = told if len(told) == 1 else (None,)
    return float(tasks) if tasks else None


MICROPOINTS = 1_000_000
"""A step's score of 1 in the sums of facts."""


class _Identity(NamedTuple):
    """The step set of a result: only results of the same steps can be compared task by task."""

    keys: str
    tasks: tuple[str, ...]
    steps: tuple[int, ...]


def measured_entries(board: Board, metric: Metric | None = None) -> list[Entry]:
    """Return the ranked entries whose per-step data can be compared, in display order.

    Those are the entries with the suite's own steps; where the suite names none, with the steps
    that most entries have. They are compared by the ranked metric, unless another one is given.
    """
    key = sums_key(metric or board.suite.ranked)
    told = [
        (entry, _identity(entry.facts, key)) for entry in board.ranked if entry.facts is not None
    ]
    whole = [(entry, steps) for entry, steps in told if steps is not None]
    if not whole:
        return []
    common = Counter(steps for _, steps in whole)
    best = max(
        common, key=lambda steps: (steps.keys == board.suite.keys_sha256, common[steps], steps)
    )
    return [entry for entry, steps in whole if steps == best]


def _identity(facts: StepFacts, key: str | None) -> _Identity | None:
    """Return the step set of a result whose steps hold the ranked metric's score, called *key*."""
    if not facts.tasks or key is None or len(facts.sums.get(key, ())) != len(facts.tasks):
        return None
    return _Identity(facts.keys_sha256, facts.tasks, facts.steps_per_task)


def tasks_of(board: Board, measured: list[Entry]) -> "Tasks":
    """Return the tasks that all *measured* entries share; their seed is the suite's identity."""
    return _tasks(_seed(board, measured), _steps(measured))


def _seed(board: Board, measured: list[Entry]) -> str:
    facts = measured[0].facts
    assert facts is not None
    return board.suite.fingerprint or facts.fingerprint or facts.keys_sha256


def _steps(measured: Sequence[Entry]) -> tuple[int, ...]:
    assert measured[0].facts is not None
    return measured[0].facts.steps_per_task


@lru_cache(maxsize=8)
def _tasks(fingerprint: str, steps: tuple[int, ...]) -> "Tasks":
    from ..statistics.tasks import Tasks

    return Tasks.of(fingerprint, steps)


def sums_key(metric: Metric) -> str | None:
    """Return the name under which facts keep the sums of *metric*; `None` where there are none."""
    if metric.aggregate == "mean" or metric.score is None:  # most are asked for thousands of times
        return metric.score
    if metric.aggregate in ("median", "sum", "ratio of sums"):
        return None
    wanted = metric.trials
    if wanted is None or wanted[1] == 1:
        return metric.score
    way, k = wanted
    return f"{metric.score}{'@' if way == 'any' else '^'}{k}"


def task_sums(suite: Suite, entries: Sequence[Entry], metric: str) -> Sums | None:
    """Return the sums of *metric* by entry and task; `None` where an entry's steps hold none.

    Statistics work with scores of 0 to 1: those of other metrics are brought there by their bounds,
    or by a power of ten that holds them all, and printed as the metric prints.
    """
    import numpy as np

    found = suite.metric(metric)
    key = sums_key(found) if found is not None else None
    facts = [entry.facts for entry in entries]
    if found is None or key is None or any(one is None or not one.sums.get(key) for one in facts):
        return None
    told = chain.from_iterable(one.sums[key] for one in facts if one is not None)
    raw = np.fromiter(told, np.int64).reshape(len(entries), -1)
    steps = np.array(_steps(entries), np.int64)
    span = span_of(found, raw, steps)
    numbers = brought(raw, steps, span)
    return Sums(
        numbers=numbers,
        scale=scale_of(found, span),
        rising=MICROPOINTS * steps - numbers if found.better == "lower" else numbers,
    )


def brought(raw: "Ints", steps: "Ints", span: tuple[float, float]) -> "Ints":
    """Return sums as if each step's score were brought from *span* to 0 to 1."""
    import numpy as np

    low, width = span
    full = MICROPOINTS * steps
    numbers = raw if span == (0, 1) else np.rint((raw - low * full) / width)
    return np.clip(numbers.astype(np.int64), 0, full)


def scale_of(metric: Metric, span: tuple[float, float]) -> "Scale":
    """Return how *metric* prints scores that were brought from *span* to 0 to 1."""
    from ..statistics.intervals import Scale

    low, width = span
    times = metric.scale * metric.factor
    return Scale(points=times * width, offset=times * low, bounded=None not in metric.bounds)


def span_of(metric: Metric, raw: "Ints", steps: "Ints") -> tuple[float, float]:
    """Return where step scores of *metric* begin, and how far they reach from there."""
    import numpy as np

    low, high = (0.0, 1.0) if metric.unit == "percent" else metric.bounds
    most = float(np.abs(raw / (MICROPOINTS * steps)).max(initial=0.0))
    reach = 10.0 ** max(0, len(str(int(most))) if most > 1 else 0)
    if low is None:
        return -reach, 2 * reach
    return low, high - low if high is not None else max(reach, 1.0)
