"""Which model another program's file speaks of: providers, adapters and paths of machines."""

import re

from ....eval.records import Adapter, Model
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
_MANY = re.compile(
    r"(?:checkpoint|step|epoch|iter|global_step|ckpt)[-_.]?\d*|final|last|latest|best|model|merged|"
    r"adapter|lora|output|out|runs?|hf|snapshots?|[0-9a-f]{40}|weights|\d+",
    re.IGNORECASE,
)
"""Names that many folders have."""
_CACHED = re.compile(r"models--([\w.-]+?)--([\w.-]+)")
_HOMES = ("home", "Users", "users")
_MOST_PARTS = 3


def named(said: str, *, adapter: str | None = None, revision: str | None = None) -> Model:
    """Return the model that a foreign file calls *said*, without paths of a machine.

    A name of the Hub stays; who serves it, and `__` for its slash, go; of a path stays as much of
    its tail as tells runs apart. A branch such as `main` is no revision.
    """
    plain, tail = _name(said)
    repository, quantisation = model_names.split_quantisation(plain)
    if quantisation is None and said.lower().endswith(".gguf"):
        quantisation = model_names.quantisation_of(model_names.last_part(said))
    over = None
    if adapter:
        name, lower = _name(adapter)
        over = Adapter(id=lower or name)
    return Model(
        id=repository[:500] or "unknown",
        revision=revision if revision not in (None, "", "main") else None,
        adapter=over,
        path_tail=tail,
        quantisation=quantisation,
    )


def path_tail(path: str) -> str:
    """Return the end of *path* from the last folder on whose name is not one of many.

    The folder of a person is never a part of it.
    """
    parts = [part for part in re.split(r"[/\\]+", path.strip()) if part not in ("", ".", "..", "~")]
    homes = [place for place, part in enumerate(parts[:-1]) if part in _HOMES]
    if homes:
        parts = parts[homes[-1] + 2 :] or parts[-1:]
    kept: list[str] = []
    for part in reversed(parts[-_MOST_PARTS:]):
        kept.insert(0, part)
        if not _MANY.fullmatch(part):
            break
    return "/".join(kept)


def _name(said: str) -> tuple[str, str | None]:
    """Return the name in *said*, and the tail of the path that it is, if it is one."""
    plain = said.strip()
    if cached := _CACHED.search(plain):
        return f"{cached[1]}/{cached[2]}", None
    if not model_names.is_local(plain):
        plain = _unserved(plain)
    if _is_path(plain):
        tail = path_tail(plain)
        # With a slash it would look like a repository on the Hub, which nobody said that it is.
        return tail.replace("/", "--") or "unknown", tail or None
    if "/" not in plain and plain.count("__") == 1:
        return plain.replace("__", "/"), None
    return plain, None


def _is_path(name: str) -> bool:
    if model_names.is_local(name) or "\\" in name or name.count("/") > 1:
        return True
    return "/" in name and _MANY.fullmatch(name.rpartition("/")[2]) is not None


def _unserved(said: str) -> str:
    """Return *said* without whoever serves the model: first, or after the maker's name."""
    parts = said.split("/")
    if len(parts) > 1 and parts[0].lower() in _SERVERS:
        return "/".join(parts[1:])
    if len(parts) == 3 and parts[1].lower() in _SERVERS:
        return f"{parts[0]}/{parts[2]}"
    return said
