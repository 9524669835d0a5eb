"""Scales and names of charts: round ticks inside the ends, and names that leave each other room."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.site.charts.charts import Point, Scatter, Slope, Slopes
from cardboard.site.charts.labels import labels, short
from cardboard.site.charts.scales import HEIGHT, WIDTH, across, upward
from cardboard.tests.making import SUITE

SIZES = st.floats(0.001, 2000, allow_nan=False)
DAYS = st.dates(date(1990, 1, 1), date(2050, 1, 1))
SCORES = st.floats(0, 100, allow_nan=False)


def a_scatter(values, *, log=True, best=False):
    points = tuple(
        Point(label=f"org/model-{n}", slug="x", x=x, score=score, best=best)
        for n, (x, score) in enumerate(values)
    )
    return Scatter(
        name="size",
        metric=SUITE.ranked,
        points=points,
        known=len(points),
        ranked=len(points),
        log=log,
    )


@given(st.lists(st.tuples(SIZES, SCORES), min_size=2, max_size=20))
def test_every_point_and_every_tick_lies_on_the_paper(values):
    chart = a_scatter(values)
    for scale, length, told in (
        (across(chart), WIDTH, [x for x, _ in values]),
        (upward(chart), HEIGHT, [score for _, score in values]),
    ):
        for value in (*scale.ticks, *told):
            assert -1e-6 <= scale.at(value) <= length + 1e-6


@given(st.lists(st.tuples(SIZES, SCORES), min_size=2, max_size=20))
def test_no_axis_names_so_many_values_that_they_meet(values):
    for scale in (across(a_scatter(values)), upward(a_scatter(values))):
        places = [scale.at(tick) for tick in scale.ticks]
        assert len(places) <= 14
        assert all(after - before > 12 for before, after in pairwise(places))


def test_scores_reach_from_below_the_lowest_to_above_the_highest():
    assert upward(a_scatter([(1, 48.15), (2, 3.0)])).ticks == (0, 10, 20, 30, 40, 50)
    assert upward(a_scatter([(1, 38.15), (2, 34.0)])).ticks == (33, 34, 35, 36, 37, 38, 39)
    assert upward(a_scatter([(1, 100.0), (2, 3.0)])).high == 100
    assert upward(a_scatter([(1, 0.0), (2, 0.0)])).high > 0
    assert upward(a_scatter([(1, 0.0), (2, 3.7e-32)])).high > 0.5, "nobody sees such a score"


@given(st.lists(DAYS, min_size=2, max_size=5, unique=True))
def test_days_have_round_dates_that_leave_each_other_room(days):
    points = [(float(day.toordinal()), 1.0) for day in days]
    scale = across(replace(a_scatter(points, log=False), name="time"))
    assert len(scale.ticks) == len(scale.texts) <= 9
    assert all(0 <= scale.at(one) <= WIDTH for one in (*scale.ticks, *(x for x, _ in points)))


def test_sizes_are_named_by_1_2_and_5_until_there_are_too_many_decades():
    assert across(a_scatter([(1, 1), (70, 1)])).ticks == (1, 2, 5, 10, 20, 50)
    assert across(a_scatter([(0.001, 1), (1000, 1)])).ticks == (
        0.001,
        0.01,
        0.1,
        1,
        10,
        100,
        1000,
    )


@given(st.lists(st.tuples(SIZES, SCORES), min_size=2, max_size=40))
def test_names_leave_each_other_room_and_stay_on_the_paper(values):
    chart = a_scatter(values, best=True)
    across_, up = across(chart), upward(chart)
    boxes = []
    for one in labels(chart):
        x, y = across_.at(one.x), HEIGHT - up.at(one.y)
        width = 6.4 * len(one.text)
        left = x - 7 - width if one.left else x + 7
        assert left >= 0
        assert left + width <= WIDTH
        assert all(
            abs(y - other_y) >= 13 or left + width <= other_left or other_right <= left
            for other_left, other_right, other_y in boxes
        )
        boxes.append((left, left + width, y))
    assert boxes, "the best is always named"


def test_a_slope_is_named_at_its_end():
    start, end = (Point(label="org/m", slug="m", x=x, score=50.0) for x in (1.0, 2.0))
    chart = Slopes(
        name="epochs",
        metric=SUITE.ranked,
        lines=(Slope(label="a/run", points=(start, end)),),
        known=1,
    )
    (label,) = labels(chart)
    assert (label.text, label.x, label.lift) == ("run", 2.0, 0.0)


def test_a_long_name_keeps_its_end():
    assert short("org/short") == "short"
    told = short("org/gemma-4-26B-A4B-it-Terminal-SFT-Native-Liquid-2Epoch")
    assert told == "gemma-4-26B-A4B-it-Te…-Liquid-2Epoch"
    assert short("a\u202eb\x00c\nd") == "abcd"
