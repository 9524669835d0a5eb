"""Kinds of OpenAI-compatible servers, and what each must be told so that no default applies."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ..engine import Sampling, Setting
from ..records import Seeding


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of server: settings that it would fill in by itself, unless they are said."""

    name: str
    owner: str | None = None
    """What it writes as `owned_by` in its list of models."""
    said: Mapping[str, Setting] = {}
    top_k: tuple[str, int] | None = None
    """Its name for `top_k`, and the value that means none."""
    seeding: Seeding = "unknown"
    """What it makes of the seed of a call."""


VLLM = Kind(
    name="vllm",
    owner="vllm",
    said={"min_p": 0.0, "repetition_penalty": 1.0},
    top_k=("top_k", 0),
    seeding="step",
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
    seeding="step",
)
LLAMA_CPP_PYTHON = Kind(
    name="llama-cpp-python",
    owner="me",
    said={"min_p": 0.0, "repeat_penalty": 1.0},
    top_k=("top_k", 0),
    seeding="step",
)
LM_STUDIO = Kind(
    name="lm-studio",
    owner="organization_owner",
    said={"repeat_penalty": 1.0},
    top_k=("top_k", 0),
    seeding="step",
)
OLLAMA = Kind(name="ollama", owner="library", seeding="step")
TRANSFORMERS = Kind(name="transformers")
OTHER = Kind(name="other")
KINDS = (VLLM, SGLANG, LLAMA_CPP, LLAMA_CPP_PYTHON, LM_STUDIO, OLLAMA, TRANSFORMERS, OTHER)


def seeding_of(kind: Kind, calls: int) -> Seeding:
    """Return what *kind* makes of the seed of a call, where *calls* are made at a time.

    `transformers serve` has one source of chance for all calls, which the seed of each sets anew.
    """
    return "step" if kind is TRANSFORMERS and calls == 1 else kind.seeding


def spoken(kind: Kind, sampling: Sampling) -> dict[str, Any]:
    """Return *sampling* in the words of *kind*, everything that it would fill in by itself said.

    But for the seed, of which each call has its own. Raises ValueError where the server has no word
    for `top_k`.
    """
    words: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_tokens": sampling.max_tokens,
        **kind.said,
    }
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
