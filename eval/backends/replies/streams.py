"""Answers that a server sends piece by piece, put together as it would have sent them whole."""

from time import monotonic
from typing import Any

import msgspec

from ...engine import Heard
from ...records import StepTiming
from .replies import Refusal

_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_TEXTS = (*_THOUGHTS, "refusal")
_END = b"[DONE]"


class Stream:
    """Server-sent events of one answer; when its first and its last token came."""

    def __init__(self, heard: Heard | None = None) -> None:
        """Begin the clock: the call goes out now. Each piece is *heard* as it comes."""
        self._heard = heard
        self._began = monotonic()
        self._rest = bytearray()
        self._head: dict[str, Any] = {}
        self._texts: dict[str, list[str]] = {}
        self._calls: dict[int, dict[str, list[str]]] = {}
        self._logprobs: list[Any] = []
        self._finish: str | None = None
        self._error: bytes | None = None
        self._ended = False
        self._first: float | None = None
        self._text: float | None = None
        self._last: float | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body; raise Refusal where they are no events."""
        self._rest += data
        if b"\n" not in data:
            return
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            name, _, value = line.strip().partition(b":")
            if name == b"data" and value.strip() == _END:
                self._ended = True
            elif name == b"data":
                self._take(bytes(value))

    def reply(self) -> bytes:
        """Return the reply as it would have come whole; raise Refusal where it broke off."""
        if self._error is not None:
            return self._error
        if not self._ended and self._finish is None:
            raise Refusal("the stream broke off")
        message: dict[str, Any] = {name: "".join(parts) for name, parts in self._texts.items()}
        if self._calls:
            message["tool_calls"] = [
                {
                    "id": "".join(call["id"]) or None,
                    "function": {key: "".join(call[key]) for key in ("name", "arguments")},
                }
                for _, call in sorted(self._calls.items())
            ]
        choice: dict[str, Any] = {"message": message, "finish_reason": self._finish}
        if self._logprobs:
            choice["logprobs"] = {"content": self._logprobs}
        return msgspec.json.encode({**self._head, "choices": [choice]})

    @property
    def timing(self) -> StepTiming:
        """Return when the first token of the text came, and how long all tokens came."""
        if self._first is None or self._last is None:
            return StepTiming()
        return StepTiming(
            first_token_seconds=None if self._text is None else round(self._text - self._began, 6),
            answer_seconds=round(self._last - self._first, 6),
        )

    def _take(self, event: bytes) -> None:
        try:
            told = msgspec.json.decode(event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal(f"the stream holds what is no JSON: {error}") from error
        if not isinstance(told, dict):
            raise Refusal("the stream holds what is no object")
        if told.get("error") is not None:
            self._error = event
            return
        choices = told.pop("choices", None)
        self._head |= {name: value for name, value in told.items() if value is not None}
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choose(choices[0])

    def _choose(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        if any(delta.get(name) for name in ("content", "tool_calls", *_TEXTS)):
            self._last = monotonic()
            self._first = self._first or self._last
            if delta.get("content"):
                self._text = self._text or self._last
        for name in ("content", *_TEXTS):
            if isinstance(piece := delta.get(name), str):
                self._texts.setdefault(name, []).append(piece)
        self._tell(delta)
        if isinstance(calls := delta.get("tool_calls"), list):
            for call in calls:
                self._call(call)
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, dict) and isinstance(content := logprobs.get("content"), list):
            self._logprobs += content
        if isinstance(finish := choice.get("finish_reason"), str):
            self._finish = finish

    def _tell(self, delta: dict[str, Any]) -> None:
        """Let the pieces be heard; some servers give the same thought under two names."""
        if self._heard is None:
            return
        thoughts = (delta.get(name) for name in _THOUGHTS)
        thought = next((one for one in thoughts if isinstance(one, str) and one), None)
        if thought is not None:
            self._heard("thought", thought)
        if isinstance(text := delta.get("content"), str) and text:
            self._heard("text", text)

    def _call(self, piece: Any) -> None:
        """Add a piece of a tool call to the call of its index."""
        if not isinstance(piece, dict):
            return
        index = piece.get("index")
        index = index if isinstance(index, int) else len(self._calls)
        call = self._calls.setdefault(index, {"id": [], "name": [], "arguments": []})
        function = piece.get("function")
        told = {"id": piece.get("id"), **(function if isinstance(function, dict) else {})}
        for name, parts in call.items():
            if isinstance(part := told.get(name), str):
                parts.append(part)
