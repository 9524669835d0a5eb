"""The engines that can answer prompts, one small file each, loaded only when asked for."""

import importlib
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from .protocol import Backend, Options

BACKENDS = ("vllm", "transformers", "openai", "llama", "scripted")


def open_backend(name: str, options: "Options") -> "Backend":
    """Load and open the backend *name*; its heavy imports happen here and nowhere else.

    Raises `UsageError` for an unknown name, `MissingExtra` where its packages are not installed.
    """
    if name not in BACKENDS:
        raise UsageError(f"no such backend: {name}", remedy=f"Known: {', '.join(BACKENDS)}.")
    module = importlib.import_module(f".{name}", __name__)
    backend: Backend = module.open_backend(options)
    return backend
