"""Calls as JSON without tags around each: Llama 3, Mistral, Granite 3, and plain lists (xLAM)."""

import re
from collections.abc import Sequence
from typing import Any

from .reading import (
    Call,
    Family,
    Reading,
    Schemas,
    Unwritable,
    call_from,
    fail,
    json_at,
    past_blanks,
    reading,
    to_json,
)

LLAMA, MISTRAL, GRANITE = "<|python_tag|>", "[TOOL_CALLS]", "<|tool_call|>"
_ARGUMENTS = "[ARGS]"
_MISTRAL_NAME = re.compile(r"\s*([\w.-]{1,200})\s*(?:\[CALL_ID\][\w-]{1,100})?\s*\[ARGS\]")
_OBJECT = re.compile(r'\s*\{\s*"(?:name|type|parameters)"\s*:')
_LIST = re.compile(r'\s*\[\s*(?:\]\s*\Z|\{\s*"(?:name|arguments)"\s*:)')


def _end(text: str, at: int) -> None:
    if past_blanks(text, at) < len(text.rstrip()):
        fail("words behind the calls", at)


def _listed(text: str, at: int) -> tuple[list[Call], int]:
    value, end = json_at(text, at)
    return [call_from(one) for one in (value if isinstance(value, list) else [value])], end


def _llama(text: str) -> tuple[list[Call], str]:
    words, mark, rest = text.partition(LLAMA)
    if not mark:
        words, rest = "", text
        if not _OBJECT.match(text):
            return [], text
    calls: list[Call] = []
    at = 0
    while True:
        value, at = json_at(rest, at)
        calls.append(call_from(value, arguments="parameters"))
        at = past_blanks(rest, at)
        if not rest.startswith(";", at):
            break
        at += 1
    _end(rest, at)
    return calls, words


def read_llama(text: str, schemas: Schemas) -> Reading:
    """Read `{"name": ..., "parameters": {...}}`, several of them with `;` between."""
    return reading(lambda: _llama(text))


def write_llama(calls: Sequence[Call]) -> str:
    """Return *calls* as Llama 3.1 and later write them."""
    return "; ".join(to_json({"name": one.name, "parameters": one.arguments}) for one in calls)


def _mistral(text: str) -> tuple[list[Call], str]:
    start = text.find(MISTRAL)
    if start < 0:
        return [], text
    at = past_blanks(text, start + len(MISTRAL))
    if text.startswith("[", at):  # a list of objects, up to version 7 of its tokenizer
        calls, at = _listed(text, at)
        _end(text, at)
        return calls, text[:start]
    calls = []
    at = start
    while text.startswith(MISTRAL, at):
        named = _MISTRAL_NAME.match(text, at + len(MISTRAL))
        if named is None:
            fail(f"expected a name and {_ARGUMENTS}", at + len(MISTRAL))
        value, at = json_at(text, named.end())
        calls.append(call_from({"name": named[1], "arguments": value}))
        at = past_blanks(text, at)
    _end(text, at)
    return calls, text[:start]


def read_mistral(text: str, schemas: Schemas) -> Reading:
    """Read what follows `[TOOL_CALLS]`: a list of objects, or `NAME[ARGS]{...}`, a mark each."""
    return reading(lambda: _mistral(text))


def write_mistral(calls: Sequence[Call]) -> str:
    """Return *calls* as a list behind the mark, as all versions can read; nothing for none."""
    return f"{MISTRAL}{write_list(calls)}" if calls else ""


def write_mistral_named(calls: Sequence[Call]) -> str:
    """Return *calls* with name and arguments apart, as from version 11 on. Raises Unwritable."""
    said = []
    for call in calls:
        if not re.fullmatch(r"[\w.-]{1,200}", call.name):
            raise Unwritable(f"{call.name!r} is no name")
        said.append(f"{MISTRAL}{call.name}{_ARGUMENTS}{to_json(call.arguments)}")
    return "".join(said)


def _granite(text: str) -> tuple[list[Call], str]:
    words, mark, rest = text.partition(GRANITE)
    if not mark:
        return [], text
    calls, end = _listed(rest, 0)
    _end(rest, end)
    return calls, words


def read_granite(text: str, schemas: Schemas) -> Reading:
    """Read the list behind `<|tool_call|>`."""
    return reading(lambda: _granite(text))


def write_granite(calls: Sequence[Call]) -> str:
    """Return *calls* as Granite 3 writes them; nothing for none."""
    return f"{GRANITE}{write_list(calls)}" if calls else ""


def _plain(text: str) -> tuple[list[Call], str]:
    if not (_LIST.match(text) or _OBJECT.match(text)):
        return [], text
    calls, end = _listed(text, 0)
    _end(text, end)
    return calls, ""


def read_list(text: str, schemas: Schemas) -> Reading:
    """Read an answer that is a list of objects with `name` and `arguments`, or one of them."""
    return reading(lambda: _plain(text))


def write_list(calls: Sequence[Call]) -> str:
    """Return *calls* as a list of objects."""
    listed: list[dict[str, Any]] = [{"name": one.name, "arguments": one.arguments} for one in calls]
    return to_json(listed)


LLAMA_JSON = Family(
    name="llama-json",
    marks=(LLAMA,),
    begins=r"\A" + _OBJECT.pattern,
    templates=(LLAMA, '"parameters": '),
    read=read_llama,
    write=write_llama,
)
MISTRAL_LIST = Family(
    name="mistral",
    marks=(MISTRAL,),
    begins=re.escape(MISTRAL) + r"\s*\[",
    templates=(MISTRAL,),
    read=read_mistral,
    write=write_mistral,
)
MISTRAL_NAMED = Family(
    name="mistral-named",
    marks=(MISTRAL,),
    begins=re.escape(MISTRAL) + _MISTRAL_NAME.pattern,
    templates=(_ARGUMENTS,),
    read=read_mistral,
    write=write_mistral_named,
)
GRANITE_LIST = Family(
    name="granite",
    marks=(GRANITE,),
    begins=re.escape(GRANITE) + r"\s*\[",
    templates=(GRANITE,),
    read=read_granite,
    write=write_granite,
)
JSON_LIST = Family(name="json-list", begins=r"\A" + _LIST.pattern, read=read_list, write=write_list)
