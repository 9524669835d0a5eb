"""What the tests of the audit share: renderers that start fast."""

from pathlib import Path

import pytest

from cardboard.eval.sandbox import processes


@pytest.fixture(autouse=True)
def without_transformers(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let renderers find no transformers, whose import takes longer than an audit.

    That both environments are equal, and equal to transformers, is held by `test_agreement`, which
    puts this fixture aside.
    """
    empty = tmp_path_factory.getbasetemp() / "empty" / "transformers"
    empty.mkdir(parents=True, exist_ok=True)
    (empty / "__init__.py").touch()
    told = processes._environment()
    monkeypatch.setattr(
        processes, "_environment", lambda: {**told, "PYTHONPATH": str(Path(empty).parent)}
    )
