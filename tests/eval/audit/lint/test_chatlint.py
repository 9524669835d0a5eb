"""chatlint is called where it is installed, and stopped where a template would not end."""

import pytest

from cardboard.eval.audit import audit as auditing
from cardboard.eval.audit.lint import chatlint as linting
from cardboard.eval.audit.lint.chatlint import can_lint, lint
from cardboard.tests.eval.audit.samples import GOOD, SAMPLES
from cardboard.tests.eval.audit.test_samples import a_source, children


def test_rules_that_are_broken_are_told_once_each() -> None:
    assert can_lint(), "it is among what development needs"
    [found] = lint([GOOD])
    rules = [(one.code, one.values["rule"]) for one in found]
    assert len(rules) == len(set(rules))
    assert ("audit-lint-error", "no_repr_leak") in rules, "null content is printed as None"


def test_what_a_right_template_refuses_is_a_note() -> None:
    """chatlint calls it an error that a model without tools or a system turn refuses both."""
    [found] = lint(
        [SAMPLES["no system role"].text.replace("{{ m.content }}", "{{ '' + m.content }}")]
    )
    graves = {one.values["rule"]: one.severity for one in found}
    assert graves["renders"] == "info"


def test_a_template_that_does_not_end_is_stopped_and_the_next_is_linted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linting, "SECONDS", 3.0)
    before = children()
    hostile, good = lint([SAMPLES["infinite loop"].text, GOOD])
    assert [one.code for one in hostile] == ["audit-lint-failed"]
    assert "audit-lint-failed" not in {one.code for one in good}
    assert not children() - before


def test_an_audit_asks_chatlint_only_when_told_to() -> None:
    asked, unasked = (
        auditing.audit([a_source(GOOD)], linting=linting)[0] for linting in (True, False)
    )
    assert {cell.check: cell.state for cell in asked.checks}["lint"] == "warning"
    assert {cell.check: cell.state for cell in unasked.checks}["lint"] == "unknown"


def test_without_chatlint_the_audit_says_that_it_was_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auditing, "can_lint", lambda: False)
    [found] = auditing.audit([a_source(GOOD)], linting=True)
    assert {cell.check: cell.state for cell in found.checks}["lint"] == "unknown"
