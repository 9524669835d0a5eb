"""What can be said of a result's prompts: one check a column, with the findings that fail it."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from ...board.model import Entry

Outcome = Literal["passed", "failed", "unknown"]


class Check(Struct, frozen=True, kw_only=True):
    """One question about how prompts were built."""

    name: str
    """In the catalogue under `site.check.`."""
    codes: tuple[str, ...]
    """Findings each of which says no."""
    evidence: Callable[[Entry], bool]
    """Whether the result holds what it takes to say yes, where no finding says no."""

    def outcome(self, entry: Entry) -> Outcome:
        """Return the answer for *entry*: without evidence it is never yes."""
        if any(finding.code in self.codes for finding in entry.findings):
            return "failed"
        return "passed" if self.evidence(entry) else "unknown"


CHECKS = (
    Check(
        name="own",
        codes=("template-raw", "template-unverifiable"),
        evidence=lambda entry: entry.result.prompts.template_status is not None,
    ),
    Check(
        name="text",
        codes=(),
        evidence=lambda entry: entry.result.prompts.template_sha256 is not None,
    ),
    Check(
        name="bos",
        codes=("doubled-bos",),
        evidence=lambda entry: entry.result.prompts.doubled_bos is not None,
    ),
    Check(
        name="whole",
        codes=("prompts-truncated",),
        evidence=lambda entry: entry.result.prompts.truncated is not None,
    ),
    Check(
        name="arguments",
        codes=("kwargs-ignored",),
        evidence=lambda entry: bool(entry.result.prompts.kwargs),
    ),
)

CODES = (
    "template-unknown",
    *(code for check in CHECKS for code in check.codes),
    "template-faulty",
    "template-doubtful",
    "template-moved",
)
"""Every finding that speaks of how prompts were built."""
