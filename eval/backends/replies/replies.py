"""What a server replied, read as an answer or as the reason why there is none."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...engine import Answer, Prompt
from ...records import Logprob, Said, StepTiming, ToolCall
from ...suites.shapes.calls import as_printed

T = TypeVar("T")

_LONGEST = 300
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
"""An escaped backslash, a pair, or what is left: half of one."""

FAILED = frozenset(
    {
        "content_filter", "error", "abort", "aborted", "cancelled", "failed", "safety",
        "recitation", "blocklist", "prohibited_content", "spii", "language",
        "malformed_function_call", "guardrail_intervened", "sensitive", "network_error",
    }
)  # fmt: skip
"""What servers say of answers that they ended themselves, and not the model or its limit. Any other
word is recorded as it is: `stop`, `eos_token`, `STOP`, `end_turn`, `length`, `max_tokens` ..."""


class Refusal(Exception):
    """A reply that cannot be an answer."""


_NULL = msgspec.Raw(b"null")


class _Part(Struct):
    type: str | None = None
    text: Any = None
    thinking: Any = None
    refusal: Any = None


class _Function(Struct):
    name: str | None = None
    arguments: msgspec.Raw = _NULL


class _Call(Struct):
    id: str | None = None
    function: _Function | None = None


class _Message(Struct):
    # What comes beside the text may have any form: none of it makes an answer fail.
    content: msgspec.Raw = _NULL
    reasoning: Any = None
    reasoning_content: Any = None
    thinking: Any = None
    refusal: Any = None
    tool_calls: msgspec.Raw = _NULL
    function_call: msgspec.Raw = _NULL


class _Token(Struct):
    token: str
    logprob: float | None = None
    top_logprobs: list["_Token"] | None = None


class _Logprobs(Struct):
    content: list[_Token]


class _OldLogprobs(Struct):
    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None] | None = None


class _Choice(Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: msgspec.Raw = _NULL


class _Cached(Struct):
    cached_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: msgspec.Raw = _NULL


class _Timings(Struct):
    """What llama.cpp tells of its work."""

    prompt_ms: float
    predicted_ms: float
    cache_n: int | None = None


class _Reply(Struct):
    choices: list[_Choice]
    usage: _Usage | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    prompt_token_ids: list[int] | None = None
    timings: msgspec.Raw = _NULL


class _Told(Struct):
    message: str | None = None


class _Error(Struct):
    error: str | _Told | None = None
    message: str | None = None
    detail: str | None = None


def answer_of(
    prompt: Prompt, reply: bytes, window: int | None, seen: StepTiming | None = None
) -> Answer:
    """Return the answer in *reply*, or a failed one where there is none of the model's in it.

    A prompt that fills the whole *window* was cut to it. What came beside the text is kept either
    way. Times are those that the server tells; where it tells none, those that were *seen*.
    """
    try:
        read = _decoded(reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        # Some servers answer 200 and say in the body what went wrong.
        what = f"not a reply of this API ({fault}): {reason_of(reply)}"
        return Answer(key=prompt.key, text=None, error=what)
    if not read.choices:
        return Answer(key=prompt.key, text=None, error="the reply has no choices")
    usage, choice = read.usage or _Usage(), read.choices[0]
    text: str | None = None
    error: str | None = None
    said = Said()
    try:
        text, said = _said(choice)
        _check(choice, text, said)
        if window is not None and (usage.prompt_tokens or 0) >= window:
            raise Refusal(f"the server cut the prompt to its window of {window} tokens")
    except Refusal as refusal:
        error = str(refusal)
    return Answer(
        key=prompt.key,
        text=_with_calls(prompt, text or "", said) if error is None else None,
        finish_reason=presented(choice.finish_reason),
        said=said if said != Said() else None,
        timing=_timing(read, usage, seen),
        prompt_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        first_token_ids=tuple(read.prompt_token_ids[:8]) if read.prompt_token_ids else None,
        model=presented(read.model),
        system_fingerprint=presented(read.system_fingerprint),
        error=error,
    )


def _timing(reply: _Reply, usage: _Usage, seen: StepTiming | None) -> StepTiming | None:
    """Return what the answer took, as far as it is told or was *seen*."""
    cached = _read(usage.prompt_tokens_details, _Cached)
    told = _read(reply.timings, _Timings)
    timing = seen or StepTiming()
    if told is not None and min(told.prompt_ms, told.predicted_ms, told.cache_n or 0) >= 0:
        timing = replace(
            timing,
            prompt_seconds=round(told.prompt_ms / 1000, 6),
            answer_seconds=round(told.predicted_ms / 1000, 6),
            cached_tokens=told.cache_n,
        )
    elif cached is not None and (cached.cached_tokens or 0) >= 0:
        timing = replace(timing, cached_tokens=cached.cached_tokens)
    return timing if timing != StepTiming() else None


def _decoded(reply: bytes) -> _Reply:
    """Return what is in *reply*, half a surrogate pair in its texts replaced."""
    try:
        return msgspec.json.decode(reply, type=_Reply)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if b"\\u" not in reply:
            raise
        whole = _SURROGATES.sub(lambda one: rb"\ufffd" if one[1] else one[0], reply)
        return msgspec.json.decode(whole, type=_Reply)


def _with_calls(prompt: Prompt, text: str, said: Said) -> str:
    """Return an answer's text, its calls below it where tools were offered: they are the answer.

    Engines that render prompts here give calls in the text as well.
    """
    if not prompt.tools:
        return text
    return "\n".join(filter(None, [text, as_printed(said.tool_calls)]))


def _check(choice: _Choice, text: str | None, said: Said) -> None:
    """Raise Refusal where the model's answer is not what *choice* holds.

    A model that was still thinking when it was stopped, that calls a tool or ends at once has said
    an empty text. A reply that tells neither a text nor how the model ended is none.
    """
    ended = (choice.finish_reason or "").strip()
    if ended.casefold() in FAILED:
        raise Refusal(f"the server ended the answer with {presented(ended)}")
    if text is None and not ended and said == Said():
        raise Refusal("the reply has no text")


def _said(choice: _Choice) -> tuple[str | None, Said]:
    """Return the text of an answer, `None` where there is none, and what came beside it.

    Raises Refusal where the content is neither text nor parts.
    """
    message = choice.message
    # Some servers give the same thoughts under two names.
    told = (message.reasoning_content, message.reasoning, message.thinking)
    reasoning = list(dict.fromkeys(map(_text, told)))
    refusals, parts = [_text(message.refusal)], []
    text = _read(message.content, str)
    if text is None and message.content != _NULL:
        listed = _read(message.content, list[msgspec.Raw])
        if listed is None:
            raise Refusal("the reply's content is neither text nor a list of parts")
        texts: list[str] = []
        for one in listed:
            part = _read(one, _Part) or _Part(type="text", text=_read(one, str))
            if part.type in ("text", "output_text") and isinstance(part.text, str):
                texts.append(part.text)
            elif part.type in ("thinking", "reasoning"):
                reasoning.append(_text(part.thinking) or _text(part.text))
            elif part.type == "refusal":
                refusals.append(_text(part.refusal) or _text(part.text))
            else:
                parts.append(_plain(one))
        text = "".join(texts)
    calls: list[ToolCall] = []
    for raw in (*(_read(message.tool_calls, list[msgspec.Raw]) or ()), message.function_call):
        if raw != _NULL:
            found = _call(raw)
            calls += [found] if found is not None else []
            parts += [_plain(raw)] if found is None else []
    return text, Said(
        reasoning="\n".join(filter(None, reasoning)) or None,
        refusal="\n".join(filter(None, refusals)) or None,
        tool_calls=tuple(calls),
        parts=tuple(parts),
        logprobs=_logprobs(choice.logprobs),
    )


def _read(raw: msgspec.Raw, kind: type[T]) -> T | None:
    """Return *raw* as *kind*; `None` where it is something else."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _plain(raw: msgspec.Raw) -> str:
    return bytes(raw).decode("utf-8", "replace")


