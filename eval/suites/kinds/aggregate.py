"""The metrics of a result, and those of every group of its divisions, from its steps."""

from collections.abc import Iterable, Sequence
from math import fsum

from ...metrics import Measured, Metric, ratio, value_of
from ...records import Group, Step
from .kind import Kind

Key = tuple[str, int | None, int]


def measured(kind: Kind, metrics: Sequence[Metric], steps: Iterable[Step]) -> dict[str, Measured]:
    """Return every one of *metrics* that the scored *steps* tell; the others are left out.

    Trials of a step are averaged within it first. A metric that one of the steps has no score for
    is not told, and so is every metric of no steps.
    """
    scored = [step for step in steps if step.scored]
    summary = kind.summarise(scored)
    values = {metric.id: _value(metric, scored) for metric in metrics if metric.score} | summary
    return {
        metric.id: Measured(value=value)
        for metric in metrics
        if (value := values.get(metric.id)) is not None
    }


def divided(metrics: Sequence[Metric], steps: Iterable[Step]) -> dict[str, dict[str, Group]]:
    """Return the metrics that have step scores for each group of each division of scored *steps*.

    Divisions stand in the order in which steps name them, groups by name.
    """
    parts: dict[str, dict[str, list[Step]]] = {}
    for step in steps:
        for division, group in step.groups.items() if step.scored else ():
            parts.setdefault(division, {}).setdefault(group, []).append(step)
    return {
        division: {name: _group(metrics, members) for name, members in sorted(groups.items())}
        for division, groups in parts.items()
    }


def _group(metrics: Sequence[Metric], members: list[Step]) -> Group:
    values = {metric.id: _value(metric, members) for metric in metrics if metric.score}
    known: dict[str, float | None] = {
        name: value for name, value in values.items() if value is not None
    }
    return Group(steps=len({_key(step) for step in members}), metrics=known)


def _value(metric: Metric, steps: Sequence[Step]) -> float | None:
    """Return the metric's value over *steps*, all of them scored."""
    assert metric.score is not None
    scores = [step.scores.get(metric.score) for step in steps]
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return None
    if metric.over is not None:
        below = [step.scores.get(metric.over) for step in steps]
        told = [score for score in below if score is not None]
        return ratio(metric, fsum(known), fsum(told)) if len(told) == len(below) else None
    trials: dict[Key, list[float]] = {}
    for step, score in zip(steps, known, strict=True):
        trials.setdefault(_key(step), []).append(score)
    return value_of(metric, list(trials.values()))


def _key(step: Step) -> Key:
    return step.task_id, step.sample_idx, step.step_idx
