"""What a file of another program holds, in whichever form: bounded, and named as what it is."""

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import IO, Any, Literal, NamedTuple

import msgspec

from ...words.findings import Finding
from .json_faults import MAX_DEPTH
from .json_object import Document, Undecodable, decode_value, encoding_of

Form = Literal[
    "json", "json-lines", "yaml", "table", "zip", "parquet", "gzip", "sqlite", "binary", "text"
]

MOST_LINE = 16 * 2**20
"""Bytes of one line of JSON Lines."""
MOST_ROWS, MOST_COLUMNS, MOST_CELL = 100_000, 2_000, 100_000
"""Of a table; a cell in letters."""
MOST_YAML = 4 * 2**20
"""Bytes of YAML, which is slow to read."""
MOST_MEMBER, MOST_UNPACKED, MOST_MEMBERS = 256 * 2**20, 2 * 2**30, 200_000
"""Of a zip archive, in bytes as unpacked and as a number."""
MOST_FOLD = 500
"""How many times its packed size a member of an archive may have, from a megabyte on."""

_MAGIC: tuple[tuple[bytes, Form], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"SQLite format 3\x00", "sqlite"),
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_YAML = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:---\s|- |[\w\"'][\w .\"'/-]*:(?:\s|$))")
_DELIMITERS = ",;\t|"
_ZSTANDARD = 93


class Table(NamedTuple):
    """Rows of text by the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


class Content:
    """The bytes of a file, read as whatever is asked for; `Undecodable` where they cannot be.

    Remarks on what was put right on the way gather in `remarks`.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.remarks: list[Finding] = []

    @cached_property
    def form(self) -> Form:
        """Tell what the bytes look like, from their beginning."""
        for magic, form in _MAGIC:
            if self.data.startswith(magic):
                return form
        if self.encoding is None:
            return "binary"
        head = self._head
        if head.startswith(("{", "[")):
            first, _, rest = head.partition("\n")
            whole = first.rstrip().endswith("}") and first.startswith("{")
            return "json-lines" if whole and rest.lstrip().startswith("{") else "json"
        if not head.startswith("- ") and _delimiter(head) is not None:
            return "table"
        return "yaml" if _YAML.match(head) else "text"

    @cached_property
    def encoding(self) -> str | None:
        """Tell how the text is encoded; `None` where the bytes are no text."""
        for mark, name in _MARKS:
            if self.data.startswith(mark):
                return name
        head = self.data[: 2**20]
        if b"\x00" in head:
            return None
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            if len(head) < 2**20 or error.start < len(head) - 4:
                return "cp949" if encoding_of(self.data) == "CP949" else None
        return "utf-8"

    @cached_property
    def text(self) -> str:
        """Return the whole as text."""
        if self.encoding is None:
            raise Undecodable("not-json", reason="not UTF-8")
        try:
            return self.data.decode(self.encoding)
        except UnicodeDecodeError as error:
            raise Undecodable("not-json", reason="not UTF-8", byte=error.start) from None

    @cached_property
    def value(self) -> object:
        """Return the JSON value; a number that is not finite is null, with a remark."""
        value, remarks = decode_value(self.data)
        self.remarks += remarks
        return value

    @property
    def document(self) -> Document:
        """Return the JSON object, an empty one where there is another value."""
        return self.value if self.form == "json" and isinstance(self.value, dict) else {}

    @cached_property
    def members(self) -> list[Document]:
        """Return the objects of a list in JSON or YAML; none where there is something else."""
        value = self.value if self.form == "json" else self.yaml if self.form == "yaml" else None
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    @cached_property
    def yaml(self) -> object:
        """Return the YAML value: scalars, lists and mappings without tags and aliases."""
        return _yaml(self.text)

    @cached_property
    def table(self) -> Table:
        """Return the table; cells that a row lacks are empty."""
        return _table(self.text)

    @property
    def lines(self) -> Iterator[Document]:
        """Yield the objects of JSON Lines."""
        return json_lines(io.BytesIO(self.data))

    def archive(self) -> "Archive":
        """Open the zip archive."""
        return Archive(io.BytesIO(self.data))

    @property
    def _head(self) -> str:
        assert self.encoding is not None
        return self.data[: 2**16].decode(self.encoding, "ignore").lstrip("\ufeff \t\r\n")


class Archive:
    """The members of a zip archive by name, each read whole and never written anywhere."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            # NotImplementedError is what zipfile says of an archive in several volumes.
            raise Undecodable("not-json", reason="broken archive") from None
        self._file, self._left = file, MOST_UNPACKED
        self._members = {info.filename: info for info in self._zip.infolist()}
        if len(self._members) > MOST_MEMBERS:
            raise limit("members of an archive", MOST_MEMBERS)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all members, sorted."""
        return tuple(sorted(self._members))

    def read(self, name: str) -> bytes:
        """Return what the member *name* holds; raise `Undecodable` for what is too much or broken.

        What an archive says of its sizes is not believed: no more than the limit is unpacked.
        """
        info = self._members[name]
        most = min(MOST_MEMBER, self._left)
        if info.compress_size * MOST_FOLD > 2**20:
            most = min(most, info.compress_size * MOST_FOLD)
        else:
            most = min(most, 2**20)
        try:
            with self._open(info) as stream:
                data = stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
            raise Undecodable("not-json", name, reason="broken archive") from None
        except (NotImplementedError, RuntimeError):  # an unknown method, or a password
            raise Undecodable("not-json", name, reason="unknown compression") from None
        if len(data) > most:
            raise limit("bytes of an unpacked archive", most, name)
        self._left -= len(data)
        return data

    def _open(self, info: zipfile.ZipInfo) -> IO[bytes]:
        if info.compress_type != _ZSTANDARD:
            return self._zip.open(info)
        # Python's own module knows this method from 3.14 on.
        import pyarrow

        self._file.seek(info.header_offset)
        head = self._file.read(30)
        if len(head) < 30 or head[:4] != b"PK\x03\x04" or info.flag_bits & 1:
            raise zipfile.BadZipFile
        name, extra = (int.from_bytes(head[at : at + 2], "little") for at in (26, 28))
        self._file.seek(name + extra, 1)
        packed = self._file.read(info.compress_size)
        stream: IO[bytes] = pyarrow.CompressedInputStream(pyarrow.BufferReader(packed), "zstd")
        return stream


