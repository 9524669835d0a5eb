"""The request log: what was asked of the Hub and how it ended; no token, path or query."""

import threading

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `repo` is as in `models/acme/tiny`, status 0 means no answer was sent."""

    kind: str
    method: str
    repo: str
    user: str
    status: int
    fault: str = ""


class Log:
    """Count requests; the client's background request ("agent") counts only when asked for."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._lines: list[Line] = []

    def add(self, line: Line) -> None:
        """Append one request."""
        with self._lock:
            self._lines.append(line)

    def lines(
        self,
        kind: str | None = None,
        repo: str | None = None,
        status: int | None = None,
        since: int = 0,
    ) -> list[Line]:
        """Return the matching requests, oldest first, from the `since`-th on."""
        with self._lock:
            lines = self._lines[since:]
        return [
            line
            for line in lines
            if (line.kind == kind if kind else line.kind != "agent")
            and (repo is None or repo in (line.repo, line.repo.partition("/")[2]))
            and (status is None or line.status == status)
        ]

    def count(
        self,
        kind: str | None = None,
        repo: str | None = None,
        status: int | None = None,
        since: int = 0,
    ) -> int:
        """Count the matching requests."""
        return len(self.lines(kind, repo, status, since))

    def kinds(self) -> dict[str, int]:
        """Count the requests of each kind, in the order the kinds first appeared."""
        kinds: dict[str, int] = {}
        for line in self.lines():
            kinds[line.kind] = kinds.get(line.kind, 0) + 1
        return kinds

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._lines.clear()
