"""Real servers as processes of their own, for the time of some tests."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

START_SECONDS = 300.0

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "OMP_NUM_THREADS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Environment of an engine that talks to nobody and leaves room for others."""


def environment(home: Path) -> dict[str, str]:
    """Return the environment of an engine whose caches lie in *home*."""
    (home / "hub").mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **QUIET, "HF_HOME": str(home)}


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(command: Sequence[str], port: int, log: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Run *command*, a server on *port*, and give its address once it answers there."""
    url = f"http://127.0.0.1:{port}/v1"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=env, start_new_session=True
        )
        try:
            _await(process, url, log)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _await(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Wait until the server answers; fail with the end of its *log* if it never does."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended:\n{log.read_text()[-3000:]}"
        try:
            if httpx.get(f"{url}/models", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the server never answered:\n{log.read_text()[-3000:]}")
