"""The calls in an answer as the model's own repository says that they are read."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ...records import Said, ToolCall

_BY_TAGS = "xml-inline"
"""Calls whose values are texts without types: the tool's schema must say what they are."""


def called(
    template: dict[str, Any], prompt: str, text: str, tools: Sequence[Mapping[str, Any]]
) -> Said | None:
    """Return the calls that transformers reads in *text* by the response *template*.

    `None` where there are none or they cannot be read. Values keep the types that the model gave
    them, but where it has no way to give any.
    """
    from transformers.utils.chat_parsing import parse_response

    try:
        tags = template["fields"]["tool_calls"].get("content") == _BY_TAGS
        typed: list[Any] | None = list(tools) if tags else None
        read = parse_response(text, template, prefix=prompt, tools=typed)
        found = tuple(map(_call, read.get("tool_calls") or ()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None  # strangers' templates, and answers that are no calls by them
    return Said(tool_calls=found) if found else None


def _call(read: Mapping[str, Any]) -> ToolCall:
    """Return a call with its arguments as servers give them: JSON in a text."""
    inner = read.get("function", read)
    given = inner.get("arguments")
    return ToolCall(name=str(inner["name"]), arguments=msgspec.json.encode(given).decode())
