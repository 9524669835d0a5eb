"""What a board can tell apart: intervals, rank ranges and tie groups for its ranked entries."""

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from .model import Board, Entry, Method, Resolution, StepFacts
from .workspace import Ranking

if TYPE_CHECKING:
    from .resampling import Ints, Resamples


def resolve(board: Board, ranking: Ranking) -> Board:
    """Return *board* with the resolution of every ranked entry that has per-step data."""
    measured = measured_entries(board)
    if not measured:
        return board
    from .intervals import intervals
    from .rankodds import rank_odds
    from .rankranges import rank_ranges

    sample = sampling(board, measured, ranking)
    sums = {metric: task_sums(measured, metric) for metric in METRICS}
    spans = {metric: intervals(sample, sums[metric]) for metric in METRICS}
    odds = rank_odds(sample, sums["f1_sums"])
    ranges = rank_ranges(
        sample,
        sums["f1_sums"],
        correction=ranking.correction,
        unmeasured=len(board.ranked) - len(measured),
    )
    resolved = {}
    for at, entry in enumerate(measured):
        score, precision, recall, valid = (
            found[at] if (found := spans[metric]) is not None else None for metric in METRICS
        )
        place = ranges.ranges[at]
        unmeasured = len(board.ranked) - len(measured)
        resolved[entry.result_id] = Resolution(
            score=score,
            precision=precision,
            recall=recall,
            valid_json=valid,
            low=place.low,
            high=place.high,
            group=place.group,
            level_with=place.high - place.low - unmeasured,
            odds=odds[at] if odds is not None else None,
        )
    return replace(
        board,
        entries=tuple(
            replace(entry, resolution=resolved.get(entry.result_id)) for entry in board.entries
        ),
        method=Method(
            tasks=len(sample.steps),
            draws=len(sample.weights),
            correction=ranking.correction,
            measured=len(measured),
            pairs=ranges.pairs,
            separable=ranges.separable,
            seed=sample.fingerprint,
            critical=ranges.critical,
        ),
    )


METRICS = ("f1_sums", "precision_sums", "recall_sums", "valid_json_sums")


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
    if not facts.tasks or any(
        len(getattr(facts, metric)) != len(facts.tasks) for metric in METRICS
    ):
        return None
    return _Identity(facts.keys_sha256, facts.tasks, facts.steps_per_task)


def sampling(board: Board, measured: list[Entry], ranking: Ranking) -> "Resamples":
    """Return the board's shared resampling; its seed is the suite's identity."""
    facts = measured[0].facts
    assert facts is not None
    identity = board.suite.fingerprint or facts.fingerprint or facts.keys_sha256
    return _resampled(identity, facts.steps_per_task, ranking.draws)


@lru_cache(maxsize=8)
def _resampled(fingerprint: str, steps: tuple[int, ...], draws: int) -> "Resamples":
    from .resampling import resample

    return resample(fingerprint, steps, draws)


def task_sums(entries: list[Entry], metric: str) -> "Ints":
    """Return the entries' micro-points a task, shape [entries, tasks]."""
    import numpy as np

    return np.array([getattr(entry.facts, metric) for entry in entries], dtype=np.int64)
