"""Which model a foreign file speaks of, without the paths of the machine that wrote it."""

import re

from ....eval.identity import path_tail
from ....eval.records import Adapter, Model
from ...words.machines import is_local, last_part
from .source import Source

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\Z")
_QUANTISED = re.compile(
    r"(?:^|[._-])((?:UD-)?I?Q\d(?:_[A-Z0-9]+)*|B?F16|F32|MXFP4|FP8|AWQ|GPTQ)(?=[._-]|$)",
    re.IGNORECASE,
)


def like_hub_id(text: str) -> bool:
    """Tell whether *text* has the form of a Hub id, also one that the Hub would not take."""
    return _HUB_ID.match(text) is not None and len(text) <= 200


def model(source: Source, *, shard: tuple[int, int] | None = None) -> Model:
    """Return the model of a replay file: `model_path`, `model` or `model_short`.

    A Hub id in `model_path` goes first; else whichever is not a path of a machine; and only where
    there is nothing else the last part of such a path. `repo:QUANT` is taken apart.
    """
    given = {key: source.text(key) for key in ("model_path", "model", "model_short")}
    names = {key: _without_shard(name, shard) for key, name in given.items() if name}
    path = names.get("model_path", "")
    repository, quantisation = split_quantisation(path)
    if not like_hub_id(repository):
        others = [name for key, name in names.items() if key != "model_path"]
        told = [name for name in (*others, path) if name]
        chosen = next((name for name in told if not _is_path(name)), told[-1] if told else "")
        repository, quantisation = split_quantisation(chosen)
    for key, name in given.items():
        if name and is_local(name):
            source.note("local-path-dropped", key, name=last_part(name))
    adapter = _adapter(source)
    tail = path_tail(repository) if _is_path(repository) else None
    if _is_path(repository):
        repository = last_part(repository)
    if not repository:
        source.note("missing-key", "model")
    short = given["model_short"] or given["model"]
    if other_organisation(repository, given["model"]):
        short = given["model"]  # it contradicts the first, which says more than a nickname
    return Model(
        id=repository[:10_000] or "unknown",
        quantisation=quantisation,
        adapter=adapter,
        path_tail=joined(tail, local_tail(source.text("lora_path")) if adapter else None),
        label=short if short and not _is_path(short) and short != repository else None,
    )


def other_organisation(one: str, other: str | None) -> bool:
    """Tell whether both are Hub ids, and of two organisations."""
    if other is None or not (like_hub_id(one) and like_hub_id(other)):
        return False
    return one.split("/")[0].casefold() != other.split("/")[0].casefold()


def local_tail(name: str | None) -> str | None:
    """Return what of *name*, where it is a path of a machine, tells runs apart."""
    return path_tail(name) if name and is_local(name) else None


def joined(model: str | None, adapter: str | None) -> str | None:
    """Return the tails of a model's and of its adapter's path as one."""
    return "+".join(filter(None, (model, adapter))) or None


def _is_path(name: str) -> bool:
    """Tell whether *name* is a path, also one that starts in an unknown folder."""
    return is_local(name) or name.count("/") + name.count("\\") > 1


def split_quantisation(name: str) -> tuple[str, str | None]:
    """Return *name* without its `:QUANT` or `:FILE`, and the quantisation that it tells."""
    repository, colon, rest = name.rpartition(":")
    if not colon or not like_hub_id(repository) or not rest or "/" in rest:
        return name, None
    return repository, quantisation_of(rest) if rest.lower().endswith(".gguf") else rest


def quantisation_of(filename: str) -> str | None:
    """Return the quantisation that the name of a weights file ends in, e.g. `Q4_K_M`."""
    found = _QUANTISED.findall(filename.removesuffix(".gguf"))
    return str(found[-1]) if found else None


def _without_shard(name: str, shard: tuple[int, int] | None) -> str:
    """Return *name* without the number of the shard that the file itself says it is."""
    if shard is None:
        return name
    return re.sub(rf"[-_.](?:shard|part)0*{shard[0]}$", "", name)


def _adapter(source: Source) -> Adapter | None:
    """Return the LoRA adapter: the Hub id of its path, else its name, else the path's end."""
    path, name = source.text("lora_path"), source.text("lora_name")
    if path and is_local(path):
        source.note("local-path-dropped", "lora_path", name=last_part(path))
    if path and like_hub_id(path):
        return Adapter(id=path)
    for candidate in (name, path):
        if candidate:
            short = last_part(candidate) if is_local(candidate) else candidate
            return Adapter(id=short or "unknown")
    return None
