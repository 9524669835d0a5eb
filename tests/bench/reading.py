"""Result files read and checked a second, beside what else reads JSON: one process, warm cache."""

import gc
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cardboard.board.reader import read_results
from cardboard.eval.records import Result
from tests.bench import results

FILES, ROUNDS = 1000, 3
RESCORED = 50


class PeerStep(BaseModel):
    """The fields of a step that our reader checks."""

    model_config = ConfigDict(extra="ignore")

    task_id: str
    step_idx: int = Field(ge=0)
    scored: bool = True
    valid_json: bool | None = None
    first_cmd_exact: float | None = Field(None, ge=0, le=1)
    command_precision: float | None = Field(None, ge=0, le=1)
    command_recall: float | None = Field(None, ge=0, le=1)
    command_f1: float | None = Field(None, ge=0, le=1)


class PeerAggregate(BaseModel):
    """The figure that our reader compares with the steps."""

    model_config = ConfigDict(extra="ignore")

    avg_command_f1: float | None = Field(None, ge=0, le=1)


class PeerResult(BaseModel):
    """As much of a result as a hand-written checker would ask for."""

    model_config = ConfigDict(extra="ignore")

    aggregate: PeerAggregate
    steps: list[PeerStep]


PEER = TypeAdapter(PeerResult)
MSGSPEC = msgspec.json.Decoder(Result)


def with_pydantic(path: Path) -> None:
    """Validate a file, and check its mean and the keys of its steps."""
    found = PEER.validate_json(path.read_bytes())
    scores = [step.command_f1 or 0.0 for step in found.steps]
    assert len({(step.task_id, step.step_idx) for step in found.steps}) == len(scores)
    assert abs((found.aggregate.avg_command_f1 or 0) - sum(scores) / len(scores)) < 1e-4


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object, or fail where a key comes twice."""
    found = dict(pairs)
    assert len(found) == len(pairs)
    return found


def with_json(path: Path) -> None:
    """Parse a file as our reader does, repeated keys refused; check ranges, mean and keys."""
    found = json.loads(path.read_bytes(), object_pairs_hook=unique)
    scores = [step["command_f1"] for step in found["steps"]]
    assert all(0 <= score <= 1 for score in scores)
    assert len({(step["task_id"], step["step_idx"]) for step in found["steps"]}) == len(scores)
    assert abs(found["aggregate"]["avg_command_f1"] - sum(scores) / len(scores)) < 1e-4


def with_msgspec(path: Path) -> None:
    """Decode a file into the record, and check nothing beyond it."""
    MSGSPEC.decode(path.read_bytes())


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many files a second *work* gets through, of *count*."""
    gc.collect()
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def measure(name: str, folder: Path) -> None:
    """Print files a second for each way to read *folder*, the best of some interleaved rounds."""
    paths = sorted(folder.iterdir())
    size = sum(path.stat().st_size for path in paths)
    cache = folder.with_name(f"{name}.sqlite")
    ways: dict[str, Callable[[], object]] = {
        "open and read only": lambda: [path.read_bytes() for path in paths],
        "msgspec, whole record": lambda: [with_msgspec(path) for path in paths],
        "pydantic, fewer checks": lambda: [with_pydantic(path) for path in paths],
        "json, fewer checks": lambda: [with_json(path) for path in paths],
        "ours": lambda: read_results(folder, rescore=False),
        "ours, all seen before": lambda: read_results(folder, rescore=False, cache=cache),
    }
    read_results(folder, rescore=False, cache=cache)
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for way, work in ways.items():
            best[way] = max(best[way], rate(len(paths), work))
    print(f"{name}: {len(paths):,} files of {size / len(paths) / 1000:,.0f} kB")
    for way, found in best.items():
        ratio = best["ours"] / found
        print(f"  {way:<24} {found:>9,.0f} files/s   ours is {ratio:5.2f} times as fast")


def main() -> None:
    """Measure files with and without text, as one line and indented; then with rescoring."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text, indented in (
            ("compact", False, False),
            ("full", True, False),
            ("full, indented", True, True),
        ):
            folder = Path(scratch) / name
            results.write(FILES, folder, text=text, indented=indented)
            measure(name, folder)
        few = Path(scratch) / "few"
        results.write(RESCORED, few, text=True)
        found = rate(RESCORED, lambda: read_results(few))
        print(f"full, every score computed again: {found:,.0f} files/s, once a file")


if __name__ == "__main__":
    main()
