"""Results: every step scored, counted and averaged; whole or not there."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cardboard.board.read.shapes.version2 import read_own
from cardboard.eval import records
from cardboard.eval.engine import Answer
from cardboard.eval.errors import CardboardError
from cardboard.eval.records import Result, Step, Timing, value
from cardboard.eval.run.result import assemble, presentable, write
from cardboard.eval.suites.kinds.replay.scoring import SCORER

from ...replays import a_row, a_suite, an_answer
from .test_journal import HEAD

ROWS = a_suite(tasks=1, steps=3).rows


def said(key: str, text: str | None = None, error: str | None = None, **more: Any) -> Answer:
    return msgspec.convert(
        {"key": key, "text": text, "error": error, "finish_reason": "stop", **more}, Answer
    )


def result_of(*answers: Answer, error: str | None = None, **skipped: str) -> Result:
    return assemble(
        HEAD,
        ROWS,
        {answer.key: answer for answer in answers},
        skipped={f"t0/{step.removeprefix('step')}": why for step, why in skipped.items()},
        timing=Timing(),
        finished_at="2026-01-01T00:01:00+00:00",
        error=error,
    )


def right(step: int, **more: Any) -> Answer:
    return said(f"t0/{step}", an_answer("ls t0", f"cat t0{step}.txt", complete=step == 2), **more)


def test_a_complete_result_scores_every_step() -> None:
    found = result_of(right(0), right(1), right(2, output_tokens=7))
    assert found.status == "complete"
    assert found.error is None
    assert found.scorer == SCORER
    assert value(found, "command_f1") == 1.0
    assert value(found, "complete_true_recall_pct") == 100.0
    assert found.counts == records.Counts(expected=3, scored=3, failed=0, tasks=1)
    last = found.steps[-1]
    assert last == Step(
        task_id="t0",
        step_idx=2,
        groups={"bucket": "mid", "source_group": "group-t0"},
        reference={"command_units": ["ls t0", "cat t02.txt"], "task_complete": True},
        answer=right(2).text,
        parsed={
            "command_units": ["ls t0", "cat t02.txt"],
            "task_complete": True,
            "valid_json": True,
            "analysis": True,
            "plan": True,
        },
        scores=dict.fromkeys(
            ("command_f1", "command_precision", "command_recall", "first_cmd_exact", "valid_json"),
            1.0,
        ),
        finish_reason="stop",
        output_tokens=7,
    )


def test_what_came_beside_an_answer_is_kept_with_its_step_and_nowhere_else() -> None:
    beside = records.Said(reasoning="hm", tool_calls=(records.ToolCall(name="shell"),))
    found = result_of(replace(right(0), said=beside), right(1), right(2))
    assert found.steps[0].said == beside
    written = msgspec.json.decode(records.encode(found))["steps"]
    assert written[0]["said"] == {
        "reasoning": "hm",
        "tool_calls": [{"name": "shell", "arguments": "", "id": None}],
    }
    assert "said" not in written[1]
    assert read_own(records.encode(found)) == found


def test_a_failed_call_keeps_what_came_with_it() -> None:
    refused = said("t0/0", error="filtered", finish_reason="content_filter", said={"refusal": "no"})
    step = result_of(refused, right(1), right(2)).steps[0]
    assert (step.scored, step.answer, step.finish_reason) == (False, None, "content_filter")
    assert step.said == records.Said(refusal="no")


def test_the_groups_of_a_result_stand_as_the_kind_names_their_divisions() -> None:
    found = result_of(right(0), right(1), right(2))
    assert {name: list(groups) for name, groups in found.divisions.items()} == {
        "bucket": ["early", "mid"],
        "source_group": ["group-t0"],
    }
    assert found.divisions["bucket"]["early"].steps == 2
    assert found.divisions["bucket"]["early"].metrics["command_f1"] == 1.0


def test_a_failed_call_is_a_failed_step_and_never_an_empty_answer() -> None:
    found = result_of(right(0), said("t0/1", error="HTTP 500"), right(2))
    assert found.status == "partial"
    assert found.error == "HTTP 500"
    assert (found.counts.scored, found.counts.failed) == (2, 1)
    step = found.steps[1]
    assert (step.scored, step.error, step.scores) == (False, "HTTP 500", {})
    assert value(found, "command_f1") == 1.0


def test_an_empty_answer_is_an_answer() -> None:
    found = result_of(right(0), said("t0/1", ""), right(2))
    assert found.status == "complete"
    assert value(found, "command_f1") == 0.666667


def test_where_every_call_failed_the_run_failed() -> None:
    assert result_of(*(said(f"t0/{step}", error="refused") for step in range(3))).status == "failed"


def test_a_step_that_did_not_fit_says_so_and_a_step_never_asked_is_left_out() -> None:
    found = result_of(right(0), step1="too long")
    assert found.status == "partial"
    assert [(step.step_idx, step.error) for step in found.steps] == [(0, None), (1, "too long")]
    assert found.counts == records.Counts(expected=3, scored=1, failed=0, tasks=1)


def test_an_engine_that_died_leaves_what_was_done_and_its_error() -> None:
    found = result_of(right(0), error="out of memory")
    assert (found.status, found.error, found.counts.scored) == ("failed", "out of memory", 1)


def test_a_step_beyond_all_measure_is_not_scored_but_kept() -> None:
    row = a_row("t0", 0, *(f"a b c d{number}" for number in range(2000)))
    monster = an_answer(*(f"a b c e{number}" for number in range(4000)))
    found = assemble(
        HEAD, [row], {"t0/0": said("t0/0", monster)},
        skipped={}, timing=Timing(), finished_at="2026-01-01T00:01:00Z",
    )  # fmt: skip
    assert found.steps[0].answer == monster
    assert (found.steps[0].scored, found.steps[0].scores) == (False, {})
    assert "too many to compare" in (found.steps[0].error or "")
    assert found.counts.failed == 1


def test_what_a_server_tells_of_its_prompts_is_recorded() -> None:
    first = {"prompt_tokens": 9, "first_token_ids": (1, 1, 5)}
    found = result_of(right(0, **first), right(1, prompt_tokens=11), right(2, prompt_tokens=40))
    prompts = found.prompts
    assert (prompts.tokens_min, prompts.tokens_median, prompts.tokens_max) == (9, 11, 40)
    assert prompts.first_token_ids == (1, 1, 5)
    assert prompts.doubled_bos
    assert result_of(right(0)).prompts.doubled_bos is None


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("no file /home/me/models/x/config.json here", "no file config.json here"),
        ("see ~/models/x", "see x"),
        ("GET http://127.0.0.1:8000/v1/chat failed", "GET http://127.0.0.1:8000/v1/chat failed"),
        ("3/4 and/or a/b", "3/4 and/or a/b"),
        (None, None),
    ],
)
def test_errors_are_kept_without_paths_of_a_machine(error: str | None, shown: str | None) -> None:
    assert presentable(error) == shown


def test_a_result_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "a.json"
    found = result_of(right(0), right(1), right(2))
    write(path, found)
    assert msgspec.json.decode(path.read_bytes(), type=Result) == found

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CardboardError, match=r"a\.json: No space left on device"):
        write(path, replace(found, status="failed"))
    assert msgspec.json.decode(path.read_bytes(), type=Result) == found
    assert [one.name for one in path.parent.iterdir()] == ["a.json"]


def test_an_episode_does_not_say_how_long_its_prompts_were() -> None:
    """What an engine counts of one adds up from turn to turn, and is no length of a prompt."""
    told = {"t0/0": right(0, prompt_tokens=70)}
    made = [
        assemble(
            replace(HEAD, protocol=replace(HEAD.protocol, turns=turns)),
            ROWS,
            told,
            skipped={},
            timing=Timing(),
            finished_at="2026-01-01T00:01:00+00:00",
        )
        for turns in (None, 20)
    ]
    assert [result.prompts.tokens_max for result in made] == [70, None]
