"""Fixtures for tests that speak to a Hub: `pytest_plugins = ("cardboard.tests.hub.fixtures",)`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, close_session, constants

from .accounts import WRITE_TOKEN
from .process import HubProcess
from .sample import CARD, REPO
from .server import Hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Serve an empty Hub from a thread of the test's own process."""
    with Hub() as served:
        yield served


@pytest.fixture
def tiny(hub: Hub) -> Hub:
    """Serve a Hub with one repo, `acme/tiny`, that has a card."""
    hub.write(REPO, {"README.md": CARD}, title="Add a card")
    return hub


@pytest.fixture
def hub_process(tmp_path: Path) -> Iterator[HubProcess]:
    """Serve an empty Hub from a child process that keeps its state under `tmp_path`."""
    with HubProcess(folder=tmp_path / "hub") as process:
        yield process


def point_client(monkeypatch: pytest.MonkeyPatch, url: str, home: Path) -> None:
    """Point the client library that this process has loaded at a Hub.

    It reads its environment only once, so its public constants are replaced.
    """
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HOME", str(home))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    # The client asks for this list once a day, and once a process.
    home.mkdir(parents=True, exist_ok=True)
    (home / "agents.json").write_text('{"standardEnvVars": [], "harnesses": {}}')
    monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(home / "agents.json"))
    monkeypatch.delenv("HF_TOKEN", raising=False)


@pytest.fixture
def api(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HfApi]:
    """Give the real client, in this process, with Ana's write token."""
    point_client(monkeypatch, hub.url, tmp_path / "home")
    yield HfApi(endpoint=hub.url, token=WRITE_TOKEN)
    close_session()
