"""The public items of BFCL, read from the wheel that its authors publish, made into rows of ours.

The wheel is opened as an archive of text; nothing of it is installed, imported or executed.
"""

import itertools
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ....errors import UsageError
from .bfcl_rules import Bfcl, Types
from .build import check
from .matching import Wanted, fits
from .rows import CallsRow

CATEGORIES = (
    "simple_python",
    "multiple",
    "parallel",
    "parallel_multiple",
    "irrelevance",
    "live_simple",
    "live_multiple",
    "live_parallel",
    "live_parallel_multiple",
    "live_irrelevance",
)
"""Items of one turn whose right calls are known, and those that no call answers."""

NOT_OURS = {
    "live_relevance": "no right call is known",
    "simple_java": "values are Java expressions",
    "simple_javascript": "values are JavaScript expressions",
}
"""Further items of one turn, and why they cannot be scored by our rules."""

MOST_WHEEL = 64 << 20
MOST_MEMBERS = 10_000
MOST_BYTES = 16 << 20
"""Of one file in the wheel, unpacked."""
MOST_ITEMS = 20_000
"""In one file."""
MOST_DEPTH = 24
"""Lists and objects around a value."""
MOST_FORMS = 64
"""Whole values that a parameter may have, where the accepted parts of an object are combined."""

Fault = Literal["contradiction", "forms", "unfit"]

FAULTS: Mapping[Fault, str] = {
    "contradiction": "whose right calls do not fit their own tools",
    "forms": f"with more than {MOST_FORMS} right forms of one value",
    "unfit": "that cannot be read",
}
"""Why an item becomes no row."""


class _Function(Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    parameters: dict[str, Any]
    description: str = ""


class _Turn(Struct, frozen=True):
    role: Literal["system", "user", "assistant"]
    content: str


class _Item(Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=200)]
    question: Annotated[tuple[tuple[_Turn, ...], ...], Meta(min_length=1, max_length=1)]
    function: Annotated[tuple[_Function, ...], Meta(min_length=1, max_length=128)]


class _Answer(Struct, frozen=True):
    id: str
    ground_truth: Annotated[
        tuple[Annotated[dict[str, dict[str, list[Any]]], Meta(min_length=1, max_length=1)], ...],
        Meta(min_length=1, max_length=16),
    ]


class _Id(Struct, frozen=True):
    id: str


