"""Result files of version 1, read in one go: whole, or without the text of their steps."""

from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from ..eval.records import Bucket, Count, Result, Share, Step

_NULL = Raw(b"null")


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """A step whose long texts stay the bytes that they are in the file.

    The fields are those of `Step`, in its order, so that a file which our writer wrote is written
    again byte for byte.
    """

    task_id: str
    step_idx: Count
    sample_idx: Count | None = None
    bucket: Bucket | None = None
    source_group: str | None = None
    scored: bool = True
    error: str | None = None
    raw_output: Raw = _NULL
    ref_command_units: Raw = _NULL
    pred_command_units: Raw = _NULL
    ref_task_complete: bool | None = None
    pred_task_complete: bool | None = None
    valid_json: bool | None = None
    has_analysis: bool | None = None
    has_plan: bool | None = None
    first_cmd_exact: Share | None = None
    command_precision: Share | None = None
    command_recall: Share | None = None
    command_f1: Share | None = None
    finish_reason: str | None = None
    prompt_tokens: Count | None = None
    output_tokens: Count | None = None


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


def read(data: bytes, *, text: bool) -> Read | None:
    """Return the result in *data* if our own writer could have written it, else `None`.

    Such bytes need no search for repeated keys: written again, they are the same but for blanks.
    What is not read here goes the long way, which finds out what is wrong. Without *text* the
    long texts of the steps are not looked at.
    """
    try:
        if data.startswith(b"{\n"):
            data = msgspec.json.format(data, indent=-1)
        found = (_WHOLE if text else _LIGHT).decode(data)
        if _ENCODER.encode(found) != data:
            return None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    fields = msgspec.structs.asdict(found)
    rows = fields.pop("steps")
    return Read(Result(**fields), rows)
