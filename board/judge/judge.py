"""May a result be ranked? Every check of the judge, each giving findings under the policy."""

from collections.abc import Iterator

from msgspec import Struct

from ...eval.records import Aggregate, Result
from ..model import Reading, StepFacts
from ..words.findings import JUDGING, SEVERITY_OF, Finding, Value
from ..workspace.audits import told_by_audits
from ..workspace.settings import Workspace
from .recognition import Recognised

# Stored means are rounded to 4 decimals and percentages to 1, and so are the steps and slices that
# they are compared with: two honest roundings may differ by one unit of the last place.
SHARE_TOLERANCE = 1.01e-4
PERCENT_TOLERANCE = 0.101

THRESHOLDS = {"valid-json-low": 50.0, "answers-cut": 5.0}


class Case(Struct, frozen=True, kw_only=True):
    """One result before the judge, with all that the checks need."""

    reading: Reading
    result: Result
    facts: StepFacts | None
    recognised: Recognised | None
    workspace: Workspace

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


def judge(
    reading: Reading, recognised: Recognised | None, workspace: Workspace
) -> tuple[Finding, ...]:
    """Return every finding on *reading*, which must hold a result, in the order of the checks."""
    assert reading.result is not None
    case = Case(
        reading=reading,
        result=reading.result,
        facts=reading.facts,
        recognised=recognised,
        workspace=workspace,
    )
    return tuple(f for check in CHECKS for f in check(case) if f is not None)


def blocks(findings: tuple[Finding, ...], workspace: Workspace) -> bool:
    """Tell whether one of *findings* keeps its result from being ranked."""
    return any(f.code in JUDGING and workspace.verdict(f.code) == "unranked" for f in findings)


def _suite(case: Case) -> Findings:
    if case.recognised is None:
        yield case.finding("suite-unknown", steps=case.result.counts.scored)
    elif case.recognised.evidence == "count":
        suite = case.recognised.suite
        yield case.finding("suite-by-count", suite=suite.full_name, steps=suite.steps)


def _run(case: Case) -> Findings:
    if case.result.status == "failed":
        yield case.finding("run-failed", error=case.result.error or "")
    if case.reading.kind == "postprocessed":
        yield case.finding("post-processed")
    if case.result.adjusted:
        printed = case.result.provenance.printed.get("score") if case.result.provenance else None
        yield case.finding("adjusted", printed=printed)


def _completeness(case: Case) -> Findings:
    counts, facts = case.result.counts, case.facts
    expected = case.recognised.suite.steps if case.recognised else counts.expected
    # A step that was never asked is unscored too; where the result counts its failures, it knows.
    failed = counts.failed if counts.failed is not None else (facts.failed if facts else 0)
    scored = min(counts.scored, facts.scored) if facts else counts.scored
    if failed:
        yield case.finding("steps-failed", failed=failed, expected=expected)
    if facts and facts.duplicates:
        repeated = facts.steps - facts.unique
        yield case.finding("steps-duplicated", count=repeated, example=facts.duplicates[0])
    if expected is None:
        if case.result.status == "partial":
            yield case.finding("incomplete", scored=scored, expected=None)
        return
    if scored < expected or case.result.status == "partial":
        yield case.finding("incomplete", scored=scored, expected=expected)
    elif facts and facts.unique < expected:
        yield case.finding("steps-missing", missing=expected - facts.unique, expected=expected)
    if counts.scored > expected or (facts and _has_foreign_steps(case, facts)):
        yield case.finding("steps-foreign", count=counts.scored, expected=expected)


def _has_foreign_steps(case: Case, facts: StepFacts) -> bool:
    suite = case.recognised.suite if case.recognised else None
    if suite is None or suite.keys_sha256 is None or facts.unique < suite.steps:
        return False
    return facts.keys_sha256 != suite.keys_sha256


def _template(case: Case) -> Findings:
    prompts, wanted = case.result.prompts, case.workspace.settings.templates
    raw = sum(n for status, n in prompts.status_counts.items() if status in wanted.raw)
    status = prompts.template_status
    if raw or status in wanted.raw:
        yield case.finding("template-raw", raw=raw or None, rows=case.result.counts.scored)
    elif status is None:
        yield case.finding("template-unknown")
    elif status not in (*wanted.accepted, *wanted.accepted_without_raw):
        yield case.finding("template-unverifiable", status=status)
    if prompts.doubled_bos:
        yield case.finding("doubled-bos")
    if prompts.truncated:
        yield case.finding("prompts-truncated", count=prompts.truncated)
    if prompts.kwargs_ignored:
        yield case.finding("kwargs-ignored", names=", ".join(sorted(prompts.kwargs_ignored)))


def _audit(case: Case) -> Findings:
    """Say what audits that the workspace keeps tell of the template in use."""
    for code, values in told_by_audits(
        case.result, case.workspace.audits, case.workspace.settings.policy
    ):
        yield case.finding(code, key="prompts.template_sha256", **values)


