"""Tasks that two suites have in common: what a model scores on each of them, asked in both ways."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import NamedTuple

from msgspec import Struct

from ...board.model import Board, Entry
from ...board.workspace.settings import Suite
from ...eval.metrics import Metric
from ...eval.records import Result
from ..data.figures import Span, span_of
from .task_strip import MOST, scores_of

FEWEST = 2
"""Tasks in common below which nothing is said."""


class Pair(NamedTuple):
    """A task, the other suite's task that it is, and both scores as they are printed."""

    task: str
    other: str
    there: float
    here: float


class Joint(Struct, frozen=True, kw_only=True):
    """The tasks of a result that another result of the same model has as well."""

    suite: Suite
    """The other suite."""
    metric: Metric
    """Of this suite: what stands beside the other's score."""
    pairs: tuple[Pair, ...]
    """In the order of the other suite's scores, the best first."""

    @property
    def spans(self) -> tuple[Span, Span]:
        """Return where the bars of the other suite and of this one begin and end."""
        there, here = [one.there for one in self.pairs], [one.here for one in self.pairs]
        return span_of(self.suite.ranked, there), span_of(self.metric, here)

    @property
    def split(self) -> tuple[tuple[int, float | None], tuple[int, float | None]]:
        """Return the count and the other suite's mean of the tasks that are full, and of others."""
        full = self.spans[1].high
        parts = (
            [one.there for one in self.pairs if one.here >= full],
            [one.there for one in self.pairs if one.here < full],
        )
        first, second = ((len(part), mean(part) if part else None) for part in parts)
        return first, second


def joined_tasks(result: Result, suite: Suite) -> dict[str, str]:
    """Return the task of another suite by that of *result*, as its steps' references name it."""
    joined = suite.of_kind.joined
    if joined is None:
        return {}
    told = {
        step.task_id: joined.task(step.reference)
        for step in result.steps
        if step.reference is not None
    }
    return {task: other for task, other in told.items() if other is not None}


Ranked = Mapping[str, Sequence[tuple[Board, Entry]]]
"""Every ranked entry with its board, by model."""


def partners(entry: Entry, board: Board, ranked: Ranked) -> list[tuple[Board, Entry]]:
    """Return the ranked results with steps, of the model of *entry*, on suites it is joined with.

    None where *entry* itself has no rank or no steps.
    """
    joined = board.suite.of_kind.joined
    if joined is None or entry.rank is None or entry.facts is None:
        return []
    return [
        (other, one)
        for other, one in ranked.get(entry.model, ())
        if other.suite.kind == joined.kind and one.facts is not None
    ]


def joint_of(entry: Entry, board: Board, ranked: Ranked, tasks: Mapping[str, str]) -> Joint | None:
    """Return the tasks that *entry* shares with the result that has most of them.

    *tasks* has the other suite's task by that of *entry*. `None` where there are too few.
    """
    joined = board.suite.of_kind.joined
    metric = board.suite.metric(joined.metric) if joined else None
    if metric is None or entry.facts is None or not tasks:
        return None
    here = _by_task(entry, metric)
    found: Joint | None = None
    for other, one in partners(entry, board, ranked):
        by = other.suite.ranked
        there = _by_task(one, by)
        pairs = [
            Pair(task, name, theirs, own)
            for task, name in tasks.items()
            if (own := here.get(task)) is not None and (theirs := there.get(name)) is not None
        ]
        pairs.sort(key=lambda pair: (-by.sign * pair.there, pair.task))
        if FEWEST <= len(pairs) <= MOST and (found is None or len(pairs) > len(found.pairs)):
            found = Joint(suite=other.suite, metric=metric, pairs=tuple(pairs))
    return found


def _by_task(entry: Entry, metric: Metric) -> dict[str, float | None]:
    facts = entry.facts
    return dict(zip(facts.tasks, scores_of(facts, metric), strict=False)) if facts else {}


def joined_scores(board: Board, ranked: Ranked) -> tuple[Suite, dict[str, float]] | None:
    """Return the suite with most of the models of *board*, and their scores there by result.

    `None` where there is no such suite.
    """
    joined = board.suite.of_kind.joined
    if joined is None:
        return None
    found: dict[str, tuple[Suite, dict[str, float]]] = {}
    for entry in board.ranked:
        for other, one in partners(entry, board, ranked):
            if one.score is not None:
                _, scores = found.setdefault(other.suite.slug, (other.suite, {}))
                scores[entry.result_id] = one.score
    return max(found.values(), key=lambda one: len(one[1]), default=None)
