"""Templates tried with every probe, all in one process as long as none has to be stopped."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from .case import MARK
from .probes import PROBES, Probe, injection, typed
from .sandbox import Inspection, Job, Limits, Program, Rendered, run

MOST_MARKS = 12
"""Control tokens that the user of the probe `injection` writes."""


class Tried(Struct, frozen=True, kw_only=True):
    """What came of one template."""

    renders: Mapping[str, Rendered]
    """By the names of the probes."""
    inspection: Inspection = Inspection()
    typed: bool = False
    """Whether contents were sent as lists of parts, as the template refuses texts."""


def try_all(programs: Sequence[Program], limits: Limits | None = None) -> list[Tried]:
    """Render every probe by each of *programs*, and look at their texts."""
    done = _try(programs, PROBES, limits)
    refusing = [place for place, tried in enumerate(done) if _wants_parts(tried)]
    parts = {name: typed(probe) for name, probe in PROBES.items()}
    again = _try([programs[place] for place in refusing], parts, limits)
    for place, tried in zip(refusing, again, strict=True):
        done[place] = Tried(renders=tried.renders, inspection=tried.inspection, typed=True)
    return done


def _wants_parts(tried: Tried) -> bool:
    plain, parts = tried.renders["user"], tried.renders["content parts"]
    return plain.problem == "refused" and parts.text is not None


def _try(
    programs: Sequence[Program], probes: Mapping[str, Probe], limits: Limits | None
) -> list[Tried]:
    names = [*probes, "injection"]
    jobs = []
    for program in programs:
        jobs += [probe.job(program) for probe in probes.values()]
        jobs.append(injection(_marks(program)).job(program))
        jobs.append(Job(program=program, inspect=True))
    rendered = iter(run(jobs, limits))
    found = []
    for _ in programs:
        renders = {name: next(rendered) for name in names}
        looked = next(rendered).inspection
        found.append(Tried(renders=renders, inspection=looked or Inspection()))
    return found


def _marks(program: Program) -> list[str]:
    """Return control tokens that *program* writes, or may write."""
    written = dict.fromkeys([*program.special_tokens.values(), *MARK.findall(program.text)])
    return list(written)[:MOST_MARKS]
