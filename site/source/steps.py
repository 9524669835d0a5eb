"""The steps of a result as pages show them: scores, what was right, what the model answered."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from ...board.workspace.settings import Suite as Known
from ...eval.metrics import Metric
from ...eval.records import Result, Step
from ...eval.suites.kinds.kind import Line
from ..data.figures import as_printed, printed
from .episodes import anchors_of

LONGEST_TEXT = 200_000
"""Letters of an answer or a reference that are kept; models seldom write a tenth of it."""
MOST_STEPS = 20_000
"""Of one result; what is beyond is in its file."""

_BLANK = re.compile(r"\s")


class Told(Struct, frozen=True, kw_only=True):
    """One answer to one step."""

    key: str
    """What names it on pages and in links: task, number from 1, and trial where it has some."""
    step: str
    """The same without the trial: what models are compared on."""
    task: str
    number: int
    trial: int | None
    """From 1."""
    value: float | None
    """Of the ranked metric as it is printed; `None` where nothing was scored."""
    scores: dict[str, str]
    """Of every metric that steps have scores of, as printed, by the metric's id."""
    finish: str | None
    groups: dict[str, str]
    """Its group in each division."""
    answer: str | None
    reference: str | None
    lines: tuple[Line, ...]
    error: str | None
    anchor: str | None
    """Where its episode stands on a page of episodes; `None` where it is none."""


def per_step(known: Known) -> tuple[Metric, ...]:
    """Return a metric for each score that steps have, the ranked one first."""
    found: dict[str, Metric] = {}
    for one in sorted(known.metrics, key=lambda one: not one.ranked):
        if one.score is not None and one.aggregate not in ("sum", "ratio of sums"):
            found.setdefault(one.score, one)
    return tuple(found.values())


def scored_by(known: Known) -> Metric | None:
    """Return what steps are compared by: the ranked metric, where they have scores of it."""
    return known.ranked if known.ranked.score is not None else None


def steps_of(result: Result, known: Known) -> tuple[Told, ...]:
    """Return the steps of *result* in its order; none where its steps have no scores."""
    metric = scored_by(known)
    steps = result.steps[:MOST_STEPS]
    if metric is None or not any(_score(step, metric) is not None for step in steps):
        return ()
    names = names_of([(step.task_id, step.sample_idx, step.step_idx) for step in steps])
    anchors = anchors_of(steps) if known.of_kind.staged is not None else [None] * len(steps)
    metrics = per_step(known)
    taken: dict[str, int] = {}
    told = []
    for step, name, anchor in zip(steps, names, anchors, strict=True):
        turn = taken[name] = taken.get(name, 0) + 1
        told.append(_told(step, name, turn, anchor, known, metrics))
    return tuple(told)


def names_of(keys: Sequence[tuple[str, int | None, int]]) -> list[str]:
    """Return what pages call steps: `task/1`, or `task.0/1` where a task was recorded twice."""
    samples: dict[str, set[int | None]] = {}
    for task, sample, _ in keys:
        samples.setdefault(task, set()).add(sample)
    several = {task for task, found in samples.items() if len(found) > 1}
    return [
        f"{task}{'' if sample is None or task not in several else f'.{sample}'}/{number + 1}"
        for task, sample, number in keys
    ]


def anchor_of(key: str) -> str:
    """Return the id that a step has on its page."""
    return _BLANK.sub("_", key)


def _score(step: Step, metric: Metric) -> float | None:
    return step.scores.get(metric.score or "") if step.scored else None


def _told(
    step: Step, name: str, turn: int, anchor: str | None, known: Known, metrics: Sequence[Metric]
) -> Told:
    kind, ranked = known.of_kind, known.ranked
    value = _score(step, ranked)
    return Told(
        key=f"{name}~{turn}" if step.trial is not None or turn > 1 else name,
        step=name,
        task=step.task_id,
        number=step.step_idx + 1,
        trial=None if step.trial is None else step.trial + 1,
        value=None if value is None else ranked.scale * ranked.factor * value,
        scores={
            metric.id: text
            for metric in metrics
            if (score := _score(step, metric)) is not None
            and (text := _printed(metric, score)) is not None
        },
        finish=step.finish_reason,
        groups=step.groups,
        # The transcript of an episode is for programs; its screens have a page.
        answer=_cut(step.answer) if anchor is None else None,
        reference=None if step.reference is None else _cut(kind.right(step.reference)),
        lines=tuple(kind.lines(step) or ()),
        error=step.error,
        anchor=anchor,
    )


