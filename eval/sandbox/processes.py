"""A Python module of ours that reads what strangers wrote, in a limited process of its own."""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

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
        # Python looks into the working folder for modules, unless it is told not to.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=asked,
            stdout=told,
            stderr=words,
            env=_environment(),
            start_new_session=True,
        )
        try:
            wait(os.pidfd_open(process.pid), seconds)
        finally:
            end(process)
        lines = tuple(_lines(told))
        said = _last(words)
    if not lines:
        raise CardboardError(
            f"{module.rpartition('.')[2]} did not start: {said or f'status {process.returncode}'}"
        )
    return Ended(lines=lines[1:], status=process.returncode, words=said)


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


def _last(file: IO[bytes]) -> str:
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 4096))
    return (file.read().decode("utf-8", "replace").strip().splitlines() or [""])[-1][:300]
