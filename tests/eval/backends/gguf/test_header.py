"""GGUF headers: read as the package `gguf` writes them, refused where they cannot be true."""

import io
import struct
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import gguf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.backends.gguf.header import BadHeader, Header, read_header

TOKENS = ["<s>", "</s>", "<|turn>", "안녕", "a"]
KINDS = [3, 3, 4, 1, 1]


def written(path: Path, *, endian: gguf.GGUFEndian = gguf.GGUFEndian.LITTLE) -> Path:
    """Write a header with every kind of entry, and a tensor after it."""
    import numpy

    writer = gguf.GGUFWriter(path, "llama", endianess=endian)
    writer.add_uint8("kinds.byte", 7)
    writer.add_int16("kinds.short", -7)
    writer.add_float64("kinds.double", 0.5)
    writer.add_uint64("kinds.long", 2**60)
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_array("kinds.pairs", [1.5, 2.5, 3.5])
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_types(KINDS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template(
        [{"name": "default", "template": "{{ 안녕 }}"}, {"name": "tool_use", "template": "{{ t }}"}]
    )
    writer.add_tensor("w", numpy.zeros((4, 4), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def read(data: bytes) -> Header:
    return read_header(io.BytesIO(data), size=len(data), name="model.gguf")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("gguf") / "tiny.gguf").read_bytes()


def test_weights_are_counted_and_their_bytes_are_those_behind_the_header(data: bytes) -> None:
    header = read(data)
    assert (header.parameters, header.tensor_bytes) == (16, 64)


def test_a_list_of_tensors_that_breaks_off_leaves_the_rest_of_the_header_readable(
    data: bytes,
) -> None:
    header = read(data[: data.rindex(b"w") + 4])
    assert (header.parameters, header.tensor_bytes) == (None, None)
    assert header.values["tokenizer.chat_template"] == "{{ 안녕 }}"


def test_every_kind_of_entry_is_read(data: bytes) -> None:
    header = read(data)
    assert header.version == 3
    assert header.tensors == 1
    assert header.values["kinds.byte"] == 7
    assert header.values["kinds.short"] == -7
    assert header.values["kinds.double"] == 0.5
    assert header.values["kinds.long"] == 2**60
    assert header.values["tokenizer.ggml.add_bos_token"] is True
    assert header.values["tokenizer.chat_template"] == "{{ 안녕 }}"
    assert header.values["tokenizer.chat_template.tool_use"] == "{{ t }}"
    assert header.template_names == ("tool_use",)
    assert header.lengths["kinds.pairs"] == 3
    assert header.marked == {"<s>": 0, "</s>": 1, "<|turn>": 2}
    assert header.named == {"bos": "<s>", "eos": "</s>"}


def test_a_file_of_the_other_byte_order_says_the_same(data: bytes, tmp_path: Path) -> None:
    other = written(tmp_path / "big.gguf", endian=gguf.GGUFEndian.BIG).read_bytes()
    assert read(other) == read(data)


def test_nothing_after_the_header_is_read(data: bytes) -> None:
    endless = io.BytesIO(data)
    read_header(endless, size=1 << 50, name="model.gguf")
    assert endless.tell() == len(data), "one block is more than this whole file"


def header_size(data: bytes) -> int:
    """Return how long the header is: where the last entry ends."""
    low, high = 24, len(data)
    while low < high:
        middle = (low + high) // 2
        try:
            read(data[:middle])
            high = middle
        except BadHeader:
            low = middle + 1
    return low


def test_a_file_that_was_cut_anywhere_in_its_header_is_refused(data: bytes) -> None:
    for size in range(header_size(data)):
        with pytest.raises(BadHeader):
            read(data[:size])


def text(value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(value) if length is None else length) + value


def claims(entries: int = 1, tensors: int = 0, body: bytes = b"") -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, entries) + body


def array(kind: int, count: int, body: bytes = b"") -> bytes:
    return text(b"some.key") + struct.pack("<IIQ", 9, kind, count) + body


HOSTILE = {
    "nothing": b"",
    "another kind of file": b"PK\x03\x04" * 20,
    "an unknown version": b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
    "2^60 entries": claims(2**60),
    "a key of 2^60 bytes": claims(body=text(b"k", 2**60)),
    "a text of 2^60 bytes": claims(body=text(b"k") + struct.pack("<I", 8) + text(b"v", 2**60)),
    "an array of 2^60 texts": claims(body=array(8, 2**60)),
    "an array of 2^60 numbers": claims(body=array(10, 2**60)),
    "2^60 token types": claims(
        body=text(b"tokenizer.ggml.token_type") + struct.pack("<IIQ", 9, 5, 2**60)
    ),
    "texts that are not there": claims(body=array(8, 3, text(b"one"))),
    "a text in an array of 2^60 bytes": claims(body=array(8, 1, text(b"one", 2**60))),
    "an array of arrays": claims(body=array(9, 1)),
    "a value of an unknown kind": claims(body=text(b"k") + struct.pack("<I", 77)),
    "fewer entries than claimed": claims(5, body=text(b"k") + struct.pack("<IB", 0, 1)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_a_clear_error_and_takes_no_memory(name: str) -> None:
    tracemalloc.start()
    with pytest.raises(BadHeader, match="the header of this GGUF file cannot be used") as error:
        read(HOSTILE[name])
    assert error.value.file == "model.gguf"
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_claim_is_not_believed_however_large_the_file_is() -> None:
    """A sparse file of a terabyte costs its sender nothing."""
    with pytest.raises(BadHeader, match="claims 4194305 texts"):
        endless = claims(body=array(8, (1 << 22) + 1))
        read_header(io.BytesIO(endless), size=1 << 40, name="model.gguf")


SMALL = claims(
    4,
    body=text(b"k")
    + struct.pack("<I", 8)
    + text(b"v")
    + text(b"n")
    + struct.pack("<Id", 12, 1.5)
    + array(8, 2, text(b"one") + text(b"two"))
    + array(5, 2, struct.pack("<ii", 1, 2)),
)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(tail: bytes) -> None:
    for start in (b"", b"GGUF", claims(3)):
        with suppress(BadHeader):
            read(start + tail)


@given(st.integers(24, 500), st.integers(0, 255))
def test_no_change_of_a_byte_does_more_than_be_read_or_refused(place: int, byte: int) -> None:
    whole = bytearray(SMALL)
    whole[place % len(whole)] = byte
    with suppress(BadHeader):
        read(bytes(whole))


def test_a_vocabulary_of_262144_tokens_is_read_in_well_under_a_second(tmp_path: Path) -> None:
    size = 262_144
    tokens = b"".join(text(f"token{number}".encode()) for number in range(size))
    entries = text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, size) + tokens
    entries += text(b"tokenizer.ggml.token_type") + struct.pack("<IIQ", 9, 5, size)
    entries += struct.pack("<i", 3) * 4 + struct.pack("<i", 1) * (size - 4)
    entries += text(b"tokenizer.ggml.eos_token_id") + struct.pack("<II", 4, 3)
    path = tmp_path / "large.gguf"
    path.write_bytes(claims(3, body=entries))
    best = min(timed(path) for _ in range(3))
    assert best < 0.8
    with path.open("rb") as file:
        header = read_header(file, size=path.stat().st_size, name="large.gguf")
    assert header.named == {"eos": "token3"}


def timed(path: Path) -> float:
    """Return the seconds of processor time that reading takes: neighbours count for less."""
    began = time.process_time()
    with path.open("rb") as file:
        read_header(file, size=path.stat().st_size, name="large.gguf")
    return time.process_time() - began
