"""Wait for results to change and then to rest: when a watched workspace is pushed."""

import math
from collections.abc import Callable
from pathlib import Path

Snapshot = frozenset[tuple[str, int, int]]
"""Path, time of change and size of every watched file."""

CONFIGURATION = ("board.toml", "models.toml", "imports.toml")


def snapshot(root: Path, results: Path | None = None) -> Snapshot:
    """Return how the *results* and the configuration of the workspace at *root* lie there now."""
    files = [root / name for name in CONFIGURATION]
    for folder in (results or root / "results", root / "audits"):
        files += (path for path in folder.rglob("*") if path.is_file())
    found = set()
    for path in files:
        try:
            state = path.stat()
        except OSError:
            continue  # gone between listing and looking; the next look tells
        found.add((str(path), state.st_mtime_ns, state.st_size))
    return frozenset(found)


class Debounce:
    """Tell when something changed and then stayed as it is for *quiet* seconds."""

    def __init__(self, quiet: float, clock: Callable[[], float], first: Snapshot) -> None:
        self._quiet, self._clock = quiet, clock
        self._seen = self._pushed = first
        self._since = clock()
        self._again = math.inf

    def due(self, now: Snapshot) -> bool:
        """Take the present state; tell whether it is time to push, once for each change."""
        moment = self._clock()
        if now != self._seen:
            self._seen, self._since = now, moment
            return False
        if moment < (self._again if now == self._pushed else self._since + self._quiet):
            return False
        self._pushed, self._again = now, math.inf
        return True

    def again(self, seconds: float) -> None:
        """Be due once more after *seconds*, though nothing changes."""
        self._again = self._clock() + seconds
