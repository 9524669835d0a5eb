"""All pairs by sign flips: what is told apart, what never is, and how often it errs."""

import math
from functools import partial

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardboard.board import workers
from cardboard.board.statistics import maxima, pairs, sign_flips
from cardboard.board.statistics.pairs import Pairs
from cardboard.board.statistics.sign_flips import Apart, signs, told_apart
from cardboard.board.statistics.tasks import MICROPOINTS, Floats, Ints, Tasks, clustering
from cardboard.tests.simulated import Shape, Sizes, Steps, board, sizes

UNEQUAL = sizes(50, "unequal")
EVEN = np.full(50, 8)


def apart(sums: Ints, steps: Steps, seed: str = "mini", flips: int = 499) -> Apart:
    return told_apart(Tasks.of(seed, steps), sums, flips=flips)


def by_the_book(one: Ints, other: Ints, steps: Steps) -> tuple[float, float]:
    """Return the guarded statistic and the lead of one pair, straight from the formulas."""
    tasks, count = Tasks.of("book", steps), len(steps)
    d: Floats = (one - other) / MICROPOINTS
    total, square = d.sum(), (d * d).sum()
    if square == 0:
        return 0.0, 0.0
    value = total * total / square
    r = d - total * steps / steps.sum()
    second = (r * r).sum()
    if second > 1e-9:
        t = abs(total) / math.sqrt(second * tasks.kish / (tasks.kish - 1))
        skew = np.sign(total) * (r**3).sum() / second**1.5
        skew = min(skew + 4 * math.sqrt(6) / count, 0)
        bent = t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6
        factor = min(max(bent / t, 0), 1) if t > 0 else 1.0
        of_t = (count - 1) * value / (count - value) * factor**2
        value = count * of_t / (count - 1 + of_t) if factor < 1 else value
    rho = clustering(np.vstack([one, other]), tasks).max()
    return value, abs(total) / (tasks.largest * rho)


@pytest.mark.parametrize("shape", ["f1", "0/1", "mix"])
def test_the_statistics_of_blocks_are_those_of_the_formulas(shape: Shape) -> None:
    sums = board(np.full(12, 0.3), UNEQUAL, 3, shape)
    _, value, lead = Pairs(Tasks.of("book", UNEQUAL), sums).judged(slice(0, 12), slice(0, 12))
    for i in range(12):
        for j in range(12):
            book = by_the_book(sums[i], sums[j], UNEQUAL)
            assert value[i, j] == pytest.approx(book[0], rel=1e-3, abs=1e-3)
            assert lead[i, j] == pytest.approx(book[1], rel=1e-4, abs=1e-4)


def test_the_critical_value_is_the_largest_statistic_under_flipped_signs() -> None:
    """By hand, for eight tasks, of which all 127 other vectors of signs are counted."""
    steps = np.full(8, 100)
    sums = board(np.linspace(0.9, 0.1, 5), steps, 2)
    pairs = [(i, j) for i in range(5) for j in range(i)]
    d = np.array([sums[i] - sums[j] for i, j in pairs]) / MICROPOINTS
    maxima = []
    for number in range(1, 128):
        flips = np.array([1, *(1 - 2 * (number >> bit & 1) for bit in range(7))])
        maxima.append(((d * flips).sum(axis=1) ** 2 / (d * d).sum(axis=1)).max())
    first = sorted(maxima)[-6]
    found = apart(sums, steps)
    assert found.critical is not None
    assert found.critical <= first * (1 + 1e-6)


@pytest.mark.parametrize(
    ("shape", "mean", "tasks", "kind", "most"),
    [
        ("f1", 0.4, 50, "unequal", 6),
        ("f1", 0.4, 50, "dominating", 3),
        ("0/1", 0.1, 50, "unequal", 5),
        ("mix", 0.1, 50, "equal", 6),
        ("mix", 0.1, 200, "unequal", 6),
        ("mix", 0.04, 10, "equal", 0),
    ],
)
def test_equal_models_are_seldom_told_apart(
    shape: Shape, mean: float, tasks: int, kind: Sizes, most: int
) -> None:
    """50 boards of 20 models, of which 2 or 3 may err; `make bench` takes 400."""
    steps = sizes(tasks, kind)
    boards = (board(np.full(20, mean), steps, seed, shape) for seed in range(50))
    assert sum(apart(sums, steps, str(n)).worse.any() for n, sums in enumerate(boards)) <= most


