"""Charts: what is drawn of a board, what is on the line of the best, and when nothing is drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.workspace.settings import Profile
from cardboard.eval.records import Timing
from cardboard.site.charts import charts as module
from cardboard.site.charts.charts import charts_of
from cardboard.tests.making import a_result, boards_of


def charts(results, **models):
    (board,) = boards_of(*results, models=models).boards
    return {chart.name: chart for chart in charts_of(board)}


def sized(*points):
    """Return the charts of models with these sizes and scores."""
    results = [a_result(f"m{n}", score / 100) for n, (_, score) in enumerate(points)]
    models = {f"m{n}": Profile(parameters=size) for n, (size, _) in enumerate(points)}
    return charts(results, **models)


def labels(points):
    return [point.label for point in points]


def test_on_the_line_are_those_that_nothing_as_small_outscores():
    size = sized((8.0, 50.0), (2.0, 40.0), (8.0, 45.0), (4.0, 30.0), (70.0, 50.0), (1.0, 10.0))
    assert labels(size["size"].front) == ["m5", "m1", "m0"]


@given(
    st.lists(
        st.tuples(st.integers(1, 20).map(float), st.integers(0, 20).map(float)),
        min_size=2,
        max_size=12,
    )
)
def test_nobody_beats_a_model_on_the_line_and_everybody_else_is_beaten(points):
    size = sized(*points)["size"]
    for one in size.points:
        beaten = any(
            other.x <= one.x and other.score >= one.score and other.label != one.label
            for other in size.points
        )
        better = any(other.x <= one.x and other.score > one.score for other in size.points)
        assert beaten or one.best
        assert not (one.best and better)


def test_fast_models_make_the_line_of_speed():
    results = [
        a_result(name, f1, timing=Timing(seconds_per_step=seconds))
        for name, f1, seconds in (("slow", 0.5, 2.0), ("fast", 0.4, 0.1), ("neither", 0.3, 0.5))
    ]
    assert labels(charts(results)["speed"].front) == ["fast", "slow"]


def test_a_figure_that_is_unknown_is_no_point_and_never_zero():
    results = [
        a_result("a", 0.5, timing=Timing(seconds_per_step=0.0)),
        a_result("b", 0.4, timing=Timing(seconds_per_step=1.0)),
        a_result("c", 0.3),
    ]
    speed = charts(results)["speed"]
    assert labels(speed.points) == ["b"], "no logarithm of 0"
    assert (speed.known, speed.ranked, speed.shown) == (1, 3, False)


def test_time_goes_by_the_day_of_the_evaluation_and_takes_two_days():
    days = ("2026-03-01T10:00:00Z", "2026-03-01T23:59:59Z", "2026-04-10T00:00:00Z")
    results = [
        a_result(name, f1, finished_at=day)
        for name, f1, day in zip("abc", (0.4, 0.5, 0.45), days, strict=True)
    ]
    time = charts(results)["time"]
    assert labels(time.front) == ["b"], "whoever came later is on the line only if it is better"
    assert (time.known, time.shown) == (3, True)
    assert not charts(results[:2])["time"].shown


def test_the_families_with_most_models_have_a_colour():
    models = {f"m{n}": Profile(family=f"f{n % 10 if n < 10 else 9}") for n in range(12)}
    size = charts([a_result(f"m{n}") for n in range(12)], **models)["size"]
    assert size.families == ("f9", "f0", "f1", "f2", "f3", "f4", "f5", "f6")


def test_a_size_that_was_read_from_the_name_is_marked():
    size = charts(
        [a_result("org/model-7B"), a_result("org/known")], **{"org/known": Profile(parameters=3.0)}
    )["size"]
    assert {point.label: point.guessed for point in size.points} == {
        "org/model-7B": True,
        "org/known": False,
    }


def test_unranked_results_are_not_drawn():
    cut = a_result("cut", 0.9, status="failed", error="no")
    assert labels(charts([a_result("a"), a_result("b"), cut])["valid_json_pct"].points) == [
        "a",
        "b",
    ]


def test_of_a_large_board_the_line_and_the_best_are_drawn(monkeypatch):
    monkeypatch.setattr(module, "MOST", 5)
    size = sized(*((float(20 - n), 90.0 - n) for n in range(10)), (0.5, 1.0))["size"]
    assert size.known == 11
    assert len(size.points) == 5
    assert len(size.front) == 5, "the line is drawn before anything else"


@pytest.fixture
def sweep():
    """Return the charts of a run of three epochs, one of them measured twice, and its base."""
    results = [
        a_result(name, f1)
        for name, f1 in (("base", 0.2), ("e1", 0.3), ("e2", 0.25), ("e2b", 0.5), ("e3", 0.4))
    ]
    run = {
        name: Profile(series="run", epoch=float(name[1]), base_model="BASE", parameters=1.0)
        for name in ("e1", "e2", "e2b", "e3")
    }
    return charts(results, base=Profile(), **run)


def test_a_run_goes_by_its_epochs_with_the_best_checkpoint_of_each(sweep):
    (line,) = sweep["epochs"].lines
    assert line.label == "run"
    assert [(point.x, point.score) for point in line.points] == [(1, 30), (2, 50), (3, 40)]
    assert line.gain == 10


def test_without_runs_there_are_no_slopes():
    found = charts([a_result("a"), a_result("b")], a=Profile(base_model="a", series="s", epoch=1))
    assert not found["epochs"].shown
