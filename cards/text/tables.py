"""The rows of a card's tables, in one language; there are many of them, so no template does it."""

from collections.abc import Callable, Iterable, Sequence

from ..readme.markdown import Safe, code, codes
from .evidence import Recorded, Row
from .sheets import Division, Figure

_NOTHING = "–"


class Tables:
    """Make rows, one a line and without a newline at the end.

    Names and recorded values are strangers'; figures are numbers in our own print and safe.
    """

    def __init__(self, said: Callable[..., Safe]) -> None:
        """Take the function that says a message of the catalogue."""
        self._said, self._unknown = said, said("card.not-recorded")

    def figures(self, figures: Sequence[Figure], ranked: bool) -> Safe:
        """Return a row for each metric: its value, and the median where the result is *ranked*."""
        said, unknown = self._said, self._unknown
        rows = [f"| {said(key)} | {value or unknown} |" for key, value, _ in figures]
        if ranked:
            medians = [figure.median or _NOTHING for figure in figures]
            rows = [f"{row} {median} |" for row, median in zip(rows, medians, strict=True)]
        return Safe("\n".join(rows))

    def parts(self, division: Division) -> Safe:
        """Return a row for each part of the steps: how many they are, and their F1."""
        if division.key == "by_bucket":
            names = [self._said(f"bucket.{part.name}") for part in division.parts]
        else:
            names = [code(part.name) for part in division.parts]
        rows = [
            f"| {name} | {part.steps} | {part.f1 or _NOTHING} |"
            for name, part in zip(names, division.parts, strict=True)
        ]
        return Safe("\n".join(rows))

    def recorded(self, what: Recorded) -> Safe:
        """Return a table of what was recorded, and a sentence on what was not; each may be none."""
        parts = []
        if what.rows:
            heads = f"| {self._said('card.setting')} | {self._said('card.value')} |"
            parts.append(f"{heads}\n|---|---|\n{self.rows(what.rows)}\n")
        if what.missing:
            parts.append(f"{self._said('card.missing', names=codes(what.missing))}\n")
        return Safe("\n".join(parts))

    def rows(self, rows: Iterable[Row]) -> Safe:
        """Return a row for each recorded value."""
        named = [(self._said(key) if key else code(name), value) for key, name, value in rows]
        return Safe("\n".join([f"| {name} | {code(value)} |" for name, value in named]))
