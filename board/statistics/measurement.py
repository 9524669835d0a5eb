"""What a suite's tasks can tell of a board's entries, each figure made when first asked for."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from .intervals import Interval, Scale
    from .rank_ranges import RankRange, RankRanges
    from .tasks import Ints, Tasks


Kept = Callable[[str, Callable[[], bytes]], bytes]
"""A key, and what makes the value that belongs to it, to the value."""
WORTHWHILE = 100
"""Entries from which on a test of all pairs takes longer than finding what it said before."""


class Sums(NamedTuple):
    """A metric's sums by entry and task, brought to 0 to 1 a step, and how a mean is printed."""

    numbers: "Ints"
    scale: "Scale"
    rising: "Ints"
    """The same so that more is better."""


class Measurement:
    """The step data of a board's measured entries, in display order, and all that follows from it.

    Cards show the interval of one metric only, so most of this is often not needed.
    """

    def __init__(
        self,
        tasks: "Callable[[], Tasks]",
        sums: "Callable[[str], Sums | None]",
        *,
        ranked: str,
        unmeasured: int,
        kept: "Kept | None" = None,
    ) -> None:
        """Take functions for the suite's tasks, and for a metric's sums by its id.

        *kept* returns what was made before under a key, or makes it: tests of many pairs take long.
        """
        self._of_suite, self._sums, self.ranked = tasks, sums, ranked
        self._kept = kept
        self.unmeasured = unmeasured
        self._ranges: dict[str, RankRanges | None] = {}
        self._spans: dict[str, list[Interval | None] | None] = {}

    @property
    def tasks(self) -> "Tasks":
        """Return the tasks that all measured entries have answered."""
        return self._of_suite()

    def spans(self, metric: str) -> "list[Interval | None] | None":
        """Return every entry's interval of *metric*; `None` where steps do not hold it."""
        from .intervals import intervals

        if metric not in self._spans:
            sums = self._sums(metric)
            found = sums and intervals(self.tasks, sums.numbers, sums.scale)
            self._spans[metric] = found or None
        return self._spans[metric]

    def apart(self, pairs: "Sequence[tuple[int, int]]") -> list[bool]:
        """Tell of each pair of rows whether a paired test of the two alone tells them apart."""
        from .paired import SIGNIFICANT, paired

        sums = self._sums(self.ranked)
        assert sums is not None, "only entries whose steps hold the ranked metric are measured"
        return [one.p <= SIGNIFICANT for one in paired(self.tasks, sums.rising, pairs)]

    def ranges(self, metric: str) -> "RankRanges | None":
        """Return the ranks that *metric* leaves open; `None` where steps do not hold it."""
        if metric not in self._ranges:
            sums = self._sums(metric)
            self._ranges[metric] = self._ranges_of(sums) if sums else None
        return self._ranges[metric]

    def _ranges_of(self, sums: Sums) -> "RankRanges":
        from .rank_ranges import RankRanges, rank_ranges

        def make() -> RankRanges:
            return rank_ranges(self.tasks, sums.rising, self.unmeasured, bounded=sums.scale.bounded)

        if self._kept is None or len(sums.rising) < WORTHWHILE:
            return make()
        told = (self.tasks.fingerprint, self.unmeasured, sums.scale.bounded)
        made_of = hashlib.sha256(repr(told).encode())
        for numbers in (self.tasks.steps, sums.rising):
            made_of.update(repr(numbers.shape).encode())
            made_of.update(numbers.astype("<i8").tobytes())
        body = self._kept(made_of.hexdigest(), lambda: msgspec.msgpack.encode(make()))
        try:
            return msgspec.msgpack.decode(body, type=RankRanges)
        except msgspec.DecodeError:
            return make()

    @property
    def of_ranked(self) -> "RankRanges":
        """Return the ranks that the ranked metric leaves open."""
        found = self.ranges(self.ranked)
        assert found is not None, "only entries whose steps hold the ranked metric are measured"
        return found


