"""What a suite is: identity, size and parts, as text or as a block for board.toml."""

import json

from msgspec import Struct

from ..errors import plural
from .kinds.registry import DEFAULT
from .suite import Suite

_TABLES = ("bucket", "source_group")
"""Divisions whose tables in `board.toml` have names of their own."""


class Facts(Struct, frozen=True, kw_only=True):
    """The figures of a suite; its hashes are defined in `fingerprints`."""

    name: str
    version: str | None
    kind: str
    steps: int
    tasks: int
    fingerprint: str
    prompts_sha256: str
    keys_sha256: str
    divisions: dict[str, dict[str, int]]
    empty_references: int
    units_per_reference: float
    """Mean number of units that answers are compared with, two decimals."""
    longest_prompt_chars: int
    output: dict[str, str] = {}
    """What answers look like, by language, where the kind's words do not say it."""


def facts(suite: Suite) -> Facts:
    """Return the figures of *suite*."""
    kind, references = suite.of_kind, [row.reference for row in suite.rows]
    units = sum(len(kind.identity(reference)) for reference in references)
    return Facts(
        name=suite.name,
        version=suite.version,
        kind=suite.kind,
        steps=len(suite.rows),
        tasks=suite.tasks,
        fingerprint=suite.fingerprint,
        prompts_sha256=suite.prompts_sha256,
        keys_sha256=suite.keys_sha256,
        divisions=suite.divisions,
        empty_references=sum(map(kind.is_empty, references)),
        units_per_reference=round(units / len(suite.rows), 2),
        output=kind.output(suite.rows),
        longest_prompt_chars=max(
            sum(len(turn.content) for turn in row.conversation) for row in suite.rows
        ),
    )


def as_text(told: Facts) -> str:
    """Return *told* as lines of `name  value`."""
    lines = {
        "suite": f"{told.name} {told.version or '(no version)'}",
        "steps": f"{told.steps} of {plural(told.tasks, 'task')}",
        "fingerprint": told.fingerprint,
        "prompts": told.prompts_sha256,
        "step ids": told.keys_sha256,
        **{
            _plural(name).replace("_", " "): _counts(told.divisions[name])
            for name in told.divisions
        },
        "references": f"{told.units_per_reference:.2f} units on average, "
        f"{told.empty_references} empty",
        "longest prompt": f"{told.longest_prompt_chars} characters",
    }
    return "\n".join(f"{name:<15} {value}" for name, value in lines.items())


def as_toml(told: Facts) -> str:
    """Return the `[[suites]]` block of `board.toml` by which results on this suite are known."""
    values = {
        "name": told.name,
        "version": told.version or "1",
        "steps": told.steps,
        "tasks": told.tasks,
        "fingerprint": told.fingerprint,
        "prompts_sha256": told.prompts_sha256,
        "keys_sha256": told.keys_sha256,
        "empty_references": told.empty_references,
    }
    if told.kind != DEFAULT:
        values["kind"] = told.kind
    lines = ["[[suites]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    for division, groups in told.divisions.items():
        table = _plural(division) if division in _TABLES else f"divisions.{json.dumps(division)}"
        lines += ["", f"[suites.{table}]"]
        lines += [f"{json.dumps(key)} = {count}" for key, count in groups.items()]
    if told.output:
        lines += ["", "[suites.words.output]"]
        lines += [
            f"{language} = {json.dumps(text, ensure_ascii=False)}"
            for language, text in told.output.items()
        ]
    return "\n".join(lines)


def _plural(division: str) -> str:
    return f"{division}s"


def _counts(parts: dict[str, int]) -> str:
    return ", ".join(f"{name or '(none)'} {count}" for name, count in parts.items())