class Imported(Struct, frozen=True, kw_only=True):
    """What a wheel's items come to."""

    name: str
    version: str
    rows: tuple[CallsRow, ...]
    left_out: tuple[tuple[str, Fault, str], ...]
    """Each item that is no row: its id, why, and what exactly."""

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of rows of each category."""
        return dict(Counter(row.category for row in self.rows))


def read(path: Path, categories: Sequence[str] = CATEGORIES) -> Imported:
    """Read the items of *categories* from the wheel at *path*.

    Raises UsageError where it is no wheel of bfcl_eval, is broken, or is larger than our limits.
    """
    if unknown := [one for one in categories if one not in CATEGORIES]:
        why = NOT_OURS.get(unknown[0], "there is no such category of one turn")
        raise UsageError(
            f"{unknown[0]}: {why}", key="--categories", remedy=f"Known: {', '.join(CATEGORIES)}."
        )
    with _Wheel(path) as wheel:
        rows: list[CallsRow] = []
        left: list[tuple[str, Fault, str]] = []
        edition, version = wheel.edition, wheel.version
        whole = set(categories) == set(CATEGORIES)
        name = f"bfcl-{edition}" + ("" if whole else "-part")
        for category in [one for one in CATEGORIES if one in categories]:
            answers = {} if "irrelevance" in category else wheel.answers(category)
            for place, raw in enumerate(wheel.lines(f"{category}.json"), start=1):
                row, fault = _row(raw, f"{category}:{place}", category, answers)
                if row is None:
                    left.append(fault)
                else:
                    rows.append(msgspec.structs.replace(row, suite=name, suite_version=version))
    return Imported(name=name, version=version, rows=tuple(rows), left_out=tuple(left))


class _Wheel:
    """The archive, its members read one at a time and never past a limit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if path.stat().st_size > MOST_WHEEL:
                raise self._refused(f"is larger than {MOST_WHEEL >> 20} MB")
            self._archive = zipfile.ZipFile(path)
        except OSError as error:
            raise self._refused(error.strerror or "cannot be read") from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise self._refused("is no wheel: it cannot be opened as an archive") from error
        names = self._archive.namelist()
        self._names = Counter(names)
        if len(names) > MOST_MEMBERS:
            raise self._refused(f"holds more than {MOST_MEMBERS} files")
        editions = {found[1] for name in names if (found := _DATA.fullmatch(name))}
        versions = {found[1] for name in names if (found := _INFO.fullmatch(name))}
        if len(editions) != 1 or len(versions) != 1:
            raise self._refused("is no wheel of bfcl_eval: it lacks that package's data files")
        (self.edition,), (self.version,) = editions, versions

    def __enter__(self) -> "_Wheel":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def answers(self, category: str) -> dict[str, bytes]:
        """Return the right answers of *category*, not yet read, by the id of their item."""
        found: dict[str, bytes] = {}
        for line in self.lines(f"possible_answer/{category}.json"):
            try:
                found.setdefault(msgspec.json.decode(line, type=_Id).id, line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # its item is left out for want of an answer
        return found

    def lines(self, file: str) -> Iterator[bytes]:
        """Yield each line of the file of data; refuse what is packed into more than it may be."""
        folder, _, name = file.rpartition("/")
        member = "/".join(filter(None, ("bfcl_eval/data", folder, f"BFCL_{self.edition}_{name}")))
        if self._names[member] != 1:
            raise self._refused(f"holds {self._names[member]} files {member}, not one")
        try:
            with self._archive.open(member) as opened:
                text = opened.read(MOST_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise self._refused(f"{member} cannot be unpacked") from error
        except (RuntimeError, NotImplementedError) as error:  # a password, another packing
            raise self._refused(f"{member} is packed in a way that no wheel is") from error
        if len(text) > MOST_BYTES:
            raise self._refused(f"{member} holds more than {MOST_BYTES >> 20} MB")
        lines = [line for line in text.split(b"\n") if line.strip()]
        if len(lines) > MOST_ITEMS:
            raise self._refused(f"{member} holds more than {MOST_ITEMS} items")
        yield from lines

    def _refused(self, what: str) -> UsageError:
        return UsageError(
            what, file=str(self._path), remedy="Get it with: pip download --no-deps bfcl_eval"
        )


_DATA = re.compile(r"bfcl_eval/data/BFCL_(v\d{1,3})_[a-z_]+\.json")
_INFO = re.compile(r"bfcl_eval-(\d[\w.]{0,40})\.dist-info/METADATA")


def _row(
    raw: bytes, place: str, category: str, answers: Mapping[str, bytes]
) -> tuple[CallsRow | None, tuple[str, Fault, str]]:
    """Return the row of an item; or `None`, its id, and why it is none."""
    name = place
    try:
        item = msgspec.json.decode(raw, type=_Item)
        name = item.id
        answer = _Answer(item.id, ())
        if "irrelevance" not in category:
            answer = msgspec.json.decode(answers[item.id], type=_Answer)
        _check_depth([item.function, answer.ground_truth])
        return _made(item, answer, category), (name, "unfit", "")
    except KeyError:
        return None, (name, "unfit", "no right answer is given")
    except _Forms as error:
        return None, (name, "forms", str(error))
    except _Contradiction as error:
        return None, (name, "contradiction", str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _Unfit) as error:
        return None, (name, "unfit", str(error) or "nested too deeply")


class _Unfit(ValueError):
    """An item is not of the shape that items have."""


class _Contradiction(ValueError):
    """A right call of an item is none by its own tools."""


class _Forms(ValueError):
    """A value has too many right forms to be written out."""


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MOST_DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one.values()
            elif isinstance(one, list | tuple):
                below += one
            elif isinstance(one, _Function):
                below.append(one.parameters)
        if not below:
            return
        level = below
    raise _Unfit("nested too deeply")


def _made(item: _Item, answer: _Answer, category: str) -> CallsRow:
    parameters = {one.name: one.parameters for one in item.function}
    if len(parameters) < len(item.function):
        raise _Unfit("two tools have one name")
    schemas = {name: _schema(one) for name, one in parameters.items()}
    wanted = []
    for call in answer.ground_truth:
        ((name, accepted),) = call.items()
        if name not in schemas:
            raise _Contradiction(f"there is no tool {name:.100}")
        wanted.append(_wanted(name, accepted, schemas[name]))
    row = CallsRow(
        task_id=item.id,
        step_idx=0,
        language=_language(category),
        category=category,
        messages=tuple({"role": one.role, "content": one.content} for one in item.question[0]),
        offered=tuple(
            {
                "type": "function",
                "function": {
                    "name": one.name,
                    "description": one.description,
                    "parameters": schemas[one.name],
                },
            }
            for one in item.function
        ),
        wanted=tuple(wanted),
        reviewed=True,
        bfcl=Bfcl(
            category=category,
            answers=answer.ground_truth,
            types={name: _types(parameters[name]) for call in answer.ground_truth for name in call},
            required={
                name: tuple(_required(parameters[name]))
                for call in answer.ground_truth
                for name in call
            },
        ),
    )
    try:
        check(row)
    except ValueError as error:
        raise _Contradiction(str(error)) from error
    return row


_JSON_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": None}
"""Their words for types that JSON schemas call otherwise, or do not name."""


def _schema(said: Any) -> Any:
    """Return the JSON schema that *said* is in their words; what has no value may be left null."""
    if not isinstance(said, dict):
        raise _Unfit("a type is no object")
    schema = dict(said)
    named = schema.pop("type", None)
    kind = _JSON_TYPES.get(named, named) if isinstance(named, str) else None
    if kind is not None:
        schema = {"type": kind, **schema}
    if "default" in schema and schema["default"] is None:
        schema["nullable"] = True
    if "properties" in schema:
        if not isinstance(schema["properties"], dict):
            raise _Unfit("properties are no object")
        schema["properties"] = {key: _schema(one) for key, one in schema["properties"].items()}
    if "items" in schema:
        schema["items"] = _schema(schema["items"])
    if "required" in schema and not isinstance(schema["required"], list):
        del schema["required"]  # on a parameter it is a truth value, which schemas do not know
    return schema


def _types(parameters: Mapping[str, Any]) -> dict[str, Types]:
    return {
        key: (str(one.get("type")), _inner(one))
        for key, one in (parameters.get("properties") or {}).items()
    }


def _inner(parameter: Mapping[str, Any]) -> str | None:
    items = parameter.get("items")
    return str(items.get("type")) if isinstance(items, dict) else None


def _required(parameters: Mapping[str, Any]) -> list[str]:
    named = parameters.get("required")
    return [one for one in named if isinstance(one, str)] if isinstance(named, list) else []


def _wanted(name: str, accepted: Mapping[str, list[Any]], schema: Mapping[str, Any]) -> Wanted:
    """Return the right call by our rules: the accepted values that fit the tool, each whole.

    Texts are right in capitals and small letters alike, unless the schema lists them: the values
    were listed for such a comparison.
    """
    properties = schema.get("properties") or {}
    required = schema.get("required") or ()
    arguments: dict[str, tuple[Any, ...]] = {}
    optional, fold = [], []
    for key, values in accepted.items():
        if key not in properties:
            raise _Contradiction(f"{name:.100} has no {key:.100}")
        of = properties[key]
        may = "" in values and key not in required
        forms = [form for one in values if one != "" for form in _forms(one, of)]
        fitting = [one for one in forms if _allowed(one, of)]
        if "" in values and _allowed("", of) and not fitting:
            fitting = [""]
        if may:
            optional.append(key)
        elif not fitting:
            raise _Contradiction(f"no accepted value of {key:.100} fits {name:.100}")
        if fitting:
            arguments[key] = tuple(fitting)
        if "enum" not in of and any(isinstance(one, str | list | dict) for one in fitting):
            fold.append(key)
    if missing := [one for one in required if one not in accepted]:
        raise _Contradiction(f"{name:.100} needs {missing[0]:.100}")
    return Wanted(name=name, arguments=arguments, optional=tuple(optional), fold=tuple(fold))


def _allowed(value: Any, schema: Mapping[str, Any]) -> bool:
    known = schema.get("enum")
    return fits(value, schema) and (not known or value in known)


def _forms(value: Any, schema: Any) -> list[Any]:
    """Return every whole value that *value* accepts; each key of an object has its own list."""
    if isinstance(value, dict):
        keys = [list(_of_key(key, may)) for key, may in value.items()]
        return [dict(filter(None, one)) for one in _products(keys)]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return [list(one) for one in _products([_forms(one, None) for one in value])]
    return [value]


def _of_key(key: str, may: Any) -> Iterator[tuple[str, Any] | None]:
    for one in may if isinstance(may, list) else [may]:
        yield None if one == "" else (key, one)


def _products(parts: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    found = list(itertools.islice(itertools.product(*parts), MOST_FORMS + 1))
    if len(found) > MOST_FORMS:
        raise _Forms(f"more than {MOST_FORMS} forms")
    return found


UNKNOWN = "und"
"""As ISO 639 codes a language that is not determined."""


def _language(category: str) -> str:
    """Return the language of a question, as far as it is known.

    The first collections are English. What users gave later is so for the most part, and no item
    says of which language it is.
    """
    return UNKNOWN if category.startswith("live_") else "en"
