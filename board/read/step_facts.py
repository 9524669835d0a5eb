"""What a result's steps say: who they are, what they add up to, whether their scores follow."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import attrgetter, is_
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...eval.metrics import pass_all, pass_at
from ...eval.records import Group, Step
from ...eval.suites.fingerprints import StepKey, fingerprint
from ...eval.suites.kinds.kind import Kind
from ...eval.suites.kinds.maps import Fixed, column
from ...eval.suites.kinds.registry import kind_of
from ..model import StepFacts
from .step_layout import MICRO, Floats, Layout, Steps, layout_of

Divisions = Mapping[str, Mapping[str, Group]]

LANGUAGE = "language"
"""The division whose groups may hold one task in several versions."""
MOST_SCORE = 1e9
"""Scores from here on have no exact sums."""
_TRIALS = (2, 3, 4, 5, 6, 8, 10, 16, 20, 32, 50, 64, 100)
"""The k for which chances of any or all of k trials are kept, and the number of trials itself."""


def step_facts(
    rows: Sequence[Step],
    kind: Kind,
    *,
    limit: int | None = None,
    claimed: Divisions | None = None,
) -> StepFacts | None:
    """Return the facts of *rows*, `None` where there are none; their order changes nothing.

    Sums and the steps of a task count scored steps only, and a score that one of them lacks has no
    sums. Trials of a step are averaged within it first. What *kind* can recount is recounted. An
    answer of *limit* tokens was cut, whatever its finish reason. The means of groups that the file
    has *claimed* are held against the rows.
    """
    if not rows:
        return None
    layout = layout_of(rows)
    if layout.order:
        rows = [rows[place] for place in layout.order]
    told = [row for row in rows if row.scored]
    steps = Steps(rows, layout) if len(told) < len(rows) or layout.trials > 1 else layout.plain
    names, columns = _columns(told)
    again = kind.recount(rows)
    if limit is not None and kind.staged is not None:
        limit *= kind.staged.turns  # it is of each answer, and a step is all answers of an episode
    cut, too_long = _cut(told, limit)
    answers = [row.answer for row in told if row.answer is not None]
    referenced, empty = _references(rows, layout, kind)
    return StepFacts(
        steps=len(rows),
        scored=len(steps.counts),
        answers=len(told),
        failed=len(rows) - len(told),
        unique=len(layout.keys),
        repeated=layout.repeated,
        duplicates=layout.duplicates,
        keys_sha256=layout.keys_sha256,
        fingerprint=referenced,
        empty_references=empty,
        answers_sha256=_answers_sha256(told, layout),
        length_stops=cut,
        too_long=too_long,
        blank=sum(not answer or answer.isspace() for answer in answers) if answers else None,
        tasks=layout.tasks,
        steps_per_task=steps.per_task,
        sums=_sums(names, columns, steps),
        medians=_medians(names, columns, steps),
        summary=kind.summarise(told),
        trials=steps.trials,
        versions=_versions(told, names, columns, steps, kind),
        rescored=again.steps,
        rescore_differs=len(again.differs),
        rescore_example=again.differs[0] if again.differs else None,
        reread=again.read,
        misread=len(again.misread),
        misread_example=again.misread[0] if again.misread else None,
        same=again.same,
        scored_otherwise=again.otherwise,
        group_differs=_group_differs(told, names, columns, kind, claimed) if claimed else None,
    )


_CUT = frozenset(
    {"length", "max_tokens", "max_length", "max_output_tokens", "max_new_tokens", "model_length",
     "model_context_window_exceeded", "token_limit", "limit", "truncated", "tokens"}
)  # fmt: skip
"""What engines call an answer that met the token limit; `tokens` is an episode that ended so."""


def _cut(told: Sequence[Step], limit: int | None) -> tuple[int | None, int]:
    """Return how many answers were cut, and how many are longer than they can be."""
    reasons = [row.finish_reason for row in told]
    lengths = [row.output_tokens for row in told]
    if not any(reasons) and (limit is None or not any(lengths)):
        return None, 0
    most = limit or MICRO * MICRO
    cuts = {reason for reason in set(reasons) if reason and reason.casefold() in _CUT}
    if max(filter(None, lengths), default=0) < most:
        return sum(map(reasons.count, cuts)), 0
    known = [length or 0 for length in lengths]
    cut = [length >= most or reason in cuts for reason, length in zip(reasons, known, strict=True)]
    return cut.count(True), sum([length > most for length in known])


class _Members(NamedTuple):
    """Which rows are in each group of each division."""

    sizes: dict[tuple[str, str], int]
    rows: NDArray[np.intp]
    """The numbers of the rows of the first group, of the second ..."""
    starts: tuple[int, ...]

    def means(self, columns: Floats) -> dict[tuple[str, str], list[float]]:
        """Return the mean of each column in each group."""
        if not self.sizes:
            return {}
        sums = np.add.reduceat(columns[self.rows], self.starts)
        means = sums / np.array([*self.sizes.values()])[:, None]
        return dict(zip(self.sizes, means.tolist(), strict=True))


_met: list[tuple[list[Mapping[str, str]], _Members]] = []
"""The last groups that were met: results of one suite hold the same in the same order."""
_MOST_MET = 16
_MOST_ROWS = 20_000
"""Of a file from which anything is kept for the next one."""


def _members(groups: list[Mapping[str, str]]) -> _Members:
    for known, members in _met:
        if known == groups:  # at once, where they are the very same objects
            return members
    found: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(groups):
        for place in row.items():
            found.setdefault(place, []).append(number)
    sizes = {place: len(numbers) for place, numbers in found.items()}
    members = _Members(
        sizes=sizes,
        rows=np.array([number for numbers in found.values() for number in numbers], np.intp),
        starts=(0, *accumulate(sizes.values()))[:-1],
    )
    if len(groups) <= _MOST_ROWS:
        _met.insert(0, (groups, members))
        del _met[_MOST_MET:]
    return members


def _group_differs(
    told: Sequence[Step], names: Sequence[str], columns: Floats, kind: Kind, claimed: Divisions
) -> tuple[str, str, float, float] | None:
    """Return the first of the *claimed* means of groups that its rows do not bear out."""
    plain = {
        metric.id: (
            names.index(metric.score),
            metric.factor,
            1.01 * 10.0**-metric.decimals / metric.scale,
        )
        for metric in kind.metrics
        if metric.aggregate == "mean" and metric.score in names
    }
    members = _members([row.groups for row in told])
    means = members.means(columns)
    for division, groups in claimed.items():
        for name, group in groups.items():
            if members.sizes.get((division, name)) != group.steps:
                continue  # several trials of a step, or rows that do not name their groups
            mean = means[division, name]
            for metric, (place, factor, apart) in plain.items():
                said, found = group.metrics.get(metric), factor * mean[place]
                if said is not None and abs(said - found) > apart:
                    return f"{division}.{name}", metric, said, round(found, 6)
    return None


def _answers_sha256(told: Sequence[Step], layout: Layout) -> str | None:
    """Return the SHA-256 of all answers, or of what was read of them where they are not kept.

    `None` where a step has neither, and where all are the same: that two models say nothing but one
    thing makes them no copies of each other.
    """
    answers: list[object] = [row.answer for row in told]
    if None in answers:
        answers = [row.parsed for row in told]
    if not answers or None in answers or answers.count(answers[0]) == len(answers):
        return None
    try:
        text = msgspec.json.encode(answers, order="sorted")
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return hashlib.sha256(layout.keys_sha256.encode() + text).hexdigest()


def _columns(told: Sequence[Step]) -> tuple[tuple[str, ...], Floats]:
    """Return the names of all scores that every row has, and their values, a row for each row."""
    scores = [row.scores for row in told]
    names = tuple(sorted(scores[0])) if scores else ()
    found = _table(scores, names)
    usable = np.asarray((np.abs(found) < MOST_SCORE).all(axis=0))
    if usable.all():
        return names, found
    return tuple(name for name, whole in zip(names, usable, strict=True) if whole), found[:, usable]


def _table(maps: Sequence[Any], keys: Sequence[str]) -> Floats:
    """Return numbers [maps, keys], not a number where a map has nothing under a key."""
    kind: type[Any] = type(maps[0]) if maps else dict
    if len(keys) > 1 and issubclass(kind, Fixed) and kind.places.keys() >= set(keys):
        told = map(attrgetter(*map(kind.places.__getitem__, keys)), maps)
        try:
            numbers = np.fromiter(chain.from_iterable(told), np.float64, len(maps) * len(keys))
            return numbers.reshape(len(maps), len(keys))
        except (AttributeError, TypeError):  # other maps among them, or nothing under a key
            pass
    found = np.empty((len(maps), len(keys)))
    for place, key in enumerate(keys):
        found[:, place] = np.array(column(maps, key), np.float64)  # of `None` it makes NaN
    return found


def _medians(names: Sequence[str], columns: Floats, steps: Steps) -> dict[str, float]:
    if not names or not len(columns):
        return {}
    # As `numpy.median` has it, which takes three times as long.
    ordered = np.sort(steps.averaged(columns), axis=0)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return dict(zip(names, middle.tolist(), strict=True))


def _sums(names: Sequence[str], columns: Floats, steps: Steps) -> dict[str, tuple[int, ...]]:
    """Return the sums of every score, and the chances of success where steps have trials."""
    sums = dict(zip(names, steps.summed(steps.averaged(columns)), strict=True))
    fewest, most = steps.trials
    if most <= 1:
        return sums
    wanted = sorted({k for k in _TRIALS if k < fewest} | {fewest})
    for place, name in enumerate(names):
        column = columns[:, place]
        if not np.isin(column, (0.0, 1.0)).all():
            continue
        successes = np.add.reduceat(column, steps.starts).astype(int).tolist()
        pairs = list(zip(successes, steps.counts, strict=True))
        for k in wanted:
            for sign, chance in (("@", pass_at), ("^", pass_all)):
                known = {pair: chance(*pair, k) for pair in set(pairs)}
                values = np.array([[known[pair]] for pair in pairs])
                (sums[f"{name}{sign}{k}"],) = steps.summed(values)
    return sums


def _versions(
    told: Sequence[Step], names: Sequence[str], columns: Floats, steps: Steps, kind: Kind
) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return steps and sums of the ranked score a task, language by language.

    Empty where no step has a language, and where no task stands in two.
    """
    ranked = next((metric.score for metric in kind.metrics if metric.ranked), None)
    if not told or LANGUAGE not in told[0].groups or ranked not in names:
        return {}
    firsts = [told[start].groups.get(LANGUAGE) for start in steps.starts]
    scores = np.rint(steps.averaged(columns)[:, names.index(ranked)] * MICRO).astype(np.int64)
    task_of = np.repeat(np.arange(len(steps.per_task)), steps.per_task)
    found = {}
    for language in sorted({one for one in firsts if one is not None}):
        there = np.array([one == language for one in firsts])
        counts = np.bincount(task_of[there], minlength=len(steps.per_task))
        sums = np.zeros(len(steps.per_task), np.int64)
        np.add.at(sums, task_of[there], scores[there])
        found[language] = (tuple(counts.tolist()), tuple(sums.tolist()))
    paired = sum((np.array(counts) > 0).astype(int) for counts, _ in found.values())
    return found if np.max(paired) > 1 else {}


