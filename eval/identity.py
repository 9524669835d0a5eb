"""What makes two results those of one model: its name as the Hub folds it, and what tells it apart.

Result names, journals, plans, merges and boards all ask here.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from .records import Model, Scalar, Server


class Identity(Struct, frozen=True, kw_only=True):
    """The parts of a model's identity; `None` where a part is not known, or is not there."""

    id: str
    """Folded, as `adapter` is: two spellings of one name are one name."""
    adapter: str | None = None
    quantisation: str | None = None
    revision: str | None = None
    adapter_revision: str | None = None
    adapter_sha256: str | None = None
    weights_sha256: str | None = None
    """Of the loaded weights, or of the one file that holds them."""
    thinking: bool | None = None
    path_tail: str | None = None
    server: str | None = None
    """SHA-256 of the address."""
    served: str | None = None
    """What its replies name as the model."""
    system_fingerprint: str | None = None


NAMING = ("id", "adapter", "quantisation")
"""Parts that a model's name holds already."""
TELLING = tuple(name for name in Identity.__struct_fields__ if name not in NAMING)
"""Parts that tell models of one name apart."""


def identity_of(
    model: Model, thinking: bool | None = None, extra: Mapping[str, Scalar] | None = None
) -> Identity:
    """Return the identity of *model*, run with *thinking*; *extra* are settings as recorded."""
    adapter, server = model.adapter, model.server or Server()
    file = (extra or {}).get("gguf_sha256")
    weights = model.weights_sha256 or (model.file.sha256 if model.file else None)
    return Identity(
        id=fold(model.id),
        adapter=fold(adapter.id) if adapter else None,
        quantisation=model.quantisation.strip().lower() if model.quantisation else None,
        revision=model.revision,
        adapter_revision=adapter.revision if adapter else None,
        adapter_sha256=adapter.sha256 if adapter else None,
        weights_sha256=weights or (file if isinstance(file, str) else None),
        thinking=thinking,
        path_tail=model.path_tail,
        server=server.address_sha256,
        served=server.model,
        system_fingerprint=server.system_fingerprint,
    )


def outweighed(known: Collection[str], adapted: bool) -> set[str]:
    """Return the parts that say nothing where the parts *known* are, content itself among them.

    The same weights are the same model, wherever they lie and whatever revision holds them.
    """
    parts: set[str] = set()
    if "weights_sha256" in known:
        parts.add("revision")
    if "adapter_sha256" in known:
        parts.add("adapter_revision")
    if ("adapter_sha256" if adapted else "weights_sha256") in known:
        parts.add("path_tail")
    return parts


def settled(one: Identity) -> Identity:
    """Return *one* without the parts that its own content outweighs, to be compared as a whole."""
    known = {name for name in TELLING if getattr(one, name) is not None}
    return replace(one, **dict.fromkeys(outweighed(known, one.adapter is not None)))


def differing(one: Identity, other: Identity) -> list[str]:
    """Return the parts in which two settled identities differ, also where one lacks the part."""
    first, second = settled(one), settled(other)
    names = Identity.__struct_fields__
    return [name for name in names if getattr(first, name) != getattr(second, name)]


def engine_versions(versions: Mapping[str, str]) -> dict[str, str]:
    """Return those of *versions* on which answers depend: not cardboard's own and Python's."""
    return {name: one for name, one in versions.items() if name not in ("cardboard", "python")}


HASHES = ("revision", "adapter_revision", "adapter_sha256", "weights_sha256")
"""Parts of which results may tell only the beginning."""


def is_hash(value: object) -> bool:
    """Tell whether *value* is a hash, or as much of its beginning as identifies it."""
    return isinstance(value, str) and len(value) >= 7 and not set(value) - set("0123456789abcdef")


def fold(name: str) -> str:
    """Return what two spellings of one name have in common: the Hub does not tell case apart."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


# Letters of other scripts that look like one of a Hub id, which holds ASCII alone.
_LOOKALIKES = str.maketrans(
    {
        odd: letter
        for letter, others in {
            "a": "аαɑ", "b": "вβ", "c": "сϲ", "d": "ԁ", "e": "еεҽ", "g": "ɡց", "h": "һнհ",
            "i": "іιı", "j": "јյ", "k": "кκ", "l": "ӏⅼ", "m": "м", "n": "пηո", "o": "оοօ",
            "p": "рρ", "q": "ԛգ", "r": "гґ", "s": "ѕ", "t": "тτ", "u": "υս", "v": "ѵν",
            "w": "ԝω", "x": "хχ", "y": "уγү", "z": "ᴢ",
        }.items()
        for odd in others
    }
)  # fmt: skip


def skeleton(name: str) -> str:
    """Return *name* as it looks: letters that are easily taken for others replaced by these."""
    if name.isascii():  # none of what follows is in it
        return name.strip().casefold()
    plain = unicodedata.normalize("NFKC", name.strip()).casefold()
    seen = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFKC", seen.translate(_LOOKALIKES))


def address_sha256(address: str) -> str:
    """Return by what a server's *address* is known without being published."""
    return hashlib.sha256(address.rstrip("/").encode()).hexdigest()


# Folders that a whole machine shares, with the folder of a person or a project below some of them.
_MACHINE = re.compile(
    r"(?:file:/*)?(?:[A-Za-z]:)?/*(?:(?:home|users|mnt|media|volumes|scratch|lustre|gpfs)/[^/]+/"
    r"|(?:root|data|workspace|workdir|content|tmp|var/tmp|opt|srv|~)/)+",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"(?:(?:global|final|last|best|latest|merged|tmp)?[-_.]?"
    r"(?:checkpoints?|ckpts?|steps?|epochs?|iter|iters|models?|weights|adapters?|lora|output|outputs|"
    r"out|runs?|results?|export|exports|hf|final|last|best|latest|merged|snapshots?|save|saved)?)"
    r"[-_.]?\d*(?:\.(?:gguf|safetensors|bin|pt))?",
    re.IGNORECASE,
)
_DEEPEST = 4


def path_tail(path: str) -> str | None:
    """Return as much of a local *path* as tells runs apart: `run-b/checkpoint-300`.

    `None` where its last part is a name of its own. The folders of a machine and of its people are
    never part of it; where only they tell more, a few digits of a hash stand for them.
    """
    plain = path.strip().replace("\\", "/").rstrip("/")
    own = _MACHINE.sub("", plain, count=1) if _MACHINE.match(plain) else plain.lstrip("/~.")
    parts = [one for one in own.split("/") if one not in ("", ".", "..")][-_DEEPEST:]
    tail = list(parts[-1:])
    for part in reversed(parts[:-1]):
        if not _GENERIC.fullmatch(tail[0]):
            break
        tail.insert(0, part)
    if tail != [plain] and len(tail) == 1 and _GENERIC.fullmatch(tail[0]):
        tail.insert(0, hashlib.sha256(plain.encode()).hexdigest()[:6])
    return "/".join(tail) if len(tail) > 1 else None


_CHECKPOINT = re.compile(r"(?:^|(?<=[/_.\- +]))checkpoint[-_]?(\d{1,12})$", re.IGNORECASE)


def checkpoint(name: str) -> tuple[str, int] | None:
    """Return the run and the number of a name that ends in `checkpoint-N`; `None` for another."""
    found = _CHECKPOINT.search(name)
    return (name[: found.start()].rstrip("/_.- +"), int(found[1])) if found else None
