"""May a result be ranked? Every check of the judge, each giving findings under the policy."""

from collections.abc import Iterator

from msgspec import UNSET

from ...eval import records
from ...eval.records import Scalar
from ...eval.suites.kinds.reported.kind import REPORTED
from ..model import Reading, StepFacts
from ..words.findings import JUDGING, THRESHOLDS, Finding
from ..workspace.audits import told_by_audits
from ..workspace.settings import Protocol, Suite, Workspace
from . import claims
from .case import Case, Findings
from .recognition import Recognised, near, prompts_told


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
        told = near(case.reading, case.workspace.settings.suites)
        yield case.finding(
            "suite-unknown",
            steps=case.result.counts.scored,
            near=", ".join(f"{suite.full_name} ({suite.steps})" for suite in told) or None,
        )
    elif case.recognised.evidence == "count":
        suite = case.recognised.suite
        yield case.finding("suite-by-count", suite=suite.full_name, steps=suite.steps)
    if case.recognised is not None and (code := prompts_told(case.result.suite, case.recognised)):
        suite = case.recognised.suite
        yield case.finding(code, key="suite.prompts_sha256", suite=suite.full_name)


def _run(case: Case) -> Findings:
    if case.result.status == "failed":
        yield case.finding("run-failed", error=case.result.error or "")
    if case.reading.kind == "postprocessed":
        yield case.finding("post-processed")
    if case.result.protocol.extra.get("rank_eligible") is False:
        yield case.finding("not-eligible", key="protocol.extra.rank_eligible")
    yield claims.names(case)
    if case.result.adjusted:
        printed = case.result.provenance.printed.get("score") if case.result.provenance else None
        yield case.finding("adjusted", printed=printed)


def _completeness(case: Case) -> Findings:
    counts, facts, suite = case.result.counts, case.facts, case.suite
    expected = suite.steps if suite and suite.steps is not None else counts.expected
    # A step that was never asked is unscored too; where the result counts its failures, it knows.
    failed = counts.failed if counts.failed is not None else (facts.failed if facts else 0)
    said = _said(case)
    scored = min(said, facts.scored) if facts and said is not None else said
    if failed:
        yield case.finding("steps-failed", failed=failed, expected=expected)
    if facts and facts.duplicates:
        yield case.finding("steps-duplicated", count=facts.repeated, example=facts.duplicates[0])
    if expected is None:
        if case.result.status == "partial":
            yield case.finding("incomplete", scored=scored, expected=None)
        elif facts and facts.scored < (whole := max(said or 0, facts.unique)):
            yield case.finding("incomplete", scored=scored, expected=whole)
    elif said is None or scored is None:
        code = "incomplete" if case.result.status == "partial" else "count-not-recorded"
        yield case.finding(code, scored=None, expected=expected)
    else:
        yield from _of_expected(case, said, scored, expected)


def _said(case: Case) -> int | None:
    """Return how many steps were scored as the result itself counts, else as its rows do."""
    facts, said = case.facts, case.result.counts.scored
    if facts is None:
        return said
    if said is None or (facts.trials[1] > 1 and said == facts.answers):
        return facts.scored  # answers were counted, of several to each step
    return said


def _of_expected(case: Case, said: int, scored: int, expected: int) -> Findings:
    """Compare the steps that were scored with those of the suite."""
    facts, suite = case.facts, case.suite
    if scored < expected or case.result.status == "partial":
        yield case.finding("incomplete", scored=scored, expected=expected)
    elif facts and facts.unique < expected:
        yield case.finding("steps-missing", missing=expected - facts.unique, expected=expected)
    if said > expected or (facts and _has_foreign_steps(case, facts)):
        yield case.finding("steps-foreign", count=said, expected=expected)
    if facts and suite and (wanted := _trials(case, suite)) > facts.trials[0]:
        yield case.finding("trials-missing", trials=facts.trials[0], wanted=wanted)


def _trials(case: Case, suite: Suite) -> int:
    """Return how many answers each step needs: for the ranked metric, by the result's own claim,
    and as many as any other step has, since answers may be chosen by asking some steps again.
    """
    needed = suite.ranked.trials[1] if suite.ranked.trials else 1
    told = case.facts.trials[1] if case.facts else 1
    return max(needed, case.result.protocol.trials or 1, told)


def _has_foreign_steps(case: Case, facts: StepFacts) -> bool:
    suite = case.suite
    if suite is None or suite.keys_sha256 is None or facts.unique < (suite.steps or 0):
        return False
    return facts.keys_sha256 != suite.keys_sha256


