"""The best similarity that each unit of a step finds on the other side, looked up by token."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from .units import Bag, Token, bag, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Numbers = NDArray[np.intp]

# From here on a matrix beats a loop: measured with `python -m tests.bench.scoring`.
_MATRIX_PAIRS = 2_000
_BLOCK_CELLS = 1 << 14
_SMALLEST = 1e-300
_REMEMBERED = 16
"""Similarities that a reference remembers for each of its units."""
_LONG = 200
"""Characters of a unit that is not remembered."""

_Near = tuple[tuple[int, float], ...]
"""The numbers of bags, and how similar each is."""


@lru_cache(1 << 15)
def _found(number: int, overlap: int, ref_size: int, size: int) -> tuple[int, float]:
    """Return *number* with the similarity of two bags that have *overlap* tokens in common.

    The same few come again and again; what is remembered shares them.
    """
    precision, recall = overlap / ref_size, overlap / size
    return number, 2 * precision * recall / (precision + recall)


class Reference:
    """A reference made ready to be compared: its distinct bags, and which of them hold a token.

    Both ways of comparing do the arithmetic of `units.similarity`, operation by operation, so
    their floats are equal to the last bit.
    """

    def __init__(self, units: Sequence[str]) -> None:
        self.first = normalise(units[0]).lower()
        numbers: dict[Bag, int] = {}
        self.order = [numbers.setdefault(bag(unit), len(numbers)) for unit in units]
        self.sizes = [len(tokens) for tokens in numbers]
        self.holders: defaultdict[Token, list[int]] = defaultdict(list)
        for tokens, number in numbers.items():
            for token in tokens:
                self.holders[token].append(number)
        self._known: dict[str, _Near] = {}
        self._room = _REMEMBERED * len(self.sizes)

    def match(self, predicted: Iterable[str]) -> tuple[dict[str, float], list[float]]:
        """Return the best similarity of each predicted unit, and that of each distinct bag."""
        units, width, known = dict.fromkeys(predicted, 0.0), len(self.sizes), self._known
        if len(units) * width < _MATRIX_PAIRS:
            return units, self._match_by_loop(units, units)
        new = [unit for unit in units if unit not in known]
        if len(new) * width < _MATRIX_PAIRS:
            return units, self._match_by_loop(units, units)
        found, best = self._match_by_matrix([bag(unit) for unit in new])
        met = self._match_by_loop([unit for unit in units if unit in known], units)
        units.update(zip(new, found, strict=True))
        return units, [*map(max, best, met)]

    def _match_by_loop(self, units: Iterable[str], tops: dict[str, float]) -> list[float]:
        """Look only at the pairs that share a token, and note in *tops* what each unit finds."""
        best, known = [0.0] * len(self.sizes), self._known
        for unit in units:
            near = known.get(unit)
            if near is None:
                near = self._look_up(unit)
            top = 0.0
            for number, found in near:
                if found > best[number]:
                    best[number] = found
                if found > top:
                    top = found
            tops[unit] = top
        return best

    def _look_up(self, unit: str) -> "_Near":
        """Return which bags share a token with *unit*, and how similar they are.

        Many models give the same commands, so what is found is remembered while there is room.
        """
        tokens, holders, sizes = bag(unit), self.holders, self.sizes
        size = len(tokens)
        overlaps: dict[int, int] = {}
        for token in tokens:
            for number in holders.get(token, ()):
                overlaps[number] = overlaps.get(number, 0) + 1
        near = tuple([_found(number, overlaps[number], sizes[number], size) for number in overlaps])
        if self._room > 0 and len(unit) <= _LONG:
            self._room -= 1 + len(near)
            self._known[unit] = near
        return near

    def _match_by_matrix(self, predicted: Sequence[Bag]) -> tuple[list[float], list[float]]:
        """Compare all pairs of a block at once; a block fits the processor's cache."""
        import numpy as np

        tops: list[float] = []
        best = np.zeros(len(self.sizes))
        ref_sizes = np.array(self.sizes, float)
        for block in self._blocks(predicted):
            sizes = np.array([len(tokens) for tokens in block], np.intp)
            recall = self._overlaps(block, sizes).astype(float)
            found = recall / ref_sizes
            recall /= sizes[:, np.newaxis]
            total = found + recall
            np.maximum(total, _SMALLEST, out=total)  # nothing in common: 0 / 0
            found *= recall
            found *= 2
            found /= total
            tops += found.max(axis=1).tolist()
            np.maximum(best, found.max(axis=0), out=best)
        return tops, best.tolist()

    def _blocks(self, predicted: Sequence[Bag]) -> Iterator[Sequence[Bag]]:
        """Yield parts of *predicted*, smaller ones where long units need many lookups."""
        longest = max(map(len, predicted))
        rows = max(1, _BLOCK_CELLS // (len(self.sizes) * max(1, longest // 64)))
        for start in range(0, len(predicted), rows):
            yield predicted[start : start + rows]

    def _overlaps(self, block: Sequence[Bag], sizes: "_Numbers") -> "_Numbers":
        """Count the common tokens: predicted bags x distinct units."""
        import numpy as np

        width = len(self.sizes)
        numbers, counts, starts, held = self._columns
        nobody = len(numbers)
        tokens = np.array([numbers.get(token, nobody) for unit in block for token in unit], np.intp)
        times = counts[tokens]
        # Each token's run of `held`, one after the other: the run's start plus 0, 1, 2 ...
        cells = np.repeat(starts[tokens] - np.cumsum(times) + times, times)
        cells += np.arange(len(cells))
        cells = held[cells]
        cells += np.repeat(np.repeat(np.arange(len(block)) * width, sizes), times)
        return np.bincount(cells, minlength=len(block) * width).reshape(-1, width)

    @cached_property
    def _columns(self) -> "tuple[dict[Token, int], _Numbers, _Numbers, _Numbers]":
        """Return each token's number, and by number how many units hold it and where they stand.

        The number after the last is that of a token which no unit holds.
        """
        import numpy as np

        numbers = {token: number for number, token in enumerate(self.holders)}
        counts = np.array([*map(len, self.holders.values()), 0], np.intp)
        held = np.fromiter(chain.from_iterable(self.holders.values()), np.intp)
        return numbers, counts, np.cumsum(counts) - counts, held


class References:
    """The references met so far, for a suite's are met again with each model.

    They hold at most *room* characters, or about eighty times as many bytes; then all are
    forgotten.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self._left = self._room
        self._known: dict[tuple[str, ...], Reference] = {}

    def get(self, units: tuple[str, ...]) -> Reference:
        """Return *units* made ready, remembered or not."""
        known = self._known.get(units)
        if known is None:
            known = Reference(units)
            size = sum(map(len, units)) + 10 * len(units)
            if size > self._left:
                self.forget()
            if size <= self._left:
                self._left -= size
                self._known[units] = known
        return known
