"""Audits per second, and what the process around them costs: `python -m tests.bench.audit`."""

import struct
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.rendering.probes import PROBES, TOOLS
from cardboard.eval.audit.sources.sources import Found, Source, Tokens
from cardboard.eval.backends.gguf.header import read_header
from cardboard.eval.sandbox import environment, processes
from cardboard.eval.sandbox.rendering import NOW, Job, Program, run

from ..eval.audit.samples import GOOD, MARKED, SAMPLES
from ..eval.audit.samples import TOOLS as WITH_TOOLS

ROUNDS, RENDERS = 5, 20_000
TEXTS = [GOOD, MARKED, WITH_TOOLS, SAMPLES["system folded"].text, SAMPLES["rewritten history"].text]
TOKENS = 262_144


def best(measured: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least of some times, in seconds: a busy machine adds, it never takes away."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        measured()
        times.append(time.perf_counter() - began)
    return min(times)


def sources(count: int) -> list[Source]:
    """Return *count* models with templates that differ by a remark."""
    tokens = Tokens(special={"bos_token": "<s>", "eos_token": "<|im_end|>"})
    texts = (f"{TEXTS[number % len(TEXTS)]}{{# {number} #}}" for number in range(count))
    return [
        Source(
            name=f"org/model-{number}",
            kind="template",
            templates=(Found(text=text, place="chat_template.jinja", shelf="files"),),
            tokens=tokens,
        )
        for number, text in enumerate(texts)
    ]


def audits(label: str) -> None:
    """Print how fast one model is audited, and many at once."""
    one, many = sources(1), sources(100)
    single, batch = best(lambda: audit(one)), best(lambda: audit(many), 2)
    print(
        f"{label:<24} one model {single:6.2f} s   {len(many)} models {batch:6.2f} s,"
        f" {len(many) / batch:6.1f} a second"
    )


def boundary(label: str) -> None:
    """Print what the process costs: its start, and each render that crosses its wall."""
    program = Program(GOOD, {"bos_token": "<s>"})
    job = Job(program=program, messages=PROBES["talk"].messages, prompt=True)
    start, many = best(lambda: run([job])), best(lambda: run([job] * (1 + RENDERS)), 3)
    across, within = (many - start) / RENDERS, in_process()
    print(
        f"{label:<24} start {start:6.2f} s   a render across {1e6 * across:6.0f} µs,"
        f" without a process {1e6 * within:6.0f} µs"
    )


def in_process() -> float:
    """Return the seconds of one render in this process."""
    compiled = environment.compiled(GOOD)
    known = {
        "messages": [dict(turn) for turn in PROBES["talk"].messages],
        "tools": list(TOOLS),
        "bos_token": "<s>",
        "add_generation_prompt": True,
        "strftime_now": datetime.fromisoformat(NOW).strftime,
    }
    return best(lambda: [compiled.render(known) for _ in range(2000)]) / 2000


def headers() -> None:
    """Print how fast the header of a large GGUF file is read."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    tokens = b"".join(text(f"token{number}") for number in range(TOKENS))
    merges = b"".join(text(f"token{number} token") for number in range(2 * TOKENS))
    entries = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, TOKENS) + tokens
    entries += text("tokenizer.ggml.merges") + struct.pack("<IIQ", 9, 8, 2 * TOKENS) + merges
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + entries
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.gguf")
        path.write_bytes(data)

        def read() -> None:
            with path.open("rb") as file:
                read_header(file, size=len(data), name=path.name)

        print(f"GGUF header, {TOKENS} tokens, {2 * TOKENS} merges: {best(read):.2f} s")


def main() -> None:
    """Measure with the environment of transformers, and with the equal one of Jinja alone."""
    audits("with transformers")
    boundary("with transformers")
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "transformers")
        empty.mkdir()
        (empty / "__init__.py").touch()
        told = {**processes._environment(), "PYTHONPATH": folder}
        with patch.object(processes, "_environment", lambda: told):
            audits("with Jinja alone")
            boundary("with Jinja alone")
    headers()


if __name__ == "__main__":
    main()
