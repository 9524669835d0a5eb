"""Which of a model's results stands: evidence first, then completeness, protocol and time."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ...eval.identity import fold
from ...eval.records import Evidence, instant
from ..model import Attempt, Reading
from ..words.findings import Finding
from ..workspace.settings import Suite, Workspace
from .identity import Placed, told
from .judge import blocks, compared
from .profiles import Named

EARLIEST = datetime(2018, 1, 1, tzinfo=UTC)
"""No language model was evaluated on tasks like these before."""
LONGEST_PAUSE = timedelta(days=366)
"""A time that lies further than this after all before it is taken for a clock that was wrong."""
_EAST, _WEST = timedelta(hours=14), timedelta(hours=12)
"""How far the clocks of a place may be ahead of UTC, and behind it."""


class When(Struct, frozen=True, kw_only=True):
    """A time of a result: an instant, or what a clock of an unknown place showed."""

    shown: datetime
    naive: bool = False

    def before(self, other: "When") -> bool:
        """Tell whether this time is certainly before *other*, both clocks being right.

        Clocks of unknown places are compared as if they were of one.
        """
        if self.naive and not other.naive:
            return other.shown - self.shown > _WEST
        if other.naive and not self.naive:
            return other.shown - self.shown > _EAST
        return self.shown < other.shown


class Times:
    """The times of all results of a workspace, each judged against the others.

    There is no clock: what is later than all that has been measured is told from the results. Of
    the first times of all models, the middle one is taken for true; from there on, a time counts as
    true while no more than `LONGEST_PAUSE` lies between it and the one before. So many results of
    one model do not bear each other out.
    """

    def __init__(self, readings: Iterable[Reading]) -> None:
        times: list[datetime] = []
        first: dict[str, datetime] = {}
        for reading in readings:
            when = _recorded(reading)
            if when is not None and reading.result is not None and when.shown >= EARLIEST:
                times.append(when.shown)
                model = fold(reading.result.model.id)
                first[model] = min(when.shown, first.get(model, when.shown))
        self._latest = _latest(sorted(times), sorted(first.values()))

    def of(self, reading: Reading) -> When | None:
        """Return when *reading* was measured; `None` where that is unknown or cannot be true."""
        when = _recorded(reading)
        return when if when is not None and self._is_plausible(when, reading) else None

    def unusable(self, reading: Reading) -> str | None:
        """Return the recorded time of *reading* if it cannot be true."""
        when = _recorded(reading)
        if when is None or self._is_plausible(when, reading):
            return None
        return when.shown.strftime("%Y-%m-%d %H:%M:%S")

    def _is_plausible(self, when: When, reading: Reading) -> bool:
        began = reading.result.started_at if reading.result else None
        if began is not None and not when.naive and _instant(began) > when.shown:
            return False
        return EARLIEST <= when.shown <= self._latest


def _latest(times: Sequence[datetime], first: Sequence[datetime]) -> datetime:
    if not first:
        return datetime.max.replace(tzinfo=UTC)
    latest = first[(len(first) - 1) // 2]
    for one in times[bisect_left(times, latest) :]:
        if one - latest > LONGEST_PAUSE:
            break
        latest = one
    return latest


def _recorded(reading: Reading) -> When | None:
    result = reading.result
    if result is not None and result.finished_at is not None:
        return When(shown=_instant(result.finished_at))
    for finding in reading.findings:
        if finding.code == "naive-time" and finding.key != "started_at":
            return When(shown=_instant(f"{finding.values['value']}Z"), naive=True)
    return None


def _instant(stamp: str) -> datetime:
    return instant(stamp.replace(" ", "T"))


_STRENGTH: dict[Evidence, int] = {"rows": 2, "summary": 1, "by-hand": 1, "quoted": 0}


class Judged(Struct, frozen=True, kw_only=True):
    """One result with its model's name and everything that the judge said."""

    reading: Reading
    place: Placed
    suite: Suite | None
    score: float | None
    """The ranked metric as it is printed; `None` where there is no suite or no value."""
    findings: tuple[Finding, ...]
    rankable: bool

    @property
    def named(self) -> Named:
        """Return the model's name and profile."""
        return self.place.named

    @property
    def result_id(self) -> str:
        """Return the first 12 digits of its hash: the same wherever its file lies."""
        return self.reading.identity[:12]


class Line(Struct, frozen=True, kw_only=True):
    """A result that gets a line on the board, and the model's other results."""

    judged: Judged
    others: tuple[Judged, ...]
    alone: bool
    """False where several results of one model are listed because none of them stands."""