def _references(rows: Sequence[Step], layout: Layout, kind: Kind) -> tuple[str | None, int | None]:
    """Return the fingerprint of keys and references, and how many of these are empty.

    Both `None` where a step does not hold its reference.
    """
    references = [rows[place].reference for place in layout.firsts]
    if None in references:
        return None, None
    for layout_, name, known, found in _read:
        if layout_ is layout and name == kind.name and all(map(is_, known, references)):
            return found
    found = _fingerprinted(layout.keys, kind.name, msgspec.json.encode(references))
    if len(references) <= _MOST_ROWS:
        _read.insert(0, (layout, kind.name, references, found))
        del _read[_MOST_READ:]
    return found


_read: list[tuple[Layout, str, list[dict[str, Any] | None], tuple[str | None, int | None]]] = []
"""The last references, by which layout and kind, that were read, and what they came to: results of
one suite that are read one after the other hold the very same objects."""
_MOST_READ = 4


# References are by far the longest text that all results of a suite share.
@lru_cache(maxsize=16)
def _fingerprinted(keys: tuple[StepKey, ...], kind: str, encoded: bytes) -> tuple[str, int]:
    references = msgspec.json.decode(encoded, type=list[dict[str, Any]])
    identify, is_empty = kind_of(kind).identity, kind_of(kind).is_empty
    steps = [(*key, identify(one)) for key, one in zip(keys, references, strict=True)]
    return fingerprint(steps), sum(map(is_empty, references))
