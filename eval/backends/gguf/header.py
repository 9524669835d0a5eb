"""The header of a GGUF file, and nothing after it: metadata, chat templates, marked tokens."""

import struct
from collections.abc import Callable, Mapping
from typing import BinaryIO, NoReturn

from msgspec import Struct

from ...errors import CardboardError

TEMPLATE = "tokenizer.chat_template"
NAMES = "tokenizer.chat_templates"
TOKENS = "tokenizer.ggml.tokens"
KINDS = "tokenizer.ggml.token_type"

# By load() of llama_vocab in llama.cpp's src/llama-vocab.cpp.
KNOWN_ENDS = frozenset(
    {
        *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>"),
        *("<|calls|>", "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>"),
        *("[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>"),
        *("<|tool_response>", "<｜end▁of▁sentence｜>", "[e~["),
    }
)
"""Tokens at which llama.cpp stops by their texts, whatever the file says of them."""

MOST_ENTRIES = 65_536
"""Entries of metadata; real files have fewer than a hundred."""
MOST_ITEMS = 1 << 22
"""Texts in one array; the largest vocabularies have some 300,000."""
LONGEST_TEXT = 4 << 20
"""Bytes of one text; the longest chat templates have a few ten thousand."""
MOST_KEPT = 64 << 20
"""Bytes of all tokens together."""
MOST_BYTES = 256 << 20
"""Bytes of the header."""
MOST_TENSORS, MOST_DIMENSIONS, MOST_WEIGHTS = 1 << 18, 8, 1 << 50
"""Of a file, of a tensor, and of all tensors together; the largest files have some 2^41."""

Scalar = str | int | float | bool

_TEXT, _ARRAY, _INT = 8, 9, 5
_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_MARKED = (3, 4)
"""Kinds of tokens that are no plain text: control, defined by the makers."""
_BLOCK = 1 << 20
_KIND_AND_PLACE = 4 + 8
"""Bytes that stand behind a tensor's name and dimensions."""


class BadHeader(CardboardError):
    """The file is no GGUF file, or its header cannot be true."""


class Header(Struct, frozen=True, kw_only=True):
    """What the header says."""

    version: int
    tensors: int
    values: Mapping[str, Scalar]
    """Every entry that is no array."""
    lengths: Mapping[str, int]
    """How many items each array has."""
    template_names: tuple[str, ...] = ()
    """Templates beside the default one, as the file names them."""
    marked: Mapping[str, int] = {}
    """Ids of control tokens and of those that the makers defined, by their texts."""
    known: Mapping[str, int] = {}
    """Ids of the tokens in `KNOWN_ENDS`, by their texts."""
    parameters: int | None = None
    """Weights in all tensors; `None` where the list of them cannot be read."""
    tensor_bytes: int | None = None
    """From the first tensor to the end of the file."""
    named: Mapping[str, str] = {}
    """Texts of the tokens that the entries `tokenizer.ggml.NAME_token_id` stand for, by NAME."""


def read_header(file: BinaryIO, *, size: int, name: str) -> Header:
    """Read the header of *file*, which has *size* bytes; *name* is for messages.

    Reads block by block and no further than the header goes. Raises BadHeader.
    """
    return _Reader(file, size, name).header()


