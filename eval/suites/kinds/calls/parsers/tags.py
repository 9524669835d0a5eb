"""Calls between tags: JSON (Hermes, Qwen, Granite 4), or tags in tags (Qwen3-Coder)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .reading import (
    Broken,
    Call,
    Family,
    Reading,
    Schemas,
    Unwritable,
    call_from,
    expect,
    fail,
    json_at,
    past_blanks,
    reading,
    to_json,
)

START, END = "<tool_call>", "</tool_call>"
_FUNCTION, _PARAMETER = "<function=", "<parameter="
_FUNCTION_END, _PARAMETER_END = "</function>", "</parameter>"
_NAMED = re.compile(r"[^\s<>=]{1,200}>")

Inner = Callable[[str, int, Schemas], tuple[Call, int]]


def _between(text: str, schemas: Schemas, inner: Inner) -> tuple[list[Call], str]:
    calls: list[Call] = []
    words, at = [], 0
    while (start := text.find(START, at)) >= 0:
        words.append(text[at:start])
        call, end = inner(text, start + len(START), schemas)
        calls.append(call)
        at = expect(text, end, END)
    words.append(text[at:])
    return calls, "".join(words)


def _object(text: str, at: int, schemas: Schemas) -> tuple[Call, int]:
    value, end = json_at(text, at)
    return call_from(value), end


def _named(text: str, at: int, opening: str) -> tuple[str, int]:
    at = expect(text, at, opening)
    found = _NAMED.match(text, at)
    if found is None:
        fail(f"expected a name behind {opening}", at)
    return found[0][:-1], found.end()


def _function(text: str, at: int, schemas: Schemas) -> tuple[Call, int]:
    name, at = _named(text, at, _FUNCTION)
    schema = schemas.get(name, {}).get("properties")
    types = schema if isinstance(schema, Mapping) else {}
    values: dict[str, Any] = {}
    while text.startswith(_PARAMETER, past_blanks(text, at)):
        key, at = _named(text, at, _PARAMETER)
        end = text.find(_PARAMETER_END, at)
        if end < 0:
            fail(f"expected {_PARAMETER_END} for {key}", at)
        if key in values:
            fail(f"{key} is given twice", at)
        if END in text[at:end]:
            fail(f"expected {_PARAMETER_END} for {key} before {END}", at)
        raw = text[at:end].removeprefix("\n").removesuffix("\n")
        values[key] = typed(raw, types.get(key))
        at = end + len(_PARAMETER_END)
    return Call(name, values), expect(text, at, _FUNCTION_END)


def typed(raw: str, schema: Any) -> Any:
    """Return what the text *raw* is by a parameter's JSON *schema*; itself where that is a text.

    A text that is nothing of what the schema allows stays as it is: then its type is wrong.
    """
    allowed = schema.get("type") if isinstance(schema, Mapping) else None
    kinds = set(allowed) if isinstance(allowed, list) else {allowed}
    if not kinds - {"string", None}:
        return raw
    if raw in ("True", "False") and "boolean" in kinds:
        return raw == "True"  # as Qwen3-Coder's template prints them
    if raw == "None" and "null" in kinds:
        return None
    try:
        value, end = json_at(raw, 0)
        if past_blanks(raw, end) < len(raw):
            return raw
    except Broken:
        return raw
    return raw if isinstance(value, str) else value


def read_json(text: str, schemas: Schemas) -> Reading:
    """Read JSON objects with `name` and `arguments`, each between the tags."""
    return reading(lambda: _between(text, schemas, _object))


def read_functions(text: str, schemas: Schemas) -> Reading:
    """Read `<function=NAME>` with a tag for each parameter, typed by the tool's schema."""
    return reading(lambda: _between(text, schemas, _function))


def write_json(calls: Sequence[Call]) -> str:
    """Return each of *calls* as an object between the tags."""
    return "\n".join(
        f"{START}\n{to_json({'name': call.name, 'arguments': call.arguments})}\n{END}"
        for call in calls
    )


def write_functions(calls: Sequence[Call]) -> str:
    """Return each of *calls* as tags in tags. Raises Unwritable."""
    said = []
    for call in calls:
        lines = [START, f"{_FUNCTION}{call.name}>"]
        for name in (call.name, *call.arguments):
            if not _NAMED.fullmatch(f"{name}>"):
                raise Unwritable(f"{name!r} is no name")
        for key, value in call.arguments.items():
            raw = value if isinstance(value, str) else to_json(value)
            if _PARAMETER_END in raw or END in raw:
                raise Unwritable(f"a mark of calls in {key}")
            lines += [f"{_PARAMETER}{key}>", raw, _PARAMETER_END]
        said.append("\n".join([*lines, _FUNCTION_END, END]))
    return "\n".join(said)


HERMES = Family(
    name="hermes",
    marks=(START,),
    templates=(START,),
    begins=START + r"\s*\{",
    read=read_json,
    write=write_json,
)
QWEN_CODER = Family(
    name="qwen-coder",
    marks=(START, _FUNCTION),
    templates=(_FUNCTION,),
    begins=START + r"\s*" + _FUNCTION,
    read=read_functions,
    write=write_functions,
)
