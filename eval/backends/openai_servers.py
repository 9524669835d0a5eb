"""Where an OpenAI-compatible server is, and what it tells of itself: kind, template, window."""

import ipaddress
import os
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from ..engine import Options, Template
from ..errors import UsageError
from .openai_kinds import (
    KINDS,
    LLAMA_CPP,
    LLAMA_CPP_PYTHON,
    LM_STUDIO,
    OLLAMA,
    OTHER,
    SGLANG,
    TRANSFORMERS,
    VLLM,
    Kind,
)


class Fetch(Protocol):
    """Asks for a path below the server's root."""

    def __call__(self, path: str, body: object = None) -> bytes | None:
        """Return the reply, to *body* if there is one; `None` where there is nothing."""


T = TypeVar("T")

_CHATML = "<|im_start|>"


class Listed(Struct, frozen=True):
    """A model in a server's list."""

    id: str
    owned_by: str | None = None
    max_model_len: int | None = None


class Server(Struct, frozen=True, kw_only=True):
    """What a server told."""

    kind: Kind
    models: tuple[Listed, ...] = ()
    version: str | None = None
    template: Template | None = None
    tool_template: str | None = None
    """What it renders conversations with tools through, where that is another one."""
    window: int | None = None
    quantisation: str | None = None


class _Models(Struct):
    data: list[Listed] = []


class _Version(Struct):
    version: str | None = None


class _Described(Struct):
    paths: dict[str, msgspec.Raw] = {}
    info: _Version = msgspec.field(default_factory=_Version)


class _Defaults(Struct):
    n_ctx: int | None = None


class _Props(Struct):
    chat_template: str | None = None
    chat_template_tool_use: str | None = None
    bos_token: str | None = None
    eos_token: str | None = None
    build_info: str | None = None
    default_generation_settings: _Defaults = msgspec.field(default_factory=_Defaults)


class _Applied(Struct):
    prompt: str = ""


class _Loaded(Struct):
    name: str | None = None
    context_length: int | None = None
    loaded_context_length: int | None = None
    quantization: str | None = None


class _Running(Struct):
    models: list[_Loaded] = []


def ask(fetch: Fetch, model: str, models: str) -> Server:
    """Return what the server tells that answers *fetch*; *models* is the path of its list.

    Raises UsageError where it would answer through another template than the model's.
    """
    listed = tuple((_read(fetch(models), _Models) or _Models()).data)
    mine = next((one for one in listed if one.id == model), None)
    kind = _kind(fetch, listed)
    server = Server(kind=kind, models=listed, window=mine.max_model_len if mine else None)
    told = _ASKED.get(kind.name)
    return msgspec.structs.replace(server, **told(fetch, model)) if told else server


def _kind(fetch: Fetch, listed: tuple[Listed, ...]) -> Kind:
    owners = {one.owned_by for one in listed}
    for kind in KINDS:
        if kind.owner is not None and kind.owner in owners:
            return kind
    described = _read(fetch("openapi.json"), _Described)
    if described is not None and "/load_model" in described.paths:
        return TRANSFORMERS
    return OTHER


def _vllm(fetch: Fetch, model: str) -> dict[str, object]:
    about = _read(fetch("version"), _Version) or _Version()
    props = _read(fetch("tokenizer_info"), _Props)
    return {"version": about.version, "template": _template(props)}


def _sglang(fetch: Fetch, model: str) -> dict[str, object]:
    about = _read(fetch("get_server_info"), _Version) or _Version()
    return {"version": about.version}


def _llama_cpp(fetch: Fetch, model: str) -> dict[str, object]:
    props = _read(fetch("props"), _Props) or _Props()
    probe = {"messages": [{"role": "user", "content": "?"}]}
    applied = _read(fetch("apply-template", probe), _Applied) or _Applied()
    if _CHATML in applied.prompt and _CHATML not in (props.chat_template or ""):
        raise UsageError(
            "the server cannot read the model's chat template and uses another one, ChatML",
            remedy="Start it with a template that it can read: --chat-template-file.",
        )
    return {
        "version": props.build_info,
        "template": _template(props),
        "tool_template": props.chat_template_tool_use,
        "window": props.default_generation_settings.n_ctx,
    }


def _llama_cpp_python(fetch: Fetch, model: str) -> dict[str, object]:
    about = _read(fetch("openapi.json"), _Described) or _Described()
    return {"version": about.info.version}


def _lm_studio(fetch: Fetch, model: str) -> dict[str, object]:
    about = _read(fetch(f"api/v0/models/{model}"), _Loaded) or _Loaded()
    return {"window": about.loaded_context_length, "quantisation": about.quantization}


def _ollama(fetch: Fetch, model: str) -> dict[str, object]:
    about = _read(fetch("api/version"), _Version) or _Version()
    running = _read(fetch("api/ps"), _Running) or _Running()
    names = (model, f"{model}:latest")
    mine = next((one for one in running.models if one.name in names), _Loaded())
    return {"version": about.version, "window": mine.context_length}


_ASKED = {
    VLLM.name: _vllm,
    SGLANG.name: _sglang,
    LLAMA_CPP.name: _llama_cpp,
    LLAMA_CPP_PYTHON.name: _llama_cpp_python,
    LM_STUDIO.name: _lm_studio,
    OLLAMA.name: _ollama,
}


def _template(props: _Props | None) -> Template | None:
    if props is None or not props.chat_template:
        return None
    special = {"bos_token": props.bos_token, "eos_token": props.eos_token}
    return Template(
        text=props.chat_template,
        source="server",
        special_tokens={name: token for name, token in special.items() if token is not None},
    )


def _read(data: bytes | None, kind: type[T]) -> T | None:
    """Return *data* as *kind*; `None` where a server says something else under that path."""
    try:
        return msgspec.json.decode(data or b"", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


HOSTED, OPENAI_KEY = "api.openai.com", "OPENAI_API_KEY"


def base_url(given: str | None) -> str:
    """Return the address below which the API lies, with a slash at its end."""
    if given is None:
        raise UsageError(
            "is missing, and a server has an address",
            key="--base-url",
            remedy="Write --base-url http://127.0.0.1:8000/v1",
        )
    try:
        parts = urlsplit(given)
        whole = parts.port is None or parts.port > 0
    except ValueError:
        parts, whole = urlsplit(""), False
    if not whole or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise UsageError(
            "this is not the address of a server",
            key="--base-url",
            remedy="It looks like http://127.0.0.1:8000/v1.",
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "an address with a password in it would be written into logs",
            key="--base-url",
            remedy="Put the key into an environment variable and name that: --api-key-variable.",
        )
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}/"


def key_for(options: Options, base: str) -> str | None:
    """Return the key for the server, from the environment.

    The key that many people have there for OpenAI goes to OpenAI and to this machine alone; for
    any other server its variable must be named.
    """
    host = urlsplit(base).hostname or ""
    own = host == HOSTED or host == "localhost" or _is_loopback(host)
    if options.api_key_variable == OPENAI_KEY and not own:
        return None
    return os.environ.get(options.api_key_variable, "").strip() or None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
