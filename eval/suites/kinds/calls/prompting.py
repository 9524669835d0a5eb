"""Tools told in the system text, for models whose chat template knows none, and what reads them."""

from collections.abc import Sequence
from typing import Any

from ....engine import Message, Setting
from ....records import Result
from ..kind import Row
from .parsers.families import FAMILIES, family_of
from .parsers.objects import JSON_LIST, write_list
from .parsers.reading import Call, to_json

FORMAT = "call_format"
"""Under which name a result records the family that its answers are read as."""

_TOLD = """\
You can call the tools below. Each line is one of them, as a JSON object.

{tools}

To call tools, answer with a JSON list of the calls and with nothing else:
[{{"name": "TOOL", "arguments": {{"PARAMETER": "VALUE"}}}}]
A list may hold several calls. If no tool fits, or if the user has not said something that a tool \
needs, answer in words and call nothing."""


def prompted(row: Row) -> tuple[Message, ...]:
    """Return the conversation of *row* with its tools in the system text, and all calls as texts.

    What a tool answered is told by the user.
    """
    told = _TOLD.format(tools="\n".join(to_json(one.get("function", one)) for one in row.tools))
    turns = row.conversation
    if turns and turns[0].role == "system":
        told, turns = f"{told}\n\n{turns[0].content}", turns[1:]
    return (Message("system", told), *map(_as_text, turns))


def _as_text(turn: Message) -> Message:
    if turn.role == "tool":
        return Message("user", f"{turn.beside.get('name', 'The tool')} answers: {turn.content}")
    made = [_call(one) for one in turn.beside.get("tool_calls", ())]
    said = "\n".join(filter(None, [turn.content, write_list(made) if made else ""]))
    return Message(turn.role, said) if made else turn


def _call(made: dict[str, Any]) -> Call:
    return Call(made["function"]["name"], made["function"]["arguments"])


def account(template: str | None, told: bool) -> dict[str, Setting]:
    """Return what results record of how calls are read: as the family that *template* writes.

    Where tools are *told* in the system text, and where a template has no family's marks, calls
    are a list of JSON objects.
    """
    family = None if told else family_of(template)
    return {FORMAT: (family or JSON_LIST).name}


def names(tools: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return the names of *tools*, each as the OpenAI API describes one."""
    return tuple(str(one.get("function", one)["name"]) for one in tools)


DECODING = ("temperature", "top_p", "top_k", "seed", "max_tokens")


def told(result: Result) -> dict[str, str]:
    """Return how *result* says that tools were offered and calls read; what it does not is absent.

    The family with the marks that begin a call, whether tools were native or prompted and seen in
    every prompt, and the settings of decoding.
    """
    protocol = result.protocol
    if protocol.backend == "scripted":
        return {}  # a rule is no model, and is told of no tools
    name = protocol.extra.get(FORMAT)
    family = next((one for one in FAMILIES if one.name == name), None)
    found = {}
    if family is not None:
        found["format"] = family.name
        if family.marks:
            found["marks"] = " ".join(family.marks)
    if protocol.tools in ("native", "prompted"):
        found["tools"] = protocol.tools
        ours = protocol.harness is None or protocol.harness.name == "cardboard"
        if ours and protocol.system_prompt_sha256 is None:
            found["system"] = protocol.tools
    if result.prompts.tools_named is True:
        found["named"] = "yes"
    known = {name: getattr(protocol, name) for name in DECODING}
    decoding = [f"{name}={one:g}" for name, one in known.items() if one is not None]
    if decoding:
        found["decoding"] = ", ".join(decoding)
    return found
