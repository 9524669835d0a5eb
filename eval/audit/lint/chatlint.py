"""What `chatlint` says of templates, where it is installed: its rules, in a process of ours."""

import importlib.util
from collections.abc import Sequence

from ...sandbox.processes import supervised
from ..findings import Finding, found

SECONDS = 10.0
"""For one template."""
_MEMORY, _OUTPUT = 1 << 30, 64 << 20
_REFUSES = "renders"
"""The rule that every conversation renders: a model may be made for fewer, as our checks tell."""


def can_lint() -> bool:
    """Tell whether chatlint is installed."""
    return importlib.util.find_spec("chatlint") is not None


def lint(texts: Sequence[str]) -> list[tuple[Finding, ...]]:
    """Return what chatlint has to say of each of the templates *texts*, rule by rule."""
    done: list[tuple[Finding, ...]] = []
    while len(done) < len(texts):
        left = texts[len(done) :]
        ended = supervised(
            f"{__package__}.chatlint_process",
            {"templates": list(left), "seconds": SECONDS, "memory_bytes": _MEMORY},
            seconds=SECONDS * (1 + len(left)),
            output_bytes=_OUTPUT,
        )
        done += [tuple(map(_finding, line["said"])) for line in ended.lines]
        if len(ended.lines) < len(left):
            done.append((found("audit-lint-failed", error=ended.words or "it was stopped"),))
    return done


def _finding(said: dict[str, str | int]) -> Finding:
    grave = said["tier"] == "error" and said["rule"] != _REFUSES
    code = "audit-lint-error" if grave else "audit-lint-warning"
    return found(
        code, rule=said["rule"], count=said["count"], shape=said["shape"], detail=said["detail"]
    )
