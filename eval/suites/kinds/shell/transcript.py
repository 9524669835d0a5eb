"""The transcript of an episode as an ATIF-v1.8 trajectory, from which everything else follows."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ....engine import Answer, Message, Setting
from ....records import Count, Seconds

VERSION = "ATIF-v1.8"
AGENT = "cardboard"
"""Who plays: the loop, which no program but ours runs."""

Source = Literal["system", "user", "agent"]
End = Literal["exit", "panic", "turns", "tokens", "wall", "context", "room", "call"]
"""Why an episode ended: the model said so (`exit`, `panic`), it came to a limit (`turns`, `tokens`,
`wall`, `context`), or the surroundings failed (`room`, `call`), which is nobody's score."""


class Typed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line that was typed."""

    line: str
    status: int | None = None
    """Exit status of the command that it ends; none where the shell waited for the rest."""
    fault: str | None = None
    """`long` (not typed), `running` (stopped at its limit), `flooded`, `unfinished`."""


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the room says of one answer."""

    typed: tuple[Typed, ...] = ()
    valid: bool = True
    """Whether the answer had the form that was asked for."""
    end: Literal["exit", "panic"] | None = None
    reason: str = ""
    asked_again: bool = False
    """Whether the model had to say once more that the job is done."""
    cut: Count = 0
    """Characters of the screen that were not shown."""
    seconds: Seconds = 0.0
    """That the room took."""


class Shown(Struct, frozen=True):
    """One result of an observation."""

    content: str


class Observation(Struct, frozen=True):
    """What the model was shown after an answer."""

    results: tuple[Shown, ...]


class Spent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an answer took."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cached_tokens: Count | None = None


class Turn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a trajectory."""

    step_id: Annotated[int, Meta(ge=1)]
    source: Source
    message: str
    reasoning_content: str | UnsetType = UNSET
    observation: Observation | UnsetType = UNSET
    metrics: Spent | UnsetType = UNSET
    llm_call_count: Count | UnsetType = UNSET
    extra: Facts | UnsetType = UNSET


class Agent(Struct, frozen=True, kw_only=True):
    """Who played."""

    name: str
    version: str


class Episode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the room says of the whole episode."""

    dialogue: str
    end: End
    found: bool | None = None
    """Whether all that tells the job was on the screen; none where the job was told."""
    passed: bool | None = None
    """Whether the check was met afterwards; none where there was none."""
    why: str = ""
    """The last lines of a check that was not met."""
    killed: Count = 0
    """How often programs were ended because they took too much memory."""
    model_seconds: Seconds = 0.0
    room_seconds: Seconds = 0.0
    room: dict[str, Setting] = {}
    """What closed it, as `Protocol.extra`."""


class Transcript(Struct, frozen=True, kw_only=True):
    """A trajectory: the rules, the first turn of the user, and every answer with its screen."""

    schema_version: str = VERSION
    session_id: str
    agent: Agent
    steps: tuple[Turn, ...]
    extra: Episode

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Return the answers."""
        return tuple(one for one in self.steps if one.source == "agent")

    @property
    def facts(self) -> list[Facts]:
        """Return what the room says of each answer."""
        return [one.extra if isinstance(one.extra, Facts) else Facts() for one in self.turns]


_DECODER = msgspec.json.Decoder(Transcript)
MOST_BYTES = 4 << 20
"""Of a transcript that is read again: 20 turns with their screens need some 300,000."""


def begun(messages: Sequence[Message]) -> list[Turn]:
    """Return the steps of what is asked first."""
    sources: dict[str, Source] = {"system": "system"}
    return [
        Turn(step_id=number, source=sources.get(one.role, "user"), message=one.content)
        for number, one in enumerate(messages, start=1)
    ]


def turn(number: int, answer: Answer, screen: str, facts: Facts) -> Turn:
    """Return the step of an *answer*, after which the model was shown *screen*."""
    reasoning = answer.said.reasoning if answer.said is not None else None
    timing = answer.timing
    return Turn(
        step_id=number,
        source="agent",
        message=answer.text or "",
        reasoning_content=reasoning or UNSET,
        observation=Observation((Shown(screen),)) if screen else UNSET,
        metrics=Spent(
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.output_tokens,
            cached_tokens=timing.cached_tokens if timing is not None else None,
        ),
        llm_call_count=1,
        extra=facts,
    )


def encode(transcript: Transcript) -> str:
    """Return *transcript* as one line of JSON."""
    return msgspec.json.encode(transcript).decode("utf-8")


def decode(text: str | None) -> Transcript | None:
    """Return the transcript that *text* is; `None` where it is none of ours."""
    if text is None or len(text) > MOST_BYTES:
        return None
    try:
        found = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    numbers = [one.step_id for one in found.steps]
    right = found.schema_version == VERSION and numbers == list(range(1, len(numbers) + 1))
    return found if right and found.agent.name == AGENT else None


def sha256(text: str) -> str:
    """Return the SHA-256 of a transcript's text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def settings(room: Any) -> dict[str, Setting]:
    """Return what a result records of a room by its evidence."""
    limits = room.limits
    return {
        "isolation": room.isolation,
        "bubblewrap": room.bubblewrap,
        "filter_sha256": room.filter_sha256,
        "memory_limit": room.memory,
        "memory_bytes": limits.total_bytes,
    }
