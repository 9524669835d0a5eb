"""Charts that are lists: gains over base models, open ranks, groups by model."""

from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.workspace.settings import Profile
from cardboard.eval import records
from cardboard.site.charts import lists
from cardboard.site.charts.lists import gains_of, heats_of, ranges_of
from cardboard.tests.making import SUITE, a_result, a_workspace, boards_of, measured

TASKS = [[0.9, 0.8], [0.7, 0.6], [0.6, 0.5], [0.5, 0.4], [0.4, 0.3], [0.2, 0.1]]


def a_measured_board():
    """Return a board of a base model, a fine-tune that is better on every task, and one alike."""
    suite = replace(SUITE, steps=12, tasks=6)
    models = {name: Profile(base_model="base") for name in ("better", "alike")}
    readings = [
        measured(name, *[[one + by for one in task] for task in TASKS])
        for name, by in (("base", 0.0), ("better", 0.1), ("alike", 0.0))
    ]
    (board,) = build_boards(readings, a_workspace(suites=(suite,), models=models)).boards
    return board


def test_where_steps_are_held_the_difference_has_its_paired_interval():
    found = {one.label: one for one in gains_of(a_measured_board())[0]}
    better, alike = found["better"], found["alike"]
    assert better.low is not None
    assert better.low <= better.difference <= better.high
    assert (alike.difference, alike.apart) == (0.0, False)


def test_ranks_are_open_only_where_they_were_tested():
    (plain,) = boards_of(a_result("a"), a_result("b", 0.4)).boards
    assert ranges_of(plain) == ()
    for one in ranges_of(a_measured_board()):
        assert 1 <= one.low <= one.high <= 3


def a_divided(name, **parts):
    by_place = {
        part: records.Group(steps=6 // len(parts), metrics={"command_f1": f1})
        for part, f1 in parts.items()
    }
    return a_result(name, sum(parts.values()) / len(parts), divisions={"by_bucket": by_place})


def test_a_heat_map_has_every_group_of_the_best_entries_and_gaps_where_one_is_missing():
    (board,) = boards_of(
        a_divided("a", early=0.5, late=0.4), a_divided("b", early=0.3), a_result("c")
    ).boards
    (heat,) = heats_of(board)
    assert (heat.division, heat.groups, heat.more) == ("by_bucket", ("early", "late"), False)
    assert {label: values for label, _, values in heat.rows} == {
        "a": (0.5, 0.4),
        "b": (0.3, None),
    }


def test_one_entry_or_one_group_is_no_map():
    (alone,) = boards_of(a_divided("a", early=0.5, late=0.4), a_result("c")).boards
    (one,) = boards_of(a_divided("a", early=0.5), a_divided("b", early=0.5)).boards
    assert heats_of(alone) == heats_of(one) == ()


def test_a_fine_tune_stands_beside_its_base_model_whatever_the_case_of_the_name():
    models = {name: Profile(base_model="BASE") for name in ("up", "down", "most")}
    results = [
        a_result(n, f) for n, f in (("base", 0.4), ("up", 0.5), ("down", 0.1), ("most", 0.9))
    ]
    (board,) = boards_of(*results, models={"base": Profile(base_model="base"), **models}).boards
    found, known = gains_of(board)
    assert known == 3, "nobody is the base of itself"
    assert [(one.label, one.difference) for one in found] == [
        ("most", 50.0),
        ("up", 10.0),
        ("down", -30.0),
    ]
    assert {(one.base, one.base_score, one.low) for one in found} == {("base", 40.0, None)}


def test_of_many_both_ends_are_shown(monkeypatch):
    monkeypatch.setattr(lists, "MOST_GAINS", 4)
    results = [a_result("base", 0.1), *(a_result(f"m{n}", n / 10) for n in range(2, 9))]
    models = {f"m{n}": Profile(base_model="base") for n in range(2, 9)}
    (board,) = boards_of(*results, models=models).boards
    found, known = gains_of(board)
    assert ([one.label for one in found], known) == (["m8", "m7", "m3", "m2"], 7)
