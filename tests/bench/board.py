"""From a folder of results to judged boards and all cards; one more result, then all again.

`SIZES="56 1000"` chooses how many results.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench import results

SIZES = (56, 1_000, 10_000)
PEER_CARDS = 15
START = "import cardboard.cli, jinja2, msgspec, numpy, sqlite3"

PEER = """
import sys, warnings
from huggingface_hub import EvalResult, ModelCard, ModelCardData
for number in range(int(sys.argv[1])):
    results = [
        EvalResult(
            task_type="text-generation", dataset_type="d", dataset_name="d", metric_type=f"m{n}",
            metric_value=n + number / 7,
        )
        for n in range(11)
    ]
    data = ModelCardData(language=["en", "ko"], model_name=f"m{number}", eval_results=results)
    str(ModelCard.from_template(data, model_id=f"org/m{number}"))
"""


class Cost(NamedTuple):
    """What a whole process took."""

    seconds: float
    megabytes: float


def main() -> None:
    """Print seconds and peak memory for each size, and the peer's cost of a card beside ours."""
    peer, start = peer_card(), timed([sys.executable, "-c", START]).seconds
    print("whole processes, imports and start included; compact results\n")
    print(
        f"{'results':>8} {'board':>14} {'+ all cards':>14} {'add one':>14} {'nothing new':>14}",
        end="",
    )
    print(f" {'ModelCard.from_template, cards alone':>38}")
    for size in map(int, os.environ.get("SIZES", "").split() or SIZES):
        with tempfile.TemporaryDirectory() as folder:
            costs = measure(Path(folder), size)
        ratio = 2 * size * peer / costs[1].seconds
        print(f"{size:>8,}", *(f"{c.seconds:>6.2f} s{c.megabytes:>4.0f} MB" for c in costs), end="")
        print(f" {2 * size * peer:>20,.1f} s = {ratio:>5.1f}x")
        _, full, one, nothing = (cost.seconds for cost in costs)
        print(f"{'':>8} one more: 1/{full / one:.1f} of all cards; nothing new: ", end="")
        print(f"{nothing / start:.1f} times the start of Python with our imports", flush=True)


def measure(root: Path, size: int) -> tuple[Cost, Cost, Cost, Cost]:
    """Return the costs of the board, of a full rebuild with cards, of one more, of nothing new."""
    results.workspace(root, size)
    command = [sys.executable, "-m", "cardboard", "-C", str(root)]
    board = timed([*command, "board", "--format", "csv"])
    shutil.rmtree(root / ".cardboard")
    full = timed([*command, "cards"])
    results.write_one(size, root / "results")
    return board, full, timed([*command, "cards"]), timed([*command, "cards"])


def peer_card() -> float:
    """Return the seconds that one card in one language costs by `ModelCard.from_template`."""
    few, many = (timed([sys.executable, "-c", PEER, str(n)]).seconds for n in (1, 1 + PEER_CARDS))
    return (many - few) / PEER_CARDS


def timed(command: list[str]) -> Cost:
    """Run *command* and return its wall time and peak memory."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(time.perf_counter() - began, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
