"""The rows of a training file: conversations, and how they say that they are trained."""

import re
from collections.abc import Iterator, Mapping
from itertools import compress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..sandbox.rendering import Value
from ..suites.shapes.conversation import Conversation, Turn, Unreadable
from ..suites.shapes.files import Document, Fault, documents
from ..suites.shapes.registry import conversation

WEIGHTS = ("weight", "train")
"""How files say of an answer whether it is trained: OpenAI's name and Axolotl's."""
_NUMBER = re.compile(r":(\d+)\Z|\[(\d+)\]\Z")

Messages = tuple[Mapping[str, Any], ...]


class Made(Struct, frozen=True, kw_only=True):
    """What a row holds that was made of its conversation, as trainers take it."""

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
    def tokens(self) -> int | None:
        """Return how many tokens the row has, where it holds any."""
        held = (self.input_ids, self.labels, self.assistant_masks)
        return next((len(one) for one in held if one is not None), None)

    @property
    def masked(self) -> set[int] | None:
        """Return the places of the tokens that are to be learnt, where the row says so."""
        if self.labels is not None:
            return {place for place, label in enumerate(self.labels) if label >= 0}
        if self.assistant_masks is not None:
            return {place for place, mark in enumerate(self.assistant_masks) if mark}
        return None


class Row(Struct, frozen=True, kw_only=True):
    """One conversation that is trained on."""

    turns: Messages
    shape: str = "messages"
    """The name in the table of shapes."""
    tools: tuple[dict[str, Any], ...] | None = None
    untrained: frozenset[int] = frozenset()
    """Places of answers that are not to be learnt."""
    wanted: bool | None = None
    """Whether the last answer is, where the file holds such as are and such as are not."""
    made: Made = Made()

    @property
    def weighted(self) -> bool:
        """Tell whether some answer says of itself whether it is trained."""
        said = any(name in turn for turn in self.turns for name in WEIGHTS)
        return said or bool(self.untrained)


def read_rows(path: Path, limit: int | None = None) -> Iterator[tuple[int, Row | str]]:
    """Yield number and row of each conversation, or what is wrong with it.

    The number is that of its line, or counts the members of one array. A preference pair is two
    rows: the better answer, and the worse one. Raises UsageError where *path* cannot be read.
    """
    for count, one in enumerate(documents(path)):
        if count == limit:
            return
        number = _number(one.place)
        if isinstance(one, Fault):
            yield number, one.what
            continue
        try:
            yield from ((number, row) for row in _rows(one))
        except Unreadable as error:
            yield number, " ".join(filter(None, (str(error), error.remedy)))
        except (msgspec.ValidationError, RecursionError) as error:
            yield number, str(error)


def _number(place: str) -> int:
    found = _NUMBER.search(place)
    if found is None:
        return 1
    return int(found[1]) if found[1] else int(found[2]) + 1


def _rows(document: Document) -> Iterator[Row]:
    told = conversation(document)
    value = document.value if isinstance(document.value, dict) else {"messages": document.value}
    if not told.turns:
        raise Unreadable(
            "a text without turns has no answers that could be told from their prompts",
            remedy="Convert it into messages.",
        )
    turns = _as_written(value, told) or _messages(told.turns)
    if not any(turn["role"] == "assistant" for turn in turns):
        raise Unreadable("no answer")
    made = msgspec.convert(
        {key: value[key] for key in Made.__struct_fields__ if value.get(key) is not None}, Made
    )
    row = Row(
        turns=turns,
        shape=told.shape,
        tools=told.tools or None,
        untrained=told.untrained,
        wanted=True if told.rejected else told.label,
        made=_unpadded(made),
    )
    yield row
    if told.rejected:
        yield replace(row, turns=_messages(told.rejected), wanted=False, made=Made())


def _as_written(value: Mapping[str, Any], told: Conversation) -> Messages:
    """Return the messages of the API as they stand: a trainer gives them to the template so.

    Those of other shapes have to be converted by whoever trains on them.
    """
    if told.shape not in ("messages", "terminus"):
        return ()
    turns = value["messages" if told.shape == "messages" else "conversations"]
    return tuple(turns) if len(turns) == len(told.turns) else ()


def _messages(turns: tuple[Turn, ...]) -> Messages:
    return tuple(turn.as_message() for turn in turns)


def _unpadded(made: Made) -> Made:
    """Return *made* without the tokens that only fill it up."""
    return replace(
        made,
        input_ids=_kept(made.input_ids, made.attention_mask),
        labels=_kept(made.labels, made.attention_mask),
        assistant_masks=_kept(made.assistant_masks, made.attention_mask),
    )


def _kept(values: tuple[int, ...] | None, mask: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if values is None or mask is None or len(values) != len(mask):
        return values
    return tuple(compress(values, mask))
