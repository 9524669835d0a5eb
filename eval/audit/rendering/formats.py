"""Formats that engines know by a name: which one a template is taken for, and its prompts."""

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from ...sandbox.rendering import Message

Turn = tuple[str, str]
"""What stands before the words, and after them."""

NEAR = 100
"""Edits below which Ollama takes a template for one of its list."""
FAR = 170
"""Edits by whole words from which letters are not below `NEAR`: between any two of its list they
need three fifths of these at the least."""

_PIECE = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST = 6_000
"""Letters of a template from which it is none of the list, whose longest has 4,614."""


class Format(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One format; the fields are explained in `formats.toml`."""

    start: str = ""
    system: Turn | None = None
    user: Turn
    assistant: Turn
    folded: str | None = None
    always: bool = False
    end: str = ""

    def prompt(self, messages: Sequence[Message]) -> str:
        """Return what the model is sent for *messages*, whose contents are texts."""
        said = [(str(one["role"]), str(one["content"])) for one in messages]
        system = "\n\n".join(words for role, words in said if role == "system")
        parts = [self.start]
        if self.system is not None and (system or self.always):
            parts += [self.system[0], system, self.system[1]]
        for role, words in said:
            turn = {"user": self.user, "assistant": self.assistant}.get(role)
            if turn is None:
                continue
            if role == "user" and self.folded is not None and system:
                words, system = f"{system}{self.folded}{words}", ""
            parts += [turn[0], words, turn[1]]
        return "".join([*parts, self.end])


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    sources: Mapping[str, str]
    named: Mapping[str, Mapping[str, str]]
    formats: Mapping[str, Mapping[str, Format]]


class _Listed(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    pieces: str


Piece = tuple[bytes, int]
"""Two bytes of a word's SHA-256, and its length."""


def named(engine: str, template: str) -> str | None:
    """Return the format that *engine* takes for just this *template*; `None` for none."""
    digest = hashlib.sha256(template.encode("utf-8", "replace")).hexdigest()
    return _file().named.get(engine, {}).get(digest)


def format_named(engine: str, name: str | None) -> Format | None:
    """Return what *engine* makes of its format *name*; `None` where nobody wrote that down here."""
    return _file().formats.get(engine, {}).get(name or "")


def listed(template: str) -> tuple[str, int] | None:
    """Return the name of the template in Ollama's list that is nearest, and the edits between.

    Ollama counts letters; here whole words are counted by their lengths, which is never less. The
    list's texts are not ours to give away: of each word there is a piece of its hash. `None` for
    what is longer than all of them.
    """
    if len(template) > _LONGEST:
        return None
    ours = [_hashed(piece) for piece in _PIECE.findall(template)]
    near = [
        (name, pieces)
        for name, pieces in _index()
        if abs(len(template) - sum(length for _, length in pieces)) < FAR
    ]
    told = [(_edits(ours, pieces), name) for name, pieces in near]
    return min(((name, edits) for edits, name in told), key=lambda one: one[1], default=None)


def _hashed(piece: str) -> Piece:
    return hashlib.sha256(piece.encode("utf-8", "replace")).digest()[:2], len(piece)


def _edits(ours: Sequence[Piece], theirs: Sequence[Piece]) -> int:
    """Return the least letters to write for turning *ours* into *theirs*, word by word."""
    least = min(len(ours), len(theirs))
    same = next((at for at in range(least) if ours[at] != theirs[at]), least)
    ours, theirs = ours[same:], theirs[same:]
    before = [0]
    for _, length in theirs:
        before.append(before[-1] + length)
    for piece in ours:
        row = [before[0] + piece[1]]
        for at, other in enumerate(theirs, start=1):
            swapped = 0 if piece == other else max(piece[1], other[1])
            row.append(min(before[at] + piece[1], row[-1] + other[1], before[at - 1] + swapped))
        before = row
    return before[-1]


@cache
def _file() -> _File:
    data = files(__package__).joinpath("formats.toml").read_bytes()
    return msgspec.toml.decode(data, type=_File)


@cache
def _index() -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    data = files(__package__).joinpath("ollama_index.json").read_bytes()
    return tuple(
        (one.name, tuple(_unpacked(one.pieces)))
        for one in msgspec.json.decode(data, type=list[_Listed])
    )


def _unpacked(pieces: str) -> list[Piece]:
    raw = zlib.decompress(base64.b64decode(pieces))
    return [(raw[at : at + 2], raw[at + 2]) for at in range(0, len(raw), 3)]
