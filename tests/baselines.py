"""Measure the models of the sample anew, on our own suites: `make baselines`, or some by name.

A result that is the same but for its times and its machine stays as it is; so a change of code that
changes no answer and no score changes no file.
"""

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from .smol import NAME, smol

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
FRESH = ROOT / "build" / "baselines"
RULES = {
    "shell-mini": ("oracle", "most-frequent", "echo-previous"),
    "home-mini": ("oracle", "echo", "unknown", "loop"),
    "calls-mini": ("oracle", "always-calls", "never-calls", "echo", "first-tool", "all-tools"),
    "shell-live": ("oracle", "nothing", "claims-done", "loops", "gives-up"),
}
HOW = {"calls-mini": ("--tools", "prompted"), "shell-live": ("--dialogue", "shell")}
"""What every model of a suite is told, so that all are on one board."""
NOISE = {"shell-mini": ("0.1", "0.3", "0.5"), "shell-live": ("0.1",)}
SMOL = (str(smol()), "--backend", "llama", "--name", NAME, "--set", "n_threads=1")
"""With more threads a busy machine takes many times longer."""
RUNS: dict[str, tuple[str, ...]] = {
    **{
        f"{suite}/{rule}": (rule, "--backend", "scripted", *HOW.get(suite, ()))
        for suite, rules in RULES.items()
        for rule in rules
    },
    **{
        f"{suite}/noisy-oracle-{noise}": (
            *("noisy-oracle", "--backend", "scripted", "--noise", noise, "--seed", "1"),
            *HOW.get(suite, ()),
        )
        for suite, shares in NOISE.items()
        for noise in shares
    },
    f"shell-mini/{NAME.rpartition('/')[2]}": (*SMOL, "--set", "speculative=ngram-simple"),
    f"home-mini/{NAME.rpartition('/')[2]}": (*SMOL, "--max-tokens", "256", "--stream"),
    f"calls-mini/{NAME.rpartition('/')[2]}": (*(*SMOL, "--max-tokens", "128", *HOW["calls-mini"]),),
    f"shell-live/{NAME.rpartition('/')[2]}": (
        *(*SMOL, "--set", "speculative=ngram-simple", *HOW["shell-live"]),
        *("--max-tokens", "128", "--window", "8192", "--concurrency", "1"),
    ),
}
"""What `cardboard eval` is told for each model, by its suite and the name that it is chosen by."""
TIMES = ("timing", "machine", "versions", "environment", "started_at", "finished_at")
STEP_TIMES = ("seconds", "timing", "model_seconds", "room_seconds", "transcript_sha256")


def timeless(data: bytes) -> dict[str, Any]:
    """Return a result without what differs from run to run and from machine to machine."""
    result: dict[str, Any] = msgspec.json.decode(data)
    for step in result["steps"]:
        if (step.get("parsed") or {}).get("transcript_sha256"):
            step["answer"] = msgspec.json.decode(step["answer"])
    untimed: dict[str, Any] = _without(result, (*TIMES, *STEP_TIMES))
    return untimed


def _without(value: Any, names: Collection[str]) -> Any:
    """Return *value* without all that goes by one of *names*, however deep."""
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items() if key not in names}
    return [_without(one, names) for one in value] if isinstance(value, list) else value


def keep(fresh: Path, folder: Path) -> str:
    """Move the result at *fresh* into *folder*, unless that has it; return what became of it."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / fresh.name
    if place.exists() and timeless(place.read_bytes()) == timeless(fresh.read_bytes()):
        return "the same"
    told = "changed" if place.exists() else "new"
    for other in folder.glob(f"{fresh.name.rpartition('--')[0]}--*.json"):
        other.unlink()  # the same model on the same suite, under other settings
    folder.mkdir(exist_ok=True)
    fresh.replace(place)
    return told


def measure(name: str) -> Path:
    """Measure the model *name* from the beginning, and return the path of its result."""
    suite = name.partition("/")[0]
    command = ("-m", "cardboard", "eval", *RUNS[name], "--suite", suite, "--restart")
    done = subprocess.run(
        [sys.executable, *command, "--output", FRESH], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    return Path(done.stdout.decode().splitlines()[-1])


def main() -> int:
    """Measure the models named on the command line, or all."""
    asked = sys.argv[1:]
    chosen = [name for name in RUNS if not asked or {name, *name.split("/")} & set(asked)]
    if not chosen:
        print(f"No such model: {', '.join(asked)}. Known: {', '.join(RUNS)}.", file=sys.stderr)
        return 2
    for name in chosen:
        print(f"{name}: {keep(measure(name), RESULTS / name.partition('/')[0])}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
