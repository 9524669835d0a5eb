"""Result files of our own, version 2: checked against the record, the key at fault named."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from itertools import islice, repeat
from operator import attrgetter
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import numpy as np
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import force_setattr, replace

from ....eval.records import VERSION, Result, Step, instant
from ....eval.suites.kinds.maps import fixed
from ...model import Kind
from ...words import machines
from ...words.names import nearest
from ..decoding.json_faults import shorten
from ..decoding.json_object import Document
from . import model_names
from .source import Adapted, Source

_REQUIRED = re.compile(r"Object missing required field `(.+?)`")
_INVALID = re.compile(r"^Invalid (?:enum )?value ")
_EXPECTED = re.compile(r"Expected (.+?)(?:, got `(.+?)`)?$")
_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
_TYPE = re.compile(rf"\b(?:{'|'.join(_TYPES)})\b")
_NAMES = ("model.id", "model.label", "model.adapter.id")
_RANGE = re.compile(r"`\w+` (?:[<>]=?|matching|of length|with)")
_ENCODER = msgspec.json.Encoder()
_MOST_UNKNOWN = 20
_ROWS = b'"steps":['
_LATER = b'"seeding":null,"batch_size":null,'
"""Keys that files lack which were written before there were such."""
_COLON = ord(":")
_SHORT = 1000
"""Bytes of a step that holds no answer."""
# What identifies a result: a value that does not fit here is no side figure.
ESSENTIAL = frozenset({"kind", "version", "model", "suite", "counts", "status", "shard"})


def read_own(data: bytes, *, sums_only: bool = False) -> Result | None:
    """Return the result in *data* if our own writer wrote it, byte for byte, else `None`.

    Such bytes hold no repeated and no unknown key. What is not read here goes the long way, which
    finds out what is wrong. *sums_only* is for who reads the steps' maps and keeps none of them:
    they may then be `Fixed`.
    """
    found: Result | None = _WRITER.read(data, as_fixed=sums_only)
    return found


Rows = Sequence[Any]
_RAW = (("groups",), ("groups", "reference", "answer", "parsed"))
"""What is first left as it is written, and read for all steps at once: without and with texts."""
_MOST_KEYS, _MOST_KNOWN = 40, 8
_MOST_SHARED = 4 * 2**20
"""Bytes of what a file's steps share with another's that are kept for that one."""
_ANSWERS = msgspec.json.Decoder(list[str | None])
_OBJECTS = msgspec.json.Decoder(list[dict[str, Any] | None])
_GROUPS = msgspec.json.Decoder(list[dict[str, str]])
_Decoder = msgspec.json.Decoder[Any]
_Shape = tuple[tuple[str, ...] | None, tuple[str, ...]]
"""The keys of what was read of an answer, `None` where the answer is there too, and of scores."""


class Writer:
    """One of our own writers, known by how it writes: every key in its order and no other."""

    def __init__(self, result: type[Any], step: type[Any]) -> None:
        self._step = step
        self._fields = msgspec.structs.fields(step)
        self._head = msgspec.json.Decoder(result)
        self._rows = self._decoder({})
        self._keys = sum(not _optional(field) for field in self._fields)
        types = [(field.name, _plain_kind(field.type)) for field in self._fields]
        self._maps = {name: kind for name, kind in types if get_origin(kind) is dict}
        self._known: dict[_Shape, msgspec.json.Decoder[Rows]] = {}

    def read(self, data: bytes, *, as_fixed: bool = False) -> Any:
        """Return the result in *data* if it is written again as it was, else `None`.

        With *as_fixed*, maps of its steps may be `Fixed`, which is faster.
        """
        try:
            plain = msgspec.json.format(data, indent=-1) if data.startswith(b"{\n") else data
            place = plain.find(_ROWS) + len(_ROWS)
            head, rows = plain[:place] + b"]}", memoryview(plain)[place - 1 : -1]
            found = self._head.decode(head)
            again = _ENCODER.encode(found)
            if head not in (again, again.replace(_LATER, b"", 1)) or plain[-1:] != b"}":
                return None
            steps = self._known_rows(rows) if as_fixed else None
            if steps is None:
                steps = self._rows.decode(rows)
                keys = self._keys * len(steps)
                if not self._once(rows, steps, keys, self._maps) and _ENCODER.encode(steps) != rows:
                    return None
                if as_fixed:
                    self._learn(steps)
            for stamp in filter(None, (found.started_at, found.finished_at)):
                instant(stamp)
            return replace(found, steps=steps)
        except (ValueError, RecursionError):  # msgspec's errors are of this kind too
            return None

    def _decoder(self, kinds: Mapping[str, Any]) -> "msgspec.json.Decoder[Rows]":
        """Return what reads rows with every key required; *kinds* are other types for some."""
        values, step = attrgetter(*(field.name for field in self._fields)), self._step
        strict = msgspec.defstruct(
            step.__name__,
            [
                (field.name, kinds.get(field.name, field.type), *_optional(field))
                for field in self._fields
            ],
            bases=(step,),
            # It is a step like any other, read with every key required.
            namespace={
                "__eq__": lambda one, two: isinstance(two, step) and values(one) == values(two)
            },
            eq=False,
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=True,
        )
        return msgspec.json.Decoder(tuple[strict, ...])  # type: ignore[valid-type]  # made here

    def _known_rows(self, rows: memoryview) -> Rows | None:
        """Return *rows* if their maps have keys that were met before, and no key comes twice."""
        for (parsed, scores), known in self._known.items():
            try:
                steps = known.decode(rows)
            except msgspec.ValidationError:
                continue
            keys = (self._keys + len(scores)) * len(steps)
            if parsed is not None:
                keys += len(parsed) * sum([step.parsed is not None for step in steps])
            return steps if _completed(rows, steps, keys, _RAW[parsed is None]) else None
        return None

    def _learn(self, steps: Rows) -> None:
        """Remember the keys of the maps of *steps*, if they are the same throughout."""
        if not steps:
            return
        texts = steps[0].answer is not None or steps[0].reference is not None
        found = []
        for name in ("scores",) if texts else ("parsed", "scores"):
            keys = {tuple(told) for told in map(attrgetter(name), steps) if told is not None}
            if len(keys) != 1 or len(min(keys)) > _MOST_KEYS:
                return
            found.append(min(keys))
        shape = (None if texts else found[0], found[-1])
        if shape in self._known:
            return
        try:
            kinds: dict[str, Any] = {
                name: fixed(keys, get_args(self._maps[name])[1])
                for name, keys in zip(("parsed", "scores"), shape, strict=True)
                if keys is not None
            }
        except ValueError:  # a key that no record can have, such as one with a quotation mark
            return
        if not texts:
            kinds["parsed"] |= None
        if len(self._known) == _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[shape] = self._decoder(kinds | dict.fromkeys(_RAW[texts], msgspec.Raw))

    def _once(self, rows: memoryview, steps: Rows, keys: int, maps: Iterable[str]) -> bool:
        """Tell whether it is plain that no key of *steps* comes twice.

        Every key has a colon, and there are as many as *keys* and those of *maps*. So there are
        more colons where a key is repeated, and also where a text has some or where another key is
        there: rows of such length are not even counted.
        """
        if len(rows) > _SHORT * len(steps):
            return False
        for name in maps:
            keys += sum([len(told) for told in map(attrgetter(name), steps) if told is not None])
        return _colons(rows) == keys


def _completed(rows: memoryview, steps: Rows, keys: int, names: Sequence[str]) -> bool:
    """Give *steps* what *rows* hold raw under *names*, and tell whether no key comes twice.

    Each key has a colon, and what is raw keeps its own: so all others are those of *keys*, and a
    repeated one would be one more. What is raw is written again, if it is no bare text.
    """
    raw = {name: b",".join(map(attrgetter(name), steps)) for name in names}
    if _colons(rows) != keys + sum(map(_colons, raw.values())):
        return False
    for name in names:
        column = _COLUMNS[name](raw[name])
        if column is None:
            return False
        # These steps were just made and are known to nobody.
        deque(map(force_setattr, steps, repeat(name), column), 0)
    return True


def _texts(raw: bytes) -> list[str | None]:
    return _ANSWERS.decode(b"[%b]" % raw)


def _objects(decoder: _Decoder, raw: bytes) -> list[Any] | None:
    """Return the objects that *raw* lists, `None` where that is not how they are written."""
    raw = b"[%b]" % raw
    found: list[Any] = decoder.decode(raw)
    return found if _ENCODER.encode(found) == raw else None


# Results of one suite hold the same references and the same groups.
_remembered = lru_cache(maxsize=8)(_objects)


def _shared(decoder: _Decoder, raw: bytes) -> list[Any] | None:
    return (_remembered if len(raw) <= _MOST_SHARED else _objects)(decoder, raw)


_COLUMNS: dict[str, Callable[[bytes], Sequence[Any] | None]] = {
    "groups": partial(_shared, _GROUPS),
    "reference": partial(_shared, _OBJECTS),
    "answer": _texts,
    "parsed": partial(_objects, _OBJECTS),
}


def _colons(data: bytes | memoryview) -> int:
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _COLON))


def _optional(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    """Return the default of a *field* that is not written where there is nothing to say."""
    return (UNSET,) if field.default is UNSET else ()


def adapt(source: Source) -> Adapted:
    """Adapt a version-2 file, or say which key keeps it from being one.

    A side value that does not fit becomes unknown, a key that nobody reads is named.
    """
    version = source.raw("version")
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        source.note("newer-version", "version", value=min(version, 10**9), wanted=VERSION)
        return Adapted("refused")
    if isinstance(version, int) and not isinstance(version, bool) and version != VERSION:
        source.note("out-of-range", "version", value=max(version, -(10**9)), wanted=VERSION)
        return Adapted("refused")
    result = fitted(timed(source), Result, source)
    if result is not None and result.counts.scored is None and source.spoilt("counts.scored"):
        source.note("wrong-type", "counts.scored", wanted="integer", found="null")
    return Adapted("refused") if result is None else classify(result)


def timed(source: Source) -> Document:
    """Return the whole file with times that can be used."""
    times = {key: source.time(key) for key in ("started_at", "finished_at") if source.raw(key)}
    return {key: source.raw(key) for key in source.keys} | times


def fitted(document: Document, kind: Any, source: Source) -> Any:
    """Return *document* as *kind*, side values that do not fit left out and named.

    `None` where what is essential does not fit.
    """
    for key, near in islice(unknown(document, kind), _MOST_UNKNOWN):
        source.note("unknown-key", key, nearest=near)
    try:
        return msgspec.convert(document, kind)
    except (msgspec.ValidationError, RecursionError):
        pass
    types = _types(kind)
    essential = {name: value for name, value in document.items() if name in ESSENTIAL}
    rest = {
        name: _fit(value, types[name], source, name)
        for name, value in document.items()
        if name in types and name not in ESSENTIAL
    }
    try:
        return msgspec.convert(essential | _kept(rest), kind)
    except (msgspec.ValidationError, RecursionError) as error:
        complain(str(error), source)
        return None


class _Unfit:
    """Stands for a value that was left out."""


def _fit(value: Any, kind: Any, source: Source, key: str) -> Any:
    """Return *value* with every part left out that does not fit *kind*."""
    try:
        msgspec.convert(value, kind)
        return value
    except (msgspec.ValidationError, RecursionError) as error:
        inner = _plain_kind(kind)
        if isinstance(value, dict) and _is_struct(inner):
            known = {field.encode_name: field for field in msgspec.structs.fields(inner)}
            parts = {
                name: _fit(one, known[name].type, source, f"{key}.{name}")
                for name, one in value.items()
                if name in known
            }
            kept = _kept(parts)
            needed = {name for name, field in known.items() if field.required}
            if needed <= kept.keys():
                return kept
            # A part that is there and does not fit was named before.
            return _left_out(error, source, key) if needed - parts.keys() else _Unfit()
        if isinstance(value, dict) and get_origin(inner) is dict:
            member = get_args(inner)[1]
            return _kept({n: _fit(one, member, source, f"{key}.{n}") for n, one in value.items()})
        if isinstance(value, list) and get_origin(inner) is tuple:
            member = get_args(inner)[0]
            found = [_fit(one, member, source, f"{key}[{n}]") for n, one in enumerate(value)]
            return [one for one in found if not isinstance(one, _Unfit)]
        return _left_out(error, source, key)


def _kept(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in parts.items() if not isinstance(one, _Unfit)}


def _left_out(error: Exception, source: Source, key: str) -> _Unfit:
    what = str(error).partition(" - at ")[0]
    expected, required = _EXPECTED.match(what), _REQUIRED.match(what)
    wanted = _plain(expected[1]) if expected else required[1] if required else "another value"
    source.note("value-unusable", key, wanted=wanted)
    return _Unfit()


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


@cache
def _plain_kind(kind: Any) -> Any:
    """Return *kind* without what may stand in its place: notes on it, null, and nothing."""
    if get_origin(kind) is Annotated:
        return _plain_kind(get_args(kind)[0])
    if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
        inner = [one for one in get_args(kind) if one not in (type(None), UnsetType)]
        return _plain_kind(inner[0]) if len(inner) == 1 else kind
    return kind


@cache
def _types(kind: Any) -> dict[str, Any]:
    """Return the types of a record's keys."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


