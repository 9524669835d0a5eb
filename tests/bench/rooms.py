"""Rooms for episodes: how fast one opens, types and checks, what a run adds, what repeats."""

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import msgspec
from msgspec.structs import replace

from cardboard.eval.engine import Account, Prompt
from cardboard.eval.records import Result
from cardboard.eval.run.run import evaluate
from cardboard.eval.sandbox.room import Room
from cardboard.eval.suites.kinds.shell import episode
from cardboard.eval.suites.kinds.shell.dialogues import JSON
from cardboard.eval.suites.suite import Suite

from ..playing import ROWS, rule, transcript
from ..replays import Spelled, a_request

ROUNDS, LINES = 20, 20


def rooms() -> None:
    """Print what the parts of an episode cost besides its commands."""
    taken: dict[str, list[float]] = {}

    def took(what: str, since: float, times: int = 1) -> float:
        now = time.perf_counter()
        taken.setdefault(what, []).append(1000 * (now - since) / times)
        return now

    for _ in range(ROUNDS):
        began = time.perf_counter()
        with Room() as room:
            room.run_setup("")
            began = took("open, set up, first prompt", began)
            for _ in range(LINES):
                room.terminal.type(":\n", 15)
            began = took("type a line, until the prompt", began, LINES)
            room.check("true")
            began = took("end all and check", began)
        took("close", began)
    for what, each in taken.items():
        print(f"{what:<32} median {statistics.median(each):7.1f} ms  worst {max(each):7.1f} ms")


def screens(text: str) -> list[str]:
    """Return what the terminal showed after each answer of a transcript."""
    steps = msgspec.json.decode(text)["steps"]
    return [one["observation"]["results"][0]["content"] for one in steps if "observation" in one]


def episodes(beside: int) -> list[list[str]]:
    """Play every scenario with the reference, *beside* of them at a time; return their screens."""
    oracle = rule("oracle")
    began = time.perf_counter()
    with ThreadPoolExecutor(beside) as pool:
        texts = list(pool.map(lambda row: transcript(row, oracle, JSON), ROWS))
    took = time.perf_counter() - began
    print(f"oracle, {beside:2} at a time: {len(ROWS) / took:6.2f} episodes/s ({took:.1f} s in all)")
    return [screens(text) for text in texts]


class _Timed(Room):
    """A room that tells how long it took to open and to close."""

    seconds = 0.0

    def __enter__(self) -> Self:
        began = time.perf_counter()
        try:
            return super().__enter__()
        finally:
            _Timed.seconds += time.perf_counter() - began

    def __exit__(self, *raised: object) -> None:
        began = time.perf_counter()
        super().__exit__(*raised)
        _Timed.seconds += time.perf_counter() - began


def run() -> None:
    """Print what a run adds to a turn beside the model, which takes no time here, and the room."""
    rows, oracle = {row.task_id: row for row in ROWS}, rule("oracle")

    def say(prompt: Prompt) -> str:
        return oracle(rows[prompt.key.partition("/")[0]], prompt.messages)

    suite = Suite(name="shell-live", version="1", kind="shell", rows=ROWS)
    alone = Account(backend="spelled", versions={}, revision="r1", batch_size=1)
    plain, episode.Room = episode.Room, _Timed  # type: ignore[attr-defined]  # imported there
    try:
        with tempfile.TemporaryDirectory() as folder:
            began, busy = time.perf_counter(), time.process_time()
            request = replace(a_request(), dialogue=JSON)
            (done,) = evaluate([request], suite, Path(folder), backend=Spelled(say, account=alone))
            wall, busy = time.perf_counter() - began, time.process_time() - busy
            steps = msgspec.json.decode(done.path.read_bytes(), type=Result).steps
    finally:
        episode.Room = plain  # type: ignore[attr-defined]  # as it was
    facts = [step.parsed or {} for step in steps]
    turns = sum(one["turns"] for one in facts)
    room = sum(one["room_seconds"] for one in facts) + _Timed.seconds
    print(
        f"a run of {len(facts)} episodes, {turns} turns, one by one: {wall:.1f} s, of which rooms "
        f"took {room:.1f} s\n"
        f"beside model and room: {1000 * (wall - room) / turns:.1f} ms a turn; processor time of "
        f"the program itself, screens included: {1000 * busy / turns:.1f} ms a turn"
    )


def main() -> None:
    """Measure rooms and a run; then play all scenarios, once and again, and compare the screens."""
    rooms()
    run()
    once, again = episodes(1), episodes(4)
    pairs = [pair for both in zip(once, again, strict=True) for pair in zip(*both, strict=True)]
    same = sum(one == other for one, other in pairs)
    print(f"byte-equal screens of both runs: {same} of {len(pairs)} ({same / len(pairs):.1%})")


if __name__ == "__main__":
    main()
