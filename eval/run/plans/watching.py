"""A training run that is watched: each checkpoint is given out once it is whole and rests."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic

from ...backends.adapters import checkpoints, lacking

Seen = tuple[tuple[str, int, int], ...]
"""Name, size and time of each file of a checkpoint."""


class Checkpoints:
    """The checkpoints in some folders that rest, and have not been given out as they are.

    A trainer writes a checkpoint file by file, and a copy grows for minutes: one that changes, or
    lacks something, is waited for. One that changed since it was given out is given out again.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        rest: float,
        say: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Look into *folders*, runs or folders of runs; what is waited for is said once.

        *rest* is how many seconds a checkpoint's files must have stayed as they are.
        """
        self._folders, self._rest, self._say, self._clock = folders, rest, say, clock
        self._resting: dict[Path, tuple[Seen, float]] = {}
        self._given: dict[Path, Seen] = {}
        self._told: dict[Path, str] = {}

    def due(self) -> Iterator[Path]:
        """Yield what can be measured now, run by run and by number; it counts as given out."""
        for path in (one for folder in self._folders for one in checkpoints(folder)):
            seen = _seen(path)
            if self._given.get(path) == seen:
                continue
            before, since = self._resting.get(path, (None, 0.0))
            if before != seen:
                self._resting[path] = seen, self._clock()
                continue
            if self._clock() - since < self._rest:
                continue
            if (lack := lacking(str(path))) is not None:
                if self._told.get(path) != lack:
                    self._say(f"Waiting for {path.parent.name}/{path.name}: {lack}")
                self._told[path] = lack
                continue
            self._given[path] = seen
            yield path

    def again(self, path: Path) -> None:
        """Give *path* out once more, after another rest."""
        self._given.pop(path, None)
        self._resting.pop(path, None)


def _seen(path: Path) -> Seen:
    found = []
    try:
        for file in sorted(path.iterdir()):
            told = file.stat()
            found.append((file.name, told.st_size, told.st_mtime_ns))
    except OSError:  # a trainer that keeps only the newest is just removing it
        return ()
    return tuple(found)
