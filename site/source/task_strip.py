"""Every task of a suite as a mark with its score, beside what the board's middle entry scores."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from html import escape
from itertools import chain, repeat
from statistics import median
from typing import NamedTuple

from markupsafe import Markup

from ...board.judge.resolution import MICROPOINTS, sums_key
from ...board.model import Board, StepFacts
from ...eval.metrics import Metric
from ..data.figures import Span, column, sign, span_of

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


def drawing(strip: Strip) -> Markup:
    """Return the marks as drawings of up to 50 bars, each series as one path."""
    marks, span = strip.marks, strip.span
    wide = _WIDE * min(A_ROW, len(marks))
    drawn = []
    for start in range(0, len(marks), A_ROW):
        row = marks[start : start + A_ROW]
        bars = "".join(map(_bar, _STARTS, [mark.score for mark in row], repeat(span)))
        medians = _middles(tuple([mark.median for mark in row]), span)
        drawn.append(
            f'<svg class="cb-strip" viewBox="0 0 {wide} {_HIGH}" preserveAspectRatio="none"'
            f' aria-hidden="true" focusable="false"><rect class="cb-strip-all"'
            f' width="{_WIDE * len(row)}" height="{_HIGH}"/><path class="cb-strip-mark"'
            f' d="{bars}"/><path class="cb-strip-median" d="{medians}"/></svg>'
        )
    return Markup("".join(drawn))


_STARTS = tuple(f"M{place * _WIDE + 5} {_HIGH}v-" for place in range(A_ROW))


def _bar(start: str, score: float | None, span: Span) -> str:
    """Return one bar: a stroke upward in the middle of its place."""
    return "" if score is None else f"{start}{round(span.at(score)) or 1}"


@lru_cache(64)  # All models of a board share them.
def _middles(scores: tuple[float | None, ...], span: Span) -> str:
    """Return a line across each bar."""
    return "".join(
        f"M{place * _WIDE} {min(_HIGH - round(span.at(score)), _HIGH - 3) + 1}h{_WIDE}"
        for place, score in enumerate(scores)
        if score is not None
    )


def table_rows(strip: Strip, titled: Callable[[str], str], *, medians: bool = True) -> Markup:
    """Return the rows of the table that says the same in text: task, steps, score, and *medians*.

    Tasks are *titled*. Without the ends and quotes that HTML does not ask for: every model's page
    has them.
    """
    tasks, steps, scores, middle = zip(*strip.marks, strict=True) if strip.marks else ((),) * 4
    begun = _begun(titled, tasks, steps)
    ended: Iterable[str] = repeat("", len(tasks))
    if medians:
        ended = _ended(middle, strip.metric.decimals, sign(strip.metric))
    told = [score or "–" for score in column(strip.metric, scores)]
    return Markup("".join(chain.from_iterable(zip(begun, told, ended, strict=True))))


@lru_cache(64)  # All models of a board share what stands around their scores.
def _begun(
    titled: Callable[[str], str], tasks: tuple[str, ...], steps: tuple[int, ...]
) -> tuple[str, ...]:
    return tuple(
        f"<tr><th>{escape(titled(task), quote=False)}<td>{count}<td>"
        for task, count in zip(tasks, steps, strict=True)
    )


@lru_cache(64)
def _ended(medians: tuple[float | None, ...], decimals: int, unit: str) -> tuple[str, ...]:
    return tuple(
        "<td>–" if score is None else f"<td>{score:.{decimals}f}{unit}" for score in medians
    )


_BREAKS = re.compile(r"[-_\s]+")


@lru_cache(1024)
def title_of(task: str) -> str:
    """Return what a task is called where nobody gave it a title: its id as words."""
    words = _BREAKS.sub(" ", task).strip()
    return f"{words[:1].upper()}{words[1:]}" or task
