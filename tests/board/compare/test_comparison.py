"""Two models task by task: named pairs, fine-tunes against bases and siblings."""

import pytest

from cardboard.board.compare.comparison import both, compare, family_tree, neighbours
from cardboard.board.judge.build import build_boards
from cardboard.board.show.comparison_tables import pair_tables, verdict
from cardboard.board.workspace.settings import Profile, Suite
from cardboard.eval.errors import UsageError
from cardboard.tests.board.judge.test_resolution import scores
from cardboard.tests.making import a_reading, a_result, a_workspace, measured

SUITE = Suite(name="mini", version="1", steps=40, tasks=20)
MODELS = {
    "org/tuned-2": Profile(base_model="org/Base", series="tuned", epoch=2),
    "org/tuned-1": Profile(base_model="org/base", series="tuned", epoch=1),
}
COUNTS = type(a_result().counts)(scored=40)


@pytest.fixture(scope="module")
def workspace():
    return a_workspace(suites=(SUITE,), models=MODELS)


@pytest.fixture(scope="module")
def boards(workspace):
    base = scores(0.3)
    same = scores(0.6, seed=3)
    return build_boards(
        [
            measured("org/base", *base),
            measured("org/tuned-1", *same),
            measured("org/tuned-2", *same),
            a_reading(a_result("org/bare", 0.5, counts=COUNTS)),
        ],
        workspace,
    )


def pair(boards, workspace, a, b):
    ((board, one, other),) = both(boards, a, b)
    (found,) = compare(board, [(one, other)])
    return found


def test_the_difference_is_signed_and_comes_with_its_interval(boards, workspace):
    found = pair(boards, workspace, "org/tuned-1", "org/base")
    assert found.paired.difference == pytest.approx(found.score_a - found.score_b, abs=0.01)
    assert 0 < found.paired.low < found.paired.difference < found.paired.high
    assert found.separable
    assert verdict(found) == "better"
    back = pair(boards, workspace, "org/base", "org/tuned-1")
    assert back.paired.difference == -found.paired.difference
    assert verdict(back) == "worse"


def test_identical_runs_differ_by_nothing_with_p_one(boards, workspace):
    found = pair(boards, workspace, "org/tuned-1", "org/tuned-2")
    assert (found.paired.difference, found.paired.p, found.separable) == (0.0, 1.0, False)
    assert found.paired.tasks_needed is None
    assert verdict(found) == "level"


def test_without_step_data_a_pair_is_listed_and_not_compared(boards, workspace):
    found = pair(boards, workspace, "org/bare", "org/base")
    assert (found.paired, found.separable) == (None, None)
    ((_, rows),) = pair_tables([found])
    assert rows.rows[0][-1] == "no per-step data"


def test_models_may_be_meant_by_slug_or_result_id_in_any_case(boards):
    ((_, a, _),) = both(boards, "ORG__TUNED-1", "org/base")
    assert a.model == "org/tuned-1"
    ((_, again, _),) = both(boards, a.result_id, "org/base")
    assert again == a


def test_a_model_that_is_not_ranked_is_named(boards):
    with pytest.raises(UsageError, match="org/nobody"):
        both(boards, "org/nobody", "org/base")


def test_fine_tunes_are_held_against_their_base_and_the_epoch_before(boards, workspace):
    tree = [(c.a, c.b, c.against) for c in family_tree(boards)]
    assert tree == [
        ("org/tuned-1", "org/base", "base"),
        ("org/tuned-2", "org/base", "base"),
        ("org/tuned-2", "org/tuned-1", "sibling"),
    ]


def test_neighbours_are_the_two_above_and_the_two_below(boards):
    (board,) = boards.boards
    assert [e.model for e in neighbours(board, board.entries[0])] == [
        e.model for e in board.entries[1:3]
    ]
    assert [e.model for e in neighbours(board, board.entries[3])] == [
        e.model for e in board.entries[1:3]
    ]
