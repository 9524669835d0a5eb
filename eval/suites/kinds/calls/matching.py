"""Which of an answer's calls are the wanted ones, and what is wrong with the rest."""

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from .parsers.reading import Call, Reading, Schemas

Outcome = Literal["exact", "wrong-call", "missing-call", "needless-call", "unparsable"]

Fault = Literal[
    "invented-tool",
    "wrong-tool",
    "invented-parameter",
    "missing-parameter",
    "wrong-type",
    "translated-value",
    "wrong-value",
    "wrong-order",
]
"""What is wrong with a call, the gravest first."""

RELATIVE = 1e-9
"""How far two numbers may lie apart that are one."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A call that the right answer makes."""

    name: str
    arguments: dict[str, tuple[Any, ...]] = {}
    """The values that are right for each parameter, any of them."""
    optional: tuple[str, ...] = ()
    """Parameters that may as well be left out."""
    fold: tuple[str, ...] = ()
    """Parameters whose texts are right in capitals and small letters alike."""
    translated: dict[str, tuple[Any, ...]] = {}
    """Values that are a right one in another language than the tool's."""


class Wrong(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with a call."""

    fault: Fault
    tool: str
    parameter: str | None = None


class Match(Struct, frozen=True, kw_only=True):
    """What an answer's calls are worth."""

    outcome: Outcome
    wrong: tuple[Wrong, ...] = ()
    matched: int = 0
    """Calls that are wanted ones, each once."""
    made: int = 0
    wanted: int = 0


def match(
    found: Reading, wanted: Sequence[Wanted], schemas: Schemas, *, ordered: bool = False
) -> Match:
    """Return what *found* is worth where *wanted* is right, *schemas* those of the tools offered.

    Calls are assigned so that as many as possible are right (maximum bipartite matching), in any
    order unless *ordered*. No call is right only where none was tried: what is broken is not.
    """
    made, count = found.calls, len(wanted)
    if found.broken is not None:
        return Match(outcome="unparsable", wanted=count)
    faults = [[tuple(faults_of(call, one, schemas)) for one in wanted] for call in made]
    right = [[not cell for cell in row] for row in faults]
    in_order = len(made) == count and all(right[place][place] for place in range(count))
    pairs = {place: place for place in range(count)} if in_order else _assigned(right, count)
    spare = [place for place in range(len(made)) if place not in pairs]
    open_ones = [place for place in range(count) if place not in pairs.values()]
    wrong: list[Wrong] = []
    if ordered and not (spare or open_ones or in_order):
        wrong.append(Wrong(fault="wrong-order", tool=made[0].name))
    for call, of in _explained(spare, open_ones, faults, made, wanted):
        if of is not None:
            wrong += faults[call][of]
        elif made[call].name not in schemas:
            wrong.append(Wrong(fault="invented-tool", tool=made[call].name))
    outcome: Outcome = "exact"
    if (spare and open_ones) or (wrong and not spare):
        outcome = "wrong-call"
    elif open_ones:
        outcome = "missing-call"
    elif spare:
        outcome = "needless-call"
    return Match(
        outcome=outcome, wrong=tuple(wrong), matched=len(pairs), made=len(made), wanted=count
    )


def _assigned(right: Sequence[Sequence[bool]], count: int) -> dict[int, int]:
    """Return the wanted call of each made one, by place: as many pairs as there can be (Kuhn)."""
    of_wanted: dict[int, int] = {}

    def place(call: int, tried: set[int]) -> bool:
        for one in range(count):
            if right[call][one] and one not in tried:
                tried.add(one)
                if one not in of_wanted or place(of_wanted[one], tried):
                    of_wanted[one] = call
                    return True
        return False

    for call in range(len(right)):
        place(call, set())
    return dict(sorted((call, one) for one, call in of_wanted.items()))


def _explained(
    spare: Sequence[int],
    open_ones: Sequence[int],
    faults: Sequence[Sequence[tuple[Wrong, ...]]],
    made: Sequence[Call],
    wanted: Sequence[Wanted],
) -> Iterator[tuple[int, int | None]]:
    """Yield each spare call with the wanted one that it comes nearest to, each of those once."""
    left = list(open_ones)
    for call in spare:
        nearest = min(
            left,
            key=lambda one: (wanted[one].name != made[call].name, len(faults[call][one]), one),
            default=None,
        )
        if nearest is not None:
            left.remove(nearest)
        yield call, nearest


def faults_of(call: Call, wanted: Wanted, schemas: Schemas) -> Iterator[Wrong]:
    """Yield what keeps *call* from being *wanted*; nothing where it is."""
    if call.name != wanted.name:
        invented = call.name not in schemas
        yield Wrong(fault="invented-tool" if invented else "wrong-tool", tool=call.name)
        return
    schema = schemas.get(call.name, {})
    properties = schema.get("properties", {})
    for name, value in call.arguments.items():
        if name not in properties:
            yield Wrong(fault="invented-parameter", tool=call.name, parameter=name)
        elif (fault := _fault(value, name, wanted, properties[name])) is not None:
            yield Wrong(fault=fault, tool=call.name, parameter=name)
    for name, right in wanted.arguments.items():
        given = name in call.arguments and not _left_out(call.arguments[name], properties.get(name))
        default = properties.get(name, {}).get("default", _NOTHING)
        may = name in wanted.optional or any(same(default, one, properties[name]) for one in right)
        if not given and not may:
            yield Wrong(fault="missing-parameter", tool=call.name, parameter=name)


_NOTHING = object()


def _left_out(value: Any, schema: Any) -> bool:
    """Tell whether *value* is a null by which a schema that allows it leaves a parameter out."""
    return value is None and "null" in types_of(schema)


def _fault(value: Any, name: str, wanted: Wanted, schema: Mapping[str, Any]) -> Fault | None:
    if _left_out(value, schema):
        return None  # whether that is right is asked of what is missing
    fold = name in wanted.fold
    right = wanted.arguments.get(name)
    if right is None:  # not asked for: only its default says the same as nothing
        right = (schema["default"],) if "default" in schema else ()
        fold = False
    if any(same(value, one, schema, fold=fold) for one in right):
        return None
    if not fits(value, schema):
        return "wrong-type"
    if any(same(value, one, schema, fold=True) for one in wanted.translated.get(name, ())):
        return "translated-value"
    return "wrong-value"


def types_of(schema: Any) -> frozenset[str]:
    """Return the types that a JSON *schema* allows; none where it names none."""
    if not isinstance(schema, Mapping):
        return frozenset()
    named = schema.get("type")
    types = set(named) if isinstance(named, list) else {named} if isinstance(named, str) else set()
    for way in ("anyOf", "oneOf"):
        for one in schema.get(way) or ():
            types |= types_of(one)
    if schema.get("nullable") is True:
        types.add("null")
    return frozenset(types)


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "integer":
            whole = isinstance(value, float) and value.is_integer()
            return (isinstance(value, int) and not isinstance(value, bool)) or whole
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list | tuple)
        case "object":
            return isinstance(value, Mapping)
    return kind == "null" and value is None


