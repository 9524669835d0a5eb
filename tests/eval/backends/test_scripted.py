"""Rules that know the references: real baselines, the same on every machine."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.backends.registry import open_backend
from cardboard.eval.backends.scripted import VERSION
from cardboard.eval.engine import Answer, Backend, Options, Prompt, Sampling
from cardboard.eval.errors import UsageError
from cardboard.eval.suites.kinds.kind import key_of
from cardboard.eval.suites.kinds.replay.answers import parse_answer
from cardboard.eval.suites.kinds.replay.baselines import noisy_oracle, right
from cardboard.eval.suites.kinds.replay.rows import ReplayRow
from cardboard.eval.suites.kinds.replay.scoring import RULES, rescore
from cardboard.eval.suites.suite import Suite

from ...replays import a_row, a_suite, an_answer


def opened(name: str, options: Options, suite: Suite) -> Backend:
    return open_backend(name, options, suite.of_kind, suite.rows)


def answers(model: str, suite: Suite, **extra: Any) -> list[Answer]:
    backend = opened("scripted", Options(model=model, extra=extra), suite)
    prompts = [Prompt(key=key_of(row), messages=()) for row in suite.rows]
    return list(backend.answers(prompts, Sampling()))


def rows_of(suite: Suite) -> list[ReplayRow]:
    return [row for row in suite.rows if isinstance(row, ReplayRow)]


def f1(row: ReplayRow, text: str | None) -> float:
    units = parse_answer(text or "").command_units
    return rescore(row.ref_command_units, units, RULES["corrected303"]).command_f1


units = st.lists(
    st.text(min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
    | st.just("<WAIT>"),
    min_size=1,
    max_size=6,
)


@given(units, st.booleans())
def test_the_oracle_is_right_whatever_the_reference_holds(lines: list[str], done: bool) -> None:
    row = a_row("t", 0, *lines, ref_task_complete=done)
    read = parse_answer(right(row))
    assert read.command_units == tuple(lines)
    assert (read.valid_json, read.task_complete) == (True, done)
    assert f1(row, right(row)) == 1.0


@given(units)
def test_without_noise_the_noisy_oracle_is_the_oracle(lines: list[str]) -> None:
    row = a_row("t", 0, *lines)
    assert noisy_oracle([row], {"noise": 0.0, "seed": 1})(row) == right(row)


def test_more_noise_scores_less() -> None:
    suite = a_suite(tasks=40)
    means = []
    for noise in (0.0, 0.1, 0.3, 0.5, 1.0):
        said = answers("noisy-oracle", suite, noise=noise, seed=1)
        scores = [f1(row, one.text) for row, one in zip(rows_of(suite), said, strict=True)]
        means.append(sum(scores) / len(scores))
    assert means[0] == 1.0
    assert means == sorted(means, reverse=True)
    assert means[-1] < 0.6


def test_noise_follows_from_seed_and_step_alone() -> None:
    suite = a_suite(tasks=10)
    once = answers("noisy-oracle", suite, noise=0.5, seed=1)
    assert once == answers("noisy-oracle", suite, noise=0.5, seed=1)
    assert once != answers("noisy-oracle", suite, noise=0.5, seed=2)
    backwards = Suite(name="s", rows=suite.rows[::-1])
    assert once == answers("noisy-oracle", backwards, noise=0.5, seed=1)[::-1]


def test_echo_repeats_the_previous_answer_and_begins_with_none() -> None:
    first, second, _ = answers("echo-previous", a_suite(tasks=1))
    assert parse_answer(first.text or "").command_units == ()
    assert second.text == an_answer("echo 0")


def test_the_most_frequent_command_is_typed_always() -> None:
    suite = Suite(name="s", rows=(a_row("t", 0, "ls", "pwd", "b"), a_row("t", 1, "pwd", "ls")))
    said = answers("most-frequent", suite)
    assert [parse_answer(one.text or "").command_units for one in said] == [("ls",), ("ls",)]


def test_answers_come_from_a_file_and_a_step_without_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    lines = [
        {"key": "t0/0", "text": "{}"},
        {"task_id": "t0", "step_idx": 1, "text": "안녕"},
        {"task_id": "t1", "sample_idx": 4, "step_idx": 1, "text": "of a step that is not asked"},
    ]
    path.write_text("\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    first, second, third = answers(str(path), a_suite(tasks=1))
    assert (first.text, second.text) == ("{}", "안녕")
    assert (third.text, third.error) == (None, "there is no answer to this step")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'{"key": "t0/0"}', r"answers\.jsonl:2: Object missing required field `text`"),
        (b'{"text": "{}"}', r"answers\.jsonl:2: names no step"),
        (b"\xff", r"answers\.jsonl:2: "),
    ],
)
def test_a_bad_line_of_a_file_is_named(tmp_path: Path, line: bytes, error: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b'{"key": "t0/0", "text": ""}\n' + line)
    with pytest.raises(UsageError, match=error):
        answers(str(path), a_suite())


@pytest.mark.parametrize("noise", [-0.1, 1.1, "much", None])
def test_noise_is_a_share(noise: object) -> None:
    with pytest.raises(UsageError, match="share between 0 and 1"):
        answers("noisy-oracle", a_suite(), noise=noise)


def test_an_unknown_rule_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no such rule") as told:
        answers("orakle", a_suite())
    assert "echo-previous" in told.value.remedy


def test_a_rule_has_a_version_and_a_file_a_hash_as_its_revision(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b"")
    rule = opened("scripted", Options(model="oracle"), a_suite())
    file = opened("scripted", Options(model=str(path)), a_suite())
    assert rule.account.revision == VERSION
    assert (file.account.revision or "").startswith("e3b0c442")


def test_an_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no such backend: vlm"):
        opened("vlm", Options(model="m"), a_suite())


@pytest.mark.parametrize(
    ("differs", "error"),
    [
        ({"adapter": "org/lora"}, "--adapter: a rule has no adapters"),
        ({"extra": {"max_num_seqs": 4}}, "--set: a rule has no setting max_num_seqs"),
    ],
)
def test_a_rule_takes_no_name_for_what_it_does_not_do(differs: dict[str, Any], error: str) -> None:
    with pytest.raises(UsageError, match=error):
        opened("scripted", Options(model="oracle", **differs), a_suite())
