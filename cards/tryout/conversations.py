"""What a window has asked, with which settings, and each answer as far as it came."""

import threading
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ...board.words.catalogue import Words
from ...eval.engine import STOPPED, Answer, Sampling
from .models import Ready

MOST_TEXT, MOST_NOTE = 100_000, 2_000
"""Letters of a question or a system text, and of a note."""

Side = Literal["a", "b"]
Text = Annotated[str, Meta(max_length=MOST_TEXT)]
Note = Annotated[str, Meta(max_length=MOST_NOTE)]
Event = dict[str, Any]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the page asks with."""

    temperature: Annotated[float, Meta(ge=0, le=2)] = 0.7
    top_p: Annotated[float, Meta(gt=0, le=1)] = 0.95
    max_tokens: Annotated[int, Meta(ge=1, le=32_768)] = 512
    turns: Annotated[int, Meta(ge=0, le=50)] = 10
    """Earlier questions that are sent along, each with an answer."""
    system: Text = ""
    seed: Annotated[int, Meta(ge=0, lt=1 << 31)] | None = 0

    @property
    def sampling(self) -> Sampling:
        """Return the decoding settings."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            seed=self.seed,
        )


class Refused(Exception):
    """The page asks for what cannot be; its argument is the key of the words for it."""


class Reply:
    """One answer as it came."""

    def __init__(self, number: int, model: int, side: Side | None, ready: Ready) -> None:
        self.number, self.model, self.side, self.ready = number, model, side, ready
        self.pieces, self.thoughts = list[str](), list[str]()
        self.answer: Answer | None = None
        self.error: str | None = None
        self.accepted: bool | None = None
        self.note = ""

    @property
    def text(self) -> str:
        """Return its text, as much as there is of it."""
        whole = self.answer.text if self.answer else None
        return "".join(self.pieces) if whole is None else whole

    @property
    def thought(self) -> str:
        """Return what the model thought before it."""
        said = self.answer.said if self.answer else None
        return (said.reasoning if said else None) or "".join(self.thoughts)

    @property
    def done(self) -> bool:
        """Tell whether nothing of it comes any more."""
        return self.answer is not None or self.error is not None

    @property
    def usable(self) -> bool:
        """Tell whether it came to an end of its own."""
        return (
            self.answer is not None and self.error is None and self.answer.finish_reason != STOPPED
        )

    @property
    def figures(self) -> Event:
        """Return what is known of it beside its text."""
        answer = self.answer
        timing = answer.timing if answer else None
        tokens = answer.output_tokens if answer else None
        spent = timing.answer_seconds if timing else None
        return {
            "tokens": tokens,
            "prompt": answer.prompt_tokens if answer else None,
            "cached": timing.cached_tokens if timing else None,
            "first": timing.first_token_seconds if timing else None,
            "speed": round((tokens - 1) / spent, 2) if tokens and tokens > 1 and spent else None,
            "seconds": answer.seconds if answer else None,
            "finish": answer.finish_reason if answer else None,
        }


class Question:
    """One question with the answers to it."""

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text
        self.replies = list[Reply]()
        self.preferred: Side | Literal["tie"] | None = None
        self.note = ""

    @property
    def stands(self) -> str | None:
        """Return the answer that the conversation goes on from: an accepted one, else the last."""
        told = [one for one in self.replies if one.error is None and one.text]
        accepted = [one for one in told if one.accepted]
        return (accepted or told)[-1].text if told else None


class Conversation:
    """What one window has asked."""

    def __init__(self, number: int, words: Words) -> None:
        self.number, self.words = number, words
        self.questions = list[Question]()
        self.since = 0
        """How many of the questions were cleared away."""
        self.asking = threading.Lock()
        self.stop = threading.Event()
