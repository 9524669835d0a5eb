"""The families that write tool calls: told by a template, read strictly, recovered for a remark."""

import re
from collections.abc import Iterable, Sequence

from .....records import ToolCall
from .gemma import FUNCTION_GEMMA, GEMMA
from .objects import GRANITE_LIST, JSON_LIST, LLAMA_JSON, MISTRAL_LIST, MISTRAL_NAMED
from .pythonic import PYTHONIC
from .reading import (
    Broken,
    Call,
    Family,
    Reading,
    Schemas,
    call_from,
    json_at,
    past_blanks,
    reading,
)
from .tags import HERMES, QWEN_CODER

FAMILIES: tuple[Family, ...] = (
    PYTHONIC,
    QWEN_CODER,
    HERMES,
    MISTRAL_NAMED,
    MISTRAL_LIST,
    GEMMA,
    FUNCTION_GEMMA,
    GRANITE_LIST,
    LLAMA_JSON,
    JSON_LIST,
)
"""All families; where a template holds the marks of several, the first of them writes its calls."""

API = "api"
"""The family of calls that a server read and gave apart from the text."""

_FENCE = re.compile(r"\s*```\w*\n(.*)\n```\s*\Z", re.DOTALL)


def family_of(template: str | None) -> Family | None:
    """Return the family whose marks the chat *template* holds; `None` where it holds none's."""
    for family in FAMILIES:
        if template is not None and any(mark in template for mark in family.templates):
            return family
    return None


def named(name: str) -> Family:
    """Return the family called *name*. Raises KeyError."""
    return {family.name: family for family in FAMILIES}[name]


def attempted(text: str, tools: Iterable[str]) -> bool:
    """Tell whether *text* tries to call something: it holds a mark of some family, or names a tool
    as a call does, `name(` or `"name": "..."`.
    """
    if any(mark in text for family in FAMILIES for mark in family.marks):
        return True
    names = "|".join(map(re.escape, tools))
    return bool(names) and (
        re.search(rf'(?<![\w.-])(?:{names})\(|"name"\s*:\s*"(?:{names})"', text) is not None
    )


def read(family: Family, text: str, schemas: Schemas) -> Reading:
    """Read *text* as *family* writes calls; an attempt that is no call of the family is broken."""
    found = family.read(text, schemas)
    if found.calls or found.broken or not attempted(text, schemas):
        return found
    return Reading(broken=f"what looks like a call is none as {family.name} writes them")


def recovered(text: str, schemas: Schemas) -> tuple[str, Reading] | None:
    """Return what some family reads in *text*, with the family's name, code fences taken off.

    For a remark beside the score: a server may be as kind, and the model's own reader is not.
    """
    fenced = _FENCE.match(text)
    for some in (text, fenced[1]) if fenced else (text,):
        for family in FAMILIES:
            found = family.read(some, schemas)
            if found.calls:
                return family.name, found
    return None


def from_api(calls: Sequence[ToolCall], words: str) -> Reading:
    """Read the calls that a server gave apart from the text, their arguments as JSON in a text."""

    def parts() -> tuple[list[Call], str]:
        return [_from_api(one) for one in calls], words

    return reading(parts)


def _from_api(call: ToolCall) -> Call:
    value, end = json_at(call.arguments, 0) if call.arguments.strip() else ({}, 0)
    if past_blanks(call.arguments, end) < len(call.arguments.rstrip()):
        raise Broken(f"words behind the arguments of {call.name}")
    return call_from({"name": call.name, "arguments": value})
