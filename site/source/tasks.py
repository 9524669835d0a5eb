"""The tasks of a board: what they are called, and how every entry does on each."""

from collections.abc import Sequence
from functools import cached_property
from statistics import fmean, median
from typing import NamedTuple

from ...board.judge.resolution import measured_entries
from ...board.model import Board, Entry
from ...board.words.names import slugs
from ...eval.metrics import Metric
from .task_strip import scores_of

MOST = 400
"""Tasks that pages tell one by one; more of them lie in the result files."""


class Line(NamedTuple):
    """An entry on a board's tasks."""

    entry: Entry
    scores: tuple[float | None, ...]
    """As they are printed, one a task."""


class Over(NamedTuple):
    """What the ranked entries make of one task."""

    mean: float | None
    median: float | None
    full: int
    """Entries that have all of it."""
    none: int
    """Entries that have nothing of it."""
    scored: int


class BoardTasks:
    """The tasks that most ranked entries of a board have answered, with everybody's scores."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.metric: Metric = board.suite.ranked
        lines = [
            Line(entry, scores)
            for entry in measured_entries(board)
            if (scores := scores_of(entry.facts, self.metric))
        ]
        facts = lines[0].entry.facts if lines else None
        small = facts is not None and len(facts.tasks) <= MOST
        self.lines: tuple[Line, ...] = tuple(lines) if small else ()
        """Best ranks first; none where no steps are known, or where there are too many tasks."""
        self.tasks: tuple[str, ...] = facts.tasks if facts is not None and small else ()
        self.steps: tuple[int, ...] = facts.steps_per_task if facts is not None and small else ()

    @cached_property
    def slugs(self) -> dict[str, str]:
        """Return the folder of every task's page."""
        return dict(zip(self.tasks, slugs(list(self.tasks)), strict=True))

    @cached_property
    def over(self) -> tuple[Over, ...]:
        """Return what the entries make of each task."""
        return tuple(
            self._over(column) for column in zip(*(x.scores for x in self.lines), strict=True)
        )

    def _over(self, column: Sequence[float | None]) -> Over:
        known = [score for score in column if score is not None]
        worst, best = self.ends
        return Over(
            mean=fmean(known) if known else None,
            median=median(known) if known else None,
            full=sum(best is not None and abs(one - best) < 1e-9 for one in known),
            none=sum(worst is not None and abs(one - worst) < 1e-9 for one in known),
            scored=len(known),
        )

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """Return the worst and the best that a task can score, as it is printed."""
        metric = self.metric
        low, high = (None if bound is None else metric.scale * bound for bound in metric.bounds)
        return (high, low) if metric.better == "lower" else (low, high)

    @cached_property
    def by_difficulty(self) -> tuple[int, ...]:
        """Return the places of the tasks, the hardest first."""

        def key(at: int) -> tuple[float, str]:
            mean = self.over[at].mean
            return (float("inf") if mean is None else self.metric.sign * mean, self.tasks[at])

        return tuple(sorted(range(len(self.tasks)), key=key))
