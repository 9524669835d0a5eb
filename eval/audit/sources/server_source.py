"""A server as a source: the template that it tells of, and what it makes of the probes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ...backends.openai_kinds import LLAMA_CPP, OLLAMA, OTHER, VLLM, Kind
from ...backends.openai_servers import Server, ask
from ...backends.replies.replies import reason_of
from ...errors import CardboardError
from ...sandbox.rendering import NOW, Rendered
from ..findings import found
from ..rendering.probes import PROBES, TOOLS, Probe
from .ollama import rendered_by_ollama
from .server_client import ServerClient
from .sources import Found, Source, Tokens

_TOLD_UNDER = {VLLM.name: "/tokenizer_info", LLAMA_CPP.name: "/props"}
_NO_SUCH_CALL = (403, 404, 405, 501)
"""vLLM forbids what it was not started for: its render endpoints need `--enable-scale-out`."""


def server_source(address: str, api_key_variable: str = "OPENAI_API_KEY") -> Source:
    """Ask the server at *address* for its template, and have it render the probes.

    Raises UsageError for what is no address or refuses us, CardboardError where nothing answers.
    """
    client = ServerClient(address, api_key_variable)
    try:
        listed = ask(client.tell, "", f"{client.api}models")
        model = listed.models[0].id if listed.models else ""
        server = ask(client.tell, model, f"{client.api}models")
        if not listed.models and listed.kind is OTHER and not _lists(client):
            raise CardboardError("does not answer as servers of OpenAI's API do", file=client.root)
        renders = _renders(client, server.kind, model)
    finally:
        client.close()
    told, kind = server.template, server.kind.name
    return Source(
        name=client.root,
        kind="server",
        revision=server.version,
        templates=tuple(_templates(server)),
        tokens=Tokens(
            special=told.special_tokens if told else {},
            told=bool(told and told.special_tokens),
        ),
        renders=renders,
        findings=() if told or renders else (found("audit-template-untold", server=kind),),
    )


def server_prompt(
    address: str, body: Mapping[str, Any], api_key_variable: str = "OPENAI_API_KEY"
) -> Rendered:
    """Have the server at *address* render the request *body*, without answering it.

    Raises as `server_source` does.
    """
    client = ServerClient(address, api_key_variable)
    try:
        listed = ask(client.tell, "", f"{client.api}models")
        model = listed.models[0].id if listed.models else ""
        kind = ask(client.tell, model, f"{client.api}models").kind
        for way in _WAYS.get(kind.name, ()):
            rendered = way(client, model, dict(body))
            if rendered is not None:
                return rendered
    finally:
        client.close()
    return Rendered(problem="not run", error="the server renders nothing on demand")


def _lists(client: ServerClient) -> bool:
    """Tell whether there is a list of models, be it empty."""
    try:
        held = msgspec.json.decode(client.tell(f"{client.api}models") or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(held, dict) and isinstance(held.get("data"), list)


def _templates(server: Server) -> Iterator[Found]:
    """Yield what *server* tells that it renders through."""
    place = _TOLD_UNDER.get(server.kind.name, "/")
    if server.template is not None:
        yield Found(text=server.template.text, place=place, shelf="server")
    if server.tool_template is not None:
        yield Found(text=server.tool_template, place=place, shelf="server", name="tool_use")


class _Prompt(Struct):
    prompt: str


class _Ids(Struct):
    token_ids: list[int] = []
    """Of the render endpoint."""
    tokens: list[int] = []
    """Of the endpoint that tokenises."""


def _renders(client: ServerClient, kind: Kind, model: str) -> dict[str, Rendered] | None:
    """Return what the server makes of the probes; `None` where it renders nothing on demand."""
    for way in _WAYS.get(kind.name, ()):
        renders = {}
        for name, probe in PROBES.items():
            if not _can_be_sent(probe):
                continue
            rendered = way(client, model, _body(probe))
            if rendered is None:
                break
            renders[name] = rendered
        else:
            return renders
    return None


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


def _by_render(client: ServerClient, model: str, body: dict[str, Any]) -> Rendered | None:
    """Have vLLM render to tokens, as it does before it answers.

    It lists the tools also where none may be called, and needs no parser for calls then.
    """
    choice = {"tool_choice": "none"} if "tools" in body else {}
    return _by_tokens(client, f"{client.api}chat/completions/render", model, body | choice)


def _by_tokenizer(client: ServerClient, model: str, body: dict[str, Any]) -> Rendered | None:
    """Have vLLM tokenise the conversation, which goes the same way inside."""
    return _by_tokens(client, "tokenize", model, body)


def _by_tokens(
    client: ServerClient, path: str, model: str, body: dict[str, Any]
) -> Rendered | None:
    """Ask for tokens, and have the server read them as text again."""
    status, reply = client.post(path, {"model": model, **body})
    if status != 200:
        return _rendered(status, reply)
    try:
        ids = msgspec.json.decode(reply, type=_Ids)
    except msgspec.DecodeError:
        return None
    tokens = ids.token_ids or ids.tokens
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


_WAYS = {
    VLLM.name: (_by_render, _by_tokenizer),
    LLAMA_CPP.name: (_by_llama,),
    OLLAMA.name: (rendered_by_ollama,),
}
"""How a kind of server renders on demand; the second where the first is not there."""
