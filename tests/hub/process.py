"""A Hub in a process of its own, and its desk from outside."""

import re
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode

import msgspec

from .faults import Fault
from .log import Line

ROOT = Path(__file__).parents[2]


class CommitLine(msgspec.Struct, frozen=True, kw_only=True):
    """A commit as the desk lists it."""

    id: str
    title: str
    message: str
    date: str
    authors: list[dict[str, str]]


class ArmedCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often a fault armed from outside met its requests and struck."""

    fault: Fault
    seen: int
    fired: int


class RemoteDesk:
    """The desk of a Hub in another process; its ways are those of `Desk`."""

    def __init__(self, url: str) -> None:
        """Name the Hub by its URL, as in http://127.0.0.1:8123."""
        self.url = url

    def _ask(self, method: str, path: str, body: object = None, /, **query: object) -> bytes:
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        try:
            given = {name: str(value) for name, value in query.items() if value is not None}
            target = f"/_hub/{path}?{urlencode(given)}"
            connection.request(method, target, None if body is None else msgspec.json.encode(body))
            reply = connection.getresponse()
            answer = reply.read()
        finally:
            connection.close()
        if reply.status != 200:
            raise RuntimeError(f"{method} {path}: {reply.status} {answer.decode()}")
        return answer

    def write(
        self,
        repo: str,
        files: Mapping[str, str | None] | None = None,
        *,
        by: str = "ana",
        title: str = "Edit by hand",
        private: bool = False,
    ) -> str:
        """Commit files as somebody, into a new repo if need be; return the head's id."""
        body = {"repo": repo, "files": dict(files or {}), "by": by, "title": title}
        answer = self._ask("POST", "write", body | {"private": private})
        return msgspec.json.decode(answer, type=dict[str, str])["sha"]

    def restrict(self, repo: str, writers: list[str]) -> None:
        """Let only these users write to a repo."""
        self._ask("POST", "restrict", {"repo": repo, "writers": writers})

    def heads(self) -> dict[str, str]:
        """Return the head of main of every repo, by type and id."""
        return msgspec.json.decode(self._ask("GET", "heads"), type=dict[str, str])

    def history(self, repo: str, revision: str = "main") -> list[CommitLine]:
        """Return the commits of a revision, newest first; the last is the Hub's own."""
        answer = self._ask("GET", "history", repo=repo, revision=revision)
        return msgspec.json.decode(answer, type=list[CommitLine])

    def read(self, repo: str, path: str, revision: str = "main") -> bytes | None:
        """Return a file, None if the revision lacks it."""
        answer = self._ask("GET", "read", repo=repo, path=path, revision=revision)
        return msgspec.json.decode(answer, type=bytes | None)

    def lines(
        self, kind: str | None = None, repo: str | None = None, status: int | None = None
    ) -> list[Line]:
        """Return the matching requests, oldest first."""
        answer = self._ask("GET", "log", kind=kind, repo=repo, status=status)
        return msgspec.json.decode(answer, type=list[Line])

    def clear_log(self) -> None:
        """Forget all requests."""
        self._ask("DELETE", "log")

    def arm(self, fault: Fault, **but: object) -> None:
        """Arm a fault, with some of its fields replaced."""
        self._ask("POST", "faults", msgspec.structs.replace(fault, **but))

    def faults(self) -> list[ArmedCount]:
        """Return the faults in the order they were armed, with their counts."""
        return msgspec.json.decode(self._ask("GET", "faults"), type=list[ArmedCount])

    def wait_for_fault(self, place: int = 0, fired: int = 1, seconds: float = 10.0) -> bool:
        """Wait until the fault armed at `place` has struck `fired` times; tell whether it has."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.faults()[place].fired >= fired:
                return True
            time.sleep(0.01)
        return False

    def clear_faults(self) -> None:
        """Disarm every fault and drop the requests that are waiting in a stall."""
        self._ask("DELETE", "faults")


class HubProcess(RemoteDesk):
    """`python -m tests.hub` as a child process; stop and start it: with a folder it remembers."""

    def __init__(self, *arguments: str, folder: Path | None = None) -> None:
        """Start the Hub on a free port; `arguments` are those of the command."""
        kept = ["--folder", str(folder)] if folder else []
        self._command = [sys.executable, "-m", "tests.hub", *kept, *arguments]
        self.process = self._start(0)
        super().__init__(self._url())

    def _start(self, port: int) -> subprocess.Popen[str]:
        command = [*self._command, "--port", str(port)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def _url(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"HF_ENDPOINT=(\S+)", line):
                return found[1]
        raise RuntimeError(f"the Hub ended with {self.process.wait()} before it served")

    def kill(self) -> None:
        """Kill the Hub as a power cut would."""
        self.process.kill()
        self._gone()

    def restart(self) -> None:
        """Start it again on the same port."""
        self.process = self._start(int(self.url.rpartition(":")[2]))
        self._url()

    def _gone(self) -> None:
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> "HubProcess":
        """Serve until the block ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the process."""
        self.process.terminate()
        self._gone()
