"""A user's own conversation, as each engine that can load a source would send it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..sandbox.rendering import NOW, Limits, Rendered, Value
from .checks.check_engines import compare
from .rendering.conversation_file import Conversation
from .rendering.encoding import Text, encode
from .rendering.engines import Asked
from .reports import Engine
from .sources.engines import picks, taken_by
from .sources.sources import Source


class Sent(Struct, frozen=True, kw_only=True):
    """What one engine would send."""

    engine: Engine
    place: str | None = None
    """Where the template stands; `None` where there is none to render with."""
    sha256: str | None = None
    prompt: str | None = None
    tokens: int | None = None
    """Of the prompt, where the tokenizer is at hand."""
    error: str = ""
    """Why there is no prompt."""


def preview(
    sources: Sequence[Source],
    conversation: Conversation,
    *,
    kwargs: Mapping[str, Value] | None = None,
    limits: Limits | None = None,
) -> list[list[Sent]]:
    """Return for each of *sources* what its engines make of *conversation*.

    *kwargs* are settings for the templates beside those that the conversation names. Of a server,
    `renders` holds what it made of it, under the name that is empty.
    """
    asked = Asked(
        messages=conversation.messages,
        tools=conversation.tools,
        prompt=conversation.add_generation_prompt,
        kwargs=conversation.given(kwargs or {}),
        now=NOW,
    )
    found = []
    for source, made in zip(sources, compare(sources, {"": asked}, limits), strict=True):
        if source.renders is not None:
            found.append([_sent("server", None, None, source.renders.get(""))])
            continue
        tools = bool(conversation.tools)
        sent = [
            _sent(engine, template.place, template.sha256, made.renders.get(engine, {}).get(""))
            for engine, with_tools, template in taken_by(source)
            if with_tools == tools
        ]
        without = [one for one in picks(source) if one.sha256 is None and one.tools == tools]
        found.append([*sent, *(_sent(one.engine, one.place, None, None) for one in without)])
    return _counted(sources, found)


def _sent(engine: Engine, place: str | None, sha256: str | None, made: Rendered | None) -> Sent:
    if made is not None and made.text is not None:
        return Sent(engine=engine, place=place, sha256=sha256, prompt=made.text)
    told = (made.error or made.problem) if made else None
    common = (place or "").startswith("mistral-common")
    why = told or ("mistral-common builds it" if common else "nothing to render with")
    return Sent(engine=engine, place=place, sha256=sha256, error=why)


def _counted(sources: Sequence[Source], found: Sequence[Sequence[Sent]]) -> list[list[Sent]]:
    """Return what was *found* with the tokens of each prompt whose tokenizer is at hand."""
    wanted = [
        Text(one.prompt, source.tokens.file)
        for source, sent in zip(sources, found, strict=True)
        for one in sent
        if one.prompt is not None and source.tokens.file is not None
    ]
    known = dict.fromkeys(wanted)
    counts = {
        text: len(encoded.ids)
        for text, encoded in zip(known, encode(list(known)), strict=True)
        if encoded is not None
    }
    return [
        [
            replace(one, tokens=counts.get(Text(one.prompt or "", source.tokens.file)))
            if source.tokens.file is not None
            else one
            for one in sent
        ]
        for source, sent in zip(sources, found, strict=True)
    ]
