"""What a board can tell apart: intervals, rank ranges and tie groups for its ranked entries."""

from collections import Counter
from functools import cache, lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from ..model import Board, Entry, StepFacts
from ..statistics.measurement import Measurement, Method, Resolution
from ..workspace.settings import Ranking

if TYPE_CHECKING:
    from ..statistics.resampling import Ints, Resamples


def resolve(board: Board, ranking: Ranking) -> Board:
    """Return *board* with the resolution of every ranked entry that has per-step data.

    The figures are worked out when somebody asks for them.
    """
    measured = measured_entries(board)
    if not measured:
        return board
    told = Measurement(
        partial(sampling, board, measured, ranking),
        cache(partial(task_sums, measured)),
        correction=ranking.correction,
        unmeasured=len(board.ranked) - len(measured),
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
            draws=ranking.draws,
            correction=ranking.correction,
            measured=len(measured),
            pairs=len(measured) * (len(measured) - 1) // 2,
            seed=_seed(board, measured),
            of=told,
        ),
    )


class _Identity(NamedTuple):
    """The step set of a result: only results of the same steps can be compared task by task."""

    keys: str
    tasks: tuple[str, ...]
    steps: tuple[int, ...]


def measured_entries(board: Board) -> list[Entry]:
    """Return the ranked entries whose per-step data can be compared, in display order.

    Those are the entries with the suite's own steps; where the suite names none, with the steps
    that most entries have.
    """
    told = [(entry, _identity(entry.facts)) for entry in board.ranked if entry.facts is not None]
    whole = [(entry, steps) for entry, steps in told if steps is not None]
    if not whole:
        return []
    common = Counter(steps for _, steps in whole)
    best = max(
        common, key=lambda steps: (steps.keys == board.suite.keys_sha256, common[steps], steps)
    )
    return [entry for entry, steps in whole if steps == best]


def _identity(facts: StepFacts) -> _Identity | None:
    sums = (facts.f1_sums, facts.precision_sums, facts.recall_sums, facts.valid_json_sums)
    if not facts.tasks or {len(facts.tasks), *map(len, sums)} != {len(facts.tasks)}:
        return None
    return _Identity(facts.keys_sha256, facts.tasks, facts.steps_per_task)


def sampling(board: Board, measured: list[Entry], ranking: Ranking) -> "Resamples":
    """Return the board's shared resampling; its seed is the suite's identity."""
    return _resampled(_seed(board, measured), _steps(measured), ranking.draws)


def _seed(board: Board, measured: list[Entry]) -> str:
    facts = measured[0].facts
    assert facts is not None
    return board.suite.fingerprint or facts.fingerprint or facts.keys_sha256


def _steps(measured: list[Entry]) -> tuple[int, ...]:
    assert measured[0].facts is not None
    return measured[0].facts.steps_per_task


@lru_cache(maxsize=8)
def _resampled(fingerprint: str, steps: tuple[int, ...], draws: int) -> "Resamples":
    from ..statistics.resampling import resample

    return resample(fingerprint, steps, draws)


def task_sums(entries: list[Entry], metric: str) -> "Ints":
    """Return the entries' micro-points a task, shape [entries, tasks]."""
    import numpy as np

    sums = chain.from_iterable(getattr(entry.facts, metric) for entry in entries)
    return np.fromiter(sums, np.int64).reshape(len(entries), -1)