@cache
def _holds_records(kind: Any) -> bool:
    """Tell whether *kind* is a record or holds some: all else may have any keys."""
    inner = _plain_kind(kind)
    if get_origin(inner) in (dict, tuple):
        return any(map(_holds_records, get_args(inner)))
    return _is_struct(inner)


@cache
def _is_flat(kind: Any) -> bool:
    return not any(map(_holds_records, _types(kind).values()))


def unknown(value: object, kind: Any, key: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield every key of *value* that *kind* has not, with the known one that is most like it."""
    if not _holds_records(kind):
        return
    inner = _plain_kind(kind)
    if isinstance(value, dict) and _is_struct(inner):
        known = _types(inner)
        if _is_flat(inner) and value.keys() <= known.keys():
            return
        tag = inner.__struct_config__.tag_field
        for name, one in value.items():
            where = f"{key}.{name}".lstrip(".")
            if name in known:
                yield from unknown(one, known[name], where)
            elif name != tag:
                yield where, nearest(name, known)
    elif isinstance(value, dict) and get_origin(inner) is dict:
        for name, one in value.items():
            yield from unknown(one, get_args(inner)[1], f"{key}.{name}")
    elif isinstance(value, list) and get_origin(inner) is tuple:
        for number, one in enumerate(value):
            yield from unknown(one, get_args(inner)[0], f"{key}[{number}]")


_WRITER = Writer(Result, Step)


def classify(result: Result) -> Adapted:
    """Return what kind of file holds *result*."""
    kind: Kind = "result"
    if result.shard is not None:
        kind = "shard"
    elif result.provenance is not None and result.provenance.kind == "published-table":
        kind = "published-table"
    elif result.status == "partial":
        kind = "partial"
    return Adapted(kind, result)


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


def without_paths(head: Result, source: Source) -> Result:
    """Return a result without its steps, every local path in it cut down to its last part.

    Every text that is published comes through here, whichever shape the file had.
    """
    if not machines.may_hold_paths(msgspec.json.encode(head).decode("utf-8", "replace")):
        return head
    model = head.model
    if model.path_tail is None:
        adapter = model_names.local_tail(model.adapter.id if model.adapter else None)
        tail = model_names.joined(model_names.local_tail(model.id), adapter)
        head = replace(head, model=replace(model, path_tail=tail))

    def clean(text: str, key: str) -> str:
        plain = machines.named(text) if key in _NAMES else machines.without_paths(text)
        if plain != text:
            source.note("local-path-dropped", key, name=shorten(plain))
        return plain

    return msgspec.convert(machines.cleaned(msgspec.to_builtins(head), clean), Result)
