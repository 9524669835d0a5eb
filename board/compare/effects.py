"""Where two models differ: the paired comparison within each bucket and source group."""

from collections.abc import Callable

import numpy as np

from ...eval.records import Step
from ...eval.suites.fingerprints import StepKey
from ..judge.resolution import measured_entries, sampling
from ..model import Board, Entry
from ..read.reader import read_whole
from ..statistics.paired import Paired, effects
from ..statistics.resampling import MICROPOINTS, Ints
from ..workspace.settings import Workspace

KINDS: dict[str, Callable[[Step], str | None]] = {
    "bucket": lambda step: step.bucket,
    "source group": lambda step: step.source_group,
}


def effects_of(
    workspace: Workspace, board: Board, a: Entry, b: Entry
) -> dict[str, dict[str, Paired]]:
    """Compare *a* and *b* within each part of the suite, by kind of part; read from their files.

    Empty where one of the two has no comparable steps.
    """
    measured = measured_entries(board)
    if not {a.result_id, b.result_id} <= {entry.result_id for entry in measured}:
        return {}
    sample = sampling(board, measured, workspace.settings.ranking)
    assert a.facts is not None
    column = {task: at for at, task in enumerate(a.facts.tasks)}
    both = [_steps(workspace, entry) for entry in (a, b)]
    return {
        kind: effects(sample, *_by_part(both, part_of, column)) for kind, part_of in KINDS.items()
    }


def _steps(workspace: Workspace, entry: Entry) -> tuple[Step, ...]:
    _, result = read_whole(workspace.results / entry.file)
    return result.steps if result else ()


def _by_part(
    both: list[tuple[Step, ...]], part_of: Callable[[Step], str | None], column: dict[str, int]
) -> tuple[dict[str, Ints], dict[str, Ints]]:
    """Return steps a task, shape [tasks], and micro-points of both models, [2, tasks], by part.

    The first model's file says which part a step belongs to, for both: the second may label its
    steps otherwise, or not at all.
    """
    part = {_key(step): name for step in both[0] if (name := part_of(step)) is not None}
    parts = sorted(set(part.values()))
    steps: dict[str, Ints] = {name: np.zeros(len(column), np.int64) for name in parts}
    sums: dict[str, Ints] = {name: np.zeros((2, len(column)), np.int64) for name in parts}
    for row, of_model in enumerate(both):
        for step in of_model:
            name = part.get(_key(step))
            if name is None or step.command_f1 is None:
                continue
            if row == 0:
                steps[name][column[step.task_id]] += 1
            sums[name][row, column[step.task_id]] += round(step.command_f1 * MICROPOINTS)
    return steps, sums


def _key(step: Step) -> StepKey:
    return step.task_id, step.sample_idx, step.step_idx
