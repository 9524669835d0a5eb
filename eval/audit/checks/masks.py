"""Assistant-only masks, token by token: what is covered, and what should be."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from .cases import shown

Span = tuple[int, int]


class Turn(Struct, frozen=True):
    """Where a model's turn stands in a text, in characters."""

    opens: int
    """From here on the model writes: after the generation prompt."""
    start: int
    """Here its words begin; what it writes before may be covered or not."""
    end: int
    """Here they end, the mark that ends the turn included."""
    begins: int | None = None
    """Where the model's turn is opened, before `opens`: of the prompt, but of no other turn."""
    last: int | None = None
    """Up to here nothing of another turn stands; by default up to `end`."""


class Fault(Struct, frozen=True):
    """What is wrong with a mask, with the words that show it."""

    kind: Literal["misses", "covers", "head", "wide"]
    """`wide` where it covers no more than blanks beside answers, `head` how turns are opened."""
    text: str


def letters(text: str) -> list[Span]:
    """Return *text* letter by letter, where nobody knows its tokens."""
    return [(place, place + 1) for place in range(len(text))]


def covered(spans: Iterable[Span], cells: Sequence[Span]) -> set[int]:
    """Return the places of those *cells* (tokens in order, by their spans) that *spans* touch."""
    starts, ends = [cell[0] for cell in cells], [cell[1] for cell in cells]
    places: set[int] = set()
    for start, end in spans:
        if start < end:
            places.update(range(bisect_right(ends, start), bisect_left(starts, end)))
    return places


def fault(
    text: str, masked: set[int], cells: Sequence[Span], turns: Sequence[Turn]
) -> Fault | None:
    """Return the first fault of a mask that covers the *masked* of *cells*; `None` for a right one.

    It has to cover the words of every turn and the mark at its end, and nothing beside.
    """
    wanted = covered(((turn.start, turn.end) for turn in turns), cells)
    allowed = covered(((turn.opens, turn.start) for turn in turns), cells)
    heads = covered(((turn.begins or turn.opens, turn.opens) for turn in turns), cells) - allowed
    tails = covered(((turn.end, turn.last or turn.end) for turn in turns), cells) - wanted
    extra = masked - wanted - allowed
    missing, foreign = sorted(wanted - masked), sorted(extra - heads - tails)
    if missing:
        return Fault("misses", _run(text, cells, missing))
    if _written(text, cells, foreign):
        return Fault("covers", _run(text, cells, foreign))
    if _written(text, cells, head := sorted(extra & heads - tails)):
        return Fault("head", _run(text, cells, head))
    blank = [place for place in sorted(extra) if not _written(text, cells, [place])]
    return Fault("wide", _run(text, cells, blank)) if blank else None


def _written(text: str, cells: Sequence[Span], places: Sequence[int]) -> bool:
    """Tell whether there is more than blanks at *places*."""
    return any(text[slice(*cells[place])].strip() for place in places)


def _run(text: str, cells: Sequence[Span], places: Sequence[int]) -> str:
    """Return the text of the first unbroken run of *places*."""
    last = places[0]
    for place in places[1:]:
        if place != last + 1:
            break
        last = place
    return shown(text[cells[places[0]][0] : cells[last][1]])
