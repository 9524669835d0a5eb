"""Names on the Hub, and the folder in its cache where a model lies that was fetched before."""

import re
from pathlib import Path

from . import shipped_files as shipped

_PART = r"[A-Za-z0-9][\w.-]{0,95}"
_NAME = re.compile(rf"{_PART}/{_PART}")
FILE = re.compile(rf"({_PART}/{_PART})/(.+\.gguf)", re.IGNORECASE)
"""A GGUF file in a repository, `ORG/MODEL/FILE.gguf`."""


def is_hub_name(where: str) -> bool:
    """Tell whether *where* can be `ORG/MODEL` or `ORG/MODEL/FILE.gguf`."""
    return bool(_NAME.fullmatch(where) or FILE.fullmatch(where))


def cached_folder(where: str, revision: str | None) -> Path | None:
    """Return where the Hub's cache on this machine holds the model *where*, if it does."""
    from huggingface_hub import try_to_load_from_cache

    for name in (shipped.TOKENIZER_CONFIG, shipped.CONFIG):
        path = try_to_load_from_cache(where, name, revision=revision)
        if isinstance(path, str):
            return Path(path).parent
    return None
