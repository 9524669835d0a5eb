"""What an audit has to say: its checks, every code and its severity, the report on a template."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Severity = Literal["info", "warning", "error"]
State = Literal["ok", "info", "warning", "error", "unknown"]
Value = str | int | float | bool | None

CHECKS = (
    "template",
    "user",
    "system",
    "alternation",
    "generation-prompt",
    "bos",
    "end",
    "turns",
    "thinking",
    "thoughts",
    "tools",
    "null-content",
    "content-parts",
    "unicode",
    "control-tokens",
    "mask",
    "prefix",
    "date",
    "kwargs",
    "family",
    "engines",
    "drift",
    "lint",
    "contract",
)
"""What is looked at, in the order in which it is shown."""

CODES: Mapping[str, tuple[str, Severity]] = {
    "audit-source-unreadable": ("template", "error"),
    "audit-file-unreadable": ("template", "error"),
    "audit-no-template": ("template", "error"),
    "audit-template-untold": ("template", "info"),
    "audit-syntax": ("template", "error"),
    "audit-endless": ("template", "error"),
    "audit-memory": ("template", "error"),
    "audit-output": ("template", "error"),
    "audit-crash": ("template", "error"),
    "audit-escape": ("template", "error"),
    "audit-user-refused": ("user", "error"),
    "audit-user-lost": ("user", "error"),
    "audit-blanks-changed": ("user", "info"),
    "audit-system-refused": ("system", "info"),
    "audit-system-folded": ("system", "info"),
    "audit-system-lost": ("system", "error"),
    "audit-alternation": ("alternation", "info"),
    "audit-turn-lost": ("alternation", "error"),
    "audit-talk-refused": ("alternation", "error"),
    "audit-prompt-cut": ("generation-prompt", "error"),
    "audit-prompt-short": ("generation-prompt", "info"),
    "audit-prompt-rewrites": ("generation-prompt", "warning"),
    "audit-bos-doubled": ("bos", "error"),
    "audit-bos-late": ("bos", "error"),
    "audit-bos-missing": ("bos", "warning"),
    "audit-bos-added-again": ("bos", "info"),
    "audit-end-missing": ("end", "error"),
    "audit-end-at-next-turn": ("end", "info"),
    "audit-end-not-stop": ("end", "error"),
    "audit-end-not-token": ("end", "error"),
    "audit-marks-not-tokens": ("end", "warning"),
    "audit-turns-unbalanced": ("turns", "warning"),
    "audit-thinking-ignored": ("thinking", "warning"),
    "audit-tools-ignored": ("tools", "info"),
    "audit-tools-refused": ("tools", "warning"),
    "audit-tool-call-lost": ("tools", "warning"),
    "audit-tool-result-lost": ("tools", "warning"),
    "audit-tool-arguments": ("tools", "info"),
    "audit-tools-escaped": ("tools", "info"),
    "audit-null-refused": ("null-content", "warning"),
    "audit-null-kept": ("null-content", "info"),
    "audit-null-printed": ("null-content", "warning"),
    "audit-parts-only": ("content-parts", "info"),
    "audit-parts-refused": ("content-parts", "info"),
    "audit-parts-printed": ("content-parts", "info"),
    "audit-parts-lost": ("content-parts", "warning"),
    "audit-text-changed": ("unicode", "error"),
    "audit-marks-pass": ("control-tokens", "info"),
    "audit-mask-absent": ("mask", "info"),
    "audit-mask-wrong": ("mask", "error"),
    "audit-mask-wide": ("mask", "warning"),
    "audit-history-rewritten": ("prefix", "warning"),
    "audit-date": ("date", "warning"),
    "audit-kwarg-unread": ("kwargs", "warning"),
    "audit-family-mark-missing": ("family", "error"),
    "audit-family-mark-foreign": ("family", "error"),
    "audit-family-rule": ("family", "warning"),
    "audit-family-known": ("family", "info"),
    "audit-family-superseded": ("family", "warning"),
    "audit-engines-differ": ("engines", "warning"),
    "audit-adapter-differs": ("engines", "warning"),
    "audit-statement-foreign": ("engines", "warning"),
    "audit-server-differs": ("engines", "error"),
    "audit-drift-unknown": ("drift", "info"),
    "audit-drift-text": ("drift", "warning"),
    "audit-drift-render": ("drift", "error"),
    "audit-drift-recorded": ("drift", "warning"),
    "audit-lint-error": ("lint", "warning"),
    "audit-lint-warning": ("lint", "info"),
    "audit-lint-failed": ("lint", "info"),
    "audit-contract-row": ("contract", "error"),
    "audit-contract-refused": ("contract", "error"),
    "audit-contract-text": ("contract", "error"),
    "audit-contract-prompt": ("contract", "error"),
    "audit-contract-mask": ("contract", "error"),
    "audit-contract-wide": ("contract", "info"),
    "audit-contract-unmasked": ("contract", "warning"),
    "audit-contract-tokens": ("contract", "error"),
}
"""Every code: the check it belongs to, and how grave it is."""

_RANK: Mapping[State, int] = {"unknown": -1, "ok": 0, "info": 1, "warning": 2, "error": 3}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing to say; the words are in the catalogues under `finding.CODE` and `remedy.CODE`."""

    code: str
    check: str
    severity: Severity
    values: dict[str, Value] = {}


class Trait(Struct, frozen=True, kw_only=True):
    """How a template is in one respect, good or bad: in words under `audit.CHECK.VALUE`."""

    check: str
    value: str
    values: dict[str, Value] = {}


class Check(Struct, frozen=True, kw_only=True):
    """One cell of the matrix of models and checks."""

    check: str
    state: State
    """The gravest of its findings; `unknown` where it could not be looked at."""
    value: str | None = None
    """The trait's word, as in `audit.CHECK.VALUE`."""
    values: dict[str, Value] = {}


class Report(Struct, frozen=True, kw_only=True):
    """What was found of one template."""

    sha256: str | None
    """`None` where a server does not tell the text that it renders through."""
    places: tuple[str, ...]
    """Where it stands: `chat_template.jinja`, `tokenizer.chat_template` ..."""
    family: str | None = None
    """A name in `families.toml`."""
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]


def found(code: str, **values: Value) -> Finding:
    """Return the finding *code* with its check and severity."""
    check, severity = CODES[code]
    return Finding(code=code, check=check, severity=severity, values=values)


def matrix_row(findings: tuple[Finding, ...], traits: tuple[Trait, ...]) -> tuple[Check, ...]:
    """Return one cell for each check, in order; those without trait and finding are `unknown`."""
    by_check = {trait.check: trait for trait in traits}
    states: dict[str, State] = dict.fromkeys(by_check, "ok")
    for finding in findings:
        worst = states.get(finding.check, "ok")
        states[finding.check] = max(worst, finding.severity, key=_RANK.__getitem__)
    return tuple(
        Check(
            check=check,
            state=states.get(check, "unknown"),
            value=by_check[check].value if check in by_check else None,
            values=by_check[check].values if check in by_check else {},
        )
        for check in CHECKS
    )


def worst(rows: Sequence[tuple[Check, ...]]) -> tuple[Check, ...]:
    """Return one row of *rows*: of each check the gravest state and the first trait told."""
    row = []
    for cells in zip(*rows, strict=True):
        told = next((cell for cell in cells if cell.value is not None), cells[0])
        state = max((cell.state for cell in cells), key=_RANK.__getitem__)
        row.append(replace(told, state=state))
    return tuple(row)