def _text(value: Any) -> str:
    """Return the text in *value*, which may be one, or a list of parts that have one."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_text, value))
    return _text(value.get("text")) if isinstance(value, dict) else ""


def _call(raw: msgspec.Raw) -> ToolCall | None:
    """Return a call with its arguments as text: some servers have decoded them already."""
    call = _read(raw, _Call)
    function = call.function if call and call.function else _read(raw, _Function)
    if function is None or function.name is None:
        return None
    given = function.arguments
    text = _read(given, str) if given != _NULL else ""
    return ToolCall(
        name=function.name,
        arguments=_plain(given) if text is None else text,
        id=call.id if call else None,
    )


def _logprobs(raw: msgspec.Raw) -> tuple[Logprob, ...]:
    """Return the log-probabilities of each token, from either of the forms that are in use."""
    told, old = _read(raw, _Logprobs), _read(raw, _OldLogprobs)
    if told is not None:
        return tuple(
            Logprob(token=one.token, logprob=one.logprob, top=_top(one.top_logprobs or ()))
            for one in told.content
        )
    if old is None:
        return ()
    tops = old.top_logprobs or [None] * len(old.tokens)
    triples = zip(old.tokens, old.token_logprobs, tops, strict=False)
    return tuple(Logprob(token=a, logprob=b, top=c or {}) for a, b, c in triples)


def _top(tokens: Iterable[_Token]) -> dict[str, float]:
    return {one.token: one.logprob for one in tokens if one.logprob is not None}


def presented(name: str | None) -> str | None:
    """Return a name of a server's without the folders that some of them put into it."""
    if not name or not name.strip():
        return None
    plain = name.strip()[:_LONGEST]
    return Path(plain).name or None if Path(plain).is_absolute() else plain


def reason_of(reply: bytes) -> str:
    """Return what a reply says about its error, in few words."""
    try:
        read = msgspec.json.decode(reply, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return " ".join(reply.decode("utf-8", "replace").split())[:_LONGEST] or "no reason given"
    told = read.error.message if isinstance(read.error, _Told) else read.error
    return " ".join((told or read.message or read.detail or "no reason given").split())[:_LONGEST]