def _template(case: Case) -> Findings:
    prompts, wanted = case.result.prompts, case.workspace.settings.templates
    raw = sum(n for status, n in prompts.status_counts.items() if status in wanted.raw)
    status, source = prompts.template_status, case.result.provenance
    harness = source.harness.name if source and source.harness else None
    reported = case.suite is None or case.suite.kind == REPORTED.name
    if harness is not None and reported and status in (None, "not_applied"):
        # Most programs keep no record of it, and base models are rightly asked without one.
        code = "template-not-stated" if status is None else "template-not-applied"
        yield case.finding(code, harness=harness)
    elif raw or status in wanted.raw:
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
    yield claims.hidden_cuts(case)
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
    if not counts or (not odd and sum(counts.values()) >= (rows or 0)):
        return None
    return case.finding(
        "template-contradicted",
        key="prompts.status_counts",
        status=prompts.template_status,
        counts=", ".join(f"{status}: {n}" for status, n in sorted(counts.items())),
        rows=rows,
    )


def _training(case: Case) -> Findings:
    """Compare how the prompts were built with how an adapter was trained, where both are told."""
    adapter, prompts = case.result.model.adapter, case.result.prompts
    if adapter is None or adapter.training is None:
        return
    learnt, asked = adapter.training, prompts.template_sha256
    values: dict[str, Scalar] = {}
    if asked is not None and asked != learnt.template_sha256:
        values |= {"template": learnt.template_sha256[:12], "asked_template": asked[:12]}
    if set(learnt.rules) != set(case.result.protocol.prompt_rules):
        rules = case.result.protocol.prompt_rules
        values |= {"rules": ", ".join(learnt.rules) or "–", "asked_rules": ", ".join(rules) or "–"}
    if values:
        yield case.finding("asked-otherwise", key="model.adapter.training", **values)


def _audit(case: Case) -> Findings:
    """Say what audits that the workspace keeps tell of the template in use."""
    for code, values in told_by_audits(
        case.result, case.workspace.audits, case.workspace.settings.policy
    ):
        yield case.finding(code, key="prompts.template_sha256", **values)


def _protocol(case: Case) -> Findings:
    name = case.suite.protocol if case.suite else None
    if name is None:
        return
    wanted, sent = case.workspace.settings.protocols[name], case.result.protocol
    if sent.backend == "scripted":  # a rule has no temperature
        return
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


SETTINGS = (
    "temperature", "top_p", "thinking", "max_tokens", "shots", "trials", "turns", "dialogue",
    "tools", "system_prompt_sha256",
)  # fmt: skip


def compared(
    wanted: Protocol, sent: records.Protocol
) -> Iterator[tuple[str, Scalar, tuple[Scalar, ...]]]:
    """Yield every setting that *wanted* names: its key, what was sent, and what is allowed."""
    pairs: list[tuple[str, Scalar, object]] = [
        (name, None if (told := getattr(sent, name)) is UNSET else told, getattr(wanted, name))
        for name in SETTINGS
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


def _room(case: Case) -> Findings:
    """Say where a model typed in a room without walls, or nobody tells in which."""
    if case.suite is None or case.suite.of_kind.staged is None:
        return
    told = case.result.protocol.extra.get("isolation")
    if told in (None, "plain"):
        yield case.finding("not-isolated", key="protocol.extra.isolation", isolation=told)


def _cautions(case: Case) -> Findings:
    if case.result.model.revision is None:
        yield case.finding("revision-not-recorded")
    for doubt in case.suite.of_kind.doubts if case.suite else ():
        found = case.value(doubt.metric)
        limit = case.workspace.settings.thresholds.get(doubt.code, doubt.below)
        if found is not None and found < limit:
            metric = case.suite.metric(doubt.metric) if case.suite else None
            told = round(found, metric.own.decimals) if metric else found
            yield case.finding(doubt.code, pct=told if told < limit else found, limit=limit)
    yield from _repeatable(case)
    facts = case.facts
    for code, count, answers in (
        (
            ("answers-cut", facts.length_stops, facts.answers),
            ("answers-blank", facts.blank, facts.answers),
            ("answers-equal-reference", facts.same, facts.answers),
        )
        if facts
        else ()
    ):
        most = case.workspace.settings.thresholds.get(code, THRESHOLDS[code])
        if count and 100 * count > most * answers:
            yield case.finding(
                code, count=count, steps=answers, share=round(100 * count / answers, 1)
            )
    yield from claims.printed(case)


def _repeatable(case: Case) -> Findings:
    """Say what keeps the same run from giving the same answers once more."""
    sent, server = case.result.protocol, case.result.model.server
    if (sent.temperature or 0) > 0 and sent.seeding in ("none", "unknown"):
        yield case.finding("chance-unseeded", key="protocol.seeding", temperature=sent.temperature)
    marks = (server.system_fingerprint or "").split(", ") if server else []
    if len(marks) > 1:
        key = "model.server.system_fingerprint"
        yield case.finding("server-several", key=key, count=len(marks))


CHECKS = (
    _suite, _run, _completeness, _template, _training, _audit, claims.integrity, _protocol,
    _room, _cautions,
)  # fmt: skip
