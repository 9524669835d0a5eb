"""Rooms for episodes: how fast one opens, types and checks, and whether its screens repeat."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec

from cardboard.eval.sandbox.room import Room
from cardboard.eval.suites.kinds.shell.dialogues import JSON

from ..playing import ROWS, rule, transcript

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


def main() -> None:
    """Measure rooms, then all scenarios one by one and four at a time, and compare the screens."""
    rooms()
    once, again = episodes(1), episodes(4)
    pairs = [pair for both in zip(once, again, strict=True) for pair in zip(*both, strict=True)]
    same = sum(one == other for one, other in pairs)
    print(f"byte-equal screens of both runs: {same} of {len(pairs)} ({same / len(pairs):.1%})")


if __name__ == "__main__":
    main()
