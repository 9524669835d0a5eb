"""Rank intervals, odds of a place and duels: the board's own rule, applied to every draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.statistics import rank_odds as rankodds
from cardboard.board.statistics.rank_odds import TOPS, duels, rank_odds
from cardboard.board.statistics.resampling import MICROPOINTS, NORMAL, Ints, resample
from cardboard.tests.simulated import board

STEPS = np.arange(1, 21) % 6 + 1
DRAWS = resample("mini", STEPS, draws=500)


def a_board(models: int = 12) -> Ints:
    """Simulate a board whose models lie three points apart."""
    return board(np.linspace(0.5, 0.2, models), STEPS, seed=4)


def test_every_draw_is_ranked_as_the_board_ranks() -> None:
    """By hand: print each draw's scores with two decimals, count the strictly higher ones."""
    sums = a_board()
    ranks: list[list[int]] = [[] for _ in sums]
    for weights, size in zip(DRAWS.weights, DRAWS.sizes, strict=True):
        scores = [round(100 * float(weights @ row) / (size * MICROPOINTS), 2) for row in sums]
        for model, score in enumerate(scores):
            ranks[model].append(1 + sum(other > score for other in scores))
    skipped = int(NORMAL.cdf(-DRAWS.reach) * 500)
    found = rank_odds(DRAWS, sums)
    assert found is not None
    for model, taken in enumerate(ranks):
        low, high = sorted(taken)[skipped], sorted(taken)[-1 - skipped]
        assert (found[model].low, found[model].high) == (low, high)
        shares = {top: round(sum(rank <= top for rank in taken) / 500, 3) for top in TOPS}
        assert found[model].top == shares


def test_scores_that_print_the_same_share_a_rank_though_their_sums_differ() -> None:
    steps = np.full(20, 1)
    sums = np.full((3, 20), 500_000)
    sums[1] += 3
    sums[2] -= 400
    found = rank_odds(resample("mini", steps, draws=100), sums)
    assert found is not None
    assert [(one.low, one.high) for one in found] == [(1, 1), (1, 1), (3, 3)]


def test_identical_runs_rank_together_and_neither_beats_the_other() -> None:
    sums = np.repeat(a_board(4), 2, axis=0)
    found = rank_odds(DRAWS, sums)
    assert found is not None
    assert found[::2] == found[1::2]
    assert duels(DRAWS, sums, [(0, 1), (1, 0)]) == [0, 0]


def test_a_duel_and_its_return_leave_only_the_draws_that_print_level() -> None:
    sums = a_board()
    pairs = [(i, j) for i in range(12) for j in range(12) if i != j]
    shares = dict(zip(pairs, duels(DRAWS, sums, pairs), strict=True))
    assert all(shares[i, j] + shares[j, i] <= 1 for i, j in pairs)
    assert shares[0, 11] > 0.9
    ahead = (DRAWS.weights @ sums[3] > DRAWS.weights @ sums[4]).mean()
    assert shares[3, 4] == pytest.approx(ahead, abs=0.02)


def test_a_large_board_takes_fewer_draws_and_says_nearly_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sums, draws = a_board(), resample("mini", STEPS)
    whole = rank_odds(draws, sums)
    monkeypatch.setattr(rankodds, "_CELLS", 2_000 * len(sums))
    assert rank_odds(draws, sums) == rank_odds(resample("mini", STEPS, draws=2_000), sums)
    fewer = rank_odds(draws, sums)
    assert whole is not None
    assert fewer is not None
    for one, other in zip(whole, fewer, strict=True):
        assert abs(one.low - other.low) <= 1
        assert abs(one.top[3] - other.top[3]) < 0.06


def test_no_models_have_no_ranks() -> None:
    assert rank_odds(DRAWS, a_board()[:0]) == []


def test_too_few_tasks_have_no_odds() -> None:
    assert rank_odds(resample("few", [9] * 5), np.ones((2, 5), np.int64)) is None


@given(st.permutations(range(12)))
def test_the_order_of_the_models_does_not_matter(order: list[int]) -> None:
    sums = a_board()
    found, shuffled = rank_odds(DRAWS, sums), rank_odds(DRAWS, sums[order])
    assert found is not None
    assert shuffled == [found[at] for at in order]
