"""Rank ranges and tie groups from the paired tests of all pairs of models."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from .all_pairs import Contrasts, Correction, contrasts, decide
from .tasks import Ints, Tasks, printed_means


class RankRange(Struct, frozen=True, kw_only=True):
    """The ranks that the paired tests leave open to a model."""

    low: int
    """1 + number of models that are significantly better."""
    high: int
    """Number of entries - number of models that are significantly worse."""
    group: int
    """Tie group, 1 for the top one: no member is separable from the group's *first* member. Two
    members may well be separable from each other, and a member from none of a later group."""


class RankRanges(Struct, frozen=True, kw_only=True):
    """All rank ranges of a board, in the order of the rows given, and the test behind them."""

    ranges: tuple[RankRange, ...]
    correction: Correction
    pairs: int
    separable: int
    """Pairs that the test tells apart."""
    critical: float | None
    """The |t| that a pair must exceed; `None` when the suite has too few tasks for a test."""


def rank_ranges(
    tasks: Tasks, sums: Ints, correction: Correction = "holm", unmeasured: int = 0
) -> RankRanges:
    """Test every pair of models over the suite's tasks and return what ranks stay open.

    *sums* [models, tasks] in micro-points, rows in the board's display order (ties of the printed
    score keep it). *unmeasured* counts ranked entries without per-step data: nothing is known of
    where they belong, so each widens every range.

    The test of a pair is t = difference / SE with SE clustered by task (Miller 2024, arXiv
    2411.00640, sections 2.2 and 4.2) and the small-sample factor sqrt(n / (n - 1)), against
    Student's t with n - 1 degrees of freedom, n the effective tasks, two-sided, at 5 % for the
    whole board:

    - `holm` (Holm 1979, Scandinavian Journal of Statistics 6, 65-70): the chance of even one false
      separation is at most 5 %, so all ranges together hold the true ranks with at least 95 %.
    - `bh` (Benjamini and Hochberg 1995, JRSS B 57, 289-300): about 5 % of the separations are
      false (under its condition on dependence, unproven for pairs); narrower ranges that may miss.
    - `none`: each pair at 5 %; on a board of N models, hundreds of false separations.

    Models that differ by less than a printed unit (0.01 points) are never separated.
    """
    models = len(sums)
    pairs = models * (models - 1) // 2
    order = np.argsort(-printed_means(tasks, sums), kind="stable")
    better, worse, groups = np.zeros((3, models), np.int64)
    needed = None
    if tasks.comparable:
        all_pairs = contrasts(tasks, sums[order])
        needed, better, worse = decide(all_pairs, tasks.effective - 1, correction)
        groups = _groups(all_pairs, needed)
    lows, highs = 1 + better, models + unmeasured - worse
    ranges = tuple(
        RankRange(low=int(lows[at]), high=int(highs[at]), group=1 + int(groups[at]))
        for at in np.argsort(order)
    )
    separable = int(better.sum())
    return RankRanges(
        ranges=ranges, correction=correction, pairs=pairs, separable=separable, critical=needed
    )


def told_apart(
    tasks: Tasks, sums: Ints, pairs: Sequence[tuple[int, int]], critical: float | None
) -> list[bool]:
    """Return for each pair of rows whether the board's test tells the two apart.

    *critical* is `RankRanges.critical` of the whole board, so that a comparison of two models and
    the board's rank ranges never disagree.
    """
    if critical is None:
        return [False] * len(pairs)
    found = []
    for pair in pairs:
        one_pair = contrasts(tasks, sums[list(pair)])
        found.append(bool(one_pair.apart(critical, slice(0, 1), slice(1, 2))[0, 0]))
    return found


def _groups(all_pairs: Contrasts, needed: float) -> Ints:
    """Walk down the board: the first without a group anchors one; all level with it join.

    Numbered from 0. The rule of SWE-bench.github.io's pull request 60.
    """
    groups = np.zeros(len(all_pairs.totals), np.int64)
    left = np.arange(len(groups))
    number = 0
    while left.size:
        apart = all_pairs.apart(needed, left[:1], left)[0]
        groups[left[~apart]] = number
        left = left[apart]
        number += 1
    return groups
