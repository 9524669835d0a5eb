"""Boards of up to 100,000 results without steps: whether time and memory grow in line."""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from cardboard.eval.metrics import Measured
from cardboard.eval.records import Model

from . import results

SIZES = (1_000, 10_000, 30_000, 100_000)


class Cost(NamedTuple):
    """What a process and those that it started took: seconds of processor, and peak memory."""

    seconds: float
    megabytes: float


def cost_of(command: list[str]) -> Cost:
    """Run *command*; neighbours on the machine count for less than in seconds of a clock."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def write(first: int, last: int, folder: Path) -> None:
    """Write the results of the models from *first* up to *last*, each with its figures alone."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = replace(results.result(0, text=False), steps=())
    for number in range(first, last):
        rng = random.Random(number)
        metrics = {name: _other(rng, metric) for name, metric in whole.metrics.items()}
        model = Model(id=f"synthetic/model-{number:06d}", revision=f"{number:040x}")
        data = msgspec.json.encode(replace(whole, model=model, metrics=metrics, divisions={}))
        (folder / f"model-{number:06d}.json").write_bytes(data)


def _other(rng: random.Random, metric: Measured) -> Measured:
    return replace(metric, value=round(rng.random(), 6))


def main() -> None:
    """Print what the board costs at each size, and by how much each grows from the one before."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory() as made:
        root, there = Path(made), 0
        results.workspace(root, 0)
        print(f"{'results':>8} {'board':>10} {'memory':>9}   each more: {'time':>8} {'memory':>8}")
        before = None
        for size in sizes:
            write(there, size, root / "results")
            cost = cost_of(
                [sys.executable, "-m", "cardboard", "-C", made, "board", "--format", "csv"]
            )
            told = ""
            if before is not None:
                more = size - there
                told = (
                    f"{1e6 * (cost.seconds - before.seconds) / more:>18,.0f} µs"
                    f" {1000 * (cost.megabytes - before.megabytes) / more:>5,.1f} kB"
                )
            print(f"{size:>8,} {cost.seconds:>8.2f} s {cost.megabytes:>6.0f} MB {told}", flush=True)
            before, there = cost, size


if __name__ == "__main__":
    main()
