"""llama.cpp's own server, started for one GGUF file and ended with whoever started it."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...engine import Setting
from ...errors import DeadEngine, MissingExtra, UsageError
from .files import Gguf

COUNTS = {"n_threads": 1, "n_parallel": 1, "n_batch": 1, "n_ubatch": 1, "n_gpu_layers": 0}
"""Settings of a server that are whole numbers, by llama.cpp's own names, with the least of each."""
GUESSING = ("none", "ngram-simple", "ngram-cache", "ngram-mod", "ngram-map-k")
"""Ways to guess the next tokens from those before, for the model to check many at a time."""
SETTINGS = (*COUNTS, "speculative")
"""What a server may be started with beside its file and window."""

_SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings"
_STAMP = re.compile(r"^[\d.]+ E (?:\w+ +)?\w+: ", re.MULTILINE)
_TAIL = 1 << 16


class LlamaServer:
    """A server in a process of its own: what breaks it breaks nothing else.

    In this process llama.cpp would take us with it when it crashes, and what memory it used could
    not be told from ours.
    """

    def __init__(
        self, file: Gguf, *, name: str, window: int, settings: Mapping[str, Setting]
    ) -> None:
        """Serve *file* as *name*, with a window of as many tokens for each answer at a time.

        *settings* are some of `SETTINGS`. Returns when the model is loaded. Raises MissingExtra
        without llama.cpp, UsageError where it or the file cannot be loaded, DeadEngine where the
        process ends otherwise.
        """
        if find_spec("xllamacpp") is None:
            raise MissingExtra("xllamacpp", "llama")
        self.settings: dict[str, Setting] = {
            **{"n_threads": cores(), "n_parallel": 1, "speculative": "none"},
            **settings,
        }
        began = time.monotonic()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        order = {"path": str(file.path.resolve()), "name": name, "window": window, **self.settings}
        try:
            about = self._asked(order)
            if about is None:
                raise DeadEngine(
                    f"llama.cpp ended while it loaded {file.path.name}: {self.ended()}"
                )
            if "missing" in about:
                raise UsageError(
                    f"llama.cpp cannot be started: {about['missing']}",
                    key="--backend",
                    remedy="Install the system's library that is missing; Debian has libgomp.so.1 "
                    "in libgomp1: apt-get install libgomp1.",
                )
            if "error" in about:
                raise UsageError(
                    f"cannot be loaded: {self._words() or about['error']}", key=file.path.name
                )
        except BaseException:
            self.close()
            raise
        self.load_seconds = round(time.monotonic() - began, 3)
        self.address: str = about["address"]
        self.version: str = about["version"]
        """Of xllamacpp, whose last part is the build of llama.cpp."""

    def peak_memory(self) -> int | None:
        """Return the most bytes that the process has used, pages of the file included."""
        told = None if self._process.poll() is not None else self._asked({})
        return None if told is None else int(told["peak_memory_bytes"])

    def ended(self) -> str | None:
        """Return how the process ended by itself, in words; `None` while it runs."""
        with suppress(subprocess.TimeoutExpired):  # its connections end a moment before it
            self._process.wait(1)
        code = self._process.returncode
        if code is None:
            return None
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"{how}, {words}" if (words := self._words()) else how

    def close(self) -> None:
        """End the process; may be called twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:  # it is busy loading, or stuck
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _asked(self, order: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the answer to one line; `None` where the process is gone."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            return None
        line = stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def _words(self) -> str:
        """Return the first error of its log: those after it only say that there was one."""
        if self._log.closed:
            return ""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _TAIL))
        log = self._log.read().decode("utf-8", "replace")
        found = _STAMP.search(log)
        return log[found.end() :].partition("\n")[0].strip() if found else ""


def cores() -> int:
    """Return the processor cores that this process may use; two threads of one count once."""
    here = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
    found = set()
    for number in here:
        try:
            found.add(Path(_SIBLINGS.format(number)).read_text(encoding="ascii").strip())
        except OSError:
            found.add(str(number))
    return len(found) or os.cpu_count() or 1
