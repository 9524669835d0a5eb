"""A user's own conversation, read from a file of JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ...errors import UsageError
from ...sandbox.rendering import Value

LONGEST = 16 << 20
"""Bytes."""
_SHAPE = "Give a list of messages, or a request with messages, tools and chat_template_kwargs."


class Conversation(Struct, frozen=True, kw_only=True):
    """A request as clients of the OpenAI API send it; what else it says is passed over."""

    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...] | None = None
    chat_template_kwargs: dict[str, Value] = {}
    add_generation_prompt: bool = True

    def given(self, kwargs: Mapping[str, Value]) -> dict[str, Value]:
        """Return the settings for the template; *kwargs* of the command line go first."""
        return {**self.chat_template_kwargs, **kwargs}

    def body(self, kwargs: Mapping[str, Value]) -> dict[str, Any]:
        """Return the request for a server that renders it."""
        given = self.given(kwargs)
        return {
            "messages": self.messages,
            **({"tools": self.tools} if self.tools else {}),
            **({"chat_template_kwargs": given} if given else {}),
            **({} if self.add_generation_prompt else {"add_generation_prompt": False}),
        }


def read_conversation(path: Path) -> Conversation:
    """Read the file at *path*: a list of messages, or a request. Raises UsageError."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", file=path.name) from error
    if len(data) > LONGEST:
        raise UsageError(f"has more than {LONGEST} bytes", file=path.name)
    try:
        if data.lstrip()[:1] == b"[":
            held = Conversation(messages=msgspec.json.decode(data, type=tuple[dict[str, Any], ...]))
        else:
            held = msgspec.json.decode(data, type=Conversation)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"is no conversation: {error}", file=path.name, remedy=_SHAPE) from error
    for number, message in enumerate(held.messages):
        if not isinstance(message.get("role"), str):
            key = f"messages[{number}].role"
            raise UsageError("a message has no role", file=path.name, key=key, remedy=_SHAPE)
    if not held.messages:
        raise UsageError("holds no message", file=path.name, key="messages", remedy=_SHAPE)
    return held
