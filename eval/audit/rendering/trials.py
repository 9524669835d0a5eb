"""Templates tried with every probe, and again in other ways where they lose or ignore something."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...sandbox.rendering import Inspection, Job, Limits, Program, Rendered, Value, run
from .probes import (
    ANSWER,
    ANSWER_2,
    PROBES,
    QUESTION,
    QUESTION_2,
    RESULT,
    SYSTEM,
    Probe,
    injection,
    typed,
)

Probes = Mapping[str, Probe]

# What turn marks look like where no tokenizer tells: <|im_end|>, <turn|>, <end_of_turn>, [/INST].
MARK = re.compile(r"<\|?[\w.:/-]+\|?>|<｜[^｜<>]+｜>|\[/?[A-Z_]+\]|\[\|\w+\|\]|\[e~\[")
MOST_MARKS = 12
"""Control tokens that the user of the probe `injection` writes."""
AGAIN = 0.25
"""Share of the time of a template that it may use when it is tried again."""
MOST_SWITCHES = 6
"""Settings that are tried where `enable_thinking` changes nothing."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "user": (QUESTION,),
    "system": (SYSTEM, QUESTION),
    "talk answered": (QUESTION, ANSWER, QUESTION_2, ANSWER_2),
    "tool result": (QUESTION, RESULT),
}
"""What has to arrive where a template takes the form in which contents are sent."""
_WAYS: Mapping[str, Callable[[Probe], Probe]] = {
    "parts": typed,
    "user parts": lambda probe: typed(probe, ("user",)),
}
"""Other forms of contents than texts."""
_ENDED = ("time", "memory", "output", "crash", "not run", "syntax")
"""Problems of templates that are not tried again."""
_SWITCH = re.compile(r"think|reason|effort|cot\b", re.IGNORECASE)
_OF_HISTORY = re.compile(r"keep|preserve|clear|truncate|drop|history|interleav|prefix|content")
_VALUES: tuple[Value, ...] = (True, False, "low", "high", "none", "off")


class Tried(Struct, frozen=True, kw_only=True):
    """What came of one template."""

    renders: Mapping[str, Rendered]
    """By the names of the probes."""
    inspection: Inspection = Inspection()
    typed: bool = False
    """Whether contents were sent as lists of parts, as the template refuses or loses texts."""
    switches: tuple[str, ...] = ()
    """Settings that change the prompt in the way of `enable_thinking`, which does not."""


def try_all(
    programs: Sequence[Program],
    limits: Limits | None = None,
    *,
    for_tools: Sequence[bool] | None = None,
) -> list[Tried]:
    """Render every probe by each of *programs*, and look at their texts.

    *for_tools* are those that engines take for conversations with tools alone.
    """
    limits = limits or Limits()
    asked = [
        with_tools(PROBES) if tools else PROBES for tools in for_tools or [False] * len(programs)
    ]
    done = _first(programs, asked, limits)
    more = {
        (place, way): probes
        for place, tried in enumerate(done)
        for way, probes in _again(tried, asked[place])
    }
    again = replace(limits, seconds_in_all=AGAIN * limits.seconds_in_all)
    renders = _rendered([(programs[place], probes) for (place, _), probes in more.items()], again)
    for (place, way), found in zip(more, renders, strict=True):
        done[place] = _better(done[place], way, found)
    return done


def with_tools(probes: Probes) -> Probes:
    """Return *probes* as a template meets them that is taken for conversations with tools."""
    return {name: replace(probe, tools=True) for name, probe in probes.items()}


def _first(programs: Sequence[Program], asked: Sequence[Probes], limits: Limits) -> list[Tried]:
    jobs = []
    for program, probes in zip(programs, asked, strict=True):
        jobs += [probe.job(program) for probe in probes.values()]
        jobs.append(injection(_marks(program)).job(program))
        jobs.append(Job(program=program, inspect=True))
    rendered = iter(run(jobs, limits))
    found = []
    for probes in asked:
        renders = {name: next(rendered) for name in (*probes, "injection")}
        looked = next(rendered).inspection
        found.append(Tried(renders=renders, inspection=looked or Inspection()))
    return found


def _rendered(
    asked: Sequence[tuple[Program, Probes]], limits: Limits
) -> Iterator[dict[str, Rendered]]:
    jobs = [probe.job(program) for program, probes in asked for probe in probes.values()]
    done = iter(run(jobs, limits))
    return ({name: next(done) for name in probes} for _, probes in asked)


def _marks(program: Program) -> list[str]:
    """Return control tokens that *program* writes, or may write."""
    written = dict.fromkeys([*program.special_tokens.values(), *MARK.findall(program.text)])
    return [mark for mark in written if mark][:MOST_MARKS]


def _again(tried: Tried, asked: Probes) -> Iterator[tuple[str, Probes]]:
    """Yield what else to try of a template: other forms of contents, other switches."""
    if any(one.problem in _ENDED for one in tried.renders.values()):
        return
    loses = _arrived(tried.renders) < sum(map(len, _WORDS.values()))
    if loses:
        for way, formed in _WAYS.items():
            probes = {name: formed(probe) for name, probe in asked.items()}
            yield way, {**probes, "content parts": asked["content parts"]}
    on, off = (tried.renders[name].text for name in ("thinking on", "thinking off"))
    if on == off:
        names = [one for one in tried.inspection.names if _SWITCH.search(one)]
        named = [one for one in names if one != "enable_thinking" and not _OF_HISTORY.search(one)]
        plain = asked["content parts" if loses and tried.renders["content parts"].text else "user"]
        switched = {
            f"{name} {value}": replace(plain, kwargs={name: value})
            for name in named[:MOST_SWITCHES]
            for value in _VALUES
        }
        if switched:
            yield "switches", {"": plain, **switched}


def _arrived(renders: Mapping[str, Rendered]) -> int:
    """Count the words that arrive and are not printed as a part of program text."""
    texts = {name: renders[name].text or "" for name in _WORDS}
    return sum(
        word in texts[name]
        for name, words in _WORDS.items()
        if "'type': 'text'" not in texts[name]
        for word in words
    )


def _better(tried: Tried, way: str, found: Mapping[str, Rendered]) -> Tried:
    """Return *tried*, or what was *found* in another *way* where more arrives."""
    stopped = next((one for one in found.values() if one.problem in _ENDED), None)
    if stopped is not None:
        return replace(tried, renders={**tried.renders, way: stopped})
    if way in _WAYS:
        if _arrived(found) <= _arrived(tried.renders):
            return tried
        return replace(tried, renders={**tried.renders, **found}, typed=True)
    changing = {
        name.rpartition(" ")[0]
        for name, one in found.items()
        if one.text not in (found[""].text, None)
    }
    return replace(tried, switches=tuple(sorted(changing)))
