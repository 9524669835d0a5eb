"""What an audit may have to say: its checks, and every code with its severity."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Severity = Literal["info", "warning", "error"]
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
    "calls",
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
    "audit-base-untold": ("engines", "info"),
    "audit-file-unreadable": ("template", "error"),
    "audit-no-template": ("template", "error"),
    "audit-mistral-common": ("template", "info"),
    "audit-template-untold": ("template", "info"),
    "audit-template-named": ("template", "info"),
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
    "audit-second-system-refused": ("system", "info"),
    "audit-second-system-lost": ("system", "warning"),
    "audit-system-lost-with-tools": ("system", "warning"),
    "audit-developer-refused": ("system", "info"),
    "audit-developer-lost": ("system", "info"),
    "audit-alternation": ("alternation", "info"),
    "audit-turn-lost": ("alternation", "error"),
    "audit-one-turn": ("alternation", "warning"),
    "audit-talk-refused": ("alternation", "error"),
    "audit-prompt-cut": ("generation-prompt", "error"),
    "audit-prompt-short": ("generation-prompt", "info"),
    "audit-prompt-rewrites": ("generation-prompt", "warning"),
    "audit-prompt-other": ("generation-prompt", "warning"),
    "audit-prompt-boundary": ("generation-prompt", "warning"),
    "audit-bos-doubled": ("bos", "error"),
    "audit-bos-late": ("bos", "error"),
    "audit-bos-missing": ("bos", "warning"),
    "audit-bos-added-again": ("bos", "info"),
    "audit-end-missing": ("end", "error"),
    "audit-end-at-next-turn": ("end", "info"),
    "audit-end-not-stop": ("end", "error"),
    "audit-end-not-token": ("end", "error"),
    "audit-marks-not-tokens": ("end", "warning"),
    "audit-eos-untold": ("end", "warning"),
    "audit-pad-ends-turn": ("end", "warning"),
    "audit-pad-is-eos": ("end", "info"),
    "audit-turns-unbalanced": ("turns", "warning"),
    "audit-thinking-ignored": ("thinking", "warning"),
    "audit-thinking-other": ("thinking", "info"),
    "audit-thoughts-stripped": ("thoughts", "warning"),
    "audit-tools-ignored": ("tools", "info"),
    "audit-tools-refused": ("tools", "warning"),
    "audit-tool-call-lost": ("tools", "warning"),
    "audit-tool-result-lost": ("tools", "warning"),
    "audit-second-call-lost": ("tools", "warning"),
    "audit-second-call-refused": ("tools", "info"),
    "audit-tool-arguments": ("tools", "info"),
    "audit-tools-escaped": ("tools", "info"),
    "audit-call-changed": ("calls", "warning"),
    "audit-call-unread": ("calls", "info"),
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
    "audit-mask-misses": ("mask", "error"),
    "audit-mask-covers": ("mask", "error"),
    "audit-mask-head": ("mask", "warning"),
    "audit-mask-wide": ("mask", "info"),
    "audit-history-rewritten": ("prefix", "warning"),
    "audit-date": ("date", "warning"),
    "audit-kwarg-unread": ("kwargs", "warning"),
    "audit-family-mark-missing": ("family", "error"),
    "audit-family-mark-foreign": ("family", "error"),
    "audit-family-rule": ("family", "warning"),
    "audit-family-known": ("family", "info"),
    "audit-family-superseded": ("family", "warning"),
    "audit-engines-differ": ("engines", "warning"),
    "audit-engine-cannot-load": ("engines", "warning"),
    "audit-engines-variables": ("engines", "warning"),
    "audit-engines-language": ("engines", "warning"),
    "audit-engines-messages": ("engines", "warning"),
    "audit-engines-prompts": ("engines", "warning"),
    "audit-engines-also": ("engines", "info"),
    "audit-ollama-untold": ("engines", "info"),
    "audit-ollama-system": ("engines", "info"),
    "audit-ollama-from": ("engines", "info"),
    "audit-adapter-differs": ("engines", "warning"),
    "audit-statement-foreign": ("engines", "warning"),
    "audit-generation-tag": ("engines", "info"),
    "audit-generation-spelled": ("engines", "info"),
    "audit-only-jinja": ("engines", "info"),
    "audit-response-template": ("engines", "warning"),
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
    "audit-contract-boundary": ("contract", "error"),
    "audit-contract-endless": ("contract", "error"),
    "audit-contract-closed": ("contract", "warning"),
    "audit-contract-rules": ("contract", "warning"),
    "audit-contract-rules-refused": ("contract", "warning"),
    "audit-contract-rules-same": ("contract", "info"),
    "audit-contract-shape": ("contract", "info"),
    "audit-contract-unwanted": ("contract", "warning"),
    "audit-contract-weights": ("contract", "info"),
    "audit-contract-misses": ("contract", "error"),
    "audit-contract-covers": ("contract", "error"),
    "audit-contract-wide": ("contract", "info"),
    "audit-contract-unmasked": ("contract", "warning"),
    "audit-contract-tokens": ("contract", "error"),
    "audit-contract-labels": ("contract", "error"),
    "audit-contract-cut": ("contract", "warning"),
}
"""Every code: the check it belongs to, and how grave it is."""


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


def found(code: str, **values: Value) -> Finding:
    """Return the finding *code* with its check and severity."""
    check, severity = CODES[code]
    return Finding(code=code, check=check, severity=severity, values=values)
