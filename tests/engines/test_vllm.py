"""vLLM: adapters over one loaded model, the same through a server, refusals in words."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cardboard.eval.records import Result

from ..serving import free_port, serving
from ..tiny import an_adapter
from .conftest import PYTHONS, WINDOW, Bench, Measured

pytestmark = pytest.mark.engines


def texts(result: object) -> list[str | None]:
    return [step.answer for step in result.steps]  # type: ignore[attr-defined]  # a Result


def test_adapters_over_one_loaded_model_say_what_they_say_in_transformers(bench: Bench) -> None:
    chosen = [word for adapter in bench.adapters for word in ("--adapter", adapter)]
    here = bench.all_measured("vllm", bench.model, *chosen)
    there = bench.all_measured("transformers", bench.model, *chosen)
    assert [texts(result) for result in here] == [texts(result) for result in there]
    assert texts(here[0]) != texts(here[1])
    assert [result.model.adapter for result in here] == [result.model.adapter for result in there]
    first, second = here
    for results in (here, there):
        assert [one.protocol.extra["adapter_template"] for one in results] == ["none", "different"]
    assert first.prompts.template_sha256 != second.prompts.template_sha256
    assert second.prompts.template_source == "chat_template.jinja"


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft's
def test_the_engine_is_started_once_for_a_model_and_all_its_adapters(
    bench: Bench, tmp_path: Path
) -> None:
    """It keeps room for the largest from the beginning, though the model alone comes first."""
    large = an_adapter(tmp_path / "large", bench.model, seed=3, rank=12)
    plan = tmp_path / "plan.toml"
    plan.write_text(
        f"""
        suites = ["{bench.suite}"]
        [[models]]
        model = "{bench.model}"
        backends = "vllm"
        base = true
        adapter = ["{bench.adapters[0]}", "{large}"]
        window = {WINDOW}
        max-tokens = 8
        dtype = "float32"
        set = {{enforce_eager = true, max_num_seqs = 4}}
        """
    )
    done = bench.run("vllm", "eval", "--plan", plan, "--output", tmp_path / "results")
    results = [
        msgspec.json.decode(Path(line).read_bytes(), type=Result)
        for line in done.stdout.splitlines()
    ]
    names = [one.model.adapter.id if one.model.adapter else None for one in results]
    assert names == [None, "first", "large"]
    base, *adapted = (one.timing.load_seconds or 0.0 for one in results)
    assert max(adapted) < base / 3, "an adapter is read, and no engine started"


def test_what_is_not_known_is_refused_in_words(bench: Bench, tmp_path: Path) -> None:
    shutil.copytree(bench.adapters[0], tmp_path / "wide")
    config = tmp_path / "wide" / "adapter_config.json"
    told = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(told | {"r": 4096}), encoding="utf-8")
    done = bench.run(
        *("vllm", "eval", bench.model, "--suite", bench.suite, "--backend", "vllm"),
        *("--adapter", tmp_path / "wide", "--output", tmp_path / "results"),
        code=2,
    )
    assert "is no LoRA adapter of a rank up to 512" in done.stderr


@pytest.fixture(scope="module")
def server(bench: Bench) -> Iterator[str]:
    port = free_port()
    command = [
        *(str(PYTHONS["vllm"]), "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(bench.model), "--served-model-name", "talker"),
        *("--host", "127.0.0.1", "--port", str(port), "--enable-tokenizer-info-endpoint"),
        *("--dtype", "float32", "--max-model-len", str(WINDOW)),
        *("--enforce-eager", "--max-num-seqs", "4"),
        *("--enable-lora", "--lora-modules", f"first={bench.adapters[0]}"),
    ]
    env = {**bench.environment(), "VLLM_ENABLE_V1_MULTIPROCESSING": "1"}
    with serving(command, port, bench.folder / "vllm.log", env) as url:
        yield url


def test_a_server_says_the_same_and_tells_its_template(
    bench: Bench, measured: Measured, server: str
) -> None:
    served = bench.measured("transformers", "talker", "--base-url", server, backend="openai")
    offline = measured("vllm")
    assert texts(served) == texts(offline)
    assert served.metrics == offline.metrics
    assert served.prompts.template_source == "server"
    assert served.prompts.template_sha256 == offline.prompts.template_sha256
    assert served.prompts.template_status == "chat_template"
    assert served.prompts.first_token_ids == offline.prompts.first_token_ids
    assert served.protocol.max_model_len == WINDOW
    assert served.versions["vllm"] == offline.versions["vllm"]


def test_an_adapter_of_a_server_is_a_model_by_its_name(bench: Bench, server: str) -> None:
    served = bench.measured("transformers", "first", "--base-url", server, backend="openai")
    adapted = bench.measured("transformers", bench.model, "--adapter", bench.adapters[0])
    assert texts(served) == texts(adapted)


def test_a_model_that_is_not_served_is_named(bench: Bench, server: str, tmp_path: Path) -> None:
    done = bench.run(
        *("transformers", "eval", "other", "--suite", bench.suite, "--backend", "openai"),
        *("--base-url", server, "--output", tmp_path),
        code=2,
    )
    assert "does not serve other" in done.stderr
    assert "talker" in done.stderr
