"""The steps that a model did worst and best: what it was shown, asked for, and answered."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ...board.workspace.settings import Suite as Known
from ...eval.metrics import Metric
from ...eval.records import Result, Step
from ...eval.suites.kinds.kind import Row
from ...eval.suites.suite import Suite
from ..data.figures import printed
from .episodes import anchor_of

EACH = 5
LONGEST_PROMPT, LONGEST_ANSWER = 700, 2_000

Key = tuple[str, int | None, int]


class Shown(Struct, frozen=True, kw_only=True):
    """One step, short enough for a page."""

    task: str
    step: int
    trial: int | None
    score: str
    scores: dict[str, str]
    """Every score that it has of a metric of the suite, as printed, by the metric's id."""
    held: dict[str, float | None]
    """Its scores as the file holds them."""
    groups: dict[str, str]
    """Its group in each division."""
    finish_reason: str | None
    prompt: str | None
    """The end of what the model was shown; `None` where the suite is not at hand."""
    view: object | None
    """What the suite's kind shows of it; `None` where the result lacks that."""
    anchor: str
    """Where its episode stands on a page of episodes."""
    answer: str | None
    """What the model wrote, from its beginning."""
    more_letters: int


class Extremes(Struct, frozen=True, kw_only=True):
    """The steps at both ends, the most telling one first."""

    worst: tuple[Shown, ...]
    best: tuple[Shown, ...]


def extremes(result: Result, known: Known, suite: Suite | None) -> Extremes | None:
    """Return the worst and the best steps of *result*; `None` where it holds no texts.

    A full score is never among the worst and no score never among the best, and a task gives a
    second step only after every other task of the same score gave one. No step is shown twice.
    *known* says what they are scored by, *suite* adds the prompts.
    """
    metric, view = known.ranked, known.of_kind.view
    told = [
        (score, step)
        for step in result.steps
        if (score := _score(step, metric)) is not None
        and (step.answer is not None or view(step) is not None)
    ]
    if not told:
        return None
    rows = {row.key: row for row in suite.rows} if suite else {}
    worst_end, best_end = _ends(metric)
    rising = metric.sign
    worst = _spread((one for one in told if one[0] != best_end), rising)
    shown_already = {id(step) for step in worst}
    left = (one for one in told if one[0] != worst_end and id(one[1]) not in shown_already)
    best = _spread(left, -rising)
    return Extremes(
        worst=tuple(_shown(step, known, rows) for step in worst),
        best=tuple(_shown(step, known, rows) for step in best),
    )


def _score(step: Step, metric: Metric) -> float | None:
    return step.scores.get(metric.score) if metric.score is not None and step.scored else None


def _ends(metric: Metric) -> tuple[float | None, float | None]:
    """Return the worst and the best score that a step can have, where there is one."""
    low, high = (0.0, 1.0) if metric.unit == "percent" else metric.bounds
    return (high, low) if metric.better == "lower" else (low, high)


def _key(step: Step) -> Key:
    return step.task_id, step.sample_idx, step.step_idx


def _spread(steps: Iterable[tuple[float, Step]], sign: int) -> list[Step]:
    """Return the first few *steps* by *sign* times score, of different tasks before of one."""
    ordered = sorted(
        steps, key=lambda s: (s[1].task_id, s[1].step_idx, s[1].sample_idx or 0, s[1].trial or 0)
    )
    turns: dict[tuple[float, str], int] = {}
    ranked = []
    for score, step in ordered:
        place = sign * score
        turn = turns[place, step.task_id] = turns.get((place, step.task_id), -1) + 1
        ranked.append((place, turn, step))
    # Sorting is stable: what is equal stays in the order of tasks and steps.
    ranked.sort(key=lambda one: one[:2])
    return [step for _, _, step in ranked[:EACH]]


def _shown(step: Step, known: Known, rows: Mapping[Key, Row]) -> Shown:
    scores = {
        metric.id: text
        for metric in known.metrics
        if (score := _score(step, metric)) is not None
        and (text := printed(metric, metric.factor * score)) is not None
    }
    row, answer = rows.get(_key(step)), step.answer
    return Shown(
        task=step.task_id,
        step=step.step_idx,
        trial=step.trial,
        score=scores[known.ranked.id],
        scores=scores,
        held=step.scores,
        groups=step.groups,
        finish_reason=step.finish_reason,
        prompt=_tail(row) if row else None,
        view=known.of_kind.view(step),
        anchor=anchor_of(step),
        answer=answer[:LONGEST_ANSWER] if answer is not None else None,
        more_letters=max(0, len(answer or "") - LONGEST_ANSWER),
    )


def _tail(row: Row) -> str:
    text = row.conversation[-1].content if row.conversation else ""
    return text if len(text) <= LONGEST_PROMPT else f"… {text[-LONGEST_PROMPT:]}"
