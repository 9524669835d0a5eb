"""The same tasks in two languages: how far a model does worse in one, and how sure that is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...eval.errors import UsageError
from ...eval.metrics import Metric, of_step
from ...eval.suites.fingerprints import StepKey
from ..judge.resolution import brought, scale_of, span_of
from ..model import Board, Entry
from ..read.step_facts import LANGUAGE
from ..statistics.paired import Paired, paired
from ..statistics.tasks import MICROPOINTS, Ints, Tasks
from ..workspace.settings import Suite, Workspace
from .comparison import Comparison, by_metric, chosen, names, turned
from .effects import steps_of

FIRST = "en"
"""The language that others are held against, where tasks stand in it."""


class Version(NamedTuple):
    """A model's scores in one language, task by task."""

    tasks: tuple[str, ...]
    steps: Ints
    """Of each task in this language; 0 where it has none."""
    sums: Ints
    """Millionths of their scores."""

    def mean(self, metric: Metric) -> float | None:
        """Return the value of *metric*."""
        steps = int(self.steps.sum())
        return metric.factor * int(self.sums.sum()) / (MICROPOINTS * steps) if steps else None


class Gap(NamedTuple):
    """A model in one language, and how far that is from another."""

    language: str
    score: float | None
    """As the metric is printed."""
    tasks: int
    """That stand in both languages; those in this one where it is the other."""
    paired: Paired | None
    """This language minus the other, task by task; `None` of the other itself."""


def versions_of(entry: Entry, suite: Suite) -> Mapping[str, Version]:
    """Return the scores of *entry* in each language that its tasks share.

    Empty where a task stands in one language alone, and where *suite* is ranked by another metric
    than its kind.
    """
    facts = entry.facts
    own = next((metric for metric in suite.of_kind.metrics if metric.ranked), None)
    if facts is None or own is None or own.score != suite.ranked.score:
        return {}
    return {
        language: Version(facts.tasks, np.array(steps, np.int64), np.array(sums, np.int64))
        for language, (steps, sums) in facts.versions.items()
    }


def gaps(entry: Entry, suite: Suite) -> tuple[str, tuple[Gap, ...]] | None:
    """Return the language that the others are held against, and *entry* in each; `None` if one."""
    found = versions_of(entry, suite)
    order = suite.of_kind.groups
    languages = sorted(found, key=lambda n: (order.index(n) if n in order else len(order), n))
    if len(languages) < 2:
        return None
    first = FIRST if FIRST in found else languages[0]
    told = []
    for language in languages:
        both = None if language == first else _shared(found[language], found[first])
        mean = found[language].mean(suite.ranked)
        told.append(
            Gap(
                language=language,
                score=None if mean is None else suite.ranked.printed(mean),
                tasks=int(np.count_nonzero(found[language].steps)) if both is None else len(both),
                paired=None
                if both is None
                else gap(found[language], found[first], suite.ranked, suite.fingerprint or ""),
            )
        )
    return first, tuple(told)


def gap(one: Version, other: Version, metric: Metric, fingerprint: str) -> Paired | None:
    """Return *one* minus *other*, by the tasks that have as many steps in both; `None` of none.

    Two versions of a task are a pair, and its versions one cluster: a task that is hard is hard in
    each language. Differences of tasks are independent of each other.
    """
    both = _shared(one, other)
    if not both:
        return None
    mine, theirs = zip(*both, strict=True)
    steps = one.steps[list(mine)]
    sums = np.stack([one.sums[list(mine)], other.sums[list(theirs)]])
    span = span_of(metric, sums, steps)
    rising = brought(sums, steps, span)
    if metric.better == "lower":
        rising = MICROPOINTS * steps - rising
    tasks = Tasks.of(f"{fingerprint}/{LANGUAGE}", steps)
    (found,) = paired(tasks, rising, [(0, 1)], scale_of(metric, span))
    return turned(found) if metric.better == "lower" else found