def choose(judged: Iterable[Judged], workspace: Workspace, times: Times) -> list[Line]:
    """Return the lines for all results of one model on one suite.

    The best rankable result stands and the others become its attempts. Where none can be ranked,
    none stands for the model either, and each is listed with its own reasons. Where nothing decides
    between several, these are listed, and a finding says how to decide.
    """
    worth = [(_worth(one, workspace), one) for one in judged]
    worth.sort(key=lambda pair: (tuple(-part for part in pair[0]), pair[1].reading.file))
    every = [one for _, one in worth]
    if not every[0].rankable:
        return _listed(every, every)
    first = [one for mine, one in worth if mine == worth[0][0]]
    tied = _without_copies(first, times)
    best, doubtful = _last(tied, times)
    if best is None:
        shown = {one.reading.identity for one in tied}
        undecided = [
            _with(
                one, told("attempt-undecided", one.reading, workspace, count=len(tied)), workspace
            )
            for one in tied
        ]
        return _listed(
            undecided, [*undecided, *(one for one in every if one.reading.identity not in shown)]
        )
    rest = [_superseded(one, best, workspace) for one in every if one is not best]
    if doubtful:
        doubt = told("attempt-doubtful", best.reading, workspace, count=len(tied) - 1)
        best = _with(best, doubt, workspace)
    relaxed = [one for one in rest if one.rankable]
    lines = _listed([best, *relaxed], [best, *rest])
    return [replace(line, alone=not relaxed) for line in lines]


def _listed(lines: Sequence[Judged], every: Sequence[Judged]) -> list[Line]:
    return [
        Line(
            judged=one,
            others=tuple(other for other in every if other is not one),
            alone=len(every) == 1,
        )
        for one in lines
    ]


def attempt(judged: Judged) -> Attempt:
    """Return what the board shows of a result that does not stand."""
    result = judged.reading.result
    assert result is not None
    return Attempt(
        result_id=judged.result_id,
        file=judged.reading.file,
        sha256=judged.reading.sha256,
        score=judged.score,
        steps=result.counts.scored,
        finished_at=result.finished_at,
        findings=judged.findings,
    )


def _worth(judged: Judged, workspace: Workspace) -> tuple[bool, int, int, int]:
    """Return by what a result goes before others: whatever it leaves out never helps it."""
    result = judged.reading.result
    assert result is not None
    return (
        judged.rankable,
        _STRENGTH[judged.reading.evidence],
        result.counts.scored or 0,
        _confirmed(judged, workspace),
    )


def _confirmed(judged: Judged, workspace: Workspace) -> int:
    """Return how many settings of the suite's protocol the result records as they are wanted."""
    name = judged.suite.protocol if judged.suite else None
    result = judged.reading.result
    if name is None or result is None:
        return 0
    wanted, sent = workspace.settings.protocols[name], result.protocol
    kept = sum(given in allowed for _, given, allowed in compared(wanted, sent))
    if wanted.min_window is not None and (sent.max_model_len or 0) >= wanted.min_window:
        kept += 1
    return kept


def _without_copies(judged: Sequence[Judged], times: Times) -> list[Judged]:
    """Return *judged* without those that say the same in other bytes."""
    kept: list[Judged] = []
    for one in sorted(judged, key=lambda one: one.reading.file):
        if not any(_said(one, times) == _said(other, times) for other in kept):
            kept.append(one)
    return kept


def _said(judged: Judged, times: Times) -> tuple[object, ...]:
    return judged.reading.result, judged.reading.facts, times.of(judged.reading)


def _last(judged: Sequence[Judged], times: Times) -> tuple[Judged | None, bool]:
    """Return the one that was measured last, and whether that is open to doubt.

    `None` where the times do not tell.
    """
    when = [times.of(one.reading) for one in judged]
    last = [
        number
        for number, mine in enumerate(when)
        if not any(
            other is not None and (mine is None or mine.before(other))
            for place, other in enumerate(when)
            if place != number
        )
    ]
    if len(last) != 1:
        return None, False
    mine = when[last[0]]
    sure = len(judged) == 1 or (
        mine is not None and not mine.naive and all(one and not one.naive for one in when)
    )
    return judged[last[0]], not sure


def _undecided(judged: Judged, count: int, workspace: Workspace) -> Judged:
    return _with(
        judged, told("attempt-undecided", judged.reading, workspace, count=count), workspace
    )


def _superseded(judged: Judged, by: Judged, workspace: Workspace) -> Judged:
    if not judged.rankable:
        return judged
    values = {"by": by.result_id, "file": by.reading.file}
    return _with(judged, told("superseded", judged.reading, workspace, **values), workspace)


def _with(judged: Judged, findings: tuple[Finding, ...], workspace: Workspace) -> Judged:
    whole = (*judged.findings, *findings)
    rankable = judged.rankable and not blocks(findings, workspace)
    return replace(judged, findings=whole, rankable=rankable)
