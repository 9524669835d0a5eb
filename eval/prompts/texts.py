"""Conversations rendered to the texts that a model reads, each with the template that made it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple

from msgspec import Struct

from ..engine import Encoder, Message, Setting, Template
from ..errors import CardboardError
from ..sandbox.processes import Kept
from ..sandbox.rendering import Rendered
from ..suites.conversations import Rule, flat
from .rendering import Job, Tools, render
from .templates import MARKS, OWN, RAW, Fallback, fallback_template, status_of_fallback

Turns = tuple[Message, ...]
Kwargs = Mapping[str, Setting]
Show = Callable[[Sequence[Job]], list[Rendered]]


class Choices(Struct, frozen=True, kw_only=True):
    """How the user wants prompts to be built."""

    rules: tuple[Rule, ...] = ()
    kwargs: Kwargs = {}
    """For the chat template, such as `enable_thinking`."""
    template: str | None = None
    """The text of a template that takes the place of the model's own."""
    fallback: Fallback | None = None
    raw: bool = False
    overflow: Literal["refuse", "skip"] = "refuse"


class Asked(NamedTuple):
    """What one step asks."""

    turns: Turns
    tools: Tools = ()


class Text(Struct, frozen=True):
    """A rendered prompt and the status of its template."""

    text: str
    status: str


class Texts(Struct, frozen=True, kw_only=True):
    """All prompts of a run as texts."""

    texts: tuple[Text, ...]
    ignored: tuple[str, ...]
    """Kwargs that change nothing, by name."""
    errors: tuple[str, ...]
    """What the model's own template said against rows, each once."""


TOOLS_REMEDY = (
    "Give a template that takes tools: --chat-template FILE; or tell the tools in the system text: "
    "--tools prompted."
)


class PromptError(CardboardError):
    """Prompts cannot be built as they should be, and nobody allowed another way."""

    exit_code = 2


def texts_of(
    template: Template | None,
    asked: Sequence[Asked],
    choices: Choices,
    encoder: Encoder,
    now: str,
    kept: Kept | None = None,
) -> Texts:
    """Render what is *asked* by the model's own *template*, else by what *choices* allow instead.

    Raises PromptError where nothing is allowed, or where the tokenizer does not know the marks of
    the fallback.
    """
    show = partial(render, now=now, kept=kept)
    own, ignored = _own(template, asked, choices.kwargs, show)
    texts = [None if one.text is None else Text(one.text, OWN) for one in own]
    errors = tuple(dict.fromkeys(one.error for one in own if one.text is None))
    missing = [index for index, text in enumerate(texts) if text is None]
    if missing:
        instead = _instead([asked[index] for index in missing], choices, encoder, show)
        for index, text in zip(missing, instead, strict=True):
            texts[index] = text
    left = sum(text is None for text in texts)
    if left:
        raise PromptError(
            f"{left} of {len(asked)} prompts cannot be rendered: {'; '.join(errors[:3])}",
            key="chat template",
            remedy="Try --fold-system, --merge-turns or --chat-template FILE. --allow-fallback "
            "NAME takes another template; --allow-raw takes none, and is never ranked.",
        )
    return Texts(
        texts=tuple(text for text in texts if text is not None), ignored=ignored, errors=errors
    )


def ignored_kwargs(template: Template, asked: Asked, kwargs: Kwargs, now: str) -> tuple[str, ...]:
    """Return the names of *kwargs* that *template* does not read in what is *asked*."""
    return _unread(kwargs, render(_probes(template, asked, kwargs), now=now)) if kwargs else ()


def _own(
    template: Template | None, asked: Sequence[Asked], kwargs: Kwargs, show: Show
) -> tuple[list[Rendered], tuple[str, ...]]:
    """Render all by the model's own template; also return the kwargs that change nothing."""
    if template is None:
        nothing = Rendered(error="the model has no chat template")
        return [nothing for _ in asked], tuple(sorted(kwargs))
    jobs = [_job(template, one, kwargs) for one in asked]
    offered = next((place for place, one in enumerate(asked) if one.tools), None)
    bare = [] if offered is None else [_job(template, Asked(asked[offered].turns), kwargs)]
    done = show([*jobs, *bare, *_probes(template, asked[0], kwargs)])
    if offered is not None and done[offered].text is not None and done[offered] == done[len(jobs)]:
        raise PromptError(
            "the prompt is the same with and without the tools that the model may call",
            key="chat template",
            remedy=TOOLS_REMEDY,
        )
    return done[: len(jobs)], _unread(kwargs, done[len(jobs) + len(bare) :])


def _instead(
    asked: list[Asked], choices: Choices, encoder: Encoder, show: Show
) -> list[Text | None]:
    """Render what the model's own template refused, in the way that is allowed."""
    found: list[Text | None] = [None] * len(asked)
    if choices.fallback is not None:
        _check_marks(choices.fallback, encoder)
        status = status_of_fallback(choices.fallback)
        template = fallback_template(choices.fallback)
        done = show([_job(template, one, {}) for one in asked])
        found = [None if one.text is None else Text(one.text, status) for one in done]
    if choices.raw:
        pairs = zip(found, asked, strict=True)
        found = [text or Text(flat(one.turns), RAW) for text, one in pairs]
    return found


def _check_marks(name: Fallback, encoder: Encoder) -> None:
    for mark in MARKS[name]:
        if len(encoder.encode(mark)) != 1:
            raise PromptError(
                f"the tokenizer has no token {mark}: the fallback is not for this model",
                key=f"--allow-fallback {name}",
            )


def _job(template: Template, asked: Asked, kwargs: Kwargs) -> Job:
    return Job(template=template, messages=asked.turns, tools=asked.tools, kwargs=kwargs)


def _probes(template: Template, asked: Asked, kwargs: Kwargs) -> list[Job]:
    """Return renders that tell whether each of *kwargs* is read: with all, and three without it.

    The second and third give it another value, as a template's default may be the value given.
    """
    told = [kwargs]
    for name, value in kwargs.items():
        rest = {other: kwargs[other] for other in kwargs if other != name}
        others: tuple[Kwargs, ...] = ({}, {name: not value}, {name: "another"})
        told += [{**rest, **other} for other in others]
    return [_job(template, asked, one) for one in told]


def _unread(kwargs: Kwargs, probes: list[Rendered]) -> tuple[str, ...]:
    """Return the names of *kwargs* whose probes all came out as the render with all did."""
    unread = []
    for place, name in enumerate(kwargs):
        start = 1 + 3 * place
        if all(probe == probes[0] for probe in probes[start : start + 3]):
            unread.append(name)
    return tuple(sorted(unread))
