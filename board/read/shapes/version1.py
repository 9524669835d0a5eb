"""Result files of our own, version 1: checked against the record, the key at fault named."""

import re

import msgspec
from msgspec.structs import replace

from ....eval.records import VERSION, Result
from ...model import Kind
from ..decoding.json_faults import shorten
from ..decoding.json_object import Document
from . import model_names
from .replay import Adapted
from .source import Source

_REQUIRED = re.compile(r"Object missing required field `(.+?)`")
_INVALID = re.compile(r"^Invalid (?:enum )?value ")
_EXPECTED = re.compile(r"Expected (.+?)(?:, got `(.+?)`)?$")
_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
_TYPE = re.compile(rf"\b(?:{'|'.join(_TYPES)})\b")
_NAMES = ("model.id", "model.label", "model.adapter.id")
_RANGE = re.compile(r"`\w+` (?:[<>]=?|matching|of length|with)")


def adapt(source: Source) -> Adapted:
    """Adapt a version-1 file, or say which key keeps it from being one."""
    version = source.raw("version")
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        source.note("newer-version", "version", value=min(version, 10**9), wanted=VERSION)
        return Adapted("refused")
    times = {key: source.time(key) for key in ("started_at", "finished_at") if source.raw(key)}
    document: Document = {key: source.raw(key) for key in source.keys} | times
    try:
        return classify(msgspec.convert(document, Result), source)
    except (msgspec.ValidationError, RecursionError) as error:
        complain(str(error), source)
        return Adapted("refused")


def classify(result: Result, source: Source) -> Adapted:
    """Return what kind of file holds *result*, with the paths of a machine taken out of it."""
    kind: Kind = "result"
    if result.shard is not None:
        kind = "shard"
    elif result.provenance is not None and result.provenance.kind == "published-table":
        kind = "published-table"
    elif result.status == "partial":
        kind = "partial"
    return Adapted(kind, _without_paths(result, source))


def complain(message: str, source: Source) -> None:
    """Keep the finding that a validator's *message* comes to."""
    what, _, place = message.partition(" - at ")
    key = place.strip("`").removeprefix("$").lstrip(".") or None
    if required := _REQUIRED.match(what):
        source.note("missing-key", f"{key}.{required[1]}" if key else required[1])
        return
    expected = _EXPECTED.match(what)
    if expected is None:
        value = _INVALID.sub("", what)
        source.note("out-of-range", key, value=shorten(value, 120))
    elif expected[2] is None and _RANGE.match(expected[1]):
        source.note("out-of-range", key, wanted=_plain(expected[1]))
    else:
        source.note("wrong-type", key, wanted=_plain(expected[1]), found=_plain(expected[2] or ""))


def _plain(types: str) -> str:
    """Return the names of types as JSON has them."""
    return _TYPE.sub(lambda found: _TYPES[found[0]], types.replace("`", ""))


def _without_paths(result: Result, source: Source) -> Result:
    """Return *result* with every local path in what is published cut down to its last part."""
    head = replace(result, steps=())
    if not model_names.may_hold_paths(msgspec.json.encode(head).decode("utf-8", "replace")):
        return result
    clean = msgspec.convert(_clean(msgspec.to_builtins(head), source, ""), Result)
    return replace(clean, steps=result.steps)


def _clean(value: object, source: Source, key: str) -> object:
    if isinstance(value, dict):
        return {name: _clean(v, source, f"{key}.{name}".lstrip(".")) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(member, source, f"{key}[{n}]") for n, member in enumerate(value)]
    if not isinstance(value, str):
        return value
    plain = model_names.without_paths(value)
    if key in _NAMES and model_names.is_local(value):
        plain = model_names.last_part(value) or "unknown"
    if plain != value:
        source.note("local-path-dropped", key, name=shorten(plain))
    return plain
