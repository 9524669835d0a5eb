"""How a client process is pointed at a Hub: the environment it must start with."""

import os
from pathlib import Path

from .accounts import WRITE_TOKEN


def environment(url: str, home: Path, token: str | None = WRITE_TOKEN) -> dict[str, str]:
    """Return this process's environment, with a Hub, a cache and a token of its own.

    The client reads these variables when it is imported: they must be there before.
    """
    foreign = ("HF_", "HUGGINGFACE_", "HUGGING_FACE_", "TRANSFORMERS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    own = {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return kept | own | ({"HF_TOKEN": token} if token else {})