def _shared(one: Version, other: Version) -> list[tuple[int, int]]:
    """Return the places of the tasks that have as many steps in both."""
    place = {task: at for at, task in enumerate(other.tasks)}
    return [
        (at, place[task])
        for at, task in enumerate(one.tasks)
        if task in place and 0 < one.steps[at] == other.steps[place[task]]
    ]


def split(name: str) -> tuple[str, str | None]:
    """Return the model and the language of `MODEL@LANGUAGE`."""
    model, sign, language = name.rpartition("@")
    return (model, language) if sign and model and "/" not in language else (name, None)


def compare_languages(
    workspace: Workspace, boards: Sequence[Board], a: str, b: str, metric: str | None = None
) -> list[Comparison]:
    """Compare `MODEL@LANGUAGE` *a* with *b*, of one model or of two, on every board that can.

    Raises UsageError where a name has no language, or no board ranks the model with tasks in both.
    """
    (one, of_a), (other, of_b) = split(a), split(b)
    if of_a is None or of_b is None:
        raise UsageError(
            "both names need a language, or neither",
            key=b if of_b is None else a,
            remedy="For example: cardboard compare org/model@ko org/model@en",
        )
    found = []
    pairs = [
        (board, mine, theirs)
        for board in boards
        for mine in board.ranked
        if one.lower() in names(mine)
        for theirs in board.ranked
        if other.lower() in names(theirs)
    ]
    chosen([board for board, _, _ in pairs], metric)
    known: dict[str, None] = {}
    for board, mine, theirs, measure in by_metric(pairs, metric):
        of_mine = _read(workspace, mine, measure)
        of_theirs = of_mine if theirs is mine else _read(workspace, theirs, measure)
        known.update(dict.fromkeys((*of_mine, *of_theirs)))
        if of_a not in of_mine or of_b not in of_theirs:
            continue
        here, there = of_mine[of_a], of_theirs[of_b]
        apart = gap(here, there, measure, board.suite.fingerprint or "")
        if apart is None:
            continue
        scores = [one.mean(measure) for one in (here, there)]
        found.append(
            Comparison(
                suite=board.suite.name,
                version=board.suite.version,
                class_=board.class_,
                a=f"{mine.label}@{of_a}",
                b=f"{theirs.label}@{of_b}",
                against="version",
                metric=measure.id,
                better=measure.better,
                decimals=measure.decimals,
                score_a=None if scores[0] is None else measure.printed(scores[0]),
                score_b=None if scores[1] is None else measure.printed(scores[1]),
                paired=apart,
                separable=None,
            )
        )
    if not found:
        raise UsageError(
            f"no board ranks {one} and {other} on tasks that stand in {of_a} and in {of_b}"
            if one.lower() != other.lower()
            else f"no board ranks {one} on tasks that stand in {of_a} and in {of_b}",
            remedy=f"Languages there: {', '.join(sorted(known))}." if known else "",
        )
    return found


def _read(workspace: Workspace, entry: Entry, metric: Metric) -> Mapping[str, Version]:
    """Return the scores of *metric* in each language, from the steps in the result's file."""
    scores: dict[tuple[str, StepKey], list[float]] = {}
    for step in steps_of(workspace, entry):
        value, language = step.scores.get(metric.score or ""), step.groups.get(LANGUAGE)
        if value is not None and language is not None:
            key = (step.task_id, step.sample_idx, step.step_idx)
            scores.setdefault((language, key), []).append(value)
    tasks = tuple(sorted({key[0] for _, key in scores}))
    column = {task: at for at, task in enumerate(tasks)}
    found: dict[str, Version] = {}
    for (language, key), trials in scores.items():
        if language not in found:
            zeros = np.zeros((2, len(tasks)), np.int64)
            found[language] = Version(tasks, zeros[0], zeros[1])
        found[language].steps[column[key[0]]] += 1
        found[language].sums[column[key[0]]] += round(
            (of_step(metric, trials) or 0.0) * MICROPOINTS
        )
    return found