def _printed(metric: Metric, score: float) -> str | None:
    """Return the score of a step as it is printed; of what it has or has not, a mark."""
    if metric.binary and score in (0.0, 1.0):
        return "✓" if score else "✗"
    return printed(metric, metric.factor * score)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


class Beside(Struct, frozen=True, kw_only=True):
    """How the ranked entries of a board do on one step."""

    models: int
    median: float
    """As the ranked metric is printed."""
    full: int
    """How many of them have all that there is to have."""


def beside(rows: Sequence[Mapping[str, float]], known: Known) -> dict[str, Beside]:
    """Return by step how a board's entries do; *rows* hold the value of each step of an entry."""
    best = best_of(known)
    columns: dict[str, list[float]] = {}
    for row in rows:
        for step, value in row.items():
            columns.setdefault(step, []).append(value)
    return {
        step: Beside(
            models=len(values),
            median=_median(values),
            full=0 if best is None else sum(abs(value - best) < 1e-9 for value in values),
        )
        for step, values in columns.items()
    }


def _median(values: list[float]) -> float:
    values.sort()
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def best_of(known: Known) -> float | None:
    """Return the most that a step can have, as the ranked metric is printed; `None` for no end."""
    metric = known.ranked
    low, high = (0.0, 100.0) if metric.unit == "percent" else metric.bounds
    end = low if metric.better == "lower" else high
    return None if end is None else metric.scale * end


def values_of(told: Sequence[Told]) -> dict[str, float]:
    """Return the value of each step; several answers to it are averaged."""
    held: dict[str, list[float]] = {}
    for one in told:
        if one.value is not None:
            held.setdefault(one.step, []).append(one.value)
    return {step: sum(values) / len(values) for step, values in held.items()}


class Telling(Struct, frozen=True, kw_only=True):
    """A step on which a model is far from the field."""

    step: str
    task: str
    number: int
    score: str
    median: str


def most_telling(
    values: Mapping[str, float],
    field: Mapping[str, Beside],
    tasks: Mapping[str, tuple[str, int]],
    metric: Metric,
    each: int,
) -> tuple[tuple[Telling, ...], tuple[Telling, ...]]:
    """Return the steps on which *values* are furthest behind and furthest ahead of the median.

    A task gives a second step only after all others; those that fewer others have right come
    first among equals when ahead, and those that more have right when behind. *tasks* has the task
    and number of each step.
    """
    gaps = [
        (metric.sign * (value - one.median), step, one)
        for step, value in values.items()
        if (one := field.get(step)) is not None and one.models > 1
    ]
    behind = _spread([(gap, -one.full, step) for gap, step, one in gaps if gap < -1e-9], tasks)
    ahead = _spread([(-gap, one.full, step) for gap, step, one in gaps if gap > 1e-9], tasks)

    def told(step: str) -> Telling:
        return Telling(
            step=step,
            task=tasks[step][0],
            number=tasks[step][1],
            score=as_printed(metric, values[step]) or "",
            median=as_printed(metric, field[step].median) or "",
        )

    return tuple(map(told, behind[:each])), tuple(map(told, ahead[:each]))


def _spread(steps: list[tuple[float, int, str]], tasks: Mapping[str, tuple[str, int]]) -> list[str]:
    """Return the names of *steps* in their order, of different tasks before of one."""
    turns: dict[str, int] = {}
    ranked = []
    for gap, full, step in sorted(steps, key=lambda one: (one[0], one[1], tasks[one[2]])):
        turn = turns[tasks[step][0]] = turns.get(tasks[step][0], -1) + 1
        ranked.append((turn, gap, full, step))
    ranked.sort(key=lambda one: one[:3])
    return [step for *_, step in ranked]
