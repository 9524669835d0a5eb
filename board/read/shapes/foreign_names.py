"""Which model another program's file speaks of: providers, adapters and paths of machines."""

import re

from ....eval.identity import path_tail
from ....eval.records import Adapter, Model
from ...words import machines
from . import model_names

_SERVERS = frozenset(
    (
        *("vllm", "hf", "huggingface", "hf-inference-providers", "ollama", "sglang", "litellm"),
        *("llama-cpp-python", "llamacpp", "lmstudio", "together", "together_ai", "openrouter"),
        *("bedrock", "azure", "azureai", "azure_ai", "fireworks", "fireworks_ai", "groq", "vertex"),
        *("vertex_ai", "hosted_vllm", "transformer_lens", "openai-api", "cloudflare", "sambanova"),
        *("nnterp", "text-completion-openai", "custom_openai"),
    )
)
"""Who serves the models of others: no part of a model's name."""
_CACHED = re.compile(r"models--([\w.-]+?)--([\w.-]+)")


def named(said: str, *, adapter: str | None = None, revision: str | None = None) -> Model:
    """Return the model that a foreign file calls *said*, without paths of a machine.

    A name of the Hub stays; who serves it, and `__` for its slash, go; of a path stays as much of
    its tail as tells runs apart. A branch such as `main` is no revision.
    """
    plain, tail = _name(said)
    repository, quantisation = model_names.split_quantisation(plain)
    if quantisation is None and said.lower().endswith(".gguf"):
        quantisation = model_names.quantisation_of(machines.last_part(said))
    over, lower = _name(adapter) if adapter else (None, None)
    return Model(
        id=repository[:500] or "unknown",
        revision=revision if revision not in (None, "", "main") else None,
        adapter=Adapter(id=over) if over else None,
        path_tail=model_names.joined(tail, lower),
        quantisation=quantisation,
    )


def _name(said: str) -> tuple[str, str | None]:
    """Return the name in *said*, and of a path the tail that tells runs apart."""
    plain = said.strip()
    if cached := _CACHED.search(plain):
        return f"{cached[1]}/{cached[2]}", None
    if not machines.is_local(plain):
        plain = _unserved(plain)
    tail = path_tail(plain)
    # What ends like many folders is a path, whatever it begins with: `out/checkpoint-300`.
    if machines.is_local(plain) or plain.count("/") > 1 or "\\" in plain or tail:
        return machines.last_part(plain) or "unknown", tail
    if "/" not in plain and plain.count("__") == 1:
        return plain.replace("__", "/"), None
    return plain, None


def _unserved(said: str) -> str:
    """Return *said* without whoever serves the model: first, or after the maker's name."""
    parts = said.split("/")
    if len(parts) > 1 and parts[0].lower() in _SERVERS:
        return "/".join(parts[1:])
    if len(parts) == 3 and parts[1].lower() in _SERVERS:
        return f"{parts[0]}/{parts[2]}"
    return said
