"""What engines send for the same conversations: where they part, and by what."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...sandbox.processes import supervised
from ...sandbox.rendering import NOW, Limits, Program, Rendered
from ..findings import Finding, found
from ..rendering.engines import Asked, Render, Spoken, asked, loaded, mixed, passed, sent
from ..rendering.probes import PROBES, Probe
from ..reports import Difference, Engine
from ..sources.engines import taken_by
from ..sources.sources import Source
from .cases import difference

PLAIN = frozenset(
    ("user", "system", "talk", "long talk", "korean", "tools", "tool result", "tool talk")
)
"""Probes of conversations as people and programs have them: another prompt there is a warning."""
SHARE = 0.5
"""Of the time that a template may use, so much for what each engine makes of it."""


def can_be_sent(probe: Probe) -> bool:
    """Tell whether a client can ask for *probe*: the clock and what follows an answer it cannot."""
    ends_in_answer = probe.messages[-1]["role"] == "assistant"
    return probe.prompt and probe.now == NOW and not probe.nulls and not ends_in_answer


CONVERSATIONS: Mapping[str, Asked] = {
    name: asked(probe) for name, probe in PROBES.items() if can_be_sent(probe)
}


class Compared(Struct, frozen=True, kw_only=True):
    """What engines make of the conversations of one source."""

    renders: Mapping[Engine, Mapping[str, Rendered]] = {}
    """Of each engine that can load the source, by the names of the conversations."""
    differences: tuple[Difference, ...] = ()


class Unit(Struct, frozen=True, kw_only=True):
    """One source: the templates that engines take, and the conversations that they are sent."""

    taken: tuple[tuple[Engine, bool, Program], ...]
    """An engine, whether for conversations with tools, and the template."""
    conversations: Mapping[str, Asked]


def compare(
    sources: Sequence[Source],
    conversations: Mapping[str, Asked] = CONVERSATIONS,
    limits: Limits | None = None,
) -> list[Compared]:
    """Return what every engine that can load one of *sources* sends for *conversations*.

    A source whose templates use more than *limits* has nothing to compare.
    """
    limits = limits or Limits()
    units = [
        Unit(
            taken=tuple(
                (engine, tools, source.program(template))
                for engine, tools, template in taken_by(source)
            ),
            conversations=conversations,
        )
        for source in sources
    ]
    done: list[Compared] = []
    while len(done) < len(units):
        left = units[len(done) :]
        ended = supervised(
            f"{__package__}.engines_process",
            {
                "units": msgspec.to_builtins(left),
                "seconds": SHARE * limits.seconds_in_all,
                "patience": limits.starting,
                "memory_bytes": limits.memory_bytes,
                "characters": limits.characters,
            },
            seconds=(1 + len(left)) * limits.starting,
            output_bytes=limits.output_bytes,
        )
        done += [msgspec.convert(line, Compared) for line in ended.lines]
        if len(ended.lines) < len(left):
            done.append(Compared())
    return done


def compared(unit: Unit, render: Render) -> Compared:
    """Compare all that engines send of one *unit*."""
    had = loaded([(engine, program) for engine, _, program in unit.taken], render)
    spoken = {
        (engine, name): one
        for (engine, tools, _), one in zip(unit.taken, had, strict=True)
        for name, asked_ in unit.conversations.items()
        if bool(asked_.tools) == tools
    }
    done = sent([(one, unit.conversations[name]) for (_, name), one in spoken.items()], render)
    renders: dict[Engine, dict[str, Rendered]] = {}
    for (engine, name), rendered in zip(spoken, done, strict=True):
        renders.setdefault(engine, {})[name] = rendered
    bos = next((one.program.special_tokens.get("bos_token", "") for one in had), "")
    apart = list(_apart(renders, bos))
    told = tuple(_with_reasons(apart, spoken, unit.conversations, render))
    return Compared(renders=renders, differences=told)


def _apart(renders: Mapping[Engine, Mapping[str, Rendered]], bos: str) -> Iterator[Difference]:
    """Yield for each pair of engines each conversation that they send otherwise."""
    for one, other in combinations(renders, 2):
        for name, ours in renders[one].items():
            theirs = renders[other].get(name)
            if theirs is None or "untold" in (ours.problem, theirs.problem):
                continue
            if "ollama" in (one, other):
                # Its templates leave the BOS to the tokens.
                ours, theirs = _without(bos, ours), _without(bos, theirs)
            if _outcome(ours) == _outcome(theirs):
                continue
            _, here, there = difference(_told(ours), _told(theirs))
            yield Difference(one=one, other=other, probe=name, ones=here, others=there)


def _without(bos: str, rendered: Rendered) -> Rendered:
    if rendered.text is None or not bos:
        return rendered
    return replace(rendered, text=rendered.text.removeprefix(bos))


def _outcome(rendered: Rendered) -> tuple[str | None, str | None]:
    """Return what is compared: engines word their refusals each in their own way."""
    return rendered.text, rendered.problem


def _told(rendered: Rendered) -> str:
    return rendered.text if rendered.text is not None else f"({rendered.error or rendered.problem})"


def _with_reasons(
    apart: Sequence[Difference],
    spoken: Mapping[tuple[Engine, str], Spoken],
    conversations: Mapping[str, Asked],
    render: Render,
) -> Iterator[Difference]:
    """Yield the differences with their reasons, found by changing one aspect at a time.

    Only the first of each pair of engines is tried; the others rest on the same profiles.
    """
    firsts = {(one.one, one.other): one for one in reversed(apart)}
    tries = [
        (pair, aspect, mixture, conversations[first.probe])
        for pair, first in firsts.items()
        for aspect, mixture in _mixtures(*(spoken[engine, first.probe] for engine in pair)).items()
    ]
    done = sent([(mixture, one) for _, _, mixture, one in tries], render)
    outcomes = {
        (pair, aspect): _outcome(rendered)
        for (pair, aspect, _, _), rendered in zip(tries, done, strict=True)
    }
    for one in apart:
        pair = (one.one, one.other)
        ours, theirs = (spoken[engine, one.probe] for engine in pair)
        why = tuple(
            aspect
            for of, aspect in outcomes
            if of == pair and aspect and outcomes[pair, aspect] != outcomes[pair, ""]
        )
        names = _read(ours.program, passed(ours.engine, theirs.engine))
        yield replace(one, why=why, names=names if "variables" in why else ())


def _mixtures(ours: Spoken, theirs: Spoken) -> dict[str, Spoken]:
    if ours.program.text != theirs.program.text:  # two templates: no aspect of an engine
        return {}
    return {"": ours, **mixed(ours, theirs)}


def _read(program: Program, names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if re.search(rf"\b{name}\b", program.text)))


def check_engines(found_of: Compared) -> Iterator[Finding]:
    """Tell of engines that cannot load the template, and of each pair that sends other prompts.

    Engines that send the same in everything are told of together.
    """
    cannot = {
        engine: next(iter(renders.values())).error
        for engine, renders in found_of.renders.items()
        if renders and all(one.problem == "syntax" for one in renders.values())
    }
    untold = {
        engine: next(iter(hidden)).error
        for engine, renders in found_of.renders.items()
        if (hidden := [one for one in renders.values() if one.problem == "untold"])
    }
    for error in untold.values():
        yield found("audit-ollama-untold", error=error)
    if len(cannot) < len(found_of.renders):
        for engine, error in cannot.items():
            yield found("audit-engine-cannot-load", engine=engine, error=error)
    groups: list[list[Engine]] = []
    for engine in (one for one in found_of.renders if one not in cannot and one not in untold):
        same = next((one for one in groups if _same(found_of, one[0], engine)), None)
        groups.append([engine]) if same is None else same.append(engine)
    for place, (ours, theirs) in enumerate(combinations(groups, 2)):
        yield _first(found_of, ours, theirs, of_first=place < len(groups) - 1)


def _same(found_of: Compared, one: Engine, other: Engine) -> bool:
    return not any({one, other} == {each.one, each.other} for each in found_of.differences)


def _first(
    found_of: Compared, ours: Sequence[Engine], theirs: Sequence[Engine], *, of_first: bool
) -> Finding:
    """Tell of the first difference; those between two others than the first engine follow."""
    pair = {ours[0], theirs[0]}
    apart = [one for one in found_of.differences if {one.one, one.other} == pair]
    first = next((one for one in apart if one.probe in PLAIN), apart[0])
    aspect = first.why[0] if first.why else "prompts"
    if aspect == "variables" and not first.names:
        aspect = "prompts"
    return found(
        f"audit-engines-{aspect if of_first and first.probe in PLAIN else 'also'}",
        one=", ".join(ours),
        other=", ".join(theirs),
        probe=first.probe,
        count=len(apart),
        of=len(found_of.renders[ours[0]]),
        ones=first.ones,
        others=first.others,
        names=", ".join(first.names),
    )


def word(findings: Sequence[Finding]) -> str:
    """Return in one word how engines agree, as in `audit.engines.WORD`."""
    codes = {one.code for one in findings}
    if "audit-engines-differ" in codes:
        return "differ"
    prompts = any(code.startswith("audit-engines-") for code in codes - {"audit-engines-also"})
    if "audit-engine-cannot-load" in codes:
        return "cannot-load"
    return "prompts" if prompts else "rarely" if "audit-engines-also" in codes else "agree"
