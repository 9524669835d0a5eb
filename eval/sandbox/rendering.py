"""Chat templates rendered in a process of their own: a template is a program from a stranger."""

import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ..engine import well_formed
from .dialects import Dialect
from .processes import Kept, supervised

Value = str | float | bool | None
Message = Mapping[str, Any]

Problem = Literal[
    "syntax", "refused", "escape", "time", "memory", "output", "crash", "not run", "untold"
]
"""Why there is no text: the template said no, or used more than it may."""

NOW = "2026-01-15T09:30:00"
"""The time that templates see, unless they are to see another."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a template may use."""

    seconds: float = 5.0
    """For one render, compiling included."""
    seconds_in_all: float = 5.0
    """Of the processor, for all renders of one template: one that is slow each time ends, too."""
    mean_seconds: float = 0.0
    """So many more for each of these renders."""
    memory_bytes: int = 512 << 20
    """Beyond what the renderer itself needs."""
    characters: int = 1 << 18
    """Of one rendered prompt."""
    output_bytes: int = 256 << 20
    """Of all that one process writes."""
    starting: float = 60.0
    """Seconds that the process may take to start, on a busy machine."""


class Program(Struct, frozen=True):
    """A chat template, the special tokens that it may name, and the language that it is read in."""

    text: str
    special_tokens: Mapping[str, str] = {}
    dialect: Dialect | None = None
    """`None` for that of transformers."""
    language: Literal["jinja", "go"] = "jinja"


class Job(Struct, frozen=True, kw_only=True):
    """One render, or one look at the template's text."""

    program: Program
    messages: Sequence[Message] = ()
    tools: Sequence[Mapping[str, Any]] | None = None
    prompt: bool = False
    """Whether the generation prompt is asked for."""
    kwargs: Mapping[str, Value] = {}
    now: str = NOW
    nulls: bool = False
    """Whether the template sees keys that are null; transformers leaves them out."""
    inspect: bool = False
    known: Mapping[str, Any] | None = None
    """All that the template sees, where another engine passes something else than transformers."""


class Inspection(Struct, frozen=True, kw_only=True):
    """What a template's text tells without being run."""

    names: tuple[str, ...] = ()
    """What it reads that it does not define."""
    literals: tuple[str, ...] = ()
    """The texts that stand in it."""
    hidden: tuple[str, ...] = ()
    """Attributes that lead into the interpreter, such as `__class__`."""
    foreign: tuple[str, ...] = ()
    """Statements that the engine of llama.cpp does not know."""
    marks_generation: bool = False
    """Whether it has blocks `generation`."""


class Rendered(Struct, frozen=True, kw_only=True):
    """What came of one job."""

    text: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    """Where in *text* the blocks `generation` begin and end, as transformers counts."""
    inspection: Inspection | None = None
    problem: Problem | None = None
    error: str = ""
    stopped: bool = False
    """Whether the process had to be ended."""


def run(jobs: Sequence[Job], limits: Limits | None = None) -> list[Rendered]:
    """Run *jobs* in order, in one process as long as all goes well.

    A template that had to be stopped is not run again: its other jobs are `not run`.
    """
    limits = limits or Limits()
    done: dict[int, Rendered] = {}
    while left := [place for place in range(len(jobs)) if place not in done]:
        found = run_once([jobs[place] for place in left], limits)
        done.update(zip(left, found, strict=False))
        if len(found) < len(left):
            guilty = jobs[left[len(found) - 1]].program
            for place in left[len(found) :]:
                if jobs[place].program == guilty:
                    done[place] = Rendered(problem="not run")
    return [done[place] for place in range(len(jobs))]


def run_once(jobs: Sequence[Job], limits: Limits, kept: Kept | None = None) -> list[Rendered]:
    """Return what one process makes of *jobs*; where it was ended, the last is `stopped`.

    That is a new one, unless one is *kept*, whose memory is that of its first order's *limits*.
    """
    programs = {id(job.program): job.program for job in jobs}
    places = {key: place for place, key in enumerate(programs)}
    shares = Counter(id(job.program) for job in jobs)
    allowed = [limits.seconds_in_all + limits.mean_seconds * shares[key] for key in programs]
    ended = (kept.supervised if kept is not None else supervised)(
        f"{__package__}.render_process",
        {
            "templates": [msgspec.to_builtins(program) for program in programs.values()],
            "jobs": [{**as_order(job), "template": places[id(job.program)]} for job in jobs],
            "seconds": limits.seconds,
            "seconds_in_all": allowed,
            "memory_bytes": limits.memory_bytes,
            "characters": limits.characters,
        },
        seconds=limits.starting + len(jobs) * limits.seconds,
        output_bytes=limits.output_bytes,
    )
    found = [as_rendered(line) for line in ended.lines]
    if len(found) < len(jobs):
        guilty = id(jobs[len(found)].program)
        words = {
            -signal.SIGALRM: f"it took more than {limits.seconds:g} seconds",
            -signal.SIGPROF: f"its {shares[guilty]} renders took more than "
            f"{allowed[places[guilty]]:g} seconds",
            -signal.SIGXFSZ: f"all renders together take more than {limits.output_bytes} bytes",
        }
        why = words.get(ended.status) or ended.words or f"exit status {ended.status}"
        found.append(Rendered(problem=_ending(ended.status), error=why, stopped=True))
    return found


def as_order(job: Job) -> dict[str, Any]:
    """Return *job* without its program, as the process that renders reads it."""
    fields: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(job, program=Program("")))
    del fields["program"]
    return fields


def as_rendered(line: dict[str, Any]) -> Rendered:
    """Return what a *line* of that process says."""
    found = msgspec.convert(line, Rendered)
    if found.text is None:
        return found
    return msgspec.structs.replace(found, text=well_formed(found.text))


def _ending(status: int) -> Problem:
    endings: dict[int, Problem] = {
        -signal.SIGALRM: "time",
        -signal.SIGPROF: "time",
        -signal.SIGKILL: "time",
        -signal.SIGXFSZ: "output",
    }
    return endings.get(status, "crash")
