"""Every task of a suite as a mark with its score, beside what the board's middle entry scores."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from statistics import median
from typing import NamedTuple

from markupsafe import Markup

from ...board.judge.resolution import MICROPOINTS, sums_key
from ...board.model import Board, StepFacts
from ...eval.metrics import Metric
from ..data.figures import Span, as_printed, span_of

MOST = 400
"""Tasks that a page draws; more of them are a wall, and lie in the result file."""
A_ROW = 50
"""Marks that stand side by side: what a phone can still show."""

_WIDE, _HIGH = 10, 100


class Mark(NamedTuple):
    """One task, its scored steps, and its score as it is printed; `None` where none was scored."""

    task: str
    steps: int
    score: float | None
    median: float | None
    """Of the board's entries on the same task; `None` where there is no other."""


class Strip(NamedTuple):
    """The tasks of a result, and what they are scored by."""

    marks: tuple[Mark, ...]
    metric: Metric
    beyond: int = 0
    """Tasks, where there are too many to draw."""

    @property
    def span(self) -> Span:
        """Return where bars begin and end."""
        told = [number for mark in self.marks for number in (mark.score, mark.median)]
        return span_of(self.metric, told)


Medians = dict[str, tuple[float | None, ...]]
"""By the identity of the steps; one a task, in their order."""


def medians_of(board: Board) -> Medians:
    """Return the median score of every task, over the ranked entries with the same steps."""
    groups: dict[str, list[tuple[float | None, ...]]] = {}
    for entry in board.ranked:
        scores = scores_of(entry.facts, board.suite.ranked)
        if entry.facts is not None and scores:
            groups.setdefault(entry.facts.keys_sha256, []).append(scores)
    return {
        steps: tuple(map(_median, zip(*rows, strict=True)))
        for steps, rows in groups.items()
        if len(rows) > 1
    }


def _median(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return median(known) if known else None


def strip_of(facts: StepFacts | None, metric: Metric, medians: Medians) -> Strip:
    """Return a mark for each task, in the suite's order; none where a result holds no steps."""
    scores = scores_of(facts, metric)
    if facts is None or not scores:
        return Strip((), metric)
    if len(facts.tasks) > MOST:
        return Strip((), metric, beyond=len(facts.tasks))
    middle: Sequence[float | None] = medians.get(facts.keys_sha256) or (None,) * len(facts.tasks)
    told = zip(facts.tasks, facts.steps_per_task, scores, middle, strict=True)
    return Strip(tuple(Mark(*one) for one in told), metric)


def scores_of(facts: StepFacts | None, metric: Metric) -> tuple[float | None, ...]:
    """Return the score of every task as it is printed; nothing where steps do not hold it."""
    sums = facts.sums.get(sums_key(metric) or "", ()) if facts is not None else ()
    if facts is None or len(sums) != len(facts.tasks):
        return ()
    times = metric.scale * metric.factor
    return tuple(
        times * total / (steps * MICROPOINTS) if steps else None
        for total, steps in zip(sums, facts.steps_per_task, strict=True)
    )


class Labels(NamedTuple):
    """The words of a strip in one language."""

    score: str
    median: str
    unscored: str


def drawing(strip: Strip, labels: Labels) -> Markup:
    """Return the marks as drawings of up to 50 bars, each with what it stands for as its title."""
    labels = Labels(*map(_escaped, labels))
    marks, span = strip.marks, strip.span
    rows = (marks[start : start + A_ROW] for start in range(0, len(marks), A_ROW))
    wide = _WIDE * min(A_ROW, len(marks))
    return Markup(
        "".join(
            f'<svg class="cb-strip" viewBox="0 0 {wide} {_HIGH}" preserveAspectRatio="none"'
            f' aria-hidden="true" focusable="false">'
            f"{''.join(_bars(row, strip.metric, span, labels))}</svg>"
            for row in rows
        )
    )


def _bars(marks: Sequence[Mark], metric: Metric, span: Span, labels: Labels) -> Iterator[str]:
    for number, mark in enumerate(marks):
        x = number * _WIDE + 1
        yield (
            f"<g><title>{_escaped(mark.task)}: {_said(mark, metric, labels)}</title>"
            f'<rect class="cb-strip-all" x="{x}" width="8" height="{_HIGH}"/>'
            f"{_bar(x, mark.score, span)}{_middle(x - 1, mark.median, span)}</g>"
        )


def _bar(x: int, score: float | None, span: Span) -> str:
    if score is None:
        return ""
    high = max(round(span.at(score), 1), 1)
    y = _HIGH - high
    return f'<rect class="cb-strip-mark" x="{x}" y="{y:g}" width="8" height="{high:g}"/>'


@lru_cache(1024)  # All models of a board share them.
def _middle(x: int, score: float | None, span: Span) -> str:
    if score is None:
        return ""
    y = min(_HIGH - round(span.at(score), 1), _HIGH - 3)
    return f'<rect class="cb-strip-median" x="{x}" y="{y:g}" width="10" height="3"/>'


@lru_cache(1024)
def _escaped(task: str) -> str:
    return escape(task, quote=False)


def _said(mark: Mark, metric: Metric, labels: Labels) -> str:
    if mark.score is None:
        return labels.unscored
    text = f"{labels.score} {as_printed(metric, mark.score)}"
    if mark.median is None:
        return text
    return f"{text} · {labels.median} {as_printed(metric, mark.median)}"


def table_rows(strip: Strip) -> Markup:
    """Return the rows of the table that says the same in text: task, steps, score, median."""
    return Markup(
        "\n".join(
            f'<tr><th scope="row"><bdi>{_escaped(mark.task)}</bdi></th>'
            f"<td>{mark.steps}</td><td>{as_printed(strip.metric, mark.score) or '–'}</td>"
            f"<td>{as_printed(strip.metric, mark.median) or '–'}</td></tr>"
            for mark in strip.marks
        )
    )
