"""llama.cpp's own server: it answers by the file's template, and never outlives who started it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

from cardboard.eval.audit.drift import drift
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.backends.gguf import server as servers
from cardboard.eval.backends.gguf.files import gguf_of
from cardboard.eval.backends.gguf.server import LlamaServer, cores
from cardboard.eval.errors import DeadEngine, MissingExtra, UsageError

from ....smol import smol
from .test_files import a_file


def started(path: Path, **settings: int) -> LlamaServer:
    return LlamaServer(
        gguf_of(str(path), None), name="m", window=512, settings={"n_threads": 1, **settings}
    )


@pytest.fixture(scope="module")
def server() -> Iterator[LlamaServer]:
    """Return a server that has loaded a real model."""
    one = started(smol())
    yield one
    one.close()


def ask(server: LlamaServer, **more: object) -> "httpx.Response":
    asked = {"messages": [{"role": "user", "content": "What is the capital of France? One word."}]}
    settings = {"temperature": 0, "max_tokens": 16, "repeat_penalty": 1.0, "seed": 0}
    url = f"{server.address}/v1/chat/completions"
    return httpx.post(url, json={**asked, **settings, **more}, timeout=60)


def test_a_real_model_answers(server: LlamaServer) -> None:
    reply = ask(server).json()
    assert "Paris" in reply["choices"][0]["message"]["content"]
    assert reply["model"] == "m"
    assert reply["timings"]["predicted_per_second"] > 0


def test_it_listens_on_this_machine_only_and_has_no_pages(server: LlamaServer) -> None:
    assert server.address.startswith("http://127.0.0.1:")
    assert httpx.get(server.address).status_code == 404
    told = httpx.get(f"{server.address}/health", headers={"Origin": "https://example.org"})
    assert told.headers["access-control-allow-origin"] == ""


def test_it_renders_what_the_file_says(server: LlamaServer) -> None:
    [template] = open_source(server.address).templates
    assert template.text == gguf_of(str(smol()), None).template
    assert drift(open_source(str(smol())), open_source(server.address)) == ()


def test_a_prompt_that_does_not_fit_is_refused_and_not_cut(server: LlamaServer) -> None:
    long = [{"role": "user", "content": "word " * 600}]
    reply = ask(server, messages=long)
    assert reply.status_code == 400
    assert "exceeds the available context size (512 tokens)" in reply.text


def test_it_tells_the_memory_that_it_used(server: LlamaServer) -> None:
    told = server.peak_memory()
    assert told is not None and told > smol().stat().st_size


def test_it_tells_its_version(server: LlamaServer) -> None:
    assert server.version == version("xllamacpp")


def test_nothing_is_left_when_it_is_closed() -> None:
    one = started(smol(), n_parallel=2)
    one.close()
    one.close()
    with pytest.raises(httpx.ConnectError):
        ask(one)
    assert one.peak_memory() is None


def test_it_ends_with_whoever_started_it_however_that_ends() -> None:
    """The pipe's end is all that it needs: nobody must be there to close it."""
    code = (
        "import os, sys, signal\n"
        "from cardboard.tests.eval.backends.gguf.test_server import started, smol\n"
        "one = started(smol())\n"
        "print(one.address, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    address = done.stdout.strip()
    # A connection that is refused, or ended while it waits: either way nobody serves any more.
    with pytest.raises(httpx.TransportError):
        for _ in range(1000):
            httpx.get(f"{address}/health", timeout=30)


def test_a_crash_is_told_by_its_signal() -> None:
    one = started(smol())
    os.kill(one._process.pid, signal.SIGSEGV)
    assert one.ended() == "SIGSEGV"
    one.close()


def test_a_library_of_the_system_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lack = "libgomp.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "xllamacpp.py").write_text(f"raise ImportError({lack!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"llama.cpp cannot be started: libgomp.so.1") as caught:
        started(smol())
    assert "apt-get install libgomp1" in str(caught.value.remedy)


@pytest.mark.parametrize("damage", ["truncated", "without tensors"])
def test_a_file_that_cannot_be_loaded_is_told_in_llama_cpps_own_words(
    damage: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.gguf"
    if damage == "truncated":
        with smol().open("rb") as whole:
            path.write_bytes(whole.read(4 << 20))
    else:
        a_file(path, window=64)
    with pytest.raises(UsageError, match="cannot be loaded") as caught:
        started(path)
    assert caught.value.key == "bad.gguf"
    assert str(tmp_path) not in str(caught.value)


def test_a_process_that_ends_while_it_loads_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "__package__", "cardboard.nowhere")
    with pytest.raises(DeadEngine, match=r"ended while it loaded .*: exit code 1"):
        started(smol())


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        started(smol())
    assert "xllamacpp" in (caught.value.remedy or "")


def test_two_threads_of_one_core_count_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number, siblings in enumerate(("0-1", "0-1", "2")):
        (tmp_path / str(number)).write_text(siblings)
    monkeypatch.setattr(servers, "_SIBLINGS", f"{tmp_path}/{{}}")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3})
    assert cores() == 3  # of the last nothing is known
