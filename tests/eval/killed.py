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
from typing import Any

import msgspec
from msgspec.structs import replace

from cardboard.eval.engine import Prompt
from cardboard.eval.run.machine import environment
from cardboard.eval.run.run import evaluate
from cardboard.eval.suites.kinds.kind import key_of
from cardboard.eval.suites.kinds.replay.rows import Message, ReplayRow

from ..replays import Spelled, a_request, a_suite, an_answer

PAUSE = 0.003
"""Seconds that an answer takes."""

CALLS = 4
"""Calls that are under way at a time where a server answers."""


def _named(row: ReplayRow) -> ReplayRow:
    """Return *row* with its key as the last turn, so that whoever answers knows what is asked."""
    return replace(row, messages=(Message(role="user", content=key_of(row)),))


SUITE = a_suite(tasks=8, steps=3)
SUITE = replace(SUITE, rows=tuple(_named(row) for row in SUITE.rows if isinstance(row, ReplayRow)))


def note(log: Path, key: str) -> None:
    """Add *key* to the *log* of what was asked."""
    with log.open("a") as file:
        file.write(f"{key}\n")


def run(folder: Path, log: Path, server: str | None) -> None:
    """Run the suite, or go on with it; without a *server* we answer, and log what is asked."""

    def say(prompt: Prompt) -> str:
        note(log, prompt.key)
        time.sleep(PAUSE)
        return an_answer(f"echo {prompt.key}", "ls t0")

    request, backend = a_request(), Spelled(say)
    if server is not None:
        options = {"base_url": server, "concurrency": CALLS}
        request = a_request(backend="openai", options=options)
    evaluate([request], SUITE, folder, mode="resume", backend=None if server else backend)


def forked(work: Callable[..., None], *given: object) -> int:
    """Start *work* in a process of its own and return its id."""
    child = os.fork()
    if child == 0:
        try:
            work(*given)
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
    """Return the one result in *folder* without its times and what it used."""
    (path,) = folder.glob("*.json")
    result: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    for key in ("started_at", "finished_at", "timing"):
        del result[key]
    del result["machine"]["peak_memory_bytes"]
    for step in result["steps"]:
        step.pop("timing", None)
        del step["seconds"]
    return result


def main(root: Path, rounds: int, server: str | None = None) -> None:
    """Print what came of *rounds* runs, each killed once and resumed."""
    log = root / "asked.log"
    environment()  # it takes longer than all answers, and is then known to every process
    began = time.monotonic()
    os.waitpid(forked(run, root / "whole", log, server), 0)
    usual = time.monotonic() - began
    chance = random.Random(5)
    for number in range(rounds):
        folder = root / str(number)
        folder.mkdir()
        log.write_bytes(b"")
        child = forked(run, folder, log, server)
        time.sleep(chance.uniform(0, usual))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        time.sleep(2 * PAUSE)  # a server may still be answering
        before, kept = log.read_text().split(), answered(folder)
        finished = any(folder.glob("*.json"))
        os.waitpid(forked(run, folder, log, server), 0)
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
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
