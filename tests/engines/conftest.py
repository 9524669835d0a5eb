"""What the engines are tested with: one model in three forms, a suite, and `cardboard` in each."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from cardboard.eval.records import Result

from ..serving import environment
from ..tiny import an_adapter
from . import talker

ROOT = Path(__file__).parents[2]
WINDOW = 512

PYTHONS = {
    "transformers": Path(sys.executable),
    "vllm": ROOT / ".venv-vllm" / "bin" / "python",
    "llama": Path(sys.executable),
    "llama-cpp-python": ROOT / ".venv-llama" / "bin" / "python",
}
"""The Python of each engine's environment."""

ON_CPU: Mapping[str, tuple[str, ...]] = {
    "vllm": ("--dtype", "float32", "--set", "enforce_eager=true", "--set", "max_num_seqs=4"),
    "llama": ("--set", "n_threads=1"),
}
"""What the engines are told so that a machine without a GPU will do."""


@dataclass(frozen=True)
class Bench:
    """Everything that the tests of engines share."""

    folder: Path
    model: Path
    gguf: Path
    adapters: tuple[Path, Path]
    suite: Path

    def environment(self) -> dict[str, str]:
        """Return the environment in which an engine runs."""
        return {
            **environment(self.folder / "home"),
            "VLLM_CPU_KVCACHE_SPACE": "1",
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        }

    def run(
        self, env: str, *arguments: object, code: int = 0
    ) -> "subprocess.CompletedProcess[str]":
        """Run `cardboard` with *arguments* in the environment *env* and expect its exit *code*."""
        done = subprocess.run(
            [PYTHONS[env], "-m", "cardboard", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=self.environment(),
            check=False,
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr[-4000:]}"
        return done

    def measured(self, env: str, model: Path | str, *more: object, backend: str = "") -> Result:
        """Return the result of the last of the runs that `cardboard eval` made of *model*."""
        return self.all_measured(env, model, *more, backend=backend)[-1]

    def all_measured(
        self, env: str, model: Path | str, *more: object, backend: str = ""
    ) -> list[Result]:
        """Return the results that `cardboard eval` made of *model*, in the order of its runs."""
        folder = self.folder / "results" / str(len(list(self.folder.glob("results/*"))))
        backend = backend or env
        done = self.run(
            *(env, "eval", model, "--suite", self.suite, "--backend", backend),
            *("--max-tokens", talker.MAX_TOKENS, "--output", folder),
            *(() if backend == "openai" else ("--window", WINDOW)),
            *(*ON_CPU.get(backend, ()), *more),
        )
        paths = [Path(line) for line in done.stdout.splitlines() if line.endswith(".json")]
        return [msgspec.json.decode(path.read_bytes(), type=Result) for path in paths]


Measured = Callable[[str], Result]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the model, taught once for all tests, with all that belongs to it."""
    folder = tmp_path_factory.mktemp("engines")
    model, gguf = talker.a_talker(folder / "talker"), folder / "talker.gguf"
    writer = Path(__file__).with_name("write_gguf.py")
    subprocess.run(
        [PYTHONS["llama-cpp-python"], writer, model, gguf], check=True, env=dict(os.environ)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks what transformers renames
        first = an_adapter(folder / "first", model, seed=1)
        second = an_adapter(folder / "second", model, seed=2, template=OTHER_TEMPLATE)
    return Bench(
        folder=folder,
        model=model,
        gguf=gguf,
        adapters=(first, second),
        suite=talker.a_suite(folder / "short.jsonl"),
    )


OTHER_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ message.role }}: {{ message.content }}\n"
    "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)
"""An adapter's own, which its base does not have."""


@pytest.fixture(scope="session")
def measured(bench: Bench) -> Measured:
    """Return a function that gives the model's result by an engine, measured once a session."""
    found: dict[str, Result] = {}

    def once(engine: str) -> Result:
        if engine not in found:
            form = bench.gguf if engine.startswith("llama") else bench.model
            found[engine] = bench.measured(engine, form)
        return found[engine]

    return once
