"""Prompts that begin with the ones before, through vLLM: python -m ... MODEL true|false."""

import sys
import time
from pathlib import Path

from msgspec.structs import replace

from cardboard.eval.backends.registry import open_backend
from cardboard.eval.engine import Options, Sampling
from cardboard.eval.suites.source import load_version

from .engines import ours, part

WINDOW = 16_384
SAMPLING = Sampling(max_tokens=8)


def main(model: str, kept: str) -> None:
    """Print how long the steps of one task take after others were asked, and what was kept."""
    suite, whole = part(), load_version("shell-mini", Path())
    warm = replace(whole, rows=whole.rows[-1:])
    settings = {"enforce_eager": True, "max_num_seqs": 1, "enable_prefix_caching": kept == "true"}
    options = Options(model=model, dtype="float32", max_model_len=WINDOW, extra=settings)
    backend = open_backend("vllm", options, suite.of_kind, suite.rows)
    ours(backend, "vllm", Path(model), warm, SAMPLING)  # its first answer takes seconds more
    began = time.process_time()
    result = ours(backend, "vllm", Path(model), suite, SAMPLING)
    seconds = time.process_time() - began
    read = sum(step.prompt_tokens or 0 for step in result.steps)
    how = "kept" if kept == "true" else "not kept"
    print(
        f"vLLM, prefixes {how:<19} {result.timing.cached_tokens or 0:8} of {read} tokens of prompts"
        f" kept, {seconds:.1f} s of processor"
    )
    backend.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
