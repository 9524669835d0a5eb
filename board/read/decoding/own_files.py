"""Result files of version 1, read in one go: whole, or without the text of their steps."""

import re
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from ....eval.records import Bucket, Count, Result, Share, Step


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """A step whose texts stay the bytes that they are in the file.

    It has every field of `Step` and must be given all of them, as our own writer does.
    """

    task_id: str
    step_idx: Count
    sample_idx: Count | None
    bucket: Bucket | None
    source_group: str | None
    scored: bool
    error: Raw
    raw_output: Raw
    ref_command_units: Raw
    pred_command_units: Raw
    ref_task_complete: bool | None
    pred_task_complete: bool | None
    valid_json: bool | None
    has_analysis: bool | None
    has_plan: bool | None
    first_cmd_exact: Share | None
    command_precision: Share | None
    command_recall: Share | None
    command_f1: Share | None
    finish_reason: str | None
    prompt_tokens: Count | None
    output_tokens: Count | None


class Read(NamedTuple):
    """A result without its steps, and the steps."""

    result: Result
    rows: tuple[Step, ...] | tuple[Row, ...]


def _light_record() -> type[Struct]:
    """Return `Result` with rows in place of its steps."""
    fields: list[tuple[str, object] | tuple[str, object, object]] = []
    for field in msgspec.structs.fields(Result):
        kind = tuple[Row, ...] if field.name == "steps" else field.type
        if field.required:
            fields.append((field.name, kind))
        elif field.default_factory is not msgspec.NODEFAULT:
            default = msgspec.field(default_factory=field.default_factory)
            fields.append((field.name, kind, default))
        else:
            fields.append((field.name, kind, field.default))
    return msgspec.defstruct("LightResult", fields, kw_only=True, tag_field="kind", tag="result")


_WHOLE = msgspec.json.Decoder(Result)
_LIGHT = msgspec.json.Decoder(_light_record())
_ENCODER = msgspec.json.Encoder()
_STEPS = re.compile(rb'"steps": ?\[')
_KEYS = len(Row.__struct_fields__)


def read(data: bytes, *, text: bool) -> Read | None:
    """Return the result in *data* if our own writer could have written it, else `None`.

    Such bytes need no search for repeated keys. What is not read here goes the long way, which
    finds out what is wrong. Without *text* the texts of the steps are not looked at.
    """
    try:
        found = (_WHOLE if text else _LIGHT).decode(data)
        fields = msgspec.structs.asdict(found)
        rows = fields.pop("steps")
        result = Result(**fields)
        if text:
            plain = msgspec.json.format(data, indent=-1) if data.startswith(b"{\n") else data
            return Read(result, rows) if _ENCODER.encode(found) == plain else None
        return Read(result, rows) if _is_ours(data, result, rows) else None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _is_ours(data: bytes, result: Result, rows: tuple[Row, ...]) -> bool:
    """Tell whether *data* says nothing twice, and nothing that *result* and *rows* do not hold.

    What stands before the steps must be what our writer makes of *result*. From there on JSON has
    one colon a key outside strings, and every row has all its keys: so colons beyond those, and
    those in the rows' texts, are keys that were said again or that nobody knows.
    """
    import numpy as np

    start = _STEPS.search(data)
    if start is None:
        return False
    head = msgspec.json.format(data[: start.start()] + b'"steps":[]}', indent=-1)
    if head != _ENCODER.encode(result):
        return False
    words = (
        [row.task_id for row in rows],
        [row.source_group or "" for row in rows],
        [row.finish_reason or "" for row in rows],
    )
    if any(":" in "".join(column) for column in words):  # perhaps written as an escape
        return False
    texts = (
        *[row.raw_output for row in rows],
        *[row.ref_command_units for row in rows],
        *[row.pred_command_units for row in rows],
        *[row.error for row in rows],
    )
    tail = np.frombuffer(data, np.uint8, offset=start.start())
    inside = np.frombuffer(b"".join(texts), np.uint8)
    colons = np.count_nonzero(tail == ord(":")) - np.count_nonzero(inside == ord(":"))
    return int(colons) == 1 + _KEYS * len(rows)
