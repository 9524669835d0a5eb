"""From a file's bytes to a JSON object, or to the one finding that says why there is none."""

import re

import msgspec
from msgspec.structs import replace

from ...words.findings import READING, Finding, Value
from ...words.machines import without_paths
from .json_faults import finite, first_trouble, shorten

Document = dict[str, object]

_BOM = b"\xef\xbb\xbf"
_SCANNED = 32 * 2**20
"""Characters of a broken text that are searched for the key at fault."""

_NAMED = 10
"""Numbers that are not finite, each named; further ones are not."""

_COLON = re.compile(rb"\\u003[aA]")
_PLACE = re.compile(r"\(byte (\d+)\)")
# Escapes in the order in which they stand, so that `\\ud800` is a backslash and four letters.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


class Undecodable(Exception):
    """The bytes hold no JSON object; the finding says why."""

    def __init__(self, code: str, key: str | None = None, **values: Value) -> None:
        self.finding = finding(code, key, **values)
        super().__init__(code)


def finding(code: str, key: str | None = None, **values: Value) -> Finding:
    """Return the finding *code* of a file that the reader will name."""
    return Finding(code=code, severity=READING[code], key=key, values=values)


def plain(one: Finding) -> Finding:
    """Return a finding without the paths of machines that its file may have brought into it."""
    texts = [text for text in (one.key, *one.values.values()) if isinstance(text, str)]
    if not any(without_paths(text) != text for text in texts):
        return one
    values = {
        name: without_paths(value) if isinstance(value, str) else value
        for name, value in one.values.items()
    }
    return replace(one, key=one.key and without_paths(one.key), values=values)


def decode(data: bytes) -> tuple[Document, tuple[Finding, ...]]:
    """Return the object in *data* and remarks on its text; raise `Undecodable`."""
    document, notes = decode_value(data)
    if not isinstance(document, dict):
        raise Undecodable("not-an-object", found=kind_of(document))
    return document, notes


def decode_value(data: bytes) -> tuple[object, tuple[Finding, ...]]:
    """Return the value in *data* and remarks on its text; raise `Undecodable`.

    Nothing passes in silence: repeated keys, text after the end and nesting that would exhaust the
    stack are refused. A number that is not finite becomes null, a byte order mark is skipped and a
    lone surrogate becomes U+FFFD, each with a remark.
    """
    notes = []
    if data.startswith(_BOM):
        data = data.removeprefix(_BOM)
        notes.append(finding("byte-order-mark"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if encoding := encoding_of(data):
            raise Undecodable("other-encoding", encoding=encoding) from None
        raise Undecodable("not-json", reason="not UTF-8", byte=error.start) from None
    if not text.strip(" \t\n\r"):
        raise Undecodable("not-json", reason="empty")
    if b"\\ud" in data or b"\\uD" in data:
        repaired = _ESCAPE.sub(lambda e: r"\ufffd" if e[1] else e[0], text)
        if repaired != text:
            text, data = repaired, repaired.encode()
            notes.append(finding("coerced", value="lone surrogate"))
    try:
        document = _parse(text, data)
    except Undecodable as error:
        if error.finding.code != "not-finite":
            raise
        text, infinite = finite(text)
        document = _parse(text, text.encode())
        notes += [
            finding("value-unusable", key, wanted="finite number", value=shorten(said, 40))
            for key, said in infinite[:_NAMED]
        ]
    return document, tuple(notes)


def encoding_of(data: bytes) -> str | None:
    """Return which other encoding *data*, which is no UTF-8, seems to be text in."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    head = data[: 2**20]
    try:
        head.decode("cp949")
    except UnicodeDecodeError as error:
        return "CP949" if len(head) == 2**20 and error.start > len(head) - 4 else None
    return None if b"\x00" in head else "CP949"


def kind_of(value: object) -> str:
    """Return what JSON calls the type of *value*."""
    for types, name in (
        (bool, "boolean"),
        ((int, float), "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    ):
        if isinstance(value, types):
            return name
    return "null"


def _parse(text: str, data: bytes) -> object:
    try:
        document: object = msgspec.json.decode(data)
        lost = _lost_colons(data, document)
    except RecursionError:
        raise _why(text) or Undecodable("too-deep") from None
    except msgspec.DecodeError as error:
        raise _why(text) or _syntax(data, str(error)) from None
    if lost or _COLON.search(data):
        trouble = _why(text)
        if trouble or lost > 0:
            raise trouble or Undecodable("duplicate-key")
    return document


def _lost_colons(data: bytes, document: object) -> int:
    """Return how many colons of *data* the parser dropped, which it does with a repeated key.

    Outside strings JSON has one colon a key, and a string keeps its own when it is written again;
    only one that was written as an escape is gained.
    """
    return data.count(b":") - msgspec.json.encode(document).count(b":")


def _why(text: str) -> Undecodable | None:
    trouble = first_trouble(text[:_SCANNED])
    if trouble is None or (len(text) > _SCANNED and trouble.code == "not-json"):
        return None
    return Undecodable(trouble.code, trouble.key, **trouble.values)


def _syntax(data: bytes, message: str) -> Undecodable:
    """Return the finding that names line and column, both from 1, where the parser gave up."""
    place = _PLACE.search(message)
    if place is None:
        return Undecodable("not-json", reason="syntax")
    before = data[: int(place[1])].decode("utf-8", "replace")
    return Undecodable(
        "not-json",
        reason="syntax",
        line=before.count("\n") + 1,
        column=len(before) - (before.rfind("\n") + 1) + 1,
    )
