"""What the audit renders is what vLLM and llama.cpp render, text for text and token for token."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.drift import drift
from cardboard.eval.audit.rendering.encoding import Text, encode
from cardboard.eval.audit.rendering.probes import PROBES, TOOLS, Probe
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.audit.sources.sources import Source
from cardboard.eval.sandbox.rendering import NOW, run

from ..serving import free_port, serving
from .conftest import PYTHONS, WINDOW, Bench

pytestmark = pytest.mark.engines

HERE = Path(__file__).parent
ASKED = {
    name: probe
    for name, probe in PROBES.items()
    if probe.prompt and probe.now == NOW and probe.messages[-1]["role"] != "assistant"
}
"""Probes that an engine can be asked for: with the generation prompt, after a user or a tool."""


def rendered(source: Source, probes: list[Probe]) -> list[str]:
    """Return what the audit makes of *probes*."""
    [template] = source.templates
    done = run([probe.job(source.program(template)) for probe in probes])
    return [one.text for one in done if one.text is not None]


def test_llama_cpp_renders_and_tokenises_the_same(bench: Bench) -> None:
    source = open_source(str(bench.gguf))
    jobs = [
        {
            "messages": list(probe.messages),
            "tools": list(TOOLS) if probe.tools else None,
            **probe.kwargs,
        }
        for probe in ASKED.values()
    ]
    done = subprocess.run(
        [PYTHONS["llama-cpp-python"], HERE / "render_with_llama.py", bench.gguf],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        env=bench.environment(),
        check=True,
    )
    theirs = json.loads(done.stdout)
    ours = rendered(source, list(ASKED.values()))
    assert [one["text"] for one in theirs] == ours
    tokens = encode([Text(text, bench.model / "tokenizer.json") for text in ours])
    assert [one["tokens"] for one in theirs] == [list(one.ids) for one in tokens if one]


@pytest.fixture(scope="module")
def llama(bench: Bench) -> Iterator[str]:
    port = free_port()
    command = [
        *(str(PYTHONS["llama-cpp-python"]), "-m", "llama_cpp.server", "--model", str(bench.gguf)),
        *("--model_alias", "talker", "--host", "127.0.0.1", "--port", str(port)),
        *("--n_ctx", str(WINDOW), "--n_threads", "1"),
    ]
    with serving(command, port, bench.folder / "audited-llama.log", bench.environment()) as url:
        yield url


@pytest.mark.parametrize("name", ["user", "system", "talk", "long talk", "korean", "thinking off"])
def test_a_server_of_llama_cpp_counts_as_many_tokens(bench: Bench, llama: str, name: str) -> None:
    probe = PROBES[name]
    asked = {"model": "talker", "messages": list(probe.messages), "max_tokens": 1}
    reply = httpx.post(f"{llama}/chat/completions", json=asked | dict(probe.kwargs), timeout=60)
    [text] = rendered(open_source(str(bench.gguf)), [probe if not probe.kwargs else PROBES["user"]])
    [tokens] = encode([Text(text, bench.model / "tokenizer.json")])
    assert tokens is not None
    assert reply.json()["usage"]["prompt_tokens"] == len(tokens.ids)


def test_a_server_that_tells_nothing_of_its_template_is_told_so(llama: str) -> None:
    [found] = audit([open_source(llama)])
    assert [one.code for one in found.all_findings] == ["audit-template-untold"]


@pytest.fixture(scope="module", params=[(), ("--enable-scale-out",)], ids=["plain", "rendering"])
def vllm(bench: Bench, request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve the model as most people do, and with the endpoints that render."""
    port = free_port()
    command = [
        *(str(PYTHONS["vllm"]), "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(bench.model), "--served-model-name", "talker"),
        *("--host", "127.0.0.1", "--port", str(port), "--enable-tokenizer-info-endpoint"),
        *("--dtype", "float32", "--max-model-len", str(WINDOW), "--enforce-eager"),
        *request.param,
    ]
    env = {**bench.environment(), "VLLM_ENABLE_V1_MULTIPROCESSING": "1"}
    with serving(command, port, bench.folder / "audited-vllm.log", env) as url:
        yield url


def test_vllm_renders_the_same(bench: Bench, vllm: str) -> None:
    source = open_source(vllm)
    assert source.renders is not None
    # vLLM writes parts as text, and a developer's turn as a system turn: its profile says so.
    plain = [name for name in source.renders if name not in ("content parts", "developer")]
    ours = rendered(source, [PROBES[name] for name in plain])
    assert [source.renders[name].text for name in plain] == ours
    [found] = audit([source])
    assert "audit-server-differs" not in {one.code for one in found.all_findings}
    assert drift(open_source(str(bench.model)), source) == ()
