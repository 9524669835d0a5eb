"""What is said of an entry so that it stays true when its board gains results: bands of ranks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..model import Board, Entry
from .claims import Claim, told_of
from .notes import Field, Rule, Said

if TYPE_CHECKING:
    from ..statistics.intervals import Interval

ALWAYS_EXACT = 10
"""Ranks that are told as they are; those below them as bands."""
BANDS = (1, 5, 10, 25, 50)


def band(rank: int, count: int) -> int:
    """Return the smallest band, in per cent from the top, that holds *rank* of *count*.

    100 stands for the lower half.
    """
    return next((top for top in BANDS if 100 * rank <= top * count), 100)


def rounded_down(count: int) -> int:
    """Return the largest of 1, 2, 5, 10, 20, 50, ... that is not above *count*."""
    first = next(digit for digit in (5, 2, 1) if digit <= int(str(count)[0]))
    return int(f"{first}{'0' * (len(str(count)) - 1)}")


class Lasting(Struct, frozen=True, kw_only=True):
    """All that the page of a model takes of an entry and its board, where that may grow.

    It says itself what such a page depends on: nothing else of the board reaches it.
    """

    entry: Entry
    """Without what other entries move; beyond the first ten its rank is 0, for one not told."""
    band: int | None
    """Of a rank that is not told, in per cent from the top."""
    at_least: int
    """How many are ranked, rounded down so far that it seldom changes."""
    intervals: "dict[str, Interval]"
    """By metric."""
    told: tuple[tuple[str, tuple[Said | Claim, ...]], ...]
    """What is said beside its figures, by kind, without figures of others where that is possible.
    """
    tasks: bool
    """Whether the board has pages of tasks."""


def lasting_of(
    board: Board, field: Field, rules: tuple[Rule, ...], *, tasks: bool
) -> Iterator[Lasting]:
    """Yield what lasts of every entry of *board*, which has pages of its *tasks* or none."""
    count = len(board.ranked)
    at_least = rounded_down(count) if count else 0
    for entry in board.entries:
        rank, found = entry.rank, entry.resolution
        named = rank is not None and rank <= ALWAYS_EXACT
        spans = {
            metric.id: span
            for metric in board.suite.metrics
            if found is not None and (span := found.interval(metric.id)) is not None
        }
        yield Lasting(
            entry=replace(
                entry,
                rank=rank if named else None if rank is None else 0,
                rank_text=entry.rank_text if named or rank is None else "",
                tied_with=(),
                resolution=None,
            ),
            band=None if named or rank is None else band(rank, count),
            at_least=at_least,
            intervals=spans,
            told=tuple(
                (kind, tuple(one.lasting() if isinstance(one, Said) else one for one in said))
                for kind, said in told_of(entry, field, rules)
            ),
            tasks=tasks,
        )