def _integrity(case: Case) -> Findings:
    stored = case.result.aggregate
    if stored.avg_command_f1 is None:
        yield case.finding("score-missing")
        return
    yield _slice_mismatch(case, stored)
    if case.facts is None:
        yield case.finding("no-step-data")
        return
    yield _aggregate_mismatch(case, stored, case.facts.aggregate)
    if case.facts.rescore_differs:
        yield case.finding(
            "rescore-mismatch",
            count=case.facts.rescore_differs,
            steps=case.facts.rescored,
            example=case.facts.rescore_example,
        )


def _slice_mismatch(case: Case, stored: Aggregate) -> Finding | None:
    """Check that the slices' means, weighted by their steps, give back the whole's."""
    assert stored.avg_command_f1 is not None
    for key, slices in (
        ("by_bucket", stored.by_bucket),
        ("by_source_group", stored.by_source_group),
    ):
        steps = sum(part.steps for part in slices.values())
        means = [(part.steps, part.avg_command_f1) for part in slices.values()]
        known = [(n, mean) for n, mean in means if mean is not None]
        if not known or len(known) < len(means) or steps != case.result.counts.scored:
            continue
        weighted = sum(n * mean for n, mean in known) / steps
        if abs(weighted - stored.avg_command_f1) > SHARE_TOLERANCE:
            return case.finding(
                "bucket-mismatch",
                key=f"aggregate.{key}",
                stored=stored.avg_command_f1,
                computed=round(weighted, 4),
            )
    return None


def _aggregate_mismatch(case: Case, stored: Aggregate, computed: Aggregate) -> Finding | None:
    for metric, tolerance in (
        ("avg_command_f1", SHARE_TOLERANCE),
        ("avg_command_precision", SHARE_TOLERANCE),
        ("avg_command_recall", SHARE_TOLERANCE),
        ("first_cmd_exact_pct", PERCENT_TOLERANCE),
        ("valid_json_pct", PERCENT_TOLERANCE),
    ):
        said, found = getattr(stored, metric), getattr(computed, metric)
        if said is not None and found is not None and abs(said - found) > tolerance:
            return case.finding(
                "aggregate-mismatch",
                key=f"aggregate.{metric}",
                metric=metric,
                stored=said,
                computed=found,
            )
    return None


def _protocol(case: Case) -> Findings:
    name = case.recognised.suite.protocol if case.recognised else None
    if name is None:
        return
    wanted, sent = case.workspace.settings.protocols[name], case.result.protocol
    missing = []
    for setting in ("temperature", "top_p", "thinking", "max_tokens"):
        allowed, value = getattr(wanted, setting), getattr(sent, setting)
        if allowed is None:
            continue
        if value is None:
            missing.append(setting)
        elif value not in (allowed if isinstance(allowed, tuple) else (allowed,)):
            yield case.finding(
                "off-protocol", key=f"protocol.{setting}", setting=setting, value=value,
                wanted=" / ".join(map(str, allowed)) if isinstance(allowed, tuple) else allowed,
            )  # fmt: skip
    window = sent.max_model_len
    if wanted.min_window is not None and window is None:
        missing.append("max_model_len")
    elif wanted.min_window is not None and window is not None and window < wanted.min_window:
        yield case.finding(
            "off-protocol",
            key="protocol.max_model_len",
            setting="max_model_len",
            value=window,
            wanted=f">= {wanted.min_window}",
        )
    if missing:
        yield case.finding("protocol-not-recorded", missing=", ".join(missing))


def _cautions(case: Case) -> Findings:
    if case.result.model.revision is None:
        yield case.finding("revision-not-recorded")
    valid, low = case.result.aggregate.valid_json_pct, _threshold(case, "valid-json-low")
    if valid is not None and valid < low:
        yield case.finding("valid-json-low", pct=valid, limit=low)
    cut = case.facts.length_stops if case.facts else None
    if cut and 100 * cut > _threshold(case, "answers-cut") * case.result.counts.scored:
        yield case.finding("answers-cut", count=cut, steps=case.result.counts.scored)
    yield _printed_differs(case)


def _threshold(case: Case, code: str) -> float:
    return case.workspace.settings.thresholds.get(code, THRESHOLDS[code])


def _printed_differs(case: Case) -> Finding | None:
    source, f1 = case.result.provenance, case.result.aggregate.avg_command_f1
    printed = source.printed.get("score") if source else None
    if printed is None or f1 is None or case.result.adjusted:
        return None
    try:
        differs = abs(float(printed) - 100 * f1) > 0.0051
    except ValueError:
        return None
    if not differs:
        return None
    return case.finding(
        "printed-differs", field="score", printed=printed, stored=round(100 * f1, 2)
    )


CHECKS = (_suite, _run, _completeness, _template, _audit, _integrity, _protocol, _cautions)
