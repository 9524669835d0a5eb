"""The audit of sources: their templates rendered, tokenised, checked and told of in reports."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from ..sandbox.rendering import Limits, Rendered, Value
from .checks.cases import Case
from .checks.check_content import check_calls, check_korean, check_null, check_parts, check_tools
from .checks.check_engines import Compared, check_engines, compare, word
from .checks.check_files import check_files, check_response
from .checks.check_history import check_mask, check_prefix
from .checks.check_marks import check_bos, check_end, check_injection, check_turns
from .checks.check_server import served_otherwise
from .checks.check_thinking import check_date, check_kwargs, check_thinking, check_thoughts
from .checks.check_turns import (
    check_alternation,
    check_program,
    check_prompt,
    check_system,
    check_user,
)
from .checks.families import check_family, family_of
from .findings import Finding, Trait, found
from .lint.chatlint import can_lint, lint
from .rendering.encoding import Encoded, Text, encode
from .rendering.trials import Tried, try_all
from .reports import Audit, Report, matrix_row, with_findings, worst
from .sources.engines import disagreements, picks
from .sources.rungs import rungs
from .sources.sources import Found, Source

Kwargs = Mapping[str, Value]

CHECKS = (
    check_program,
    check_user,
    check_system,
    check_alternation,
    check_prompt,
    check_bos,
    check_end,
    check_turns,
    check_thinking,
    check_thoughts,
    check_tools,
    check_calls,
    check_null,
    check_parts,
    check_korean,
    check_injection,
    check_mask,
    check_prefix,
    check_date,
    check_kwargs,
    check_response,
)
ENCODED = ("user", "talk answered")
"""Probes that are looked at token by token."""
STOPPED = ("time", "memory", "output", "crash", "not run", "escape", "syntax")
"""Problems of templates that are not rendered once more as each engine would."""
AUDITED = ("default", "tool_use")
"""Names of templates that engines take by themselves; the others have to be asked for."""


class _Item(Struct, frozen=True, kw_only=True):
    """One template of one source, or what a server renders through without telling it."""

    source: Source
    template: Found | None

    def case(self, tried: Tried, encoded: Mapping[str, Encoded], kwargs: Kwargs) -> Case:
        return Case(
            renders=tried.renders,
            inspection=tried.inspection,
            tokens=self.source.tokens,
            encoded=encoded,
            kwargs=kwargs,
            typed=tried.typed,
            switches=tried.switches,
            text_known=self.template is not None,
        )


def audit(
    sources: Sequence[Source],
    *,
    kwargs: Kwargs | None = None,
    limits: Limits | None = None,
    linting: bool = False,
    comparing: bool = False,
) -> list[Audit]:
    """Audit *sources*; of *kwargs*, those that a template does not read are told.

    Templates that use more than *limits* are stopped, and that is told too. With *linting*,
    chatlint is asked where it is installed. With *comparing*, what engines send is compared.
    """
    items = [item for source in sources for item in _items(source)]
    tried = _tried(items, limits)
    encoded = _encoded(items, tried)
    linted = _linted(items) if linting and can_lint() else {}
    done: dict[int, list[Report]] = {id(source): [] for source in sources}
    first = {
        id(item.source): trial.renders
        for item, trial in reversed(list(zip(items, tried, strict=True)))
    }
    served: dict[int, list[Finding]] = {id(source): [] for source in sources}
    for item, trial, tokens in zip(items, tried, encoded, strict=True):
        place, text = id(item.source), item.template.text if item.template else ""
        case = item.case(trial, tokens, kwargs or {})
        done[place].append(_report(item, case, linted.get(text)))
        if item.template is not None and item.source.renders is not None:
            served[place] += served_otherwise(item.source, item.template, trial)
    compared = _compared(items, tried, limits) if comparing else {}
    return [
        _audit(
            source,
            done[id(source)],
            served[id(source)],
            compared.get(id(source), Compared()),
            first.get(id(source), {}),
        )
        for source in sources
    ]


def _compared(
    items: Sequence[_Item], tried: Sequence[Tried], limits: Limits | None
) -> dict[int, Compared]:
    """Compare what engines send, but for templates that had to be stopped or say nothing."""
    held: dict[int, list[Tried]] = {}
    sources = {id(item.source): item.source for item in items if item.template is not None}
    for item, trial in zip(items, tried, strict=True):
        held.setdefault(id(item.source), []).append(trial)
    calm = [source for key, source in sources.items() if all(_is_calm(one) for one in held[key])]
    return dict(zip(map(id, calm), compare(calm, limits=limits), strict=True))


def _is_calm(tried: Tried) -> bool:
    return not any(one.problem in STOPPED for one in tried.renders.values())


def _items(source: Source) -> list[_Item]:
    """Return the templates of *source* that are to be audited, each text once."""
    held = {one.text: one for one in reversed(source.templates) if one.name in AUDITED}
    first = sorted(held.values(), key=lambda one: (one.name != "default", one.place))
    if not first and source.renders:
        return [_Item(source=source, template=None)]
    return [_Item(source=source, template=template) for template in first]


def _tried(items: Sequence[_Item], limits: Limits | None) -> list[Tried]:
    """Try the templates that are known; what a server made of the others has been asked."""
    known = [(item.source, item.template) for item in items if item.template]
    programs = [source.program(template) for source, template in known]
    for_tools = [_only_tools(source, template) for source, template in known]
    done = iter(try_all(programs, limits, for_tools=for_tools))
    return [
        next(done) if item.template else Tried(renders=item.source.renders or {}) for item in items
    ]


def _only_tools(source: Source, template: Found) -> bool:
    """Tell whether engines take *template* for conversations with tools alone."""
    same = [one for one in source.templates if one.text == template.text]
    return all(one.name == "tool_use" for one in same)


def _linted(items: Sequence[_Item]) -> dict[str, tuple[Finding, ...]]:
    texts = list({item.template.text for item in items if item.template})
    return dict(zip(texts, lint(texts), strict=True))


def _encoded(items: Sequence[_Item], tried: Sequence[Tried]) -> list[dict[str, Encoded]]:
    """Tokenise some renders of each item that has a tokenizer at hand."""
    wanted = [
        (place, name, Text(text, item.source.tokens.file))
        for place, (item, one) in enumerate(zip(items, tried, strict=True))
        if item.source.tokens.file is not None
        for name in ENCODED
        if (text := one.renders[name].text) is not None
    ]
    found: list[dict[str, Encoded]] = [{} for _ in items]
    done = encode([text for _, _, text in wanted])
    for (place, name, _), encoded in zip(wanted, done, strict=True):
        if encoded is not None:
            found[place][name] = encoded
    return found


def _report(item: _Item, case: Case, linted: tuple[Finding, ...] | None) -> Report:
    said = [one for check in CHECKS for one in check(case)]
    if linted is not None:
        said += [Trait(check="lint", value="asked"), *linted]
    traits = tuple(one for one in said if isinstance(one, Trait))
    text = item.template.text if item.template else ""
    shown = text or case.text("talk") or ""
    family = family_of(item.source.model_type, item.source.name, shown)
    if family is not None:
        words = {trait.check: trait.value for trait in traits}
        sha256 = item.template.sha256 if item.template else None
        more = list(check_family(case, *family, sha256, words))
        said += more
        traits += tuple(one for one in more if isinstance(one, Trait))
    findings = tuple(one for one in said if isinstance(one, Finding))
    return Report(
        sha256=item.template.sha256 if item.template else None,
        places=_places(item),
        family=family[0] if family else None,
        checks=matrix_row(findings, traits),
        findings=findings,
    )


def _places(item: _Item) -> tuple[str, ...]:
    """Return where the template of *item* stands, wherever that is."""
    if item.template is None:
        return ()
    return tuple(
        one.place if one.name == "default" else f"{one.place} ({one.name})"
        for one in item.source.templates
        if one.text == item.template.text
    )


def _audit(
    source: Source,
    reports: Sequence[Report],
    served: Sequence[Finding],
    compared: Compared,
    renders: Mapping[str, Rendered],
) -> Audit:
    apart = [*disagreements(source), *check_engines(compared)]
    findings = [*source.findings, *apart, *served, *_by_name(source), *check_files(source)]
    if not reports and source.mistral_common is not None:
        findings.append(found("audit-mistral-common", name=source.mistral_common))
    elif not reports and not source.findings and source.kind not in ("result", "modelfile"):
        findings.append(found("audit-no-template"))
    rows = [report.checks for report in reports]
    agreement = Trait(check="engines", value=word(apart))
    agreed = (agreement,) if picks(source) else ()
    whole = Audit(
        model=source.name,
        kind=source.kind,
        revision=source.revision,
        family=next((report.family for report in reports), None),
        picks=picks(source),
        rungs=rungs(source, renders, compared.renders),
        differences=compared.differences,
        checks=worst([*rows, matrix_row((), agreed)]),
        reports=tuple(reports),
    )
    return with_findings(whole, findings)


def _by_name(source: Source) -> Iterator[Finding]:
    """Tell of the templates that no engine takes by itself."""
    held = {one.name for one in source.templates if one.shelf != "ollama"}
    names = sorted(held - set(AUDITED))
    if names:
        yield found("audit-template-named", names=", ".join(names))
