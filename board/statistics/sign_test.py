"""Two things preferred one to the other again and again: the exact sign test, with its interval."""

from collections.abc import Callable
from math import comb, fsum

from msgspec import Struct

from .tasks import LEVEL

_HALVINGS = 60
"""Of the range in which an end of an interval lies: more change no digit."""


class SignTest(Struct, frozen=True, kw_only=True):
    """How often the first of two was preferred, of all that were not ties."""

    won: int
    lost: int
    tied: int
    share: float | None
    """Of those that were won or lost; `None` where there are none."""
    low: float
    """95 % interval of the share after Clopper and Pearson (1934, Biometrika 26, 404-413)."""
    high: float
    p: float
    """Two-sided: the chance of so uneven a split, or a more uneven one, of two that are alike."""


def sign_test(won: int, lost: int, tied: int = 0) -> SignTest:
    """Test whether one of two is preferred, from how often each was.

    Ties say nothing and are left out (Dixon and Mood 1946, JASA 41, 557-566). Test and interval are
    exact, and agree: p is below 0.05 just where the interval leaves out one half.
    """
    n = won + lost
    below = _end(n, won, lambda share: _at_least(n, won, share)) if won else 0.0
    above = 1 - _end(n, lost, lambda share: _at_least(n, lost, share)) if lost else 1.0
    return SignTest(
        won=won,
        lost=lost,
        tied=tied,
        share=won / n if n else None,
        low=below,
        high=above,
        p=min(1.0, 2 * _at_least(n, max(won, lost), 0.5)) if n else 1.0,
    )


def _at_least(n: int, k: int, share: float) -> float:
    """Return the chance of *k* or more successes in *n* trials."""
    return fsum(comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1))


def _end(n: int, k: int, chance: Callable[[float], float]) -> float:
    """Return the share at which *chance*, which grows with it, is that of one end."""
    low, high = 0.0, k / n
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if chance(middle) < (1 - LEVEL) / 2:
            low = middle
        else:
            high = middle
    return low
