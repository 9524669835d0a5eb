"""Files of conversations, decoded: JSON lines, one JSON array or object, or events of a cast.

Whatever is damaged is told with its place, and the rest goes on.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from ...engine import well_formed
from ...errors import UsageError

LONGEST_LINE = 32 << 20
"""Bytes."""
MOST_BYTES = 1 << 30
"""Of a file, unpacked."""
MOST_WHOLE = 256 << 20
"""Bytes of a file that is one JSON value, and so cannot be read line by line."""
_HEAD = 200
"""Lines by which a file whose first line is no JSON is told to be of lines or not."""

_CAST = {"width", "term"}
_FOREIGN = {
    b"PAR1": "a parquet file",
    b"PK\x03\x04": "a zip archive",
    b"SQLite format 3\x00": "a SQLite database",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


class Document(Struct, frozen=True, kw_only=True):
    """One decoded value of a file; a cast is its header, its lines being `events` in it."""

    value: Any
    place: str
    """`file:line`, in an array `file[index]`, or the file alone."""


class Fault(Struct, frozen=True, kw_only=True):
    """A part of a file that cannot be read; the rest goes on."""

    place: str
    what: str
    """With the key at fault, where there is one."""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file at *path*. Raises UsageError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", file=path.name) from error


def documents(path: Path, name: str | None = None) -> Iterator[Document | Fault]:
    """Yield the values in the file at *path*; *name* stands for it in places.

    Raises UsageError where it cannot be opened, is no text of JSON at all, or is too large.
    """
    name = name or path.name
    try:
        with path.open("rb") as raw:
            if raw.peek(2)[:2] == b"\x1f\x8b":
                with gzip.open(raw) as unpacked:
                    yield from _documents(BufferedReader(unpacked), name)
            else:
                yield from _documents(raw, name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(f"cannot be unpacked: {error}", file=name) from error
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", file=name) from error


def _documents(file: BufferedReader, name: str) -> Iterator[Document | Fault]:
    head = file.peek(16)
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UsageError(
                f"is {what}, not JSON", file=name, remedy="Save it as JSON lines in UTF-8."
            )
    lines = _lines(file, name)
    first = next(lines, None)
    if first is None:
        return
    number, line = first
    try:
        value = _decoded(line)
    except ValueError as error:
        yield from _whole_or_lines(number, line, lines, name, error)
        return
    if isinstance(value, dict) and value.get("version") in (2, 3) and _CAST & value.keys():
        yield _cast(value, lines, name)
        return
    second = next(lines, None)
    if second is None and isinstance(value, list):
        yield from _members(value, name)
        return
    yield Document(value=value, place=f"{name}:{number}")
    yield from _each([second] if second else [], name)
    yield from _each(lines, name)


def _lines(file: IO[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers; what is too long comes cut."""
    number = size = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        size += len(line)
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE + 1)) and size <= MOST_WHOLE:
                line += rest
                size += len(rest)
                if rest.endswith(b"\n"):
                    break
        if size > MOST_BYTES:
            raise UsageError(
                f"holds more than {MOST_BYTES} bytes", file=name, remedy="Split the file."
            )
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield number, line


def _each(lines: Any, name: str) -> Iterator[Document | Fault]:
    for number, line in lines:
        place = f"{name}:{number}"
        if len(line) > LONGEST_LINE:
            yield Fault(place=place, what=f"a line of more than {LONGEST_LINE} bytes")
            continue
        try:
            yield Document(value=_decoded(line), place=place)
        except ValueError as error:
            yield Fault(place=place, what=str(error))


def _whole_or_lines(
    number: int, line: bytes, lines: Iterator[tuple[int, bytes]], name: str, error: ValueError
) -> Iterator[Document | Fault]:
    """Read what begins with a line that is no JSON: one value over many lines, or damaged lines."""
    kept = [(number, line)]
    size = len(line)
    for one in lines:
        kept.append(one)
        size += len(one[1])
        if size > MOST_WHOLE:
            break
    if size <= MOST_WHOLE:
        text = b"".join(one for _, one in kept)
        try:
            value = _decoded(text)
        except ValueError as failed:
            error = failed
        else:
            if isinstance(value, list):
                yield from _members(value, name)
            else:
                yield Document(value=value, place=name)
            return
        sample = kept[:_HEAD]
        good = sum(map(_is_whole, (one for _, one in sample)))
        if 2 * good < len(sample) or len(kept) == 1:
            yield from _partly(text, name, error)
            return
    yield from _each(kept, name)
    yield from _each(lines, name)


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(_decoded(line), dict | list)
    except ValueError:
        return False


def _members(values: list[Any], name: str) -> Iterator[Document]:
    """Yield the members of an array; messages without anything around them are one document."""
    if values and all(isinstance(one, dict) and "role" in one for one in values):
        yield Document(value=values, place=name)
        return
    for place, value in enumerate(values):
        yield Document(value=value, place=f"{name}[{place}]")


def _partly(text: bytes, name: str, error: ValueError) -> Iterator[Document | Fault]:
    """Yield the whole members of an array that is damaged, and where it is."""
    try:
        said = text.decode("utf-8")
    except UnicodeDecodeError:
        yield Fault(place=name, what="is not UTF-8", remedy="Save it as UTF-8.")
        return
    if not said.lstrip().startswith("["):
        yield Fault(place=name, what=str(error))
        return
    decoder = json.JSONDecoder(parse_constant=lambda _: None)
    at, place, values = said.index("[") + 1, 0, list[Any]()
    try:
        while True:
            at = _past(said, at)
            value, at = decoder.raw_decode(said, at)
            values.append(value)
            place += 1
            at = _past(said, at)
            if said[at : at + 1] != ",":
                break
            at += 1
    except (ValueError, RecursionError):
        pass
    if values and all(isinstance(one, dict) and "role" in one for one in values):
        yield Fault(place=name, what=f"damaged after {place} messages: {error}")
        return
    yield from (
        Document(value=value, place=f"{name}[{number}]") for number, value in enumerate(values)
    )
    yield Fault(place=f"{name}[{place}]", what=f"damaged from here on: {error}")


def _past(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _cast(header: dict[str, Any], lines: Iterator[tuple[int, bytes]], name: str) -> Document:
    """Gather the events after the header of a cast; damaged ones are counted."""
    events, damaged = list[Any](), 0
    for _, line in lines:
        if line.startswith(b"#"):
            continue
        try:
            event = _decoded(line)
        except ValueError:
            damaged += 1
            continue
        events.append(event)
    return Document(value={**header, "events": events, "damaged": damaged}, place=name)


_DECODER = msgspec.json.Decoder()


def _decoded(text: bytes) -> Any:
    """Return the JSON value of *text*; a number that is not finite is null. Raises ValueError."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        first = error
    try:
        # NaN, and halves of surrogate pairs, are no JSON and yet in many files.
        return _clean(json.load(BytesIO(text), parse_constant=lambda _: None))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except ValueError:
        what = str(first).removeprefix("JSON is malformed: ")
        raise ValueError(f"is no JSON: {what}") from None


def _clean(value: Any) -> Any:
    """Return *value* with every text as UTF-8 can hold it."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {well_formed(key): _clean(one) for key, one in value.items()}
    return value
