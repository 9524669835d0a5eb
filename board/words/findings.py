"""What a reader, the judge or an audit may have to say: every code, how grave, and its evidence."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Severity = Literal["info", "warning", "error"]
Verdict = Literal["unranked", "warning", "info", "off"]
Value = str | int | float | bool | None
THRESHOLDS = {"answers-cut": 5.0, "answers-blank": 5.0, "answers-equal-reference": 90.0}
"""Limits of warnings in per cent; those of a kind's doubts are in the metric's own unit."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing to say about one file.

    The words come from the catalogues under `finding.<code>`, filled in with *values*.
    """

    code: str
    severity: Severity
    file: str | None = None
    sha256: str | None = None
    key: str | None = None
    """Where in the file, e.g. `metrics.accuracy.value`."""
    values: dict[str, Value] = {}


# A verdict here is the default policy; `[policy]` in board.toml may give another by the same code.
# Codes of files that hold no rankable result at all (READING) are facts, not policy.
READING: dict[str, Severity] = {
    "unreadable": "error",
    "is-directory": "error",
    "too-large": "error",
    "not-json": "error",
    "not-an-object": "error",
    "not-finite": "error",
    "number-too-long": "error",
    "too-deep": "error",
    "duplicate-key": "error",
    "wrong-type": "error",
    "out-of-range": "error",
    "missing-key": "error",
    "unknown-shape": "error",
    "newer-version": "error",
    "proxy": "error",
    "other-encoding": "error",
    "tool-unfit": "error",
    "other-form": "error",
    "rows-alone": "error",
    "beside-alone": "error",
    "no-result-inside": "error",
    "over-limit": "error",
    "table-unmapped": "error",
    "beside-unusable": "warning",
    "samples-short": "warning",
    "part-repeated": "warning",
    "model-not-named": "warning",
    "direction-unknown": "info",
    "figures-unknown": "info",
    "averages-left-out": "info",
    "timing-only": "info",
    "other-file": "info",
    "shard": "warning",
    "part-of-run": "warning",
    "status-file": "info",
    "byte-order-mark": "info",
    "value-unusable": "warning",
    "unknown-key": "warning",
    "coerced": "info",
    "naive-time": "info",
    "local-path-dropped": "info",
    "duplicate-file": "info",
}

JUDGING: dict[str, Verdict] = {
    "suite-unknown": "unranked",
    "suite-by-count": "info",
    "run-failed": "unranked",
    "not-eligible": "unranked",
    "incomplete": "unranked",
    "steps-missing": "unranked",
    "steps-foreign": "unranked",
    "references-differ": "unranked",
    "prompts-differ": "unranked",
    "references-missing": "unranked",
    "steps-differ": "unranked",
    "dialogues-differ": "unranked",
    "tools-differ": "unranked",
    "not-isolated": "unranked",
    "steps-duplicated": "unranked",
    "steps-failed": "unranked",
    "score-missing": "unranked",
    "trials-missing": "unranked",
    "percent-as-share": "warning",
    "template-raw": "unranked",
    "template-unknown": "unranked",
    "template-unverifiable": "unranked",
    "template-not-stated": "warning",
    "template-not-applied": "warning",
    "template-contradicted": "unranked",
    "prompt-errors": "unranked",
    "doubled-bos": "unranked",
    "template-faulty": "unranked",
    "template-doubtful": "warning",
    "template-moved": "warning",
    "asked-otherwise": "warning",
    "prompts-truncated": "unranked",
    "cuts-hidden": "unranked",
    "aggregate-mismatch": "unranked",
    "bucket-mismatch": "unranked",
    "rescore-mismatch": "unranked",
    "answers-misread": "unranked",
    "answers-too-long": "unranked",
    "scorer-foreign": "unranked",
    "scorers-differ": "unranked",
    "names-differ": "unranked",
    "off-protocol": "unranked",
    "adjusted": "unranked",
    "post-processed": "unranked",
    "not-checkable-own": "unranked",
    "superseded": "unranked",
    "settings-differ": "warning",
    "count-not-recorded": "warning",
    "attempt-undecided": "unranked",
    "attempt-doubtful": "warning",
    "time-unusable": "warning",
    "identity-unclear": "warning",
    "identity-joined": "info",
    "name-variant": "info",
    "prompts-unchecked": "info",
    "name-confusable": "warning",
    "same-answers": "warning",
    "checkpoint-sweep": "info",
    "protocol-not-recorded": "warning",
    "revision-not-recorded": "warning",
    "valid-json-low": "warning",
    "answers-cut": "warning",
    "answers-blank": "warning",
    "answers-equal-reference": "warning",
    "kwargs-ignored": "warning",
    "chance-unseeded": "warning",
    "server-several": "warning",
    "not-checkable-summary": "info",
    "not-checkable-quoted": "info",
    "printed-differs": "info",
    "name-guessed": "info",
}

# What an audit of the template in use makes of a result, by the audit's code: with `unranked` the
# result is `template-faulty`, with `warning` it is `template-doubtful`. Codes that are not here say
# nothing about scores, unless the policy says so.
AUDITING: dict[str, Verdict] = {
    "audit-user-lost": "unranked",
    "audit-turn-lost": "unranked",
    "audit-one-turn": "unranked",
    "audit-text-changed": "unranked",
    "audit-prompt-cut": "unranked",
    "audit-bos-doubled": "unranked",
    "audit-bos-late": "unranked",
    "audit-end-not-token": "unranked",
    "audit-family-mark-missing": "unranked",
    "audit-family-mark-foreign": "unranked",
    "audit-server-differs": "unranked",
    "audit-escape": "unranked",
    "audit-prompt-other": "warning",
    "audit-system-lost": "warning",
    "audit-bos-missing": "warning",
    "audit-end-missing": "warning",
    "audit-end-not-stop": "warning",
    "audit-marks-not-tokens": "warning",
    "audit-thinking-ignored": "warning",
    "audit-date": "warning",
    "audit-family-superseded": "warning",
}

# Of statements on result files, which no board rests on.
ATTESTING: dict[str, Severity] = {
    "attestation-broken": "error",
    "attestation-stale": "warning",
}

# What a finding means for whoever uses the model: whether it limits the model's use, or leaves
# something open that nobody can know, and the message that says so. Several findings may mean one
# thing. Those that are not here are told by themselves.
MEANINGS: dict[str, tuple[Literal["limit", "open"], str]] = {
    "suite-unknown": ("limit", "means.no-suite"),
    **dict.fromkeys(
        ("run-failed", "incomplete", "steps-missing", "steps-failed", "trials-missing"),
        ("limit", "means.part"),
    ),
    **dict.fromkeys(
        (
            "template-raw",
            "template-unknown",
            "template-unverifiable",
            "template-contradicted",
            "template-faulty",
            "template-doubtful",
            "prompt-errors",
            "doubled-bos",
        ),
        ("limit", "means.prompts"),
    ),
    **dict.fromkeys(
        (
            "steps-duplicated",
            "aggregate-mismatch",
            "bucket-mismatch",
            "rescore-mismatch",
            "answers-misread",
            "answers-too-long",
        ),
        ("limit", "means.refuted"),
    ),
    **dict.fromkeys(
        (
            "steps-foreign",
            "steps-differ",
            "dialogues-differ",
            "tools-differ",
            "references-differ",
            "prompts-differ",
        ),
        ("limit", "means.other-steps"),
    ),
    **dict.fromkeys(("scorer-foreign", "scorers-differ"), ("limit", "means.scorer")),
    "settings-differ": ("limit", "means.settings-differ"),
    "asked-otherwise": ("limit", "means.asked-otherwise"),
    "chance-unseeded": ("open", "means.chance"),
    "server-several": ("open", "means.servers"),
    "answers-blank": ("limit", "means.blank"),
    "answers-equal-reference": ("open", "means.seen"),
    **dict.fromkeys(
        ("names-differ", "identity-unclear", "name-confusable", "same-answers"),
        ("open", "means.names"),
    ),
    "not-isolated": ("open", "means.not-isolated"),
    "count-not-recorded": ("open", "means.maybe-part"),
    "template-not-stated": ("open", "means.template"),
    "template-not-applied": ("open", "means.template"),
    "cuts-hidden": ("open", "means.maybe-truncated"),
    "references-missing": ("open", "means.not-checkable"),
    "prompts-truncated": ("limit", "means.truncated"),
    "kwargs-ignored": ("limit", "means.kwargs"),
    "percent-as-share": ("open", "means.share"),
    "off-protocol": ("limit", "means.settings-differ"),
    "adjusted": ("limit", "means.adjusted"),
    "post-processed": ("limit", "means.adjusted"),
    "valid-json-low": ("limit", "means.valid-json"),
    "answers-cut": ("limit", "means.cut"),
    "template-moved": ("open", "means.moved"),
    "protocol-not-recorded": ("open", "means.settings"),
    "revision-not-recorded": ("open", "means.revision"),
    "not-checkable-own": ("open", "means.not-checkable"),
    "not-checkable-summary": ("open", "means.not-checkable"),
    "not-checkable-quoted": ("open", "means.not-checkable"),
}

SEVERITY_OF: dict[Verdict, Severity] = {"unranked": "error", "warning": "warning", "info": "info"}
GRAVEST_FIRST: tuple[Severity, ...] = ("error", "warning", "info")


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return *findings* without those that say the same as another, gravest first."""
    unique = {(one.code, tuple(sorted(one.values.items()))): one for one in findings}
    return tuple(sorted(unique.values(), key=lambda one: GRAVEST_FIRST.index(one.severity)))


def reading(
    code: str, *, file: str, sha256: str | None = None, key: str | None = None, **values: Value
) -> Finding:
    """Return the finding *code* of a file, with the severity that the table gives it."""
    return Finding(
        code=code, severity=READING[code], file=file, sha256=sha256, key=key, values=values
    )
