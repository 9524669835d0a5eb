"""One entry held against another on each of their boards, for continuous integration."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ...eval.errors import UsageError
from ...eval.metrics import Metric
from ..judge.resolution import measured_entries, task_sums, tasks_of
from ..model import Board, Entry
from ..read.reader import read_whole
from ..statistics.gate import Gate, gate
from ..workspace.settings import Workspace
from .comparison import by_metric

USUAL = 3.0
"""Points that a model may be worse, where nothing else is said."""


class Held(Struct, frozen=True, kw_only=True):
    """What one board says of entry A, held against B by one metric."""

    board: Board
    a: Entry
    b: Entry
    metric: Metric
    margin: float
    """How much worse A may be in printed units, or below 0 how much better it must be."""
    gate: Gate | None
    """`None` where the two cannot be compared."""
    tasks: int
    identical: bool
    """Whether the two results hold the same scores step by step."""

    @property
    def answer(self) -> str:
        """Return `passed`, `failed` or `open`; what cannot be compared is open."""
        if self.gate is None:
            return "open"
        return "passed" if self.identical and self.margin >= 0 else self.gate.answer


def hold(
    workspace: Workspace,
    pairs: Sequence[tuple[Board, Entry, Entry]],
    metric: str | None,
    margin: float | None,
) -> Iterator[Held]:
    """Yield how entry A stands against B on each board of *pairs*.

    Raises `UsageError` for a metric of which neither more nor less is better, and where *margin* is
    left out though the metric is not printed in points of 100.
    """
    for board, a, b, measure in by_metric(pairs, metric):
        if measure.better == "neither":
            raise UsageError(
                f"neither more nor less {measure.id} is better", remedy="Name another --metric."
            )
        yield _held(workspace, board, a, b, measure, _margin(measure, margin))


def in_points(metric: Metric) -> bool:
    """Tell whether *metric* is printed in points of 100."""
    return metric.unit in ("share", "percent") and abs(metric.scale * metric.factor) == 100


def _margin(metric: Metric, margin: float | None) -> float:
    if margin is not None:
        return margin
    if not in_points(metric):
        raise UsageError(
            f"{metric.id} is not printed in points of 100, so no margin is usual for it",
            key="--margin",
            remedy=f"Say how much worse is acceptable, in {metric.unit} as boards print it.",
        )
    return USUAL


def _held(
    workspace: Workspace, board: Board, a: Entry, b: Entry, metric: Metric, margin: float
) -> Held:
    measured = measured_entries(board, metric)
    known = {entry.result_id for entry in measured}
    found, tasks, same = None, 0, False
    if {a.result_id, b.result_id} <= known:
        sums = task_sums(board.suite, [a, b], metric.id)
        suite = tasks_of(board, measured)
        tasks = suite.steps.size
        if sums is not None:
            found = gate(suite, sums.rising, margin, sums.scale)
            same = not (sums.rising[0] - sums.rising[1]).any()
    return Held(
        board=board,
        a=a,
        b=b,
        metric=metric,
        margin=margin,
        gate=found,
        tasks=tasks,
        identical=same and _scores(workspace, a, metric) == _scores(workspace, b, metric),
    )


def _scores(workspace: Workspace, entry: Entry, metric: Metric) -> list[tuple[object, ...]]:
    """Return the scores of every step and trial of *entry*, in the order of steps."""
    _, result = read_whole(workspace.results / entry.file)
    steps = result.steps if result else ()
    return sorted(
        (step.task_id, step.sample_idx or 0, step.step_idx, step.trial, step.scores[metric.score])
        for step in steps
        if metric.score is not None and step.scores.get(metric.score) is not None
    )
