"""Audits of chat templates that a workspace keeps: `audits/SLUG.json`, read, written and matched.

For the site's matrix of models and checks: `workspace.audits` are its rows, by the models' names.
`Audit.checks` is one row, a cell for each of `CHECKS`, in order; the column's heading is the
message `audit.check.CHECK`, the cell's words `audit.CHECK.VALUE` with the cell's `values` (or
`audit.state.STATE` where it has no value), its colour the cell's `state`. What is behind a cell
are the findings of `Audit.all_findings` with the same `check`; `as_finding` makes them what `Words`
can say, with remedies.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ...eval import records
from ...eval.audit import findings as audited
from ...eval.audit.reports import VERSION, Audit, Landing, Pick
from ...eval.errors import ConfigError
from ...eval.records import Result
from ..words.catalogue import Words
from ..words.findings import AUDITING, Finding, Verdict
from ..words.machines import cleaned, named, without_paths
from ..words.names import slugs

FOLDER = "audits"
SHORT = 12
"""Digits of a hash that are shown."""
LONGEST = 4 << 20
"""Bytes of one file."""


def read_audits(root: Path, hashes: dict[str, str] | None = None) -> tuple[Audit, ...]:
    """Return the audits below the workspace *root*, by the names of their files.

    Each file's SHA-256 is noted in *hashes*. Raises ConfigError, naming the file, for one that
    cannot be used.
    """
    folder = root / FOLDER
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return tuple(_read(path, {} if hashes is None else hashes) for path in paths)


def write_audit(root: Path, audit: Audit) -> Path:
    """Write *audit* below the workspace *root*, in the place of an older one; return its path."""
    path = root / FOLDER / f"{slugs([audit.model])[0]}.json"
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(records.encode(audit))
    aside.replace(path)
    return path


def as_finding(finding: audited.Finding, file: str | None = None) -> Finding:
    """Return what an audit found as a finding that can be said and judged."""
    return Finding(
        code=finding.code, severity=finding.severity, file=file, values=dict(finding.values)
    )


def picked(picks: Iterable[Pick], words: Words) -> Iterator[str]:
    """Yield which engines take which template, those that take the same one in one line."""
    takers: dict[tuple[bool, str | None], list[str]] = {}
    for pick in picks:
        takers.setdefault((pick.tools, pick.place), []).append(pick.engine)
    for (tools, place), engines in takers.items():
        if not tools or takers.get((False, place)) != engines:
            key = "audit.pick.tools" if tools else "audit.pick"
            taken = place if place is not None else words.text("audit.pick.none")
            yield words.text(key, engines=", ".join(engines), place=taken)


def landed(one: Landing, words: Words) -> str:
    """Say which rung of an engine answers, and whether that one is wrong for the file."""
    told = words.text(f"audit.rung.{one.rung}", format=one.format, edits=one.edits)
    state = {True: "wrong", False: "right", None: "unknown"}[one.wrong]
    if one.rung == "none" or (one.rung == "metadata" and not one.wrong):
        return told
    if one.rung == "metadata":
        state = "unloadable"
    return f"{told}; {words.text(f'audit.rung.{state}')}"


def why_wrong(one: Landing, words: Words) -> str | None:
    """Say where the prompts of a wrong rung part from those of the file's template."""
    if one.probe is None:
        return None
    ones, others = one.rung_says, one.template_says
    return words.text("audit.rung.why", probe=one.probe, ones=ones, others=others)


def owners(audit: Audit) -> dict[str, str]:
    """Return by finding the hashes of its templates, where it is not of all of them."""
    held: dict[str, list[str]] = {}
    for report in audit.reports:
        for finding in report.findings:
            held.setdefault(str(finding), []).append((report.sha256 or "untold")[:SHORT])
    return {
        finding: f" ({', '.join(hashes)})"
        for finding, hashes in held.items()
        if len(hashes) < len(audit.reports)
    }


def audit_of(names: Iterable[str], audits: Sequence[Audit]) -> Audit | None:
    """Return the audit of the model with one of *names*, in any case of letters."""
    wanted = {name.lower() for name in names}
    return next((audit for audit in audits if audit.model.lower() in wanted), None)


def told_by_audits(
    result: Result, audits: Sequence[Audit], policy: Mapping[str, Verdict]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what the judge has to say of *result*: a code and its values.

    Only an audit of the very template that was used can tell of it; one of another tells that the
    model ships another now.
    """
    used, model = result.prompts.template_sha256, result.model
    audit = audit_of([model.adapter.id if model.adapter else model.id], audits)
    if audit is None or used is None:
        return
    report = next((one for one in audit.reports if one.sha256 == used), None)
    if report is None:
        from ...eval.audit.drift import drift_since  # and all that renders templates

        drift = drift_since(used, audit)
        if drift is not None and drift.code == "audit-drift-recorded":
            yield "template-moved", {name: str(drift.values[name]) for name in ("was", "now")}
        return
    for code, verdict in (("template-faulty", "unranked"), ("template-doubtful", "warning")):
        codes = {one.code for one in (*report.findings, *audit.findings)}
        named = [one for one in sorted(codes) if verdict_of(one, policy) == verdict]
        if named:
            yield code, {"codes": ", ".join(named)}


def verdict_of(code: str, policy: Mapping[str, Verdict]) -> Verdict:
    """Return what the judge makes of the *code* of an audit, by the *policy* of a workspace."""
    return policy.get(code, AUDITING.get(code, "off"))


def _clean(text: str, key: str) -> str:
    """Return *text* without paths of machines; what engines send is shown as it is."""
    if key == "model":
        return named(text)
    return text if key.endswith((".ones", ".others")) else without_paths(text)


def _read(path: Path, hashes: dict[str, str]) -> Audit:
    file = f"{FOLDER}/{path.name}"
    remedy = "Write it anew with: cardboard audit MODEL --save."
    try:
        with path.open("rb") as source:
            data = source.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise ConfigError(f"has more than {LONGEST} bytes", file=file, remedy=remedy)
        audit = msgspec.convert(cleaned(msgspec.json.decode(data), _clean), Audit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"is no audit: {error}", file=file, remedy=remedy) from None
    except OSError as error:
        raise ConfigError(error.strerror or "cannot be read", file=file) from None
    if audit.version != VERSION:
        raise ConfigError(f"is of version {audit.version}", file=file, key="version", remedy=remedy)
    hashes[os.fsencode(file).decode("utf-8", "replace")] = hashlib.sha256(data).hexdigest()
    return audit
