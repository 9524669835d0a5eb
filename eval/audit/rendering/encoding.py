"""Rendered prompts as tokens, by the model's own `tokenizer.json`, in a process of its own."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from ...sandbox.processes import supervised

SECONDS = 20.0
"""For one tokenizer, loading included."""
_MEMORY, _OUTPUT = 4 << 30, 256 << 20


class Encoded(Struct, frozen=True, kw_only=True):
    """A text as tokens."""

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    """Where each token begins and ends in the text, in characters."""
    with_special: tuple[int, ...]
    """The first ids where the tokenizer adds its special tokens, as for a raw prompt."""


class Text(Struct, frozen=True):
    """A text and the tokenizer that is to read it."""

    text: str
    tokenizer: Path


def encode(texts: Sequence[Text]) -> list[Encoded | None]:
    """Tokenise *texts*; `None` where the package `tokenizers` is missing or the file is unfit."""
    if not texts or importlib.util.find_spec("tokenizers") is None:
        return [None] * len(texts)
    done: dict[int, Encoded | None] = {}
    while left := [place for place in range(len(texts)) if place not in done]:
        ended = supervised(
            f"{__package__}.encode_process",
            {
                "texts": [[texts[place].text, str(texts[place].tokenizer)] for place in left],
                "seconds": SECONDS,
                "memory_bytes": _MEMORY,
            },
            seconds=SECONDS * (1 + len({texts[place].tokenizer for place in left})),
            output_bytes=_OUTPUT,
        )
        for place, line in zip(left, ended.lines, strict=False):
            done[place] = _encoded(line)
        if len(ended.lines) < len(left):
            guilty = texts[left[len(ended.lines)]].tokenizer
            done |= {place: None for place in left if texts[place].tokenizer == guilty}
    return [done[place] for place in range(len(texts))]


def _encoded(line: dict[str, object]) -> Encoded | None:
    import msgspec

    return msgspec.convert(line, Encoded) if "ids" in line else None
