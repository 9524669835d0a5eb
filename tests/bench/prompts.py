"""Prompts built per second, adapter swaps against reloads, what a prefix cache saves."""

import contextlib
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from cardboard.eval.backends.torch_models import Tokens
from cardboard.eval.engine import Options
from cardboard.eval.prompts.prompts import build
from cardboard.eval.prompts.texts import Choices
from cardboard.eval.suites.source import load

from ..replays import Spelled
from ..tiny import TEMPLATE, a_model, a_tokenizer, an_adapter

BLOCK = 16
"""Tokens in a block of vLLM's prefix cache; only whole blocks are found again."""

# About 150 million parameters: what is measured is files and copies, not this small a model.
SIZES: dict[str, Any] = {
    "hidden_size": 768,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "num_key_value_heads": 12,
    "head_dim": 64,
}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars and warnings of the libraries out of the tables."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """Return the seconds of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def together(
    first: Callable[[], object], second: Callable[[], object], rounds: int = 5
) -> tuple[float, float]:
    """Return the least seconds of processor of each, of its processes too, in turns.

    Neighbours count for less than by the clock, and no work is hidden by a second processor.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, found in zip((first, second), times, strict=True):
            began = os.times()
            work()
            found.append(sum(os.times()[:4]) - sum(began[:4]))
    return min(times[0]), min(times[1])


def shared(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """Return how many tokens of *right* a cache finds that holds *left*, in whole blocks."""
    # The last token is always computed: the answer begins from it.
    length = min(len(left), len(right) - 1)
    same = next((n for n in range(length) if left[n] != right[n]), length)
    return same // BLOCK * BLOCK


def building() -> None:
    """Measure the building of the prompts of shell-mini, and what a cache saves of them."""
    rows, tokenizer = load("shell-mini").rows, a_tokenizer()
    backend = Spelled(takes="tokens", template=TEMPLATE, encoder=Tokens(tokenizer))

    def ours() -> Any:
        return build(
            rows, backend, Choices(), model="m", max_tokens=1024, now="2026-01-01T00:00:00"
        )

    talks = [
        [{"role": turn.role, "content": turn.content} for turn in row.conversation] for row in rows
    ]

    def plain() -> None:
        for talk in talks:
            tokenizer.apply_chat_template(talk, add_generation_prompt=True)

    seconds, bare = together(ours, plain)
    print(
        f"building {len(rows)} prompts: {len(rows) / seconds:,.0f} rows a second of processor with "
        f"the renderer in a limited process, {len(rows) / bare:,.0f} by apply_chat_template in "
        f"this one: {bare / seconds:.2f} times"
    )
    prompts = [prompt.token_ids for prompt in ours().prompts]
    total = sum(map(len, prompts))
    mixed = random.Random(1).sample(prompts, len(prompts))
    for name, order in (("suite order", prompts), ("mixed order", mixed)):
        saved = sum(shared(left, right) for left, right in pairwise(order))
        print(f"prefix cache that holds the last prompt, {name}: {100 * saved / total:.1f} % saved")


def swapping(folder: Path) -> str:
    """Tell what a change of adapter costs, and loading the model anew, here and in a process."""
    from cardboard.eval.backends.transformers import open_backend

    base = a_model(folder / "base", **SIZES)
    adapters = [str(an_adapter(folder / f"lora-{n}", base, seed=n)) for n in range(2)]
    backend = open_backend(Options(model=str(base)))
    swaps = []
    for number in range(10):
        began = time.perf_counter()
        backend.use(adapters[number % 2])
        swaps.append(time.perf_counter() - began)
    backend.close()
    swap = statistics.median(swaps)
    reload = best(lambda: open_backend(Options(model=str(base), adapter=adapters[0])).close())
    code = (
        "from cardboard.eval.backends import transformers as t\n"
        "from cardboard.eval.engine import Options\n"
        f"t.open_backend(Options(model={str(base)!r}, adapter={adapters[0]!r}))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    anew = best(lambda: subprocess.run(command, check=True, capture_output=True), rounds=2)
    megabytes = (base / "model.safetensors").stat().st_size / 1e6
    return (
        f"adapter over a resident base of {megabytes:,.0f} MB: {swap:.3f} s; base loaded anew "
        f"{reload:.3f} s ({reload / swap:.1f} times), in a new process {anew:.1f} s "
        f"({anew / swap:.0f} times)"
    )


def main() -> None:
    """Measure both."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    building()
    with tempfile.TemporaryDirectory() as folder, quiet():
        told = swapping(Path(folder))
    print(told)


if __name__ == "__main__":
    main()