def test_models_that_differ_are_told_apart_and_never_the_wrong_way_round() -> None:
    """30 models from 60 points down to 10, 100 tasks; their own ranges are the narrower ones."""
    steps, joint, own = sizes(100, "unequal"), 0, 0
    for seed in range(5):
        found = apart(board(np.linspace(0.6, 0.1, 30), steps, seed, "f1"), steps)
        assert (found.better <= np.arange(30)).all()
        assert (found.worse <= np.arange(30)[::-1]).all()
        joint, own = joint + found.worse.sum(), own + found.own_worse.sum()
    assert 0.6 < joint / (5 * 435) < 0.75
    assert own > 1.03 * joint


@pytest.mark.parametrize(("tasks", "told"), [(5, False), (6, True)])
def test_six_tasks_are_the_fewest_that_can_tell(tasks: int, told: bool) -> None:
    """With five, one of 16 sign vectors is the observed one: 1/16 > 0.05 > 1/32."""
    steps = np.full(tasks, 1_000)
    found = apart(np.array([[1_000] * tasks, [0] * tasks]) * MICROPOINTS, steps)
    assert bool(found.worse.any()) is told
    assert (found.critical is not None) is told


def test_twins_are_never_told_apart() -> None:
    twins = np.repeat(board(np.array([0.6, 0.2]), EVEN, 1), 2, axis=0)
    found = apart(twins, EVEN)
    assert found.better.tolist() == [0, 0, 2, 2]
    assert found.run.tolist() == [1, 0, 1, 0]


def test_a_success_that_nobody_has_seen_yet_is_no_difference() -> None:
    """One model earns a twentieth everywhere, the other nothing: all differences point one way."""
    sums = np.vstack([EVEN * 50_000, EVEN * 0])
    assert not apart(sums, EVEN).worse.any()
    assert apart(np.vstack([EVEN * 600_000, EVEN * 0]), EVEN).worse.any()
    assert told_apart(Tasks.of("no bounds", EVEN), sums, bounded=False).worse.any()


def test_what_would_not_print_is_no_difference() -> None:
    """A suite so large that its test would see less than 0.01 points."""
    steps = np.ones(40_000, np.int64)
    sums = np.full((2, 40_000), 500_000)
    sums[1] -= 90
    assert not apart(sums, steps, flips=99).worse.any()
    assert apart(np.vstack([sums[0], sums[0] - 4_000]), steps, flips=99).worse.any()


def test_a_run_ends_before_the_first_that_is_told_apart() -> None:
    sums = board(np.linspace(0.6, 0.1, 30), UNEQUAL, 1)
    sums = sums[np.argsort(-sums.sum(axis=1), kind="stable")]
    found, pairs = apart(sums, UNEQUAL), Pairs(Tasks.of("mini", UNEQUAL), sums)
    _, value, lead = pairs.judged(slice(0, 30), slice(0, 30))
    assert found.critical is not None
    told = (value > found.critical) & (lead >= found.lead)
    for place, run in enumerate(found.run.tolist()):
        assert not told[place, place : place + run + 1].any()
        assert place + run + 1 == 30 or told[place, place + run + 1]


def test_the_blocks_of_a_large_board_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = board(np.linspace(0.6, 0.1, 70), UNEQUAL, 1)
    whole = apart(sums, UNEQUAL)
    monkeypatch.setattr(pairs, "_BLOCK", 16)
    monkeypatch.setattr(pairs, "_STRIPE", 9)
    monkeypatch.setattr(sign_flips, "_SIGNS", 1_000)
    parts = apart(sums, UNEQUAL)
    for name in ("better", "worse", "own_better", "own_worse", "run"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
    assert parts.critical == whole.critical


SCORES = st.sampled_from([0, 1, 250_000, 333_333, 333_334, 999_999, MICROPOINTS])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 14).flatmap(
        lambda models: st.lists(
            st.lists(SCORES, min_size=14, max_size=14), min_size=models, max_size=models
        )
    ),
    st.sampled_from([(1,) * 14, (1, 2, 40) + (3,) * 11]),
    st.sampled_from([1.0, 8.0]),
)
def test_looking_first_with_half_the_digits_changes_nothing(
    scores: list[list[int]], steps: tuple[int, ...], spoilt: float
) -> None:
    """Even where models are alike, or the same, to the last digit."""
    sums = np.array(scores, np.int64) * np.array(steps)
    sums = sums[np.argsort(-sums.sum(axis=1), kind="stable")]
    found = []
    for least in (1_000, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sign_flips, "SCREENED", least)
            patch.setattr(maxima, "_ALIKE", maxima._ALIKE / spoilt)
            found.append(apart(sums, np.array(steps), flips=199))
    plain, screened = found
    for name in ("better", "worse", "own_better", "own_worse", "run"):
        assert getattr(screened, name).tolist() == getattr(plain, name).tolist()
    assert screened.critical == plain.critical