class Resolution:
    """How far the suite's tasks can tell an entry from the others on its board."""

    __slots__ = ("_of", "_row")

    def __init__(self, of: Measurement, row: int) -> None:
        self._of, self._row = of, row

    @property
    def score(self) -> "Interval | None":
        """Return the score's interval; `None` where the suite has too few tasks for one."""
        return self.interval(self._of.ranked)

    def interval(self, metric: str) -> "Interval | None":
        """Return the interval of *metric*; `None` where steps do not hold it, or are too few."""
        found = self._of.spans(metric)
        return found[self._row] if found is not None else None

    @property
    def low(self) -> int:
        """Return the best rank that the paired tests leave open."""
        return self._range.low

    @property
    def high(self) -> int:
        """Return the worst one."""
        return self._range.high

    @property
    def own_low(self) -> int:
        """Return the best rank that is open where this entry's pairs alone are tested."""
        return self._range.own_low

    @property
    def own_high(self) -> int:
        """Return the worst one."""
        return self._range.own_high

    @property
    def tested(self) -> bool:
        """Return whether there are tasks enough to tell any pair apart."""
        return self._of.of_ranked.critical is not None

    @property
    def level_below(self) -> int:
        """Return how many measured entries right below, one after another, are level with it."""
        return self._range.level_below

    @property
    def measured(self) -> int:
        """Return how many entries of the board have step data."""
        return len(self._of.of_ranked.ranges)

    def open(self, metric: str) -> "RankRange | None":
        """Return the ranks that *metric* leaves open; `None` where steps do not hold it."""
        found = self._of.ranges(metric)
        return None if found is None or found.critical is None else found.ranges[self._row]

    @property
    def level_with(self) -> int:
        """Return how many entries with step data no paired test tells from this one."""
        return self.high - self.low - self._of.unmeasured

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resolution) and self.plain() == other.plain()

    __hash__ = None  # type: ignore[assignment]  # what compares by value and is lazy has no hash

    def plain(self) -> dict[str, object]:
        """Return everything as values that JSON knows."""
        return {name: msgspec.to_builtins(getattr(self, name), str_keys=True) for name in _FIGURES}

    @property
    def _range(self) -> "RankRange":
        return self._of.of_ranked.ranges[self._row]


def told_apart(pairs: Sequence[tuple[Resolution, Resolution]]) -> list[bool]:
    """Tell of each pair of entries of one board whether a test of the two alone tells them apart.

    It is not corrected for the board's other pairs: what it says stays as entries are added.
    """
    if not pairs:
        return []
    return pairs[0][0]._of.apart([(one._row, other._row) for one, other in pairs])


@dataclass(frozen=True)
class Method:
    """How a board's intervals and rank ranges were made."""

    tasks: int
    measured: int
    """Ranked entries with per-step data; the others have no interval."""
    pairs: int
    seed: str
    """The suite's fingerprint, from which all random signs follow."""
    of: Measurement

    @property
    def enough(self) -> bool:
        """Return whether there are intervals: no task holds over a third of all steps."""
        return self.of.tasks.enough

    @property
    def separable(self) -> int:
        """Return how many pairs of entries the test tells apart."""
        return self.of.of_ranked.separable

    @property
    def critical(self) -> float | None:
        """Return what the statistic of a pair must exceed; the same in `cardboard compare`."""
        return self.of.of_ranked.critical

    @property
    def lead(self) -> float:
        """Return how many whole tasks a pair's difference must come to, as far as they cluster."""
        return self.of.of_ranked.lead

    @property
    def fewest(self) -> int | None:
        """Return how many tasks must differ at least before a pair can be told apart."""
        return None if self.critical is None else int(self.critical) + 1

    def plain(self) -> dict[str, object]:
        """Return everything as values that JSON knows."""
        return {name: getattr(self, name) for name in _METHOD}


_FIGURES = (
    "score", "low", "high", "own_low", "own_high", "level_with", "level_below",
)  # fmt: skip
_METHOD = (
    "tasks", "measured", "pairs", "separable", "seed", "critical", "lead", "fewest", "enough",
)  # fmt: skip
