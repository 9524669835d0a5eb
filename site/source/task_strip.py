"""Every task of a suite as a mark with its score, beside what the board's middle entry scores."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from statistics import median
from typing import NamedTuple

from markupsafe import Markup

from ...board.model import Board, StepFacts
from ...board.notes.figures import shown

A_ROW = 50
"""Marks that stand side by side: what a phone can still show."""

_MICRO = 1_000_000
_WIDE, _HIGH = 10, 100


class Mark(NamedTuple):
    """One task, its scored steps, and its score in points; `None` where no step was scored."""

    task: str
    steps: int
    score: float | None
    median: float | None
    """Of the board's entries on the same task; `None` where there is no other."""


Medians = dict[str, tuple[float | None, ...]]
"""By the identity of the steps; one a task, in their order."""


def medians_of(board: Board) -> Medians:
    """Return the median score of every task, over the ranked entries with the same steps."""
    groups: dict[str, list[tuple[float | None, ...]]] = {}
    for entry in board.ranked:
        if entry.facts is not None and entry.facts.f1_sums:
            groups.setdefault(entry.facts.keys_sha256, []).append(_scores(entry.facts))
    return {
        steps: tuple(map(_median, zip(*rows, strict=True)))
        for steps, rows in groups.items()
        if len(rows) > 1
    }


def _median(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return median(known) if known else None


def marks_of(facts: StepFacts | None, medians: Medians) -> tuple[Mark, ...]:
    """Return a mark for each task, in the suite's order; none where a result holds no steps."""
    if facts is None or not facts.f1_sums:
        return ()
    middle: Sequence[float | None] = medians.get(facts.keys_sha256) or (None,) * len(facts.tasks)
    told = zip(facts.tasks, facts.steps_per_task, _scores(facts), middle, strict=True)
    return tuple(Mark(*one) for one in told)


def _scores(facts: StepFacts) -> tuple[float | None, ...]:
    return tuple(
        100 * total / (steps * _MICRO) if steps else None
        for total, steps in zip(facts.f1_sums, facts.steps_per_task, strict=True)
    )


class Labels(NamedTuple):
    """The words of a strip in one language."""

    score: str
    median: str
    unscored: str


def drawing(marks: Sequence[Mark], labels: Labels) -> Markup:
    """Return the marks as drawings of up to 50 bars, each with what it stands for as its title."""
    labels = Labels(*map(_escaped, labels))
    rows = (marks[start : start + A_ROW] for start in range(0, len(marks), A_ROW))
    wide = _WIDE * min(A_ROW, len(marks))
    return Markup(
        "".join(
            f'<svg class="cb-strip" viewBox="0 0 {wide} {_HIGH}" preserveAspectRatio="none"'
            f' aria-hidden="true" focusable="false">{"".join(_bars(row, labels))}</svg>'
            for row in rows
        )
    )


def _bars(marks: Sequence[Mark], labels: Labels) -> Iterator[str]:
    for number, mark in enumerate(marks):
        x = number * _WIDE + 1
        yield (
            f"<g><title>{_escaped(mark.task)}: {_said(mark, labels)}</title>"
            f'<rect class="cb-strip-all" x="{x}" width="8" height="{_HIGH}"/>'
            f"{_bar(x, mark.score)}{_middle(x - 1, mark.median)}</g>"
        )


def _bar(x: int, points: float | None) -> str:
    if points is None:
        return ""
    high = max(round(points, 1), 1)
    y = _HIGH - high
    return f'<rect class="cb-strip-mark" x="{x}" y="{y:g}" width="8" height="{high:g}"/>'


@lru_cache(1024)  # All models of a board share them.
def _middle(x: int, points: float | None) -> str:
    if points is None:
        return ""
    y = min(_HIGH - round(points, 1), _HIGH - 3)
    return f'<rect class="cb-strip-median" x="{x}" y="{y:g}" width="10" height="3"/>'


@lru_cache(1024)
def _escaped(task: str) -> str:
    return escape(task, quote=False)


@lru_cache(1024)
def _of_all(median: str, points: float) -> str:
    return f" · {median} {shown('score', points)}"


def _said(mark: Mark, labels: Labels) -> str:
    if mark.score is None:
        return labels.unscored
    text = f"{labels.score} {shown('score', mark.score)}"
    return text if mark.median is None else text + _of_all(labels.median, mark.median)


def table_rows(marks: Sequence[Mark]) -> Markup:
    """Return the rows of the table that says the same in text: task, steps, score, median."""
    return Markup(
        "\n".join(
            f'<tr><th scope="row"><bdi>{_escaped(mark.task)}</bdi></th>'
            f"<td>{mark.steps}</td><td>{_points(mark.score)}</td>"
            f"<td>{_points(mark.median)}</td></tr>"
            for mark in marks
        )
    )


def _points(value: float | None) -> str:
    return "–" if value is None else shown("score", value)
