"""One result before the judge, and how the judge says what it found."""

from collections.abc import Iterator

from msgspec import Struct

from ...eval.records import Result, value
from ..model import Reading, StepFacts
from ..words.findings import SEVERITY_OF, Finding, Value
from ..workspace.settings import Suite, Workspace
from .recognition import Recognised


class Case(Struct, frozen=True, kw_only=True):
    """One result before the judge, with all that the checks need."""

    reading: Reading
    result: Result
    facts: StepFacts | None
    recognised: Recognised | None
    workspace: Workspace

    @property
    def suite(self) -> Suite | None:
        """Return the suite that the result is of."""
        return self.recognised.suite if self.recognised else None

    def value(self, metric: str) -> float | None:
        """Return the stored value of *metric*."""
        return value(self.result, metric)

    def finding(self, code: str, *, key: str | None = None, **values: Value) -> Finding | None:
        """Return the finding *code* with the severity of the policy; `None` where it is off."""
        verdict = self.workspace.verdict(code)
        if verdict == "off":
            return None
        return Finding(
            code=code,
            severity=SEVERITY_OF[verdict],
            file=self.reading.file,
            sha256=self.reading.sha256,
            key=key,
            values=values,
        )


Findings = Iterator[Finding | None]
