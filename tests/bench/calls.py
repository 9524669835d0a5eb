"""Answers of a server that needs no time: ours a second beside a bare loop of the same client."""

import asyncio
import gc
import itertools
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

from cardboard.eval.backends.openai import open_backend
from cardboard.eval.engine import Message, Options, Prompt, Sampling
from cardboard.eval.run.run import evaluate

from ..replays import a_request, a_suite, an_answer

STEPS, ROUNDS, CALLS = 2000, 5, (1, 8, 64)
TURN = "$ ls -la\n" + "-rw-r--r-- 1 user user 4096 Nov 1 12:00 notes.txt\n" * 60
"""A screen of 3 kB, as a step of a replay holds it."""


class Instant(asyncio.Protocol):
    """Replies to each request with the same answer as soon as all of it is there."""

    def __init__(self) -> None:
        """Prepare the reply."""
        message = {"role": "assistant", "content": an_answer("ls -la", "cat notes.txt")}
        usage = {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]}
        self._chat = self._reply({**body, "usage": usage})
        self._rest = self._reply({"data": [{"id": "m", "owned_by": "someone"}]})
        self._data = bytearray()

    @staticmethod
    def _reply(body: dict[str, Any]) -> bytes:
        data = json.dumps(body).encode()
        head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
        return f"{head}{len(data)}\r\n\r\n".encode() + data

    def connection_made(self, transport: Any) -> None:
        """Keep the connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Reply to every request that is whole."""
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._data[:end]).lower()
            _, _, length = head.partition(b"content-length: ")
            size = end + 4 + int(length.split(b"\r\n")[0] or 0)
            if len(self._data) < size:
                return
            del self._data[:size]
            self._transport.write(self._chat if head.startswith(b"post") else self._rest)


def _serve(told: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def serving() -> Iterator[str]:
    """Serve in a process of its own, and give the address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1"
    finally:
        process.terminate()
        process.join()


def prompts(count: int) -> list[Prompt]:
    """Return *count* prompts of three turns."""
    turns = (
        Message("system", "Use the terminal."), Message("user", TURN), Message("assistant", "ls"),
        Message("user", TURN),
    )  # fmt: skip
    return [Prompt(key=f"t/{number}", messages=turns) for number in range(count)]


def bare(url: str, calls: int, asked: list[Prompt]) -> None:
    """Ask *asked* as a script does that nobody keeps: one client, as many workers as calls."""

    async def work(client: Any, left: Iterator[Prompt]) -> None:
        for prompt in left:
            turns = [{"role": one.role, "content": one.content} for one in prompt.messages]
            body = {"model": "m", "messages": turns, "temperature": 0.0, "max_tokens": 1024}
            response = await client.post("/chat/completions", json=body)
            response.raise_for_status()
            said.append(response.json()["choices"][0]["message"]["content"])

    async def run() -> None:
        limits = httpx.Limits(max_connections=calls, max_keepalive_connections=calls)
        async with httpx.AsyncClient(base_url=url, limits=limits, timeout=600) as client:
            left = iter(asked)
            await asyncio.gather(*(work(client, left) for _ in range(calls)))

    said: list[str] = []
    asyncio.run(run())
    assert len(said) == len(asked)


def backend(url: str, calls: int, asked: list[Prompt]) -> None:
    """Ask *asked* through the backend alone."""
    opened = open_backend(Options(model="m", base_url=url, concurrency=calls))
    assert sum(one.error is None for one in opened.answers(asked, Sampling())) == len(asked)


def whole(url: str, calls: int, asked: list[Prompt]) -> None:
    """Ask as many steps as *asked* with all of a run: prompts, journal, scores and the result."""
    request = a_request(
        backend="openai", model="m", options={"base_url": url, "concurrency": calls}
    )
    suite = a_suite(tasks=len(asked) // 4, steps=4)
    with TemporaryDirectory() as folder:
        (outcome,) = evaluate([request], suite, Path(folder))
    assert outcome.status == "complete"


WAYS: dict[str, Callable[[str, int, list[Prompt]], None]] = {
    "bare loop": bare, "backend": backend, "whole run": whole,
}  # fmt: skip


def resident() -> float:
    """Return the memory that this process holds, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Print steps a second, the processor's time for each, and memory over ten times as many."""
    asked = prompts(STEPS)
    with serving() as url:
        print("calls  way         steps/s  of bare  ms of CPU  of bare")
        for calls in CALLS:
            spent: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
            for _, (name, way) in itertools.product(range(ROUNDS), WAYS.items()):
                gc.collect()
                began, cpu = time.perf_counter(), time.process_time()
                way(url, calls, asked)
                spent[name].append((time.perf_counter() - began, time.process_time() - cpu))
            for name, rounds in spent.items():
                # Rounds alternate, and each is compared with the bare loop beside it.
                pairs = list(zip(rounds, spent["bare loop"], strict=True))
                wall, cpu = (statistics.median(one[n] for one in rounds) for n in (0, 1))
                shares = [statistics.median(b[n] / o[n] for o, b in pairs) for n in (0, 1)]
                print(
                    f"{calls:>5}  {name:<10} {STEPS / wall:>8.0f} {shares[0]:>8.2f} "
                    f"{cpu / STEPS * 1000:>10.2f} {shares[1]:>8.2f}",
                    flush=True,
                )
        opened = open_backend(Options(model="m", base_url=url, concurrency=64))
        held = []
        for number, _ in enumerate(opened.answers(asked * 10, Sampling())):
            if number % (2 * STEPS) == STEPS:
                held.append(resident())
    told = ", ".join(f"{one:.0f}" for one in held)
    print(f"memory over {10 * STEPS} steps, 64 calls: {told} MB")


if __name__ == "__main__":
    main()
