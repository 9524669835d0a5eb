"""Which steps a page shows, how long they may be, and what of reference and answer differs."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.workspace.settings import Suite as Known
from cardboard.eval.metrics import Change
from cardboard.eval.records import Step
from cardboard.eval.suites.kinds.replay.rows import Message, ReplayRow
from cardboard.eval.suites.kinds.replay.view import LONGEST_COMMAND, MOST_COMMANDS, difference
from cardboard.eval.suites.suite import Suite
from cardboard.site.source.steps import LONGEST_ANSWER, LONGEST_PROMPT, extremes
from cardboard.tests.making import SUITE, a_result


def step(task, number, f1, **more):
    units = {"command_units": ["ls"]}
    texts = {"answer": "{}", "reference": units, "parsed": units}
    return Step(task_id=task, step_idx=number, scores={"command_f1": f1}, **(texts | more))


def shown(*steps, suite=None, known=SUITE):
    return extremes(a_result(steps=steps), known, suite)


def test_ends_are_ordered_and_a_full_score_is_no_worst_step():
    found = shown(*(step("a", n, n / 10) for n in range(11)))
    assert [one.score for one in found.worst] == ["0.00", "10.00", "20.00", "30.00", "40.00"]
    assert [one.score for one in found.best] == ["100.00", "90.00", "80.00", "70.00", "60.00"]
    perfect = shown(step("a", 0, 1.0))
    assert perfect.worst == ()
    assert len(perfect.best) == 1


def test_steps_of_different_tasks_come_before_further_ones_of_one():
    found = shown(*(step(task, n, 0.0) for task in "abc" for n in range(3)))
    assert [(one.task, one.step) for one in found.worst] == [
        ("a", 0),
        ("b", 0),
        ("c", 0),
        ("a", 1),
        ("b", 1),
    ]
    assert found.best == ()


def test_no_step_is_shown_twice():
    found = shown(*(step("a", n, 0.5) for n in range(7)))
    assert [one.step for one in found.worst] == [0, 1, 2, 3, 4]
    assert [one.step for one in found.best] == [5, 6]


def test_a_result_without_texts_shows_no_step():
    bare = {"answer": None, "reference": None, "parsed": None}
    assert shown(step("a", 0, 0.5, **bare)) is None
    assert shown(step("a", 0, None)) is None


def test_what_is_long_is_cut_and_said_to_be():
    (one,) = shown(
        step("a", 0, 0.5, answer="x" * 10_000, reference={"command_units": ["y" * 10_000] * 500})
    ).worst
    assert len(one.answer) == LONGEST_ANSWER
    assert one.more_letters == 10_000 - LONGEST_ANSWER
    assert len(one.view.lines) == MOST_COMMANDS
    assert one.view.more == 501 - MOST_COMMANDS
    assert all(len(line.text) <= LONGEST_COMMAND + 1 for line in one.view.lines)


def test_the_prompt_is_the_end_of_the_last_message():
    row = ReplayRow(
        task_id="a",
        step_idx=0,
        total_steps=1,
        is_final_step=True,
        messages=(
            Message(role="user", content="first"),
            Message(role="user", content="z" * 9000 + "end"),
        ),
        ref_raw="",
        ref_task_complete=False,
        ref_command_units=("ls",),
    )
    (one,) = shown(step("a", 0, 0.5), suite=Suite(name="s", rows=(row,))).worst
    assert one.prompt.endswith("zend")
    assert len(one.prompt) <= LONGEST_PROMPT + 2
    (other,) = shown(step("b", 0, 0.5), suite=Suite(name="s", rows=(row,))).worst
    assert other.prompt is None


REPORTED = Known(
    name="errors",
    version="1",
    kind="reported",
    changes=(Change(id="errors", unit="count", better="lower", per_step=True, ranked=True),),
)


def test_another_kind_shows_answers_and_scores_the_lowest_first_where_less_is_better():
    steps = [
        Step(task_id="t", step_idx=n, answer=f"answer {n}", scores={"errors": float(n)})
        for n in range(7)
    ]
    found = shown(*steps, known=REPORTED)
    assert [one.score for one in found.worst] == ["6.00", "5.00", "4.00", "3.00", "2.00"]
    assert [one.step for one in found.best] == [0, 1]
    assert (found.best[0].answer, found.best[0].view) == ("answer 0", None)
    assert found.best[0].scores == {"errors": "0.00"}
    bare = replace(steps[0], answer=None, reference={"command_units": ["ls"]})
    assert shown(bare, known=REPORTED) is None


commands = st.lists(st.sampled_from(["ls", "pwd", "cd a", ""]), max_size=8).map(tuple)


@given(commands, commands)
def test_each_side_can_be_read_off_the_difference(reference, answer):
    lines = list(difference(reference, answer))
    assert tuple(one.text for one in lines if one.kind != "answer") == reference
    assert tuple(one.text for one in lines if one.kind != "reference") == answer
