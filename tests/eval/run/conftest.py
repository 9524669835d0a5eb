"""What tests of runs share: a small suite, and signals as they were before."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardboard.eval.suites.suite import encode

from ...replays import a_suite


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put the handler of SIGTERM back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Return the file of a suite with three tasks of two steps."""
    path = tmp_path / "tiny.jsonl"
    path.write_bytes(encode(a_suite(tasks=3, steps=2).rows))
    return path