def json_lines(file: IO[bytes]) -> Iterator[Document]:
    """Yield the objects of a file with one a line, however long the file; bare NaN is null.

    Raises `Undecodable` with the line's number for what is no object, and for a line that is too
    long. A last line that was cut off in the middle is such a line too.
    """
    for number, line in lines_of(file):
        yield object_of(line, number)


def lines_of(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that are not empty with their numbers, from 1."""
    number = 0
    while line := file.readline(MOST_LINE + 1):
        number += 1
        if len(line) > MOST_LINE:
            raise limit("bytes of a line", MOST_LINE, f"[{number - 1}]")
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.isspace():
            yield number, line


_DECODER = msgspec.json.Decoder()


def object_of(line: bytes, number: int) -> Document:
    """Return the object in the *line* of this *number*; raise `Undecodable` where it holds none."""
    try:
        found = _DECODER.decode(line)
    except RecursionError:
        raise Undecodable("too-deep", f"[{number - 1}]", limit=MAX_DEPTH) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = _forgiving(line, number)
    if not isinstance(found, dict):
        raise Undecodable("not-json", reason="syntax", line=number, column=1)
    return found


def _forgiving(line: bytes, number: int) -> Any:
    """Return the value of a *line* that may hold numbers that are not finite."""
    try:
        return json.loads(line, parse_constant=lambda _: None)
    except RecursionError:
        raise Undecodable("too-deep", f"[{number - 1}]", limit=MAX_DEPTH) from None
    except ValueError:
        raise Undecodable("not-json", reason="syntax", line=number, column=1) from None


def limit(what: str, most: int, key: str | None = None) -> Undecodable:
    """Return the error that there is more of *what* than is read."""
    return Undecodable("over-limit", key, reason=what, limit=most)


def _delimiter(text: str) -> str | None:
    """Return what parts the cells of a table; `None` where *text* does not begin like one."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if len(lines) < 2:
        return None
    for delimiter in sorted(_DELIMITERS, key=lambda one: -lines[0].count(one)):
        widths = [len(row) for row in csv.reader(lines[:5], delimiter=delimiter)]
        if widths and widths[0] > 1 and all(width == widths[0] for width in widths[:-1]):
            return delimiter
    return None


def _table(text: str) -> Table:
    delimiter = _delimiter(text[: 2**16])
    if delimiter is None:
        raise Undecodable("not-json", reason="no table")
    csv.field_size_limit(MOST_CELL)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    try:
        header = [name.strip() for name in next(reader)]
        if len(header) > MOST_COLUMNS:
            raise limit("columns of a table", MOST_COLUMNS)
        columns: list[str] = []
        for name in header:
            twin = sum(one == name or one.startswith(f"{name} (") for one in columns)
            columns.append(f"{name} ({twin + 1})" if name in columns else name)
        rows: list[dict[str, str]] = []
        for cells in reader:
            if len(rows) >= MOST_ROWS:
                raise limit("rows of a table", MOST_ROWS)
            if any(cell.strip() for cell in cells):
                padded = [*cells, *[""] * (len(columns) - len(cells))]
                pairs = zip(columns, padded, strict=False)
                rows.append({name: cell.strip() for name, cell in pairs})
    except (csv.Error, StopIteration):
        raise limit("letters of a cell", MOST_CELL) from None
    return Table(tuple(columns), tuple(rows))


def _yaml(text: str) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent, MappingStartEvent, SequenceStartEvent

    if len(text) > MOST_YAML:
        raise limit("letters of YAML", MOST_YAML)
    loader = YAML(typ="safe", pure=True)
    loader.allow_duplicate_keys = True
    depth = 0
    try:
        for event in loader.parse(text):
            if isinstance(event, AliasEvent):
                raise limit("YAML aliases", 0)
            if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                depth += 1
                if depth > MAX_DEPTH // 4:
                    raise Undecodable("too-deep", limit=MAX_DEPTH // 4)
            elif type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
                depth -= 1
        return YAML(typ="safe", pure=True).load(text)
    except RecursionError:
        raise Undecodable("too-deep", limit=MAX_DEPTH // 4) from None
    except (YAMLError, ValueError, TypeError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        line = {"line": mark.line + 1, "column": mark.column + 1} if mark is not None else {}
        raise Undecodable("not-json", reason="no YAML", **line) from None
