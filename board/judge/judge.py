"""May a result be ranked? Every check of the judge, each giving findings under the policy."""

from collections.abc import Iterator

from msgspec import Struct

from ...eval import records
from ...eval.metrics import Metric, ratio
from ...eval.records import Result, Scalar, value
from ..model import Reading, StepFacts
from ..words.findings import JUDGING, SEVERITY_OF, Finding, Value
from ..workspace.audits import told_by_audits
from ..workspace.settings import Protocol, Suite, Workspace
from .recognition import Recognised
from .resolution import MICROPOINTS, sums_key

TOLERANCE = 1.01
"""Units of the last printed place: stored means are rounded, and so are the steps and groups that
they are compared with, so two honest roundings may differ by one."""

THRESHOLDS = {"answers-cut": 5.0}
"""Per cent; those of a kind's doubts are in the metric's own unit."""


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
    if case.result.protocol.extra.get("rank_eligible") is False:
        yield case.finding("not-eligible", key="protocol.extra.rank_eligible")
    if case.result.adjusted:
        printed = case.result.provenance.printed.get("score") if case.result.provenance else None
        yield case.finding("adjusted", printed=printed)


def _completeness(case: Case) -> Findings:
    counts, facts, suite = case.result.counts, case.facts, case.suite
    expected = suite.steps if suite and suite.steps is not None else counts.expected
    # A step that was never asked is unscored too; where the result counts its failures, it knows.
    failed = counts.failed if counts.failed is not None else (facts.failed if facts else 0)
    said = counts.scored
    if facts and facts.trials[1] > 1 and said == facts.answers:
        said = facts.scored  # answers were counted, of several to each step
    scored = min(said, facts.scored) if facts else said
    if failed:
        yield case.finding("steps-failed", failed=failed, expected=expected)
    if facts and facts.duplicates:
        yield case.finding("steps-duplicated", count=facts.repeated, example=facts.duplicates[0])
    if expected is None:
        if case.result.status == "partial":
            yield case.finding("incomplete", scored=scored, expected=None)
        return
    if scored < expected or case.result.status == "partial":
        yield case.finding("incomplete", scored=scored, expected=expected)
    elif facts and facts.unique < expected:
        yield case.finding("steps-missing", missing=expected - facts.unique, expected=expected)
    if said > expected or (facts and _has_foreign_steps(case, facts)):
        yield case.finding("steps-foreign", count=said, expected=expected)
    if facts and suite and (wanted := _trials(suite)) > facts.trials[0]:
        yield case.finding("trials-missing", trials=facts.trials[0], wanted=wanted)


def _trials(suite: Suite) -> int:
    """Return how many answers to each step the ranked metric needs."""
    return suite.ranked.trials[1] if suite.ranked.trials else 1


def _has_foreign_steps(case: Case, facts: StepFacts) -> bool:
    suite = case.suite
    if suite is None or suite.keys_sha256 is None or facts.unique < (suite.steps or 0):
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
    if contradiction := _contradiction(case):
        yield contradiction
    if prompts.errors:
        yield case.finding(
            "prompt-errors",
            key="prompts.errors",
            count=len(prompts.errors),
            example=prompts.errors[0],
        )
    if prompts.doubled_bos:
        yield case.finding("doubled-bos")
    if prompts.truncated:
        yield case.finding("prompts-truncated", count=prompts.truncated)
    if prompts.kwargs_ignored:
        yield case.finding("kwargs-ignored", names=", ".join(sorted(prompts.kwargs_ignored)))


def _contradiction(case: Case) -> Finding | None:
    """Compare the one word for all prompts with what is recorded row by row."""
    prompts, wanted = case.result.prompts, case.workspace.settings.templates
    counts, rows = prompts.status_counts, case.result.counts.scored
    if prompts.template_status in wanted.accepted:
        odd = any(n and status not in wanted.accepted for status, n in counts.items())
    elif prompts.template_status in wanted.accepted_without_raw:
        odd = False  # it says itself that there are others
    else:  # no evidence, whatever the rows say
        return None
    if not counts or (not odd and sum(counts.values()) >= rows):
        return None
    return case.finding(
        "template-contradicted",
        key="prompts.status_counts",
        status=prompts.template_status,
        counts=", ".join(f"{status}: {n}" for status, n in sorted(counts.items())),
        rows=rows,
    )


