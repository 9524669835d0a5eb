"""The calls in an answer as the model's own repository says that they are read."""

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import msgspec

from ...engine import Prompt
from ...records import Said, ToolCall

_BY_TAGS = "xml-inline"
"""Calls whose values are texts without types: the tool's schema must say what they are."""

MOST_SECONDS = 2.0
"""Of processor time for one answer: a repository's own expressions may search without end."""


def read(tokenizer: Any, prompt: Prompt, text: str) -> Said | None:
    """Return the calls in *text*, an answer to *prompt*, as *tokenizer*'s own template reads them.

    `None` where no tools were offered or there is no such template.
    """
    template = getattr(tokenizer, "response_template", None)
    if not template or not prompt.tools:
        return None
    return called(template, tokenizer.decode(list(prompt.token_ids or ())), text, prompt.tools)


def called(
    template: dict[str, Any], prompt: str, text: str, tools: Sequence[Mapping[str, Any]]
) -> Said | None:
    """Return the calls that transformers reads in *text* by the response *template*.

    `None` where there are none, where they cannot be read, or where that takes longer than
    `MOST_SECONDS`. Values keep the types that the model gave them, but where it has no way to give
    any.
    """
    from transformers.utils.chat_parsing import parse_response

    try:
        tags = template["fields"]["tool_calls"].get("content") == _BY_TAGS
        typed: list[Any] | None = list(tools) if tags else None
        with _limited():
            told = parse_response(text, template, prefix=prompt, tools=typed)
        found = tuple(map(_call, told.get("tool_calls") or ()))
    except (TimeoutError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None  # strangers' templates, and answers that are no calls by them
    return Said(tool_calls=found) if found else None


def _call(read: Mapping[str, Any]) -> ToolCall:
    """Return a call with its arguments as servers give them: JSON in a text."""
    inner = read.get("function", read)
    given = inner.get("arguments")
    return ToolCall(name=str(inner["name"]), arguments=msgspec.json.encode(given).decode())


@contextmanager
def _limited() -> Iterator[None]:
    """Raise TimeoutError where the work takes longer; signals reach the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