class _Reader:
    """A place in a file."""

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self._file, self._size, self._name = file, min(size, MOST_BYTES), name
        self._whole = size
        self._block, self._at, self._before = b"", 0, 0
        """What is at hand, where we are in it, and how much was before it."""
        self._order = "<"

    def header(self) -> Header:
        version = self._start()
        tensors, entries = self._number("Q"), self._number("Q")
        if entries > MOST_ENTRIES:
            self._refuse(f"it claims {entries} entries, where {MOST_ENTRIES} are the most we read")
        values: dict[str, Scalar] = {}
        arrays: dict[str, int] = {}
        texts: dict[str, list[bytes]] = {TOKENS: [], NAMES: []}
        kinds: tuple[int, ...] = ()
        for _ in range(entries):
            key, kind = self._text().decode("utf-8", "replace"), self._number("I")
            if kind != _ARRAY:
                values[key] = self._scalar(kind, key)
                continue
            inner, arrays[key] = self._number("I"), self._number("Q")
            if inner == _TEXT:
                self._texts(arrays[key], key, texts.get(key))
            elif key == KINDS and inner == _INT:
                kinds = self._integers(arrays[key], key)
            else:
                self._pass(arrays[key] * self._width(inner, key), key)
        tokens = texts[TOKENS]
        weights, held = self._weights(tensors, values)
        return Header(
            version=version,
            tensors=tensors,
            values=values,
            lengths=arrays,
            template_names=tuple(one.decode("utf-8", "replace") for one in texts[NAMES]),
            marked={
                text.decode("utf-8", "replace"): number
                for number, (text, kind) in enumerate(zip(tokens, kinds, strict=False))
                if kind in _MARKED
            },
            known=_known(tokens),
            parameters=weights,
            tensor_bytes=held,
            named=_named(values, tokens),
        )

    def _weights(
        self, tensors: int, values: Mapping[str, Scalar]
    ) -> tuple[int, int] | tuple[None, None]:
        """Return how many weights the tensors have, and their bytes; nothing where that breaks off.

        What an audit needs has been read before.
        """
        total = 0
        try:
            if tensors > MOST_TENSORS:
                return None, None
            for _ in range(tensors):
                self._text()
                size = 1
                for _ in range(min(self._number("I"), MOST_DIMENSIONS)):
                    size *= self._number("Q")
                total += size
                self._bytes(_KIND_AND_PLACE)
        except BadHeader:
            return None, None
        step = values.get("general.alignment", 32)
        step = step if isinstance(step, int) and 0 < step < _BLOCK else 32
        held = self._whole - -(-(self._before + self._at) // step) * step
        return (total, held) if 0 < total <= MOST_WEIGHTS and held > 0 else (None, None)

    def _start(self) -> int:
        if self._bytes(4) != b"GGUF":
            self._refuse("it does not begin with GGUF")
        raw = self._bytes(4)
        version = int.from_bytes(raw, "little")
        if version > 0xFFFF:
            self._order, version = ">", int.from_bytes(raw, "big")
        if version not in (2, 3):
            self._refuse(f"its version {version} is not known")
        return version

    def _scalar(self, kind: int, key: str) -> Scalar:
        if kind == _TEXT:
            return self._text().decode("utf-8", "replace")
        width = self._width(kind, key)
        value: Scalar = struct.unpack(self._order + _FIXED[kind], self._bytes(width))[0]
        return value

    def _text(self) -> bytes:
        return self._bytes(self._allowed(self._number("Q")))

    def _texts(self, count: int, key: str, kept: list[bytes] | None) -> None:
        """Pass over *count* texts; put them into *kept*, where that is given."""
        if count > MOST_ITEMS or 8 * count > self._left():
            self._refuse(f"{key} claims {count} texts, more than there can be")
        unpack: Callable[[bytes, int], tuple[int]] = struct.Struct(f"{self._order}Q").unpack_from
        room, block, at = MOST_KEPT, self._block, self._at
        for _ in range(count):
            if at + 8 > len(block):
                self._at = at
                block, at = self._more(8), 0
            (length,) = unpack(block, at)
            at += 8
            if at + length > len(block):
                self._at = at
                block, at = self._more(self._allowed(length)), 0
            if kept is not None:
                kept.append(block[at : at + length])
                room -= length
                if room < 0:
                    self._refuse(f"{key} has more than {MOST_KEPT} bytes")
            at += length
        self._at = at

    def _integers(self, count: int, key: str) -> tuple[int, ...]:
        if count > MOST_ITEMS:
            self._refuse(f"{key} claims {count} numbers, more than there can be")
        return struct.unpack(f"{self._order}{count}i", self._bytes(4 * count))

    def _number(self, form: str) -> int:
        number: int = struct.unpack(self._order + form, self._bytes(struct.calcsize(form)))[0]
        return number

    def _width(self, kind: int, key: str) -> int:
        if kind not in _FIXED:
            self._refuse(f"{key} has values of the kind {kind}, which is not known")
        return struct.calcsize(_FIXED[kind])

    def _allowed(self, length: int) -> int:
        if length > LONGEST_TEXT:
            self._refuse(f"it claims a text of {length} bytes, where {LONGEST_TEXT} are the most")
        return length

    def _bytes(self, count: int) -> bytes:
        block = self._block if self._at + count <= len(self._block) else self._more(count)
        found = block[self._at : self._at + count]
        self._at += count
        return found

    def _pass(self, count: int, key: str) -> None:
        """Go over *count* bytes without keeping them."""
        if count > self._left():
            self._refuse(f"{key} claims {count} bytes, more than the file has")
        while count:
            step = min(count, _BLOCK)
            self._bytes(step)
            count -= step

    def _more(self, count: int) -> bytes:
        """Have *count* bytes at hand, beginning where we are; return what is at hand."""
        rest = self._block[self._at :]
        self._before += self._at
        if self._before + count > self._size:
            self._refuse(f"it ends after {self._size} bytes, in the middle of its header")
        read = self._file.read(max(count - len(rest), _BLOCK))
        self._block, self._at = rest + read, 0
        if len(self._block) < count:
            self._refuse(f"it ends after {self._before + len(self._block)} bytes, in its header")
        return self._block

    def _left(self) -> int:
        return self._size - self._before - self._at

    def _refuse(self, what: str) -> NoReturn:
        raise BadHeader(
            f"the header of this GGUF file cannot be used: {what}",
            file=self._name,
            remedy="Download or convert the file again.",
        )


def _known(tokens: list[bytes]) -> dict[str, int]:
    ends = {text.encode("utf-8"): text for text in KNOWN_ENDS}
    return {ends[text]: number for number, text in enumerate(tokens) if text in ends}


def _named(values: Mapping[str, Scalar], tokens: list[bytes]) -> dict[str, str]:
    found = {}
    for key, number in values.items():
        name = key.removeprefix("tokenizer.ggml.").removesuffix("_token_id")
        is_token = key == f"tokenizer.ggml.{name}_token_id" and isinstance(number, int)
        if is_token and 0 <= int(number) < len(tokens):
            found[name] = tokens[int(number)].decode("utf-8", "replace")
    return found
