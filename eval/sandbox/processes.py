"""A Python module of ours that reads what strangers wrote, in a limited process of its own."""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from typing import IO, Any, Self

from msgspec import Struct

from ..errors import CardboardError
from .walls.isolation import end, kernel_limits, limit_this_process, wait


class Ended(Struct, frozen=True, kw_only=True):
    """How a process ended: its lines of JSON, its status (negative: a signal), its last words."""

    lines: tuple[dict[str, Any], ...]
    status: int
    words: str


def supervised(module: str, order: dict[str, Any], *, seconds: float, output_bytes: int) -> Ended:
    """Run *module*, which reads *order* and prints lines of JSON.

    Its first line, which is not among those returned, says that it is ready. However it ends,
    nothing of its group of processes is left. Raises CardboardError where it cannot start.
    """
    with (
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as told,
        tempfile.TemporaryFile() as words,
    ):
        asked.write(json.dumps({**order, "output_bytes": output_bytes}).encode("ascii"))
        asked.seek(0)
        process = _started(module, asked, told, words)
        try:
            wait(os.pidfd_open(process.pid), seconds)
        finally:
            end(process)
        lines = tuple(_lines(told))
        said = _last(words)
    if not lines:
        raise _not_started(module, said, process.returncode)
    return Ended(lines=lines[1:], status=process.returncode, words=said)


class Kept:
    """A module of ours that is run once for many orders; a context manager.

    It reads one order a line, and answers each with a line for each of its `jobs`. Where it has to
    be ended, or ends, the next order finds a new one.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._end()
        if self._words is not None:
            self._words.close()

    def supervised(
        self, module: str, order: dict[str, Any], *, seconds: float, output_bytes: int
    ) -> Ended:
        """Do what `supervised` does, in a process that is there already if it can be."""
        wanted = len(order["jobs"])
        if self._process is None:
            self._words = self._words or tempfile.TemporaryFile()  # noqa: SIM115  # until the end
            pipe = subprocess.PIPE
            self._process = _started(module, pipe, pipe, self._words)
            wanted += 1
        process = self._process
        text = json.dumps({**order, "output_bytes": output_bytes})
        told, status = self._told(process, text, wanted, seconds, output_bytes)
        said = "" if status == 0 else _last(self._words)
        lines = tuple(json.loads(line) for line in told.split(b"\n")[:-1])
        if wanted == len(order["jobs"]):
            return Ended(lines=lines, status=status, words=said)
        if not lines:
            raise _not_started(module, said, status)
        return Ended(lines=lines[1:], status=status, words=said)

    def _told(
        self, process: subprocess.Popen[bytes], text: str, wanted: int, seconds: float, most: int
    ) -> tuple[bytes, int]:
        """Return what is answered, and 0 if that is all; else the status that it ended with."""
        assert process.stdin is not None
        assert process.stdout is not None
        until, told, count = time.monotonic() + seconds, bytearray(), 0
        with suppress(BrokenPipeError):
            process.stdin.write(text.encode("ascii") + b"\n")
            process.stdin.flush()
        while count < wanted:
            ready, _, _ = select([process.stdout], [], [], max(0.0, until - time.monotonic()))
            new = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
            fits = len(told) + len(new) <= most
            told += new[: most - len(told)]
            if not new or not fits:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0 if new or not ready else 10)
                self._end()
                return bytes(told), -signal.SIGXFSZ if new else process.returncode
            count += new.count(b"\n")
        return bytes(told), 0

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()


def _started(
    module: str, asked: IO[bytes] | int, told: IO[bytes] | int, words: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    # Python looks into the working folder for modules, unless it is told not to.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=asked,
        stdout=told,
        stderr=words,
        env=_environment(),
        start_new_session=True,
    )


def _not_started(module: str, said: str, status: int) -> CardboardError:
    return CardboardError(
        f"{module.rpartition('.')[2]} did not start: {said or f'status {status}'}"
    )


def shut_in(order: dict[str, Any]) -> None:
    """Limit this process to what *order* allows beside what it has in use, and say it is ready."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + order["memory_bytes"]
    # By itself, Python takes a file that grows too large for a fault like any other.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    limit_this_process(
        kernel_limits(memory_bytes=most, file_bytes=order["output_bytes"], processes=0)
    )
    say({"ready": True})


def say(line: dict[str, Any]) -> None:
    """Print *line* at once: what is said before the end is not lost."""
    print(json.dumps(line), flush=True)


def allow(seconds: float, *, of_processor: float = math.inf) -> None:
    """Let the kernel end this process after *seconds*, or after so many *of_processor* time.

    No program can catch that; the signals differ, SIGALRM and SIGPROF.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # To a timer, 0 means no limit.
    most = max(of_processor, 0.001) if math.isfinite(of_processor) else 0
    signal.setitimer(signal.ITIMER_PROF, most)


def _environment() -> dict[str, str]:
    """Return what such a process needs to start: no token, no key, no network."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    quiet = {"USE_TORCH": "0", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    single = {"OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return {**kept, **quiet, **single, "PYTHONIOENCODING": "utf-8"}


def _lines(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the lines of *file*, but for one that was cut."""
    file.seek(0)
    for line in file:
        if line.endswith(b"\n"):
            yield json.loads(line)


def _last(file: IO[bytes] | None) -> str:
    if file is None:
        return ""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 4096))
    return (file.read().decode("utf-8", "replace").strip().splitlines() or [""])[-1][:300]
