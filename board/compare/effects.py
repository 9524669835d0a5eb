"""Where two models differ: the paired comparison within each group of a suite's divisions."""

import numpy as np

from ...eval.metrics import Metric, of_step
from ...eval.records import Step
from ...eval.suites.fingerprints import StepKey
from ..judge.resolution import brought, measured_entries, scale_of, span_of, tasks_of
from ..model import Board, Entry
from ..read.reader import read_whole
from ..statistics.paired import Paired, effects
from ..statistics.tasks import MICROPOINTS, Ints, Tasks
from ..workspace.settings import Workspace
from .comparison import turned


def effects_of(
    workspace: Workspace, board: Board, a: Entry, b: Entry, metric: Metric | None = None
) -> dict[str, dict[str, Paired]]:
    """Compare *a* and *b* within each group of each division of the suite, read from their files.

    By the ranked metric, unless another one is given. Empty where one of the two has no comparable
    steps, or where no step has a score of it.
    """
    metric = metric or board.suite.ranked
    measured = measured_entries(board, metric)
    if not {a.result_id, b.result_id} <= {entry.result_id for entry in measured}:
        return {}
    tasks = tasks_of(board, measured)
    assert a.facts is not None
    column = {task: at for at, task in enumerate(a.facts.tasks)}
    both = [steps_of(workspace, entry) for entry in (a, b)]
    divisions = dict.fromkeys(name for step in both[0] for name in step.groups)
    return {
        name: _within(tasks, *_by_group(both, name, metric, column), metric) for name in divisions
    }


def _within(
    tasks: Tasks, steps: dict[str, Ints], sums: dict[str, Ints], metric: Metric
) -> dict[str, Paired]:
    """Compare within each group, by sums of scores as *metric* has them."""
    there = {name: counts > 0 for name, counts in steps.items()}
    span = span_of(
        metric,
        np.concatenate([sums[name][:, has] for name, has in there.items()], axis=1),
        np.concatenate([steps[name][has] for name, has in there.items()]),
    )
    rising = {name: brought(sums[name], counts, span) for name, counts in steps.items()}
    if metric.better != "lower":
        return effects(tasks, steps, rising, scale_of(metric, span))
    rising = {name: MICROPOINTS * steps[name] - numbers for name, numbers in rising.items()}
    found = effects(tasks, steps, rising, scale_of(metric, span))
    return {name: turned(one) for name, one in found.items()}


def steps_of(workspace: Workspace, entry: Entry) -> tuple[Step, ...]:
    """Return the steps of *entry*, read from its file; none where the file has none."""
    path = workspace.results / entry.file
    _, result = read_whole(path, entry.part, tables=workspace.tables)
    return result.steps if result else ()


def _by_group(
    both: list[tuple[Step, ...]], division: str, metric: Metric, column: dict[str, int]
) -> tuple[dict[str, Ints], dict[str, Ints]]:
    """Return steps a task, shape [tasks], and micro-points of both models, [2, tasks], by group.

    The first model's file says which group a step belongs to, for both: the second may label its
    steps otherwise, or not at all. Trials of a step come to one score as *metric* says.
    """
    group = {_key(step): name for step in both[0] if (name := step.groups.get(division))}
    groups = sorted(set(group.values()))
    steps: dict[str, Ints] = {name: np.zeros(len(column), np.int64) for name in groups}
    sums: dict[str, Ints] = {name: np.zeros((2, len(column)), np.int64) for name in groups}
    for row, of_model in enumerate(both):
        scores: dict[StepKey, list[float]] = {}
        for step in of_model:
            value = step.scores.get(metric.score or "")
            if _key(step) in group and value is not None:
                scores.setdefault(_key(step), []).append(value)
        for key, trials in scores.items():
            if row == 0:
                steps[group[key]][column[key[0]]] += 1
            sums[group[key]][row, column[key[0]]] += round(
                (of_step(metric, trials) or 0.0) * MICROPOINTS
            )
    return steps, sums


def _key(step: Step) -> StepKey:
    return step.task_id, step.sample_idx, step.step_idx
