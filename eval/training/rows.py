"""The lines of a training file: conversations, and how they say that they are trained."""

from collections.abc import Iterator
from itertools import compress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..errors import UsageError
from ..sandbox.rendering import Value

LONGEST_LINE = 32 << 20
"""Bytes."""

Tools = tuple[dict[str, Any], ...]


class Row(Struct, frozen=True, kw_only=True):
    """One conversation that is trained on."""

    messages: tuple[dict[str, Any], ...] = ()
    prompt: tuple[dict[str, Any], ...] = ()
    completion: tuple[dict[str, Any], ...] = ()
    """What follows *prompt*, in the place of `messages`."""
    tools: Tools | str | None = None
    """Some files keep them as a text of JSON."""
    chat_template_kwargs: dict[str, Value] = {}
    text: str | None = None
    """The conversation as it was rendered for training."""
    input_ids: tuple[int, ...] | None = None
    labels: tuple[int, ...] | None = None
    """The ids to be learnt, -100 elsewhere."""
    assistant_masks: tuple[int | bool, ...] | None = None
    """1 where a token is to be learnt, else 0."""
    attention_mask: tuple[int | bool, ...] | None = None
    """0 where a token only fills the conversation up to a length."""

    @property
    def turns(self) -> tuple[dict[str, Any], ...]:
        """Return the whole conversation."""
        return self.messages or (*self.prompt, *self.completion)

    @property
    def listed(self) -> Tools | None:
        """Return the tools. Raises msgspec.DecodeError for a text that is none."""
        if isinstance(self.tools, str):
            return msgspec.json.decode(self.tools, type=Tools | None)
        return self.tools

    @property
    def tokens(self) -> int | None:
        """Return how many tokens the line has, where it holds any."""
        held = (self.input_ids, self.labels, self.assistant_masks)
        return next((len(one) for one in held if one is not None), None)

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
        row = _unpadded(msgspec.json.decode(line, type=Row))
        row = replace(row, tools=row.listed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)
    if not all(isinstance(turn.get("role"), str) for turn in row.turns):
        return "no role"
    if not any(turn["role"] == "assistant" for turn in row.turns):
        return "no answer"
    return row


def _unpadded(row: Row) -> Row:
    """Return *row* without the tokens that only fill it up."""
    return replace(
        row,
        input_ids=_kept(row.input_ids, row.attention_mask),
        labels=_kept(row.labels, row.attention_mask),
        assistant_masks=_kept(row.assistant_masks, row.attention_mask),
    )


def _kept(values: tuple[int, ...] | None, mask: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if values is None or mask is None or len(values) != len(mask):
        return values
    return tuple(compress(values, mask))
