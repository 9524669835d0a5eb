"""Student's t: equal to SciPy's, without importing it."""

import pytest
from scipy import stats

from cardboard.board.statistics.t_distribution import critical_t, two_sided


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 49, 50, 302])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.0, 2.0, 4.5, 8.0])
def test_the_tail_is_scipys(t: float, freedom: int) -> None:
    assert two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), abs=1e-13)


@pytest.mark.parametrize("freedom", [1, 2, 5, 49, 302])
@pytest.mark.parametrize("p", [0.5, 0.05, 1e-5, 1e-9])
def test_the_critical_value_is_scipys_down_to_the_smallest_tails_a_board_needs(
    p: float, freedom: int
) -> None:
    assert critical_t(p, freedom) == pytest.approx(stats.t.isf(p / 2, freedom), rel=1e-6)
