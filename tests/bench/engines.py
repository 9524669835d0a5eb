"""Steps a second beside plain generate and a bare loop, and what kept prefixes save."""

import json
import logging
import os
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from msgspec.structs import replace

from cardboard.eval.backends.gguf.files import gguf_of
from cardboard.eval.backends.gguf.server import LlamaServer
from cardboard.eval.backends.registry import open_backend
from cardboard.eval.engine import Backend, Options, Sampling
from cardboard.eval.records import Result
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import evaluate
from cardboard.eval.suites.source import load_version
from cardboard.eval.suites.suite import Suite

from ..replays import a_suite
from ..serving import QUIET
from ..smol import smol
from ..tiny import a_model

ROUNDS, BATCH = 3, 8
VLLM = Path(__file__).parents[2] / ".venv-vllm" / "bin" / "python"
SIZES: dict[str, Any] = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4}
GENERATED, ANSWERED = Sampling(max_tokens=64), Sampling(max_tokens=8)
Conversations = Sequence[Sequence[dict[str, str]]]


def conversations(suite: Suite) -> Conversations:
    """Return what each step asks."""
    return [
        [{"role": turn.role, "content": turn.content} for turn in row.conversation]
        for row in suite.rows
    ]


def ours(backend: Backend, name: str, model: Path, suite: Suite, sampling: Sampling) -> Result:
    """Run *suite* as `cardboard eval` does, with its journal, on a loaded *backend*."""
    options = Options(model=str(model))
    with TemporaryDirectory() as folder:
        request = Request(backend=name, options=options, sampling=sampling)
        [outcome] = evaluate([request], suite, Path(folder), backend=backend)
        assert outcome.status == "complete", outcome.error
        return msgspec.json.decode(outcome.path.read_bytes(), type=Result)


def compared(mine: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of both, measured in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for found, run in zip(times, (mine, theirs), strict=True):
            began = time.perf_counter()
            run()
            found.append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])


def tell(what: str, steps: int, seconds: tuple[float, float], beside: str) -> None:
    """Print steps a second and their ratio."""
    mine, theirs = (steps / one for one in seconds)
    print(f"{what:<34} {mine:8.2f} steps/s  {beside} {theirs:8.2f}  ratio {mine / theirs:5.2f}")


def generating(folder: Path) -> None:
    """Measure transformers beside its own `generate`, in batches of the same size."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    path, suite = a_model(folder / "model", **SIZES), a_suite(tasks=8, steps=4)
    model: Any = AutoModelForCausalLM.from_pretrained(path)
    tokenizer: Any = AutoTokenizer.from_pretrained(path, padding_side="left")
    backend = open_backend(
        "transformers", Options(model=str(path), batch_size=BATCH), suite.of_kind, suite.rows
    )

    def plain() -> None:
        asked = conversations(suite)
        for place in range(0, len(asked), BATCH):
            given = tokenizer.apply_chat_template(
                list(asked[place : place + BATCH]),
                **{"add_generation_prompt": True, "padding": True, "return_tensors": "pt"},
                return_dict=True,
            )
            with torch.inference_mode():
                said = model.generate(**given, max_new_tokens=GENERATED.max_tokens, do_sample=False)
            tokenizer.batch_decode(said[:, given["input_ids"].shape[1] :])

    plain()
    seconds = compared(lambda: ours(backend, "transformers", path, suite, GENERATED), plain)
    tell(f"transformers, {BATCH} at a time", len(suite.rows), seconds, "plain generate")
    backend.close()


def part() -> Suite:
    """Return steps of one task of shell-mini: each prompt begins with the one before."""
    whole = load_version("shell-mini", Path())
    rows = [row for row in whole.rows if row.task_id == whole.rows[0].task_id]
    return replace(whole, rows=tuple(rows[:4]))


def asked_bare(address: str, asked: Conversations, **more: Any) -> list[dict[str, Any]]:
    """Ask a server with nothing around the calls, and return its timings."""
    found = []
    for messages in asked:
        body = {"messages": messages, "temperature": 0, "max_tokens": ANSWERED.max_tokens, **more}
        request = urllib.request.Request(
            f"{address}/v1/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=600) as reply:
            found.append(json.load(reply)["timings"])
    return found


def serving() -> None:
    """Measure llama.cpp with a real model: beside a bare loop, and with prefixes kept or not."""
    suite = part()
    asked, options = conversations(suite), Options(model=str(smol()), extra={"n_threads": 1})
    backend = open_backend("llama", options, suite.of_kind, suite.rows)
    server = LlamaServer(
        gguf_of(options.model, None), name="m", window=8192, settings=options.extra
    )
    seconds = compared(
        lambda: ours(backend, "llama", smol(), suite, ANSWERED),
        lambda: asked_bare(server.address, asked),
    )
    tell("llama, SmolLM2-135M in 4 bits", len(suite.rows), seconds, "a bare loop   ")
    backend.close()
    for kept in (True, False):
        told = asked_bare(server.address, asked, cache_prompt=kept)
        read, spent = (sum(one[name] for one in told) for name in ("prompt_n", "prompt_ms"))
        how = "kept" if kept else "not kept"
        print(
            f"llama, prefixes {how:<18} {read:8.0f} tokens of prompts read in {spent / 1000:.1f} s"
        )
    server.close()


def prefixes(folder: Path) -> None:
    """Measure vLLM with prefixes kept or not, where `make test-engines` has installed it."""
    if not VLLM.exists():
        print("vLLM, prefixes: not measured, make test-engines installs it")
        return
    path = a_model(folder / "served", **SIZES, max_position_embeddings=16_384)
    environment = os.environ | QUIET | {"VLLM_CPU_KVCACHE_SPACE": "1"}
    environment |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    for kept in ("true", "false"):
        command = [str(VLLM), "-m", "cardboard.tests.bench.prefixes", str(path), kept]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        print(done.stdout.decode().splitlines()[-1])


def main() -> None:
    """Print the figures."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    with TemporaryDirectory() as folder:
        generating(Path(folder))
        serving()
        prefixes(Path(folder))


if __name__ == "__main__":
    main()
