"""The gate on entries of a board: what can be compared, and what two results have in common."""

from cardboard.board.compare.comparison import both
from cardboard.board.compare.gate import hold
from cardboard.board.judge.build import build_boards
from cardboard.board.show.comparison_tables import told
from cardboard.board.workspace.settings import Suite
from cardboard.tests.board.judge.test_resolution import scores
from cardboard.tests.making import a_reading, a_result, a_workspace, measured

SUITE = Suite(name="mini", version="1", steps=40, tasks=20)
COUNTS = type(a_result().counts)(scored=40)


def held(readings, a, b, margin=3.0):
    workspace = a_workspace(suites=(SUITE,))
    (found,) = hold(workspace, both(build_boards(readings, workspace), a, b), None, margin)
    return found


def test_without_steps_two_models_cannot_be_compared_and_the_gate_stays_open():
    bare = a_reading(a_result("org/bare", 0.5, counts=COUNTS))
    found = held([measured("org/base", *scores(0.3)), bare], "org/bare", "org/base")
    assert (found.gate, found.answer) == (None, "open")
    assert "cannot be compared: both need a ranked result with the same steps" in told(found)


def test_a_worse_model_fails_and_a_better_one_passes():
    readings = [measured("org/base", *scores(0.3)), measured("org/new", *scores(0.6, seed=3))]
    assert held(readings, "org/new", "org/base").answer == "passed"
    assert held(readings, "org/base", "org/new").answer == "failed"


def test_what_is_a_little_worse_within_the_margin_passes_with_a_remark():
    lower = [[one - 0.01 for one in task] for task in scores(0.5)]
    readings = [measured("org/base", *scores(0.5)), measured("org/new", *lower)]
    found = held(readings, "org/new", "org/base")
    assert found.answer == "passed"
    said = "at most 1.00 points worse (95 %), 3.00 allowed; worse by some, but within the margin"
    assert said in told(found)
