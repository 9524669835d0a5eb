"""What an OpenAI-compatible server tells of itself, and what it must be told in its own words."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from .protocol import Sampling, Setting, Template

Get = Callable[[str], bytes | None]
"""Fetches a path below the server's root; `None` where there is nothing."""

T = TypeVar("T")


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of server: settings that it would fill in by itself, unless they are said."""

    name: str
    owner: str | None = None
    """What it writes as `owned_by` in its list of models."""
    said: Mapping[str, Setting] = {}
    top_k: tuple[str, int] | None = None
    """Its name for `top_k`, and the value that means none."""


VLLM = Kind(
    name="vllm",
    owner="vllm",
    said={"min_p": 0.0, "repetition_penalty": 1.0},
    top_k=("top_k", 0),
)
SGLANG = Kind(
    name="sglang",
    owner="sglang",
    said={"min_p": 0.0, "repetition_penalty": 1.0},
    top_k=("top_k", -1),
)
LLAMA_CPP = Kind(
    name="llama.cpp",
    owner="llamacpp",
    said={"min_p": 0.0, "typical_p": 1.0, "repeat_penalty": 1.0},
    top_k=("top_k", 0),
)
LLAMA_CPP_PYTHON = Kind(
    name="llama-cpp-python",
    owner="me",
    said={"min_p": 0.0, "repeat_penalty": 1.0},
    top_k=("top_k", 0),
)
LM_STUDIO = Kind(
    name="lm-studio",
    owner="organization_owner",
    said={"repeat_penalty": 1.0},
    top_k=("top_k", 0),
)
OLLAMA = Kind(name="ollama", owner="library")
TRANSFORMERS = Kind(name="transformers")
OTHER = Kind(name="other")
KINDS = (VLLM, SGLANG, LLAMA_CPP, LLAMA_CPP_PYTHON, LM_STUDIO, OLLAMA, TRANSFORMERS, OTHER)


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
    bos_token: str | None = None
    eos_token: str | None = None
    build_info: str | None = None
    default_generation_settings: _Defaults = msgspec.field(default_factory=_Defaults)


class _Loaded(Struct):
    name: str | None = None
    context_length: int | None = None
    loaded_context_length: int | None = None
    quantization: str | None = None


class _Running(Struct):
    models: list[_Loaded] = []


def ask(get: Get, model: str, models: str) -> Server:
    """Return what the server tells that answers *get*; *models* is the path of its list."""
    listed = tuple((_read(get(models), _Models) or _Models()).data)
    mine = next((one for one in listed if one.id == model), None)
    kind = _kind(get, listed)
    server = Server(kind=kind, models=listed, window=mine.max_model_len if mine else None)
    told = _ASKED.get(kind.name)
    return msgspec.structs.replace(server, **told(get, model)) if told else server


def spoken(kind: Kind, sampling: Sampling) -> dict[str, Any]:
    """Return *sampling* in the words of *kind*, everything that it would fill in by itself said.

    Raises ValueError where the server has no word for `top_k`.
    """
    words: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_tokens": sampling.max_tokens,
        **kind.said,
    }
    if sampling.seed is not None:
        words["seed"] = sampling.seed
    if sampling.stop:
        words["stop"] = list(sampling.stop)
    if kind is TRANSFORMERS:
        return words | {"generation_config": _generation_config(sampling)}
    if kind.top_k is not None:
        name, none = kind.top_k
        words[name] = none if sampling.top_k is None else sampling.top_k
    elif sampling.top_k is not None:
        raise ValueError("the server has no top_k")
    return words


def _generation_config(sampling: Sampling) -> str:
    """Return what stands in the place of the settings that the model brings with it."""
    settings = {
        "do_sample": sampling.temperature > 0,
        "num_beams": 1,
        "repetition_penalty": 1.0,
        "top_k": sampling.top_k or 0,
    }
    return msgspec.json.encode(settings).decode()


def _kind(get: Get, listed: tuple[Listed, ...]) -> Kind:
    owners = {one.owned_by for one in listed}
    for kind in KINDS:
        if kind.owner is not None and kind.owner in owners:
            return kind
    described = _read(get("openapi.json"), _Described)
    if described is not None and "/load_model" in described.paths:
        return TRANSFORMERS
    return OTHER


def _vllm(get: Get, model: str) -> dict[str, object]:
    about = _read(get("version"), _Version) or _Version()
    props = _read(get("tokenizer_info"), _Props)
    return {"version": about.version, "template": _template(props)}


def _sglang(get: Get, model: str) -> dict[str, object]:
    about = _read(get("get_server_info"), _Version) or _Version()
    return {"version": about.version}


def _llama_cpp(get: Get, model: str) -> dict[str, object]:
    props = _read(get("props"), _Props) or _Props()
    return {
        "version": props.build_info,
        "template": _template(props),
        "window": props.default_generation_settings.n_ctx,
    }


def _llama_cpp_python(get: Get, model: str) -> dict[str, object]:
    about = _read(get("openapi.json"), _Described) or _Described()
    return {"version": about.info.version}


def _lm_studio(get: Get, model: str) -> dict[str, object]:
    about = _read(get(f"api/v0/models/{model}"), _Loaded) or _Loaded()
    return {"window": about.loaded_context_length, "quantisation": about.quantization}


def _ollama(get: Get, model: str) -> dict[str, object]:
    about = _read(get("api/version"), _Version) or _Version()
    running = _read(get("api/ps"), _Running) or _Running()
    mine = next((one for one in running.models if one.name == model), _Loaded())
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
