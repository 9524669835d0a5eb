"""What goes wrong in torch and in loading models, told as the errors that a run knows."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..errors import CardboardError, DeadEngine, UsageError

_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


class NoMemory(DeadEngine):
    """Memory did not suffice; with fewer prompts at a time it may."""


@contextmanager
def working() -> Iterator[None]:
    """Turn what ends a model's work into DeadEngine, and what more memory would cure apart."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise NoMemory(f"out of memory: {error}") from error
    except RuntimeError as error:
        kind = NoMemory if any(word in str(error) for word in _MEMORY) else DeadEngine
        raise kind(str(error)) from error


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Turn what keeps a model from being loaded into one sentence."""
    try:
        with working():
            yield
    except NoMemory:
        raise
    except (DeadEngine, ImportError, KeyError, OSError, TypeError, ValueError) as error:
        what = error.what if isinstance(error, CardboardError) else f"{error}"
        raise UsageError(f"cannot be loaded: {what.strip()}", key=name) from error
