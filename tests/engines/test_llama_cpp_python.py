"""llama-cpp-python: a GGUF file in this process and behind a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..serving import free_port, serving
from .conftest import PYTHONS, WINDOW, Bench, Measured

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def server(bench: Bench) -> Iterator[str]:
    port = free_port()
    command = [
        *(str(PYTHONS["llama-cpp-python"]), "-m", "llama_cpp.server", "--model", str(bench.gguf)),
        *("--model_alias", "talker", "--host", "127.0.0.1", "--port", str(port)),
        *("--n_ctx", str(WINDOW), "--n_threads", "1"),
    ]
    with serving(command, port, bench.folder / "llama.log", bench.environment()) as url:
        yield url


def test_a_server_says_the_same(bench: Bench, measured: Measured, server: str) -> None:
    served = bench.measured("transformers", "talker", "--base-url", server, backend="openai")
    loaded = measured("llama-cpp-python")
    assert [step.answer for step in served.steps] == [step.answer for step in loaded.steps]
    assert [step.prompt_tokens for step in served.steps] == [
        step.prompt_tokens for step in loaded.steps
    ]
    assert served.metrics == loaded.metrics
    assert served.prompts.template_status == "unknown (remote)"
    assert served.protocol.extra["repeat_penalty"] == 1.0
    assert served.versions["llama-cpp-python"] == loaded.versions["llama-cpp-python"]


def test_a_local_file_is_known_by_its_sum_and_no_path(bench: Bench, measured: Measured) -> None:
    result = measured("llama-cpp-python")
    assert result.model.id == bench.gguf.name
    assert result.model.file is not None and len(result.model.file.sha256 or "") == 64


def test_a_text_that_ends_an_answer_ends_it(bench: Bench) -> None:
    words = ("--stop", "\\n", "--limit", "1")
    llama = bench.run(
        *(
            "llama-cpp-python",
            "eval",
            bench.gguf,
            "--suite",
            bench.suite,
            "--backend",
            "llama-cpp-python",
        ),
        *("--output", bench.folder / "stopped", *words, "--window", WINDOW, "--max-tokens", 64),
        code=1,
    )
    (line,) = llama.stdout.split()
    assert '"answer": "{\\"commands\\": [{\\"keystrokes\\": \\"ls"' in Path(line).read_text()


def test_what_is_no_gguf_file_is_refused_in_words(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"GGUF and nothing more")
    refused = ((tmp_path / "no.gguf", 1, "cannot be used"), ("no", 2, "no such file"))
    for model, code, error in refused:
        done = bench.run(
            *("llama-cpp-python", "eval", model, "--suite", bench.suite),
            *("--backend", "llama-cpp-python", "--output", tmp_path / "results"),
            code=code,
        )
        assert error in done.stderr
