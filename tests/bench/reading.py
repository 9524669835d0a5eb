"""Result files read and checked for a second of processor time, beside what else reads JSON."""

import gc
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field, TypeAdapter

from cardboard.board.read.reader import read_results
from cardboard.eval.records import Result
from tests.bench import results

FILES, ROUNDS = 1000, 3
RESCORED = 50


Share = Annotated[float, Field(ge=0, le=1)]


class PeerStep(BaseModel):
    """A step, as somebody would write it down with pydantic."""

    task_id: str
    step_idx: int = Field(ge=0)
    sample_idx: int | None = Field(None, ge=0)
    trial: int | None = Field(None, ge=0)
    groups: dict[str, str] = {}
    scored: bool = True
    error: str | None = None
    reference: dict[str, Any] | None = None
    answer: str | None = None
    parsed: dict[str, Any] | None = None
    scores: dict[str, Share | None] = {}
    finish_reason: str | None = None
    prompt_tokens: int | None = Field(None, ge=0)
    output_tokens: int | None = Field(None, ge=0)
    seconds: float | None = Field(None, ge=0)


class PeerFigure(BaseModel):
    """A figure that is compared with the steps."""

    value: float | None = None


class PeerResult(BaseModel):
    """As much of a result as somebody would check."""

    metrics: dict[str, PeerFigure]
    steps: list[PeerStep]


PEER = TypeAdapter(PeerResult)
MSGSPEC = msgspec.json.Decoder(Result)


def with_pydantic(path: Path) -> object:
    """Validate a file, and check its mean and the keys of its steps."""
    found = PEER.validate_json(path.read_bytes())
    scores = [step.scores["command_f1"] or 0.0 for step in found.steps]
    assert len({(step.task_id, step.step_idx) for step in found.steps}) == len(scores)
    assert abs((found.metrics["command_f1"].value or 0) - sum(scores) / len(scores)) < 1e-4
    return found


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object, or fail where a key comes twice."""
    found = dict(pairs)
    assert len(found) == len(pairs)
    return found


def with_json(path: Path) -> object:
    """Parse a file as our reader does, repeated keys refused; check ranges, mean and keys."""
    found = json.loads(path.read_bytes(), object_pairs_hook=unique)
    scores = [step["scores"]["command_f1"] for step in found["steps"]]
    assert all(0 <= score <= 1 for score in scores)
    assert len({(step["task_id"], step["step_idx"]) for step in found["steps"]}) == len(scores)
    assert abs(found["metrics"]["command_f1"]["value"] - sum(scores) / len(scores)) < 1e-4
    return found


def with_msgspec(path: Path) -> object:
    """Decode a file into the record, and check nothing beyond it."""
    return MSGSPEC.decode(path.read_bytes())


def each(work: Callable[[Path], object], paths: Iterable[Path]) -> None:
    """Read every file and let go of it, as our reader does of steps: held, they slow Python down.

    With a thousand results in memory, its collector takes more than half of a peer's time.
    """
    for path in paths:
        work(path)


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many of *count* files *work* gets through in a second: neighbours count less."""
    gc.collect()
    start = time.process_time()
    work()
    return count / (time.process_time() - start)


def measure(name: str, folder: Path) -> None:
    """Print files a second for each way to read *folder*, the best of some interleaved rounds."""
    paths = sorted(folder.iterdir())
    size = sum(path.stat().st_size for path in paths)
    cache = folder.with_name(f"{name}.sqlite")
    ways: dict[str, Callable[[], object]] = {
        "open and read only": lambda: each(Path.read_bytes, paths),
        "msgspec, whole record": lambda: each(with_msgspec, paths),
        "pydantic, mean and keys": lambda: each(with_pydantic, paths),
        "json, mean and keys": lambda: each(with_json, paths),
        "ours, all that a board needs": lambda: read_results(folder),
        "ours, all seen before": lambda: read_results(folder, cache=cache),
    }
    read_results(folder, cache=cache)
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for way, work in ways.items():
            best[way] = max(best[way], rate(len(paths), work))
    print(f"{name}: {len(paths):,} files of {size / len(paths) / 1000:,.0f} kB")
    for way, found in best.items():
        ratio = best["ours, all that a board needs"] / found
        print(f"  {way:<29} {found:>9,.0f} files/s   ours is {ratio:5.2f} times as fast")


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
