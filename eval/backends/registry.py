"""The engines that can answer prompts, one small file each, loaded only when asked for."""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..engine import Backend, Options
    from ..suites.kinds.kind import Kind, Row

BACKENDS = ("vllm", "transformers", "openai", "llama", "llama-cpp-python", "scripted")
_ELSEWHERE = {"llama": "gguf.llama", "llama-cpp-python": "gguf.llama_cpp_python"}
"""Modules that do not bear their backend's name."""
SWAPPING = ("vllm", "transformers")
"""Those that change adapters while the model stays loaded: see `Adaptable`."""


def open_backend(name: str, options: "Options", kind: "Kind", rows: "Sequence[Row]") -> "Backend":
    """Load and open the backend *name*; its heavy imports happen here and nowhere else.

    Only `scripted` sees the suite's *kind* and its *rows*, references and all: an engine knows
    nothing but its prompts. Raises `UsageError` for an unknown name, `MissingExtra` where its
    packages are not installed.
    """
    if name not in BACKENDS:
        raise UsageError(f"no such backend: {name}", remedy=f"Known: {', '.join(BACKENDS)}.")
    module = importlib.import_module(f".{_ELSEWHERE.get(name, name)}", __package__)
    given = (options, kind, rows) if name == "scripted" else (options,)
    backend: Backend = module.open_backend(*given)
    return backend