@pytest.mark.parametrize("shape", ["f1", "0/1", "mix"])
def test_critical_values_are_the_same_to_the_last_bit_on_a_board_of_many(shape: Shape) -> None:
    sums = board(np.linspace(0.6, 0.1, 60), UNEQUAL, 5, shape)
    sums[7], sums[8, :1] = sums[6], sums[8, :1] + 1
    pairs = Pairs(Tasks.of("many", UNEQUAL), sums)
    flipped = np.hstack([pairs.numbers @ some.T for some in signs(50, 499, "many")])
    every, own = maxima.maxima(pairs, flipped)
    bounds, critical, critical_of_each = maxima.screened(pairs, flipped, 25)
    assert critical == np.sort(every)[-25]
    assert critical_of_each.tolist() == np.sort(own, axis=1)[:, -25].tolist()
    assert (bounds >= every).all()
    assert (bounds <= 1.01 * every + 0.01).all()


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("shape", ["f1", "0/1", "mix"])
def test_so_they_are_where_only_models_far_out_are_looked_at_first(
    shape: Shape, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = board(np.linspace(0.6, 0.1, 301), UNEQUAL, 5, shape)
    sums[7], sums[8, :1] = sums[6], sums[8, :1] + 1
    pairs = Pairs(Tasks.of("many", UNEQUAL), sums)
    flipped = np.hstack([pairs.numbers @ some.T for some in signs(50, 199, "many")])
    every, own = maxima.maxima(pairs, flipped)
    monkeypatch.setattr(maxima, "MANY_MODELS", 10)
    monkeypatch.setattr(maxima, "forks", lambda: parts)
    monkeypatch.setattr(workers, "processors", lambda: parts)
    bounds, critical, critical_of_each = maxima.screened(pairs, flipped, 10)
    assert critical == np.sort(every)[-10]
    assert critical_of_each.tolist() == np.sort(own, axis=1)[:, -10].tolist()
    assert (bounds >= every).all()


def test_all_processors_together_count_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = board(np.linspace(0.6, 0.1, 600), UNEQUAL, 4)
    found = []
    for part in (pairs, maxima, sign_flips):
        monkeypatch.setattr(part, "MANY_MODELS", 10)
    for parts in (1, 3):
        for module, name in ((maxima, "forks"), (sign_flips, "forks"), (workers, "processors")):
            monkeypatch.setattr(module, name, partial(int, parts))
        found.append(msgspec.structs.asdict(apart(sums, UNEQUAL, flips=199)))
    one, several = found
    assert one.keys() == several.keys()
    for name, value in one.items():
        assert np.array_equal(several[name], value), name
    assert one["better"].sum() > 0


def test_a_board_of_very_many_models_is_tested_in_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer signs, and in one step, it finds no more than the whole test."""
    sums = board(np.linspace(0.6, 0.1, 40), UNEQUAL, 1)
    whole = apart(sums, UNEQUAL)
    for part in (pairs, maxima, sign_flips):
        monkeypatch.setattr(part, "MANY_MODELS", 10)
    few = apart(sums, UNEQUAL, flips=199)
    assert 0.8 * whole.worse.sum() < few.worse.sum() <= 1.1 * whole.worse.sum()


@settings(max_examples=10)
@given(st.permutations(range(12)))
def test_order_changes_nothing(order: list[int]) -> None:
    sums = board(np.linspace(0.8, 0.2, 12), EVEN[:20], 3)
    one, other = apart(sums, EVEN[:20]), apart(sums[order], EVEN[:20])
    assert one.better[order].tolist() == other.better.tolist()
    assert one.own_worse[order].tolist() == other.own_worse.tolist()
    assert one.better.sum() == one.worse.sum() > 0


def test_signs_are_half_and_half_and_all_of_them_where_tasks_are_few() -> None:
    drawn = np.vstack(list(signs(50, 999, "mini")))
    assert drawn.shape == (999, 50)
    assert abs(drawn.mean()) < 0.02
    every = np.vstack(list(signs(6, 31, "mini")))
    assert len({tuple(row) for row in every.tolist()}) == 31
    assert (every[:, 0] == 1).all()
    assert (every.sum(axis=1) < 6).all(), "the observed signs are counted by themselves"
