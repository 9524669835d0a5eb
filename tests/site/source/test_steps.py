"""What pages tell of every step: its name, its scores, what differs, and how far it is off."""

import gzip

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.settings import Suite as Known
from cardboard.eval.metrics import Change
from cardboard.eval.records import Step
from cardboard.eval.suites.kinds.kind import Line
from cardboard.eval.suites.kinds.replay.rows import Message, ReplayRow
from cardboard.eval.suites.kinds.replay.view import LONGEST_COMMAND, MOST_COMMANDS, difference
from cardboard.site.source.step_files import _write, prompt_file, read_packed, step_file
from cardboard.site.source.steps import (
    LONGEST_TEXT,
    beside,
    most_telling,
    names_of,
    steps_of,
    values_of,
)
from cardboard.tests.making import SUITE, a_result
from cardboard.tests.site.hostile import HARM

WORDS = {language: Words(language) for language in ("en", "ko")}


def step(task, number, f1, **more):
    units = {"command_units": ["ls"]}
    texts = {"answer": "{}", "reference": units, "parsed": units}
    return Step(task_id=task, step_idx=number, scores={"command_f1": f1}, **(texts | more))


def told(*steps, known=SUITE):
    return steps_of(a_result(steps=steps), known)


def test_every_step_is_told_and_counts_from_1():
    found = told(step("a", 0, 0.5), step("a", 1, 1.0), step("b", 0, None, scored=False, error="x"))
    assert [(one.key, one.number, one.value) for one in found] == [
        ("a/1", 1, 50.0),
        ("a/2", 2, 100.0),
        ("b/1", 1, None),
    ]
    assert found[0].scores == {"command_f1": "50.00"}
    assert (found[2].scores, found[2].error) == ({}, "x")


def test_a_result_whose_steps_have_no_scores_has_none_to_tell():
    assert told(step("a", 0, None)) == ()
    assert told() == ()


def test_trials_and_samples_have_names_of_their_own_only_where_there_are_several():
    trials = told(*(step("a", 0, n / 2, trial=n) for n in range(3)))
    assert [(one.key, one.step, one.trial) for one in trials] == [
        ("a/1~1", "a/1", 1),
        ("a/1~2", "a/1", 2),
        ("a/1~3", "a/1", 3),
    ]
    assert values_of(trials) == {"a/1": 50.0}
    assert names_of([("a", 0, 0), ("a", 1, 0), ("b", 0, 4)]) == ["a.0/1", "a.1/1", "b/5"]


def test_what_a_step_has_or_has_not_is_a_mark():
    (one,) = told(Step(task_id="a", step_idx=0, scores={"command_f1": 0.25, "valid_json": 1.0}))
    assert one.scores == {"command_f1": "25.00", "valid_json_pct": "✓"}


def test_answers_are_whole_up_to_a_length_that_no_model_needs():
    whole, cut = told(step("a", 0, 0.5, answer="x" * 9000), step("a", 1, 0.5, answer="y" * 300_000))
    assert len(whole.answer) == 9000
    assert len(cut.answer) == LONGEST_TEXT + 1


def test_commands_are_told_line_by_line():
    (one,) = told(
        step(
            "a",
            0,
            0.5,
            reference={"command_units": ["cd x", "ls"]},
            parsed={"command_units": ["ls", "pwd"]},
        )
    )
    assert one.lines == (Line("reference", "cd x"), Line("both", "ls"), Line("answer", "pwd"))
    assert one.reference == "cd x\nls"


def test_what_is_beyond_measure_is_cut_and_said_to_be():
    (one,) = told(step("a", 0, 0.5, reference={"command_units": ["y" * 10_000] * 500}))
    assert one.lines[-1].said[0].values == {"commands": 500 - MOST_COMMANDS}
    assert all(len(line.text) <= LONGEST_COMMAND + 1 for line in one.lines)


texts = st.lists(st.sampled_from(["a", "b", "c"]), max_size=6)


@given(texts, texts)
def test_lines_hold_each_side_in_its_own_order(reference, answer):
    lines = list(difference(reference, answer))
    assert [one.text for one in lines if one.mark != "answer"] == reference
    assert [one.text for one in lines if one.mark != "reference"] == answer


FIELD = [{"a/1": 100.0, "a/2": 0.0, "b/1": 100.0}] * 3
TASKS = {"a/1": ("a", 1), "a/2": ("a", 2), "b/1": ("b", 1)}


def test_the_field_is_the_median_and_who_has_it_all():
    found = beside([*FIELD, {"a/1": 0.0}], SUITE)
    assert (found["a/1"].models, found["a/1"].median, found["a/1"].full) == (4, 100.0, 3)
    assert found["a/2"].full == 0


def test_the_most_telling_steps_are_the_furthest_from_the_field():
    mine = {"a/1": 0.0, "a/2": 50.0, "b/1": 90.0}
    field = beside([*FIELD, mine], SUITE)
    behind, ahead = most_telling(mine, field, TASKS, SUITE.ranked, 3)
    assert [(one.step, one.score, one.median) for one in behind] == [
        ("a/1", "0.00", "100.00"),
        ("b/1", "90.00", "100.00"),
    ]
    assert [one.step for one in ahead] == ["a/2"]


def test_where_less_is_better_the_higher_value_is_behind():
    known = Known(
        name="slow",
        version="1",
        kind="reported",
        changes=(Change(id="waits", better="lower", unit="seconds", per_step=True, ranked=True),),
    )
    behind, ahead = most_telling(
        {"a/1": 9.0},
        beside([{"a/1": 9.0}, {"a/1": 1.0}, {"a/1": 1.0}], known),
        TASKS,
        known.ranked,
        3,
    )
    assert [one.step for one in behind] == ["a/1"]
    assert ahead == ()


def test_the_file_says_sentences_once_in_each_language_and_texts_as_they_are(tmp_path):
    nothing = {"command_units": []}
    steps = [step("a", n, 0.0, reference=nothing, parsed=nothing, answer=HARM) for n in range(3)]
    content = msgspec.json.encode(step_file(told(*steps), SUITE, WORDS))
    path, size = _write(tmp_path, "name", content)
    packed = (tmp_path / path).read_bytes()
    assert (gzip.decompress(packed), len(packed)) == (content, size)
    held = read_packed(packed)
    assert [row.lines for row in held.steps] == [[("fact", 0)]] * 3
    assert [len(held.said[one]) for one in ("en", "ko")] == [1, 1]
    assert held.steps[0].answer == HARM


def test_packed_bytes_tell_neither_time_nor_system(tmp_path):
    path, _ = _write(tmp_path, "name", b"{}")
    assert (tmp_path / path).read_bytes()[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"


def test_signs_that_no_page_may_hold_are_replaced():
    held = step_file(told(step("a", 0, 0.5, answer="x\x00\ud800")), SUITE, WORDS)
    assert held.steps[0].answer == "x\ufffd\ufffd"


def test_prompts_share_their_messages():
    rows = [
        ReplayRow(
            task_id="a",
            step_idx=n,
            total_steps=2,
            is_final_step=n == 1,
            ref_raw="",
            ref_task_complete=False,
            ref_command_units=(),
            messages=tuple(Message(role="user", content=text) for text in ("one", "two")[: n + 1]),
        )
        for n in range(2)
    ]
    found = prompt_file(rows)
    assert found.messages == [("user", "one"), ("user", "two")]
    assert found.steps == {"a/1": [0], "a/2": [0, 1]}
