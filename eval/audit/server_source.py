"""A server as a source: the template that it tells of, and what it makes of the probes."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ..backends.openai_kinds import LLAMA_CPP, VLLM, Kind
from ..backends.openai_replies import reason_of
from ..backends.openai_servers import ask
from .findings import found
from .probes import PROBES, TOOLS, Probe
from .sandbox import NOW, Rendered
from .server_client import ServerClient
from .sources import Found, Source, Tokens

_TOLD_UNDER = {VLLM.name: "/tokenizer_info", LLAMA_CPP.name: "/props"}
_NO_SUCH_CALL = (404, 405, 501)


def server_source(address: str, api_key_variable: str = "OPENAI_API_KEY") -> Source:
    """Ask the server at *address* for its template, and have it render the probes.

    Raises UsageError for what is no address or refuses us, CardboardError where nothing answers.
    """
    client = ServerClient(address, api_key_variable)
    try:
        listed = ask(client.tell, "", f"{client.api}models")
        model = listed.models[0].id if listed.models else ""
        server = ask(client.tell, model, f"{client.api}models")
        renders = _renders(client, server.kind, model)
    finally:
        client.close()
    told, kind = server.template, server.kind.name
    templates: tuple[Found, ...] = ()
    if told is not None:
        templates = (Found(text=told.text, place=_TOLD_UNDER.get(kind, "/"), shelf="server"),)
    return Source(
        name=client.root,
        kind="server",
        revision=server.version,
        templates=templates,
        tokens=Tokens(special=told.special_tokens if told else {}),
        renders=renders,
        findings=() if told or renders else (found("audit-template-untold", server=kind),),
    )


class _Prompt(Struct):
    prompt: str


class _Ids(Struct):
    token_ids: list[int]


def _renders(client: ServerClient, kind: Kind, model: str) -> dict[str, Rendered] | None:
    """Return what the server makes of the probes; `None` where it renders nothing on demand."""
    call = {VLLM.name: _by_vllm, LLAMA_CPP.name: _by_llama}.get(kind.name)
    if call is None:
        return None
    renders = {}
    for name, probe in PROBES.items():
        if not _can_be_sent(probe):
            continue
        rendered = call(client, model, _body(probe))
        if rendered is None:
            return None
        renders[name] = rendered
    return renders


def _can_be_sent(probe: Probe) -> bool:
    """Tell whether a client can ask for *probe*: the clock and what follows an answer it cannot."""
    ends_in_answer = probe.messages[-1]["role"] == "assistant"
    return probe.prompt and probe.now == NOW and not probe.nulls and not ends_in_answer


def _body(probe: Probe) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": [_wired(message) for message in probe.messages]}
    if probe.tools:
        body["tools"] = TOOLS
    if probe.kwargs:
        body["chat_template_kwargs"] = dict(probe.kwargs)
    return body


def _wired(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return *message* as it is sent: the arguments of a call are a text there."""
    if "tool_calls" not in message:
        return dict(message)
    calls = []
    for call in message["tool_calls"]:
        function = call["function"]
        arguments = json.dumps(function["arguments"], ensure_ascii=False)
        calls.append({**call, "function": {**function, "arguments": arguments}})
    return {**message, "tool_calls": calls}


def _by_llama(client: ServerClient, model: str, body: dict[str, Any]) -> Rendered | None:
    status, reply = client.post("apply-template", body)
    return _rendered(status, reply)


def _by_vllm(client: ServerClient, model: str, body: dict[str, Any]) -> Rendered | None:
    """Render to tokens, and read those as text again."""
    asked = {"model": model, **body}
    status, reply = client.post(f"{client.api}chat/completions/render", asked)
    if status != 200:
        return _rendered(status, reply)
    try:
        tokens = msgspec.json.decode(reply, type=_Ids).token_ids
    except msgspec.DecodeError:
        return None
    status, reply = client.post("detokenize", {"model": model, "tokens": tokens})
    return _rendered(status, reply)


def _rendered(status: int, reply: bytes) -> Rendered | None:
    if status in _NO_SUCH_CALL:
        return None
    if status != 200:
        return Rendered(problem="refused", error=reason_of(reply))
    try:
        return Rendered(text=msgspec.json.decode(reply, type=_Prompt).prompt)
    except msgspec.DecodeError:
        return None
