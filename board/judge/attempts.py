"""Which of a model's results stands: completeness first, then protocol, then time."""

from collections.abc import Iterable
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from ...eval.records import instant
from ..model import Attempt, Reading
from ..words.findings import SEVERITY_OF, Finding
from ..workspace.settings import Workspace
from .judge import blocks
from .profiles import Named


class Judged(Struct, frozen=True, kw_only=True):
    """One result with its model's name and everything that the judge said."""

    reading: Reading
    named: Named
    score: float | None
    """The ranked metric as it is printed; `None` where there is no suite or no value."""
    findings: tuple[Finding, ...]
    rankable: bool

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


def choose(judged: Iterable[Judged], workspace: Workspace) -> list[Line]:
    """Return the lines for all results of one model on one suite.

    The best rankable result stands and the others become its attempts. Where none can be ranked,
    none stands for the model either, and each is listed with its own reasons.
    """
    best, *others = sorted(judged, key=_worth, reverse=True)
    if not best.rankable:
        everyone = (best, *others)
        return [
            Line(
                judged=one,
                others=tuple(other for other in everyone if other is not one),
                alone=not others,
            )
            for one in everyone
        ]
    others = [_supersede(other, best, workspace) for other in others]
    relaxed = [other for other in others if other.rankable]
    return [
        Line(
            judged=one,
            others=tuple(other for other in (best, *others) if other is not one),
            alone=not relaxed,
        )
        for one in (best, *relaxed)
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


def _worth(judged: Judged) -> tuple[bool, int, int, int, float, str]:
    result = judged.reading.result
    assert result is not None
    errors = sum(finding.severity == "error" for finding in judged.findings)
    warnings = sum(finding.severity == "warning" for finding in judged.findings)
    return (
        judged.rankable,
        result.counts.scored or 0,
        -errors,
        -warnings,
        -inf if result.finished_at is None else instant(result.finished_at).timestamp(),
        judged.reading.identity,
    )


def _supersede(judged: Judged, by: Judged, workspace: Workspace) -> Judged:
    verdict = workspace.verdict("superseded")
    if not judged.rankable or verdict == "off":
        return judged
    finding = Finding(
        code="superseded",
        severity=SEVERITY_OF[verdict],
        file=judged.reading.file,
        sha256=judged.reading.sha256,
        values={"by": by.result_id, "file": by.reading.file},
    )
    findings = (*judged.findings, finding)
    return replace(judged, findings=findings, rankable=not blocks(findings, workspace))
