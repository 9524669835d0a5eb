"""The software that measured: its commit and its packages, and no path of the machine."""

import hashlib
import re
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest

from cardboard.eval.run import machine as environments
from cardboard.eval.run.machine import environment, packages


def test_packages_are_lines_that_pip_reads_and_their_hash_is_recorded() -> None:
    listed = packages()
    assert any(re.fullmatch(r"msgspec==[\w.]+", line) for line in listed)
    assert list(listed) == sorted(listed)
    assert not [line for line in listed if "file:" in line or str(Path.home()) in line]
    found = environment()
    text = "".join(f"{line}\n" for line in listed)
    assert found.packages == len(listed)
    assert found.packages_sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a cardboard that was installed, and of which tests write the origin."""
    folder = tmp_path / "cardboard-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: Card_Board\nVersion: 1.0\n")
    monkeypatch.setattr(environments, "_ROOT", tmp_path / "nowhere")
    found: Any = lambda name: Distribution.at(folder)  # noqa: E731
    monkeypatch.setattr(environments, "distribution", found)
    monkeypatch.setattr(environments, "distributions", lambda: [Distribution.at(folder)])
    return folder


def test_a_package_from_a_repository_is_named_with_its_commit(installed: Path) -> None:
    commit = "a" * 40
    (installed / "direct_url.json").write_text(
        '{"url": "https://example.org/c.git", "vcs_info": {"vcs": "git", "commit_id": "'
        + commit
        + '"}}'
    )
    assert packages() == (f"card-board @ git+https://example.org/c.git@{commit}",)
    assert environment.__wrapped__().git_commit == commit


@pytest.mark.parametrize(
    "origin", ["", "{", "[]", '{"url": "file:///home/me/c", "dir_info": {"editable": true}}']
)
def test_a_package_from_a_folder_is_named_without_it(installed: Path, origin: str) -> None:
    (installed / "direct_url.json").write_text(origin)
    assert packages() == ("card-board==1.0",)
    assert environment.__wrapped__().git_commit is None


def test_a_checkout_tells_its_commit_and_whether_files_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"rev-parse": "b" * 40, "status": " M eval/engine.py"}
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(environments, "_ROOT", tmp_path)
    monkeypatch.setattr(environments, "_git", lambda word, *more: said[word])
    found = environment.__wrapped__()
    assert (found.git_commit, found.git_changed) == ("b" * 40, True)
    said["status"] = ""
    assert environment.__wrapped__().git_changed is False
