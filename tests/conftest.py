"""What every test may use: long texts kept in `tests/expected` and compared whole."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from cardboard.eval.sandbox import processes

# A busy machine is no fault of the code, and a failure must be the same for everyone.
settings.register_profile("cardboard", deadline=None, derandomize=True)
settings.load_profile("cardboard")

# Whoever runs the tests in the background may ignore Ctrl-C; what they start must not inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What a push does in CI is for the tests to say, not for where they run.
os.environ.pop("CI", None)

EXPECTED = Path(__file__).parent / "expected"

LONGEST = (
    "site/assembly/test_browser.py",
    "eval/suites/kinds/shell/test_scenarios.py",
    "eval/backends/gguf/test_llama.py",
    "eval/sandbox/test_room_attacks.py",
    "eval/training/test_train.py",
    "eval/training/test_contract.py",
    "eval/run/test_outcomes.py",
    "eval/run/test_needs.py",
    "site/pages/test_quant_page.py",
    "site/assembly/test_accessibility.py",
    "cards/push/test_push_kill.py",
    "eval/audit/test_samples.py",
    "site/table/test_board_view.py",
    "eval/run/test_nothing_mixed.py",
    "eval/run/test_plan.py",
    "site/verify/test_verify.py",
    "eval/audit/test_agreement.py",
    "eval/run/test_episodes.py",
    "cards/tryout/test_page.py",
    "site/test_commands.py",
    "eval/commands/test_watch_command.py",
    "eval/backends/test_transformers.py",
)
"""Files that begin first, so that no process waits at the end for one that has just begun."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin, and then those with the most tests."""
    root = Path(__file__).parent
    first = {root / name: place for place, name in enumerate(LONGEST)}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (first.get(item.path, len(first)), -tests[item.path]))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--refresh`, which writes the expected texts anew."""
    parser.addoption(
        "--refresh", action="store_true", help="Write the files in tests/expected anew."
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return `golden(NAME, TEXT)`: it compares a text with the whole of `tests/expected/NAME`."""

    def compare(name: str, text: str) -> None:
        path = EXPECTED / name
        if request.config.getoption("--refresh"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"tests/expected/{name} is missing: run pytest with --refresh"
        assert text == path.read_bytes().decode("utf-8")

    return compare


@pytest.fixture(autouse=True)
def without_transformers(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let processes that render find no transformers, whose import takes longer than a render.

    That both environments are equal, and equal to transformers, is held by
    `eval/audit/test_agreement`, which puts this fixture aside.
    """
    empty = tmp_path_factory.getbasetemp() / "empty" / "transformers"
    if not empty.is_dir():
        empty.mkdir(parents=True)
        (empty / "__init__.py").touch()
    told = processes._environment
    monkeypatch.setattr(
        processes, "_environment", lambda: {**told(), "PYTHONPATH": str(empty.parent)}
    )
