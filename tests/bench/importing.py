"""Samples of other programs read a second of processor time, beside parsing the same bytes."""

import gc
import json
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cardboard.board.read.reader import read_results

SAMPLES, MEMBERS, TEXT = 20_000, 5_000, 5_000
"""How many, how many in an archive, and letters of each one's document."""
TIME = "2026-04-24T10-00-00.000000"


def lm_eval(folder: Path) -> Callable[[], object]:
    """Write results with samples; return the peer, which parses every line."""
    document = {
        "results": {"arc": {"acc,none": 0.5}},
        "configs": {"arc": {"metric_list": [{"metric": "acc", "aggregation": "mean"}]}},
        "n-shot": {"arc": 0},
        "n-samples": {"arc": {"original": SAMPLES, "effective": SAMPLES}},
        "config": {"model": "hf", "model_args": "pretrained=acme/Aster-1B"},
        "lm_eval_version": "0.4.13",
    }
    (folder / f"results_{TIME}.json").write_text(json.dumps(document))
    samples = folder / f"samples_arc_{TIME}.jsonl"
    with samples.open("w") as file:
        for number in range(SAMPLES):
            row = {
                "doc_id": number,
                "doc": {"question": "x" * TEXT},
                "resps": [["5"]],
                "filter": "none",
                "metrics": ["acc"],
                "acc": float(number % 2),
            }
            file.write(f"{json.dumps(row)}\n")
    return lambda: [json.loads(line) for line in samples.open("rb")]


def inspect(folder: Path) -> Callable[[], object]:
    """Write an archive; return the peer, which unpacks and parses every member."""
    header = {
        "status": "success",
        "eval": {
            "task": "arc",
            "model": "vllm/acme/Aster-1B",
            "dataset": {"samples": MEMBERS},
        },
        "results": {"scores": [{"name": "choice", "metrics": {"accuracy": {"value": 0.5}}}]},
    }
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("header.json", json.dumps(header))
        for number in range(MEMBERS):
            sample = {
                "id": number,
                "epoch": 1,
                "scores": {"choice": {"value": "C" if number % 2 else "I"}},
                "messages": [{"content": "x" * TEXT}],
            }
            file.writestr(f"samples/{number}_epoch_1.json", json.dumps(sample))

    def peer() -> object:
        with zipfile.ZipFile(path) as file:
            return [json.loads(file.read(name)) for name in file.namelist()]

    return peer


def lighteval(folder: Path) -> Callable[[], object]:
    """Write results with details; return the peer, which reads the whole table into Python."""
    run = folder / "results" / "acme" / "Aster-1B"
    run.mkdir(parents=True)
    document = {
        "config_general": {"model_config": {"model_name": "acme/Aster-1B"}},
        "results": {"gsm8k|5": {"em": 0.5}},
    }
    (run / f"results_{TIME}.json").write_text(json.dumps(document))
    details = folder / "details" / "acme" / "Aster-1B" / TIME
    details.mkdir(parents=True)
    table = pa.table(
        {
            "doc": [f"{number}{'x' * TEXT}" for number in range(SAMPLES)],
            "metric": [{"em": float(number % 2)} for number in range(SAMPLES)],
        }
    )
    path = details / f"details_gsm8k|5_{TIME}.parquet"
    pq.write_table(table, path)
    return lambda: pq.read_table(path).to_pylist()


def seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds of *work*: neighbours count less."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Measure each format in a folder of its own, the best of three rounds in turns."""
    for write in (lm_eval, inspect, lighteval):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            peer = write(folder)
            (part,) = next(one for one in read_results(folder) if one.parts).parts
            assert part.facts is not None
            n = part.facts.steps
            rounds = [(seconds(lambda: read_results(folder)), seconds(peer)) for _ in range(3)]  # noqa: B023
            ours, theirs = (min(times) for times in zip(*rounds, strict=True))
            print(
                f"{write.__name__:<10} {n:>7,} samples: ours {n / ours:>9,.0f}/s, "
                f"parsed only {n / theirs:>9,.0f}/s, ours takes {ours / theirs:.2f} times as long"
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of all of this, peers included: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
