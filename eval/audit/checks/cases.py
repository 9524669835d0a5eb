"""Templates tried with every probe, and each one's renders taken apart for the checks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from ...sandbox.rendering import Inspection, Job, Limits, Program, Rendered, Value, run
from ..findings import Finding, Trait
from ..rendering.encoding import Encoded
from ..rendering.probes import ANSWER, PROBES, QUESTION, Probe, injection, typed
from ..sources.sources import Tokens

Said = Iterator[Finding | Trait]

# What turn marks look like where no tokenizer tells: <|im_end|>, <turn|>, <end_of_turn>, [/INST].
MARK = re.compile(r"<\|?[\w.:/-]+\|?>|<｜[^｜<>]+｜>|\[/?[A-Z_]+\]|\[\|\w+\|\]|\[e~\[")
_SHOWN = 80


class Case(Struct, frozen=True, kw_only=True, dict=True):
    """All that the checks look at."""

    renders: Mapping[str, Rendered]
    """By the names of the probes; some are missing where a server rendered."""
    inspection: Inspection = Inspection()
    tokens: Tokens = Tokens()
    encoded: Mapping[str, Encoded] = {}
    """Tokens of some of the renders."""
    kwargs: Mapping[str, Value] = {}
    """What the template will be given by whoever asks for the audit."""
    typed: bool = False
    """Whether contents were sent as lists of parts, as the template refuses texts."""
    text_known: bool = True
    """False where a server renders through a template that nobody has seen."""

    def text(self, name: str) -> str | None:
        """Return what came of the probe *name*; `None` where nothing did."""
        rendered = self.renders.get(name)
        return rendered.text if rendered else None

    def error(self, name: str) -> str | None:
        """Return why the template refused the probe *name*."""
        rendered = self.renders.get(name)
        return rendered.error if rendered and rendered.problem == "refused" else None

    @property
    def heard(self) -> bool:
        """Tell whether the words of a single user arrive: without that little can be asked."""
        return QUESTION in (self.text("user") or "")

    @cached_property
    def head(self) -> str | None:
        """What stands before the first user's words."""
        return before(self.text("user"), QUESTION)

    @cached_property
    def after_answer(self) -> str | None:
        """What stands after an answer that nothing follows."""
        return after(self.text("answered"), ANSWER)

    @cached_property
    def prompt_end(self) -> str | None:
        """What stands after the user's words where the model is to go on."""
        return after(self.text("user"), QUESTION)

    def marks(self, text: str) -> list[str]:
        """Return the control tokens in *text*, in order."""
        if not self.tokens.single:
            return MARK.findall(text)
        return self._single.findall(text)

    @cached_property
    def _single(self) -> re.Pattern[str]:
        texts = sorted(self.tokens.single or (), key=len, reverse=True)
        marks = [re.escape(text) for text in texts if text.strip() and not text.isalnum()]
        return re.compile("|".join(marks) or "(?!)")


def before(text: str | None, words: str) -> str | None:
    """Return what stands in *text* before *words*."""
    if text is None or words not in text:
        return None
    return text[: text.index(words)]


def after(text: str | None, words: str) -> str | None:
    """Return what stands in *text* after the last *words*."""
    if text is None or words not in text:
        return None
    return text[text.rindex(words) + len(words) :]


def shown(text: str) -> str:
    """Return *text* for a message: line feeds and tabs visible, cut where it is long."""
    visible = text.replace("\n", "\\n").replace("\t", "\\t")
    return visible if len(visible) <= _SHOWN else f"{visible[:_SHOWN]}…"


def difference(left: str, right: str) -> tuple[int, str, str]:
    """Return where two texts part, and how each goes on from a little before."""
    place = next(
        (i for i, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]),
        min(len(left), len(right)),
    )
    start = max(0, place - 16)
    return place, shown(left[start:]), shown(right[start:])


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