def fits(value: Any, schema: Any) -> bool:
    """Tell whether *value* is of a type that *schema* allows, its members too."""
    types = types_of(schema)
    if types and not any(_is(value, kind) for kind in types):
        return False
    if not isinstance(schema, Mapping):
        return True
    if isinstance(value, list) and isinstance(items := schema.get("items"), Mapping):
        return all(fits(one, items) for one in value)
    if isinstance(value, Mapping) and isinstance(known := schema.get("properties"), Mapping):
        return all(fits(one, known[key]) for key, one in value.items() if key in known)
    return True


def same(value: Any, right: Any, schema: Any, *, fold: bool = False) -> bool:
    """Tell whether *value* is *right* as *schema* types it.

    Numbers are one within `RELATIVE`, a whole number is an integer however it is written, a truth
    value is no number. Texts of an enum are exact; others are trimmed, their blanks and forms of
    letters one (NFKC), and capitals are small letters where *fold* says so. Lists are in order.
    """
    if not fits(value, schema) or isinstance(value, bool) is not isinstance(right, bool):
        return False
    if isinstance(value, int | float) and isinstance(right, int | float):
        return math.isclose(value, right, rel_tol=RELATIVE)
    if isinstance(value, str) and isinstance(right, str):
        exact = isinstance(schema, Mapping) and ("enum" in schema or "const" in schema)
        return value == right if exact else text(value, fold=fold) == text(right, fold=fold)
    if isinstance(value, list) and isinstance(right, list | tuple):
        items = schema.get("items") if isinstance(schema, Mapping) else None
        return len(value) == len(right) and all(
            same(one, other, items, fold=fold) for one, other in zip(value, right, strict=True)
        )
    if isinstance(value, Mapping) and isinstance(right, Mapping):
        return _same_members(value, right, schema, fold=fold)
    return type(value) is type(right) and bool(value == right)


def _same_members(
    value: Mapping[str, Any], right: Mapping[str, Any], schema: Any, *, fold: bool
) -> bool:
    known = schema.get("properties") or {} if isinstance(schema, Mapping) else {}

    def of(members: Mapping[str, Any], key: str) -> Any:
        default = known.get(key, {}).get("default", _NOTHING)
        return members.get(key, default)

    return all(
        of(value, key) is not _NOTHING
        and of(right, key) is not _NOTHING
        and same(of(value, key), of(right, key), known.get(key), fold=fold)
        for key in {*value, *right}
    )


def text(value: str, *, fold: bool = False) -> str:
    """Return *value* in one form of its letters (NFKC), its blanks single, folded on request."""
    one = " ".join(unicodedata.normalize("NFKC", value).split())
    return unicodedata.normalize("NFKC", one.casefold()) if fold else one


def coerced(value: Any, schema: Any) -> Any:
    """Return *value* as a server that types by the *schema* makes it of a text; else as it is."""
    types = types_of(schema)
    if not isinstance(value, str) or "string" in types:
        return value
    said = value.strip()
    if "boolean" in types and said.lower() in ("true", "false"):
        return said.lower() == "true"
    for kind, of in (("integer", int), ("number", float)):
        if kind in types:
            try:
                number = of(said)
            except ValueError:
                continue
            if math.isfinite(number):
                return number
    return value