def _audit(case: Case) -> Findings:
    """Say what audits that the workspace keeps tell of the template in use."""
    for code, values in told_by_audits(
        case.result, case.workspace.audits, case.workspace.settings.policy
    ):
        yield case.finding(code, key="prompts.template_sha256", **values)


def _integrity(case: Case) -> Findings:
    suite = case.suite
    if suite is None:
        return
    stored = case.value(suite.ranked.id)
    if stored is None or not suite.ranked.holds(stored):
        yield case.finding("score-missing", metric=suite.ranked.id, value=stored)
        return
    yield _range(case, suite)
    yield _group_mismatch(case, suite)
    if case.facts is None:
        yield _not_checkable(case, suite)
        return
    yield _references(case, suite, case.facts)
    yield _recounted(case, suite, case.facts)
    if case.facts.rescore_differs:
        yield case.finding(
            "rescore-mismatch",
            count=case.facts.rescore_differs,
            steps=case.facts.rescored,
            example=case.facts.rescore_example,
        )


def _not_checkable(case: Case, suite: Suite) -> Finding | None:
    """Say that there are no rows under the figures: worse where the suite's steps are known."""
    if suite.fingerprint is not None or suite.keys_sha256 is not None:
        return case.finding("not-checkable-own", suite=suite.full_name)
    if case.reading.evidence == "quoted":
        source = case.result.provenance
        return case.finding("not-checkable-quoted", document=source.document if source else None)
    return case.finding("not-checkable-summary")


def _range(case: Case, suite: Suite) -> Finding | None:
    """Doubt percentages that are all at most 1: somebody wrote shares."""
    told = [
        value
        for metric in suite.metrics
        if metric.unit == "percent" and (value := case.value(metric.id)) is not None
    ]
    if any(told) and max(told) <= 1.0:
        return case.finding("percent-as-share", value=max(told))
    return None


def _group_mismatch(case: Case, suite: Suite) -> Finding | None:
    """Check that the groups' means, weighted by their steps, give back the whole's."""
    metric = suite.ranked
    stored = case.value(metric.id)
    if stored is None or metric.aggregate != "mean":
        return None
    for division, groups in case.result.divisions.items():
        steps = sum(group.steps for group in groups.values())
        means = [(group.steps, group.metrics.get(metric.id)) for group in groups.values()]
        known = [(n, mean) for n, mean in means if mean is not None]
        if not known or len(known) < len(means) or steps != case.result.counts.scored:
            continue
        weighted = sum(n * mean for n, mean in known) / steps
        if abs(weighted - stored) > tolerance(metric):
            return case.finding(
                "bucket-mismatch",
                key=f"divisions.{division}",
                metric=metric.id,
                stored=stored,
                computed=round(weighted, 6),
            )
    return None


def _references(case: Case, suite: Suite, facts: StepFacts) -> Finding | None:
    """Compare the references that the rows hold with the suite's, as computed and not as claimed.

    The steps of a part have another fingerprint than the whole; these are counted elsewhere.
    """
    wanted = suite.fingerprint or case.result.suite.fingerprint
    whole = suite.steps if suite.steps is not None else case.result.counts.expected
    if wanted is None or facts.fingerprint in (None, wanted) or facts.unique != whole:
        return None
    return case.finding(
        "references-differ",
        found=(facts.fingerprint or "")[:12],
        wanted=wanted[:12],
        suite=suite.full_name,
    )


def _recounted(case: Case, suite: Suite, facts: StepFacts) -> Finding | None:
    """Check every stored figure that the result's own rows allow to be counted again."""
    for metric in suite.metrics:
        said, found = case.value(metric.id), recounted(metric, facts)
        if said is not None and found is not None and abs(said - found) > tolerance(metric):
            return case.finding(
                "aggregate-mismatch",
                key=f"metrics.{metric.id}.value",
                metric=metric.id,
                stored=said,
                computed=found,
            )
    return None


