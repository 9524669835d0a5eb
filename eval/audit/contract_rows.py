"""The lines of a training file: conversations, and how they say that they are trained."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ..errors import UsageError
from .sandbox import Value

LONGEST_LINE = 32 << 20
"""Bytes."""


class Row(Struct, frozen=True, kw_only=True):
    """One conversation that is trained on."""

    messages: tuple[dict[str, Any], ...] = ()
    prompt: tuple[dict[str, Any], ...] = ()
    completion: tuple[dict[str, Any], ...] = ()
    """What follows *prompt*, in the place of `messages`."""
    tools: tuple[dict[str, Any], ...] | None = None
    chat_template_kwargs: dict[str, Value] = {}
    text: str | None = None
    """The conversation as it was rendered for training."""
    input_ids: tuple[int, ...] | None = None
    labels: tuple[int, ...] | None = None
    """The ids to be learnt, -100 elsewhere."""
    assistant_masks: tuple[int, ...] | None = None
    """1 where a token is to be learnt, else 0."""

    @property
    def turns(self) -> tuple[dict[str, Any], ...]:
        """Return the whole conversation."""
        return self.messages or (*self.prompt, *self.completion)

    @property
    def masked(self) -> set[int] | None:
        """Return the places of the tokens that are to be learnt, where the line says so."""
        if self.labels is not None:
            return {place for place, label in enumerate(self.labels) if label >= 0}
        if self.assistant_masks is not None:
            return {place for place, mark in enumerate(self.assistant_masks) if mark}
        return None


def read_rows(path: Path, limit: int | None = None) -> Iterator[tuple[int, Row | str]]:
    """Yield number and row of each line that is not blank, or what is wrong with it.

    Raises UsageError where *path* cannot be opened.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", file=path.name) from error
    with file:
        count = 0
        for number in range(1, 1 << 40):
            line = file.readline(LONGEST_LINE)
            if not line or count == limit:
                return
            if line.strip():
                count += 1
                yield number, _row(line)


def _row(line: bytes) -> Row | str:
    if len(line) == LONGEST_LINE:
        return "too large"
    try:
        row = msgspec.json.decode(line, type=Row)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)
    if not all(isinstance(turn.get("role"), str) for turn in row.turns):
        return "no role"
    if not any(turn["role"] == "assistant" for turn in row.turns):
        return "no answer"
    return row
