"""What a server replied, read as an answer or as the reason why there is none."""

from pathlib import Path

import msgspec
from msgspec import Struct

from ..engine import Answer, Prompt
from .adapters import published_name

_LONGEST = 300


class Refusal(Exception):
    """A reply that cannot be an answer."""


class _Said(Struct):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[msgspec.Raw] | None = None


class _Choice(Struct):
    message: _Said
    finish_reason: str | None = None


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Reply(Struct):
    choices: list[_Choice]
    usage: _Usage | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    prompt_token_ids: list[int] | None = None


class _Told(Struct):
    message: str | None = None


class _Error(Struct):
    error: str | _Told | None = None
    message: str | None = None
    detail: str | None = None


def answer_of(prompt: Prompt, reply: bytes, window: int | None) -> Answer:
    """Return the answer in *reply*, or a failed one where there is no text of the model's in it.

    A prompt that fills the whole *window* was cut to it.
    """
    try:
        read = msgspec.json.decode(reply, type=_Reply)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # Some servers answer 200 and say in the body what went wrong.
        what = f"not a reply of this API ({error}): {reason_of(reply)}"
        return Answer(key=prompt.key, text=None, error=what)
    usage = read.usage or _Usage()
    try:
        text, finished = _text(read)
        if window is not None and (usage.prompt_tokens or 0) >= window:
            raise Refusal(f"the server cut the prompt to its window of {window} tokens")
    except Refusal as error:
        return Answer(key=prompt.key, text=None, error=str(error))
    return Answer(
        key=prompt.key,
        text=text,
        finish_reason=finished,
        prompt_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        first_token_ids=tuple(read.prompt_token_ids[:8]) if read.prompt_token_ids else None,
        model=presented(read.model),
        system_fingerprint=presented(read.system_fingerprint),
    )


def _text(reply: _Reply) -> tuple[str, str | None]:
    """Return what the model said and why it stopped; raise Refusal where it said nothing.

    A model that was still thinking when it was stopped has said an empty text, and it is so scored.
    """
    if not reply.choices:
        raise Refusal("the reply has no choices")
    choice = reply.choices[0]
    said, finished = choice.message, choice.finish_reason
    if finished not in ("stop", "length", None):
        raise Refusal(f"the server ended the answer with {finished}")
    if said.content is not None:
        return said.content, finished
    if said.reasoning is not None or said.reasoning_content is not None:
        return "", finished
    raise Refusal("the reply has no text")


def presented(name: str | None) -> str | None:
    """Return a name of a server's without the folders that some of them put into it."""
    if not name or not name.strip():
        return None
    plain = name.strip()[:_LONGEST]
    return published_name(plain) if Path(plain).is_absolute() else plain


def reason_of(reply: bytes) -> str:
    """Return what a reply says about its error, in few words."""
    try:
        read = msgspec.json.decode(reply, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return " ".join(reply.decode("utf-8", "replace").split())[:_LONGEST] or "no reason given"
    told = read.error.message if isinstance(read.error, _Told) else read.error
    return " ".join((told or read.message or read.detail or "no reason given").split())[:_LONGEST]
