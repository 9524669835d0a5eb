"""Two sources compared: the same template, the same prompts, or the first place where they part."""

from collections.abc import Iterable, Iterator, Mapping

from ..sandbox.rendering import Limits, Rendered
from .checks.cases import difference
from .findings import Finding, found
from .rendering.probes import PROBES
from .rendering.trials import try_all
from .reports import Audit
from .sources.engines import taken
from .sources.sources import Source

Renders = Mapping[str, Rendered]

_SHORT = 12


def drift(ours: Source, theirs: Source, limits: Limits | None = None) -> tuple[Finding, ...]:
    """Compare *ours*, what is used now, with *theirs*; no findings where nothing differs.

    Either may be a result, which keeps no more than a hash.
    """
    for one, other in ((ours, theirs), (theirs, ours)):
        if one.kind == "result":
            hashes = [other.recorded] if other.kind == "result" else _hashes(other)
            return tuple(_recorded(one.recorded, hashes, other.name))
    return (*_between(ours, theirs, limits), *_with_tools(ours, theirs, limits))


def drift_since(recorded: str | None, now: Audit) -> Finding | None:
    """Compare the hash that a result *recorded* with the templates that the model ships *now*.

    `None` where it is one of them; a stored audit is enough to tell, no template is rendered.
    """
    hashes = [report.sha256 for report in now.reports]
    return next(_recorded(recorded, hashes, now.model), None)


def _hashes(source: Source) -> list[str | None]:
    return [template.sha256 for tools in (False, True) if (template := taken(source, tools))]


def _recorded(recorded: str | None, now: list[str | None], model: str) -> Iterator[Finding]:
    known = [one for one in now if one is not None]
    if recorded is None or not known:
        yield found("audit-drift-unknown")
    elif recorded not in known:
        yield found(
            "audit-drift-recorded", was=recorded[:_SHORT], now=known[0][:_SHORT], model=model
        )


def _between(ours: Source, theirs: Source, limits: Limits | None) -> Iterator[Finding]:
    templates = {id(source): taken(source, tools=False) for source in (ours, theirs)}
    known = [
        source.program(template)
        for source in (ours, theirs)
        if (template := templates[id(source)]) is not None
    ]
    done = iter(try_all(known, limits))
    mine, other = (
        next(done).renders if templates[id(source)] is not None else source.renders
        for source in (ours, theirs)
    )
    if mine is None or other is None:
        yield found("audit-drift-unknown")
        return
    one, two = templates[id(ours)], templates[id(theirs)]
    if one is not None and two is not None and one.text != two.text:
        yield found("audit-drift-text", ours=one.sha256[:_SHORT], theirs=two.sha256[:_SHORT])
    yield from _first_difference(mine, other)


def _with_tools(ours: Source, theirs: Source, limits: Limits | None) -> Iterator[Finding]:
    """Compare what conversations with tools go through, where that is another template."""
    one, two = taken(ours, tools=True), taken(theirs, tools=True)
    plain = {taken(ours, tools=False), taken(theirs, tools=False)}
    if one is None or two is None or one.text == two.text or plain == {one, two}:
        return
    yield found("audit-drift-text", ours=one.sha256[:_SHORT], theirs=two.sha256[:_SHORT])
    mine, other = try_all([ours.program(one), theirs.program(two)], limits, for_tools=[True, True])
    with_tools = [name for name, probe in PROBES.items() if probe.tools]
    yield from _first_difference(mine.renders, other.renders, with_tools)


def _first_difference(
    mine: Renders, other: Renders, names: Iterable[str] = PROBES
) -> Iterator[Finding]:
    for name in names:
        here, there = mine.get(name), other.get(name)
        if here is None or there is None:
            continue
        if (here.text, here.problem) != (there.text, there.problem):
            _, ours, theirs = difference(_outcome(here), _outcome(there))
            yield found("audit-drift-render", probe=name, ours=ours, theirs=theirs)
            return


def _outcome(rendered: Rendered) -> str:
    return rendered.text if rendered.text is not None else f"({rendered.error or rendered.problem})"
