"""Conversations as Ollama hands them to its templates: structs and maps of Go."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


class CannotTell(Exception):
    """The template uses what this reader does not know; Ollama may well know it."""


class Printed(list[Any]):
    """A list that prints itself as JSON."""


class Map(dict[str, Any]):
    """A map of Go: it prints itself as JSON with sorted keys, and has any key."""


class Struct(dict[str, Any]):
    """A struct of Go: another field than it has is an error."""

    json: Mapping[str, Any] | None = None
    """How Go writes it as JSON; `None` where nobody can tell."""


def collated(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Join all system turns, and turns of one role that follow each other."""
    system = [str(one.get("content") or "") for one in messages if one["role"] == "system"]
    found: list[dict[str, Any]] = []
    for one in messages:
        if found and found[-1]["role"] == one["role"] and one["role"] != "tool":
            both = f"{found[-1].get('content') or ''}\n\n{one.get('content') or ''}"
            found[-1] = {**found[-1], "content": both}
        else:
            found.append(dict(one))
    return "\n\n".join(system), found


def message_of(one: Mapping[str, Any]) -> Struct:
    calls = [_call(place, call) for place, call in enumerate(one.get("tool_calls") or [])]
    return Struct(
        Role=one["role"],
        Content=one.get("content") or "",
        Thinking=one.get("thinking") or "",
        Images=[],
        ToolCalls=calls,
        ToolName=one.get("name") or "",
        ToolCallID=one.get("tool_call_id") or "",
    )


def _call(place: int, call: Mapping[str, Any]) -> Struct:
    function = call["function"]
    arguments = function.get("arguments")
    held = Map(arguments) if isinstance(arguments, Mapping) else Map()
    named = Struct(Index=place, Name=function["name"], Arguments=held)
    return Struct(ID=call.get("id") or "", Function=named)


def tool_of(tool: Mapping[str, Any]) -> Struct:
    function = tool["function"]
    given = function.get("parameters") or {}
    fields = ("type", "$defs", "items", "required", "properties")
    parameters = {name: given[name] for name in fields if name in given}
    plain = {
        "type": tool.get("type", "function"),
        "function": {
            "name": function["name"],
            "description": function.get("description", ""),
            "parameters": parameters,
        },
    }
    inner = Struct(
        Type=parameters.get("type", ""),
        Required=parameters.get("required", []),
        Properties=Map(parameters.get("properties", {})),
    )
    named = Struct(
        Name=function["name"], Description=function.get("description", ""), Parameters=inner
    )
    named.json, inner.json = plain["function"], parameters
    found = Struct(Type=plain["type"], Function=named)
    found.json = plain
    return found


_PROPERTY = ("anyOf", "type", "items", "description", "enum", "properties", "required")


def json_of(value: Any) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    signs = {"<": "003c", ">": "003e", "&": "0026", "\u2028": "2028", "\u2029": "2029"}
    return "".join(f"\\u{signs[sign]}" if sign in signs else sign for sign in text)


def _plain(value: Any, key: str = "") -> Any:
    """Return *value* with its keys in the order of Go: sorted in maps, as declared in structs."""
    if isinstance(value, Struct):
        if value.json is None:
            raise CannotTell("a struct as JSON")
        return _plain(value.json, "struct")
    if isinstance(value, Mapping):
        if key == "properties":
            return {name: _plain(value[name], "property") for name in sorted(value)}
        names = sorted(value) if key not in ("struct", "property") else list(value)
        if key == "property":
            names = [name for name in _PROPERTY if name in value]
        inside = {"function": "struct", "parameters": "struct", "properties": "properties"}
        declared = key in ("struct", "property")
        return {
            name: _plain(value[name], inside.get(name, "") if declared else "") for name in names
        }
    return [_plain(one) for one in value] if isinstance(value, list) else value
