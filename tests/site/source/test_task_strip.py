"""Marks of tasks: their scores, the field's medians, and drawings that hold no markup of others."""

import html5lib
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.site.source.task_strip import (
    A_ROW,
    drawing,
    medians_of,
    strip_of,
    table_rows,
    title_of,
)
from cardboard.tests.making import SUITE, a_workspace, measured, some_facts

METRIC = SUITE.ranked


def test_a_mark_is_the_mean_of_its_steps_beside_the_median_of_the_field():
    readings = [measured(f"org/{n}", [n / 4] * 2, [0.0] * 2, [1.0] * 2) for n in range(1, 4)]
    board = build_boards(readings, a_workspace()).boards[0]
    first, second, _ = strip_of(board.ranked[0].facts, METRIC, medians_of(board)).marks
    assert (first.score, first.median, first.steps) == (75.0, 50.0, 2)
    assert (second.score, second.median, second.steps) == (0.0, 0.0, 2)


def test_other_steps_are_no_field():
    readings = [measured("org/a", [1.0], keys="a" * 64), measured("org/b", [0.5], keys="b" * 64)]
    assert medians_of(build_boards(readings, a_workspace()).boards[0]) == {}


def test_no_steps_no_marks():
    assert strip_of(None, METRIC, {}).marks == ()
    assert strip_of(replace(some_facts([1.0]), sums={}), METRIC, {}).marks == ()


def test_a_task_without_a_scored_step_is_said_to_be():
    facts = replace(
        some_facts([1.0], [0.5]), steps_per_task=(0, 1), sums={"command_f1": (0, 500_000)}
    )
    strip = strip_of(facts, METRIC, {})
    assert strip.marks[0].score is None
    assert drawing(strip).count("v-") == 1
    assert "<td>0<td>–<td>–" in table_rows(strip, title_of)


def test_many_tasks_stand_in_several_rows():
    strip = strip_of(some_facts(*([0.5] for _ in range(2 * A_ROW + 1))), METRIC, {})
    assert drawing(strip).count("<svg") == 3


def test_a_tasks_name_is_never_markup():
    facts = replace(some_facts([0.5]), tasks=("<script>harm()</script>",))
    strip = strip_of(facts, METRIC, {})
    for html in (drawing(strip), table_rows(strip, title_of)):
        assert "<script" not in html
    assert "script" in "".join(html5lib.parse(f"<table>{html}</table>").itertext())
