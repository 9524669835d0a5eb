"""Tiny models that the tests of this folder share."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..tiny import a_model, an_adapter

# Threads that wait for each other take many times longer where processors are shared.
os.environ.setdefault("OMP_NUM_THREADS", "1")

if TYPE_CHECKING:
    from cardboard.eval.backends.transformers import Transformers


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model."""
    return a_model(tmp_path_factory.mktemp("models") / "llama")


@pytest.fixture(scope="session")
def adapters(llama: Path) -> tuple[str, str]:
    """Return the folders of two adapters over it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        made = [an_adapter(llama.parent / f"lora-{n}", llama, seed=n) for n in (1, 2)]
    return str(made[0]), str(made[1])


@pytest.fixture(scope="module")
def backend(llama: Path) -> "Iterator[Transformers]":
    """Return a backend that has loaded the model."""
    from cardboard.eval.backends.transformers import open_backend
    from cardboard.eval.engine import Options

    opened = open_backend(Options(model=str(llama), batch_size=4))
    yield opened
    opened.close()
