"""What a result's scored steps add up to: sums a task, and the means computed anew."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...eval.records import Aggregate, Step
from .decoding.own_files import Row

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Lengths = Sequence[int | None]

MICRO = 1_000_000
TRUTH, SAID = 7, 8
_SUMMED = 4


class Means(NamedTuple):
    """Sums in millionths, one a task, empty where a step has no value; and the aggregate."""

    f1: tuple[int, ...]
    precision: tuple[int, ...]
    recall: tuple[int, ...]
    valid_json: tuple[int, ...]
    aggregate: Aggregate


def means(
    rows: Sequence[Step | Row], ends: Sequence[int], references: Lengths, answers: Lengths
) -> Means:
    """Return what *rows* add up to, all of them scored; *ends* tells where each task's rows end.

    The aggregate is that of `eval.scoring.aggregate` without its slices, taken from whole
    millionths, so that half of a last place may be rounded the other way. *references* and
    *answers* are the numbers of command units of each row, empty where they were not read.
    """
    values = np.array(
        [
            [row.command_f1 for row in rows],
            [row.command_precision for row in rows],
            [row.command_recall for row in rows],
            [row.valid_json for row in rows],
            [row.first_cmd_exact for row in rows],
            [row.has_analysis for row in rows],
            [row.has_plan for row in rows],
            [row.ref_task_complete for row in rows],
            [row.pred_task_complete for row in rows],
        ],
        dtype=np.float64,
    )
    unknown: Bools = np.isnan(values)
    points: Ints = np.rint(np.where(unknown, 0.0, values) * MICRO).astype(np.int64)
    count, holes = len(rows), [bool(row.any()) for row in unknown]
    f1, precision, recall, valid, first, analysis, plan, finished, _ = (
        None if hole or not count else int(total)
        for hole, total in zip(holes, points.sum(axis=1).tolist(), strict=True)
    )
    # Of the steps that finish their task, and of the others, those that were called finished.
    done = 0 if finished is None else finished // MICRO
    early = 0 if finished is None else count - done
    said_done = int((points[TRUTH] // MICRO) @ points[SAID])
    said_early = int(points[SAID].sum()) - said_done
    sums = _per_task(points, holes, ends)
    return Means(
        f1=sums[0],
        precision=sums[1],
        recall=sums[2],
        valid_json=sums[3],
        aggregate=Aggregate(
            avg_command_f1=share(f1, count),
            avg_command_precision=share(precision, count),
            avg_command_recall=share(recall, count),
            first_cmd_exact_pct=percent(first, count),
            valid_json_pct=percent(valid, count),
            has_analysis_pct=percent(analysis, count),
            has_plan_pct=percent(plan, count),
            avg_ref_cmds=_length(references),
            avg_pred_cmds=_length(answers),
            complete_true_recall_pct=percent(said_done, done),
            premature_complete_rate_pct=percent(said_early, early),
        ),
    )


def share(points: int | None, count: int) -> float | None:
    """Return the mean of *points* over *count* steps, 4 decimals; `None` of none."""
    return None if points is None or not count else round(points / (count * MICRO), 4)


def percent(points: int | None, count: int) -> float | None:
    """Return the mean of *points* over *count* steps as a percentage, 1 decimal."""
    return None if points is None or not count else round(100 * points / (count * MICRO), 1)


def _length(lengths: Lengths) -> float | None:
    known = [one for one in lengths if one is not None]
    return round(sum(known) / len(known), 2) if known and len(known) == len(lengths) else None


def _per_task(points: Ints, holes: list[bool], ends: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the sums of the first metrics, one a task; nothing for a metric with a hole."""
    running = np.zeros((_SUMMED, points.shape[1] + 1), np.int64)
    np.cumsum(points[:_SUMMED], axis=1, out=running[:, 1:])
    sums = np.diff(running[:, [0, *ends]], axis=1).tolist()
    return [() if hole else tuple(one) for hole, one in zip(holes, sums, strict=False)]
