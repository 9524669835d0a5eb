"""An episode as pages show it: what was asked, then each answer with the screen behind it."""

from msgspec import Struct

from ....records import Step
from ..kind import Line, Saying
from . import transcript
from .scoring import facts_of
from .transcript import Facts, Observation, Turn, Typed

LONGEST_ANSWER = 4000
"""Characters of an answer that are shown; a screen is no longer than models see it."""
LONGEST_LINE = 400
MOST_LINES = 40
"""Typed lines that are shown of an answer."""


class Shot(Struct, frozen=True, kw_only=True):
    """One answer and what the screen showed then."""

    number: int
    answer: str
    more: int
    """Characters of the answer that are not shown."""
    thought: bool
    """Whether the model thought beside its answer."""
    typed: tuple[Typed, ...]
    left: int
    """Typed lines that are not shown."""
    facts: Facts
    screen: str


class Scene(Struct, frozen=True, kw_only=True):
    """An episode with all its screens."""

    asked: tuple[tuple[str, str], ...]
    """Who said it, and what was said, before the first answer."""
    shots: tuple[Shot, ...]
    end: str
    clean: bool
    facts: dict[str, object]
    sha256: str


def view(step: Step) -> Scene | None:
    """Return the screens of *step*; `None` where there is no transcript."""
    found = transcript.decode(step.answer)
    if found is None or step.answer is None:
        return None
    facts = facts_of(step.reference or {}, found)
    return Scene(
        asked=tuple((one.source, one.message) for one in found.steps if one.source != "agent"),
        shots=tuple(_shot(number, one) for number, one in enumerate(found.turns, start=1)),
        end=found.extra.end,
        clean=bool(facts["clean"]),
        facts=facts,
        sha256=transcript.sha256(step.answer),
    )


def lines(step: Step) -> tuple[Line, ...] | None:
    """Return how the episode of *step* ended, and what it took; `None` as `view` does."""
    scene = view(step)
    if scene is None:
        return None
    told = scene.facts
    sayings = [Saying("fact.passed" if told["passed"] else "fact.failed")]
    sayings += [
        Saying(f"fact.{name}") for name in ("false_claim", "overrun", "stalled") if told[name]
    ]
    took = {name: told[name] for name in ("turns", "commands", "failing")}
    took["seconds"] = f"{told['room_seconds']:.1f}"
    ended = Line("fact", scene.end, said=(Saying(f"end.{scene.end}"),))
    return (ended, *(Line("fact", said=(one,)) for one in (*sayings, Saying("step.facts", took))))


def _shot(number: int, turn: Turn) -> Shot:
    facts = turn.extra if isinstance(turn.extra, Facts) else Facts()
    seen = turn.observation.results if isinstance(turn.observation, Observation) else ()
    return Shot(
        number=number,
        answer=turn.message[:LONGEST_ANSWER],
        more=max(0, len(turn.message) - LONGEST_ANSWER),
        thought=isinstance(turn.reasoning_content, str),
        typed=tuple(map(_cut, facts.typed[:MOST_LINES])),
        left=max(0, len(facts.typed) - MOST_LINES),
        facts=facts,
        screen="\n".join(one.content for one in seen),
    )


def _cut(typed: Typed) -> Typed:
    if len(typed.line) <= LONGEST_LINE:
        return typed
    return Typed(line=f"{typed.line[:LONGEST_LINE]}…", status=typed.status, fault=typed.fault)
