"""Marks of tasks: their scores, the field's medians, and drawings that hold no markup of others."""

import html5lib
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.site.source.task_strip import (
    A_ROW,
    Labels,
    drawing,
    marks_of,
    medians_of,
    table_rows,
)
from cardboard.tests.making import a_workspace, measured, some_facts

LABELS = Labels(score="Score", median="Median", unscored="not scored")


def test_a_mark_is_the_mean_of_its_steps_beside_the_median_of_the_field():
    readings = [measured(f"org/{n}", [n / 4] * 2, [0.0] * 2, [1.0] * 2) for n in range(1, 4)]
    board = build_boards(readings, a_workspace()).boards[0]
    first, second, _ = marks_of(board.ranked[0].facts, medians_of(board))
    assert (first.score, first.median, first.steps) == (75.0, 50.0, 2)
    assert (second.score, second.median, second.steps) == (0.0, 0.0, 2)


def test_other_steps_are_no_field():
    readings = [measured("org/a", [1.0], keys="a" * 64), measured("org/b", [0.5], keys="b" * 64)]
    assert medians_of(build_boards(readings, a_workspace()).boards[0]) == {}


def test_no_steps_no_marks():
    assert marks_of(None, {}) == ()
    assert marks_of(replace(some_facts([1.0]), f1_sums=()), {}) == ()


def test_a_task_without_a_scored_step_is_said_to_be():
    facts = replace(some_facts([1.0], [0.5]), steps_per_task=(0, 1), f1_sums=(0, 500_000))
    marks = marks_of(facts, {})
    assert marks[0].score is None
    assert "task-000: not scored" in drawing(marks, LABELS)
    assert "<td>–</td>" in table_rows(marks)


def test_many_tasks_stand_in_several_rows():
    marks = marks_of(some_facts(*([0.5] for _ in range(2 * A_ROW + 1))), {})
    assert drawing(marks, LABELS).count("<svg") == 3


def test_a_tasks_name_is_never_markup():
    facts = replace(some_facts([0.5]), tasks=("<script>harm()</script>",))
    for html in (drawing(marks_of(facts, {}), LABELS), table_rows(marks_of(facts, {}))):
        assert "<script" not in html
        assert "script" in "".join(html5lib.parse(f"<table>{html}</table>").itertext())
