"""Ollama as a source: a Modelfile, or a server that renders on demand."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...errors import CardboardError, UsageError
from ...sandbox.rendering import Rendered
from ..findings import Finding, found
from .server_client import ServerClient
from .sources import Found, Source

LONGEST = 1 << 20
"""Bytes of a Modelfile that are read."""
_COMMAND = re.compile(
    r'^[ \t]*(FROM|TEMPLATE|SYSTEM|PARAMETER)[ \t]+(?:"""(.*?)"""|"((?:\\.|[^"\\\n])*)"|([^\n]*))',
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def is_modelfile(path: Path) -> bool:
    """Tell by its name whether *path* is a Modelfile."""
    return path.name.lower().startswith("modelfile") or path.suffix.lower() == ".modelfile"


def modelfile_source(path: Path, opened: Any) -> Source:
    """Read a Modelfile and, by *opened*, the GGUF file beside it that it is made from.

    Raises UsageError for a file that names no model.
    """
    with path.open("rb") as file:
        text = file.read(LONGEST).decode("utf-8", "replace")
    held: dict[str, list[str]] = {}
    for one in _COMMAND.finditer(text):
        value = next(each for each in one.groups()[1:] if each is not None)
        held.setdefault(one.group(1).upper(), []).append(value.strip("\r"))
    if "FROM" not in held:
        raise UsageError("is no Modelfile: it has no FROM", file=path.name)
    source, findings = _made_from(path.parent, held["FROM"][-1].strip(), opened)
    if "SYSTEM" in held:
        findings.append(found("audit-ollama-system", text=held["SYSTEM"][-1].strip()[:80]))
    if "TEMPLATE" not in held:
        findings.append(found("audit-ollama-untold", error="the Modelfile has no TEMPLATE"))
    templates = tuple(
        Found(text=one, place=f"{path.name}: TEMPLATE", shelf="ollama", name="ollama")
        for one in held.get("TEMPLATE", [])[-1:]
    )
    return replace(
        source,
        name=path.name,
        templates=(*source.templates, *templates),
        findings=(*source.findings, *findings),
    )


def _made_from(folder: Path, name: str, opened: Any) -> tuple[Source, list[Finding]]:
    """Open what FROM names, where it is a GGUF file in the folder of the Modelfile."""
    nothing = Source(name=name, kind="modelfile")
    path = folder / name
    if not name.endswith(".gguf"):
        return nothing, [found("audit-ollama-from", model=name[:80])]
    try:
        inside = path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError, RuntimeError):
        inside = False
    if not inside:
        return nothing, [found("audit-ollama-from", model=path.name[:80])]
    source: Source = opened(path)
    return source, []


class _Debug(Struct):
    rendered_template: str


class _Chat(Struct):
    debug: _Debug | None = msgspec.field(name="_debug_info", default=None)


def rendered_by_ollama(
    client: ServerClient, model: str, body: Mapping[str, Any]
) -> Rendered | None:
    """Have Ollama show what it renders; `None` for one that would answer instead.

    An older Ollama does not know how to show it, so it is asked for one token at most.
    """
    asked: dict[str, Any] = {
        "model": model,
        "messages": [_as_ollama_has(message) for message in body["messages"]],
        "stream": False,
        "_debug_render_only": True,
        "options": {"num_predict": 1},
    }
    if "tools" in body:
        asked["tools"] = body["tools"]
    thinking = body.get("chat_template_kwargs", {}).get("enable_thinking")
    if thinking is not None:
        asked["think"] = thinking
    status, reply = client.post("api/chat", asked)
    if status != 200:
        return Rendered(problem="refused", error=reply.decode("utf-8", "replace")[:500])
    try:
        told = msgspec.json.decode(reply, type=_Chat).debug
    except msgspec.DecodeError:
        return None
    return None if told is None else Rendered(text=told.rendered_template)


def _as_ollama_has(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return *message* with parts as one text and arguments as objects, as its API asks for."""
    found_ = dict(message)
    if isinstance(found_.get("content"), list):
        found_["content"] = "\n".join(part.get("text", "") for part in found_["content"])
    if "tool_calls" in found_:
        found_["tool_calls"] = [_with_object(call) for call in found_["tool_calls"]]
    if "name" in found_:
        found_["tool_name"] = found_.pop("name")
    return found_


def _with_object(call: Mapping[str, Any]) -> dict[str, Any]:
    function = dict(call["function"])
    if isinstance(function.get("arguments"), str):
        try:
            function["arguments"] = json.loads(function["arguments"])
        except ValueError as error:
            raise CardboardError(f"arguments of a call are no JSON: {error}") from error
    return {**call, "function": function}
