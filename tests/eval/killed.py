"""Kill a run at random moments, resume it and tell what was asked: `python -m tests.eval.killed`.

A process of its own, with one thread, so that it may fork: a run costs no start of Python.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from cardboard.eval.backends.protocol import Prompt
from cardboard.eval.run import evaluate

from ..replays import Spelled, a_request, a_suite, an_answer

SUITE = a_suite(tasks=8, steps=3)
PAUSE = 0.003


def run(folder: Path, log: Path) -> None:
    """Run the suite, or go on with it; every prompt that is asked gets a line in *log*."""
    asked = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(prompt: Prompt) -> str:
        os.write(asked, f"{prompt.key}\n".encode())
        time.sleep(PAUSE)
        return an_answer(f"echo {prompt.key}", "ls t0")

    evaluate([a_request()], SUITE, folder, mode="resume", backend=Spelled(say))


def forked(work: Callable[[], None]) -> int:
    """Start *work* in a process of its own and return its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def answered(folder: Path) -> list[str]:
    """Return the keys that the journal holds, by what its lines say and not by our reader."""
    keys = []
    for journal in folder.glob("*.journal"):
        for line in journal.read_bytes().split(b"\n")[:-1]:
            keys += [json.loads(line)["answer"]["key"]] if b'"answer"' in line[:20] else []
    return keys


def plain(folder: Path) -> dict[str, object]:
    """Return the one result in *folder* without its times."""
    (path,) = folder.glob("*.json")
    result: dict[str, object] = msgspec.json.decode(path.read_bytes())
    for key in ("started_at", "finished_at", "timing"):
        del result[key]
    return result


def main(root: Path, rounds: int) -> None:
    """Print what came of *rounds* runs, each killed once and resumed."""
    began = time.monotonic()
    os.waitpid(forked(lambda: run(root / "whole", root / "whole.log")), 0)
    usual = time.monotonic() - began
    chance = random.Random(5)
    for number in range(rounds):
        folder, log = root / str(number), root / f"{number}.log"
        folder.mkdir()
        child = forked(lambda folder=folder, log=log: run(folder, log))  # type: ignore[misc]  # mypy cannot infer it
        time.sleep(chance.uniform(0, usual))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        before = log.read_text().split() if log.exists() else []
        kept = answered(folder)
        finished = any(folder.glob("*.json"))
        os.waitpid(forked(lambda folder=folder, log=log: run(folder, log)), 0)  # type: ignore[misc]  # as above
        told = {
            "asked_before": before,
            "kept": kept,
            "finished": finished,
            "asked_after": log.read_text().split()[len(before) :],
            "same": plain(folder) == plain(root / "whole"),
            "left": sorted(path.name for path in folder.iterdir() if path.suffix != ".json"),
        }
        print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
