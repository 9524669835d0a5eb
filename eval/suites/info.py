"""What a suite is: identity, size and parts, as text or as a block for board.toml."""

import json
from collections import Counter

from msgspec import Struct

from ..score.scoring import bucket_of
from .suite import Suite


class Facts(Struct, frozen=True, kw_only=True):
    """The figures of a suite; `fingerprint` and `keys_sha256` are defined in `identity`."""

    name: str
    version: str | None
    steps: int
    tasks: int
    fingerprint: str
    keys_sha256: str
    buckets: dict[str, int]
    source_groups: dict[str, int]
    empty_references: int
    units_per_reference: float
    """Mean number of command units, two decimals."""
    longest_prompt_chars: int


def facts(suite: Suite) -> Facts:
    """Return the figures of *suite*."""
    buckets = Counter(bucket_of(row.step_idx) for row in suite.rows)
    units = sum(len(row.ref_command_units) for row in suite.rows)
    return Facts(
        name=suite.name,
        version=suite.version,
        steps=len(suite.rows),
        tasks=suite.tasks,
        fingerprint=suite.fingerprint,
        keys_sha256=suite.keys_sha256,
        buckets={name: buckets[name] for name in ("early", "mid", "late") if buckets[name]},
        source_groups=suite.source_groups,
        empty_references=sum(not row.ref_command_units for row in suite.rows),
        units_per_reference=round(units / len(suite.rows), 2),
        longest_prompt_chars=max(
            sum(len(turn.content) for turn in row.messages) or len(row.prompt or "")
            for row in suite.rows
        ),
    )


def as_text(told: Facts) -> str:
    """Return *told* as lines of `name  value`."""
    lines = {
        "suite": f"{told.name} {told.version or '(no version)'}",
        "steps": f"{told.steps} of {told.tasks} tasks",
        "fingerprint": told.fingerprint,
        "step ids": told.keys_sha256,
        "buckets": _counts(told.buckets),
        "source groups": _counts(told.source_groups),
        "references": f"{told.units_per_reference:.2f} command units on average, "
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
        "keys_sha256": told.keys_sha256,
        "empty_references": told.empty_references,
    }
    lines = ["[[suites]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    for table in ("buckets", "source_groups"):
        lines += ["", f"[suites.{table}]"]
        lines += [f"{json.dumps(key)} = {count}" for key, count in getattr(told, table).items()]
    return "\n".join(lines)


def _counts(parts: dict[str, int]) -> str:
    return ", ".join(f"{name or '(none)'} {count}" for name, count in parts.items())
