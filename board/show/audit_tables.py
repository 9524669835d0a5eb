"""Audits of chat templates in the words of a language, or as JSON for programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
import msgspec

from ...eval.audit.checks.families import families
from ...eval.audit.findings import Finding
from ...eval.audit.preview import Sent
from ...eval.audit.reports import Audit, Check
from ...eval.audit.sources.sources import Source
from ...eval.training.contract import Contract
from ..words.catalogue import Words
from ..words.findings import GRAVEST_FIRST
from ..words.names import line, visible
from ..workspace.audits import SHORT, as_finding, landed, owners, picked, why_wrong
from .tables import dump


def print_audits(
    audits: Iterable[Audit], *, form: str, language: str, everything: bool = False
) -> None:
    """Print *audits* as `text` or `json`; notes, and what is right, only with *everything*."""
    words = Words(language)
    if form == "json":
        click.echo(dump([_document(audit, words) for audit in audits]))
        return
    for audit in audits:
        click.echo("\n".join([*_lines(audit, words, everything), ""]))


def print_previews(
    previews: Iterable[tuple[Source, Sequence[Sent]]], *, form: str, language: str
) -> None:
    """Print what engines would send, those that send the same together, as `text` or `json`."""
    words = Words(language)
    if form == "json":
        told = [
            {"model": source.name, "kind": source.kind, "prompts": msgspec.to_builtins(sent)}
            for source, sent in previews
        ]
        click.echo(dump(told))
        return
    for source, sent in previews:
        click.echo(f"{line(source.name)} ({source.kind})")
        groups: dict[tuple[str | None, str], list[Sent]] = {}
        for one in sent:
            groups.setdefault((one.prompt, one.error), []).append(one)
        for same in groups.values():
            click.echo("\n".join([*_sent(same, words), ""]))


def _sent(same: Sequence[Sent], words: Words) -> Iterator[str]:
    """Yield what the engines of *same* send alike."""
    first = same[0]
    places = ", ".join(dict.fromkeys(line(one.place) for one in same if one.place))
    takers = ", ".join(one.engine for one in same)
    taken = places or words.text("audit.pick.none")
    yield f"  {words.text('audit.pick', engines=takers, place=taken)}"
    if first.tokens is not None:
        yield f"  {words.text('audit.preview.tokens', count=first.tokens)}"
    if first.prompt is None:
        yield f"  {words.text('audit.preview.none', error=line(first.error))}"
    else:
        # Whatever the template writes, nothing of it rules the terminal.
        yield visible(first.prompt, kept="\n\t")


def print_contract(contract: Contract, *, form: str, language: str, err: bool = False) -> None:
    """Print what was found of a training file, as `text` or `json`; *err* on standard error."""
    words = Words(language)
    if form == "json":
        told = [_said(finding, words) for finding in contract.findings]
        conversations = msgspec.to_builtins(contract.conversations)
        figures = contract.figures
        click.echo(dump({"figures": figures, "findings": told, "conversations": conversations}))
        return
    for name, value in contract.figures.items():
        click.echo(f"{words.text(f'audit.figure.{name}')}: {_plain(value)}", err=err)
    for said in _found(contract.findings, words, everything=True):
        click.echo(said, err=err)


def _lines(audit: Audit, words: Words, everything: bool) -> Iterator[str]:
    family = families().get(audit.family or "")
    about = [audit.kind, audit.revision, family.title if family else None]
    yield f"{line(audit.model)} ({', '.join(line(one) for one in about if one)})"
    for report in audit.reports:
        places = ", ".join(line(place) for place in report.places)
        yield f"  {(report.sha256 or 'untold')[:SHORT]}  {places}"
    for pick in picked(audit.picks, words):
        yield f"  {line(pick)}"
    for one in audit.rungs:
        yield f"  {line(words.text('audit.rung', engine=one.engine, rung=landed(one, words)))}"
        if why := why_wrong(one, words):
            yield f"    {visible(why)}"
    if everything:
        for check in audit.checks:
            if check.state != "unknown":
                yield f"  {check.state:<8} {words.text(f'audit.check.{check.check}')}: " + _cell(
                    check, words
                )
    yield from _found(audit.all_findings, words, everything, owners(audit))


def _found(
    findings: Iterable[Finding],
    words: Words,
    everything: bool,
    of: Mapping[str, str] = {},  # never changed
) -> Iterator[str]:
    """Yield findings with their remedies, the gravest first; notes only with *everything*."""
    shown = [one for one in findings if everything or one.severity != "info"]
    for finding in sorted(shown, key=lambda one: GRAVEST_FIRST.index(one.severity)):
        said = as_finding(finding)
        where = of.get(str(finding), "")
        yield f"  {finding.severity:<8} {finding.code}{where}: {words.finding(said)}"
        remedy = words.remedy(said)
        if remedy is not None:
            yield f"           {remedy}"


def _cell(check: Check, words: Words) -> str:
    if check.value is None:
        return words.text("audit.state.ok" if check.state == "ok" else f"severity.{check.state}")
    return words.text(f"audit.{check.check}.{check.value}", **_short(check.values))


def _document(audit: Audit, words: Words) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(audit)
    document["findings"] = [
        {**_said(finding, words), "templates": _templates(finding, audit)}
        for finding in audit.all_findings
    ]
    for report in document["reports"]:
        del report["findings"]
    return document


def _templates(finding: Finding, audit: Audit) -> list[dict[str, Any]]:
    """Return the templates that *finding* is of; none for one on the source as a whole."""
    return [
        {"sha256": report.sha256, "places": list(report.places)}
        for report in audit.reports
        if finding in report.findings
    ]


def _said(finding: Finding, words: Words) -> dict[str, Any]:
    said = as_finding(finding)
    return {
        **msgspec.to_builtins(finding),
        "message": words.finding(said),
        "remedy": words.remedy(said),
    }


def _short(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: line(value) if isinstance(value, str) else value for name, value in values.items()
    }


def _plain(value: float | int | None) -> str:
    return "–" if value is None else f"{value:g}"
