"""The sign test of one person's preferences: exact, two-sided, with an interval that agrees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from cardboard.board.statistics.sign_test import sign_test

COUNTS = st.integers(0, 120)


@pytest.mark.parametrize(
    ("won", "lost", "p", "low", "high"),
    [
        (7, 3, 0.34375, 0.3475, 0.9333),
        (10, 0, 0.001953125, 0.6915, 1.0),
        (0, 5, 0.0625, 0.0, 0.5218),
        (5, 5, 1.0, 0.1871, 0.8129),
    ],
)
def test_known_splits(won: int, lost: int, p: float, low: float, high: float) -> None:
    found = sign_test(won, lost)
    assert found.p == p
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(COUNTS, COUNTS)
def test_it_is_that_of_scipy(won: int, lost: int) -> None:
    found = sign_test(won, lost)
    if won + lost == 0:
        assert (found.share, found.low, found.high, found.p) == (None, 0.0, 1.0, 1.0)
        return
    other = binomtest(won, won + lost)
    interval = other.proportion_ci(0.95, "exact")
    assert found.p == pytest.approx(other.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-6)


@given(COUNTS, COUNTS)
def test_the_interval_leaves_out_one_half_just_where_p_is_small(won: int, lost: int) -> None:
    found = sign_test(won, lost)
    assert (found.p < 0.05) == (not found.low <= 0.5 <= found.high)


@given(COUNTS, COUNTS, COUNTS)
def test_ties_change_nothing_and_sides_mirror(won: int, lost: int, tied: int) -> None:
    one, other = sign_test(won, lost, tied), sign_test(lost, won)
    assert one.p == other.p
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))
    assert one.tied == tied
