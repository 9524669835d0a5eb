"""Every check of an audit and every code that it may give, for the page on audits."""

from collections.abc import Iterator
from typing import NamedTuple

from ...board.words.findings import Finding
from ...board.workspace.audits import verdict_of
from ...eval.audit.findings import CHECKS, CODES
from ..source.source import Source

ANYTHING = "[…]"
"""What stands for the values of a finding where there is none."""


class Code(NamedTuple):
    """A finding that an audit may give."""

    code: str
    severity: str
    verdict: str
    """What the judge makes of it, `off` where it says nothing of scores."""
    words: str
    remedy: str | None


class Check(NamedTuple):
    """One thing that is looked at."""

    name: str
    codes: tuple[Code, ...]


def checks_html(source: Source) -> str:
    """Return all checks and codes, as HTML for the page on audits."""
    checks = [Check(name, tuple(_codes(name, source))) for name in CHECKS]
    return source.render.html("checks", checks=checks)


def _codes(check: str, source: Source) -> Iterator[Code]:
    words = source.render.words
    for code, (of, severity) in CODES.items():
        if of != check:
            continue
        values = dict.fromkeys(words.needed(f"finding.{code}"), ANYTHING)
        finding = Finding(code=code, severity=severity, values=dict(values))
        yield Code(
            code=code,
            severity=severity,
            verdict=verdict_of(code, source.settings.policy),
            words=words.finding(finding),
            remedy=words.remedy(finding),
        )