def tolerance(metric: Metric) -> float:
    """Return how far two honest roundings of *metric* may lie apart, in its own unit.

    What is counted again is known to the millionth of a step's score.
    """
    return TOLERANCE * max(10.0**-metric.decimals / metric.scale, 1e-6 * metric.factor)


def recounted(metric: Metric, facts: StepFacts) -> float | None:
    """Return the value of *metric* by the rows behind *facts*; `None` where they do not tell."""
    if metric.score is None:
        return facts.summary.get(metric.id)
    if metric.aggregate == "median":
        middle = facts.medians.get(metric.score)
        return None if middle is None else round(metric.factor * middle, 6)
    if metric.over is not None:
        above, below = facts.sums.get(metric.score), facts.sums.get(metric.over)
        return ratio(metric, sum(above), sum(below)) if above and below else None
    key = metric.score if metric.aggregate == "sum" else sums_key(metric)
    sums = facts.sums.get(key or "")
    if not sums or not facts.scored:
        return None
    total = metric.factor * sum(sums) / MICROPOINTS
    return round(total if metric.aggregate == "sum" else total / facts.scored, 6)


def _protocol(case: Case) -> Findings:
    name = case.suite.protocol if case.suite else None
    if name is None:
        return
    wanted, sent = case.workspace.settings.protocols[name], case.result.protocol
    missing = []
    for setting, given, allowed in compared(wanted, sent):
        if given is None:
            missing.append(setting)
        elif given not in allowed:
            yield case.finding(
                "off-protocol",
                key=f"protocol.{setting}",
                setting=setting,
                value=given,
                wanted=allowed[0] if len(allowed) == 1 else " / ".join(map(str, allowed)),
            )
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


_SETTINGS = (
    "temperature", "top_p", "thinking", "max_tokens", "shots", "trials", "turns", "tools",
    "system_prompt_sha256",
)  # fmt: skip


def compared(
    wanted: Protocol, sent: records.Protocol
) -> Iterator[tuple[str, Scalar, tuple[Scalar, ...]]]:
    """Yield every setting that *wanted* names: its key, what was sent, and what is allowed."""
    pairs: list[tuple[str, Scalar, object]] = [
        (name, getattr(sent, name), getattr(wanted, name)) for name in _SETTINGS
    ]
    harness = sent.harness
    pairs.append(("harness", harness.name if harness else None, wanted.harness))
    version = harness.version if harness else None
    pairs.append(("harness_version", version, wanted.harness_version))
    for group in ("template_kwargs", "extra"):
        told = getattr(sent, group)
        pairs += [(f"{group}.{k}", told.get(k), v) for k, v in getattr(wanted, group).items()]
    for name, given, allowed in pairs:
        if allowed is not None:
            yield name, given, allowed if isinstance(allowed, tuple) else (allowed,)


def _cautions(case: Case) -> Findings:
    if case.result.model.revision is None:
        yield case.finding("revision-not-recorded")
    for doubt in case.suite.of_kind.doubts if case.suite else ():
        found = case.value(doubt.metric)
        limit = case.workspace.settings.thresholds.get(doubt.code, doubt.below)
        if found is not None and found < limit:
            yield case.finding(doubt.code, pct=found, limit=limit)
    cut = case.facts.length_stops if case.facts else None
    answers = case.facts.answers if case.facts else 0
    most = case.workspace.settings.thresholds.get("answers-cut", THRESHOLDS["answers-cut"])
    if cut and 100 * cut > most * answers:
        yield case.finding("answers-cut", count=cut, steps=answers)
    yield _printed_differs(case)


def _printed_differs(case: Case) -> Finding | None:
    source, suite = case.result.provenance, case.suite
    printed = source.printed.get("score") if source else None
    stored = case.value(suite.ranked.id) if suite else None
    if printed is None or suite is None or stored is None or case.result.adjusted:
        return None
    shown = suite.ranked.scale * stored
    try:
        differs = abs(float(printed) - shown) > 0.51 * 10.0**-suite.ranked.decimals
    except ValueError:
        return None
    if not differs:
        return None
    return case.finding(
        "printed-differs", field="score", printed=printed, stored=suite.ranked.printed(stored)
    )


CHECKS = (_suite, _run, _completeness, _template, _audit, _integrity, _protocol, _cautions)
