"""Logs of `cardboard try`: which results they come to, and what is none."""

from typing import Any

import msgspec
import pytest

from cardboard.board.read.verdicts import (
    MOST_LINES,
    Answered,
    Begun,
    Outcome,
    Preference,
    Tried,
    Verdict,
    results_of,
)
from cardboard.eval.engine import Message
from cardboard.eval.errors import RecordError
from cardboard.eval.records import Model, Prompts, Protocol

AT = "2026-11-30T09:00:00Z"
MODELS = tuple(Tried(model=Model(id=name), versions={"cardboard": "1"}) for name in ("a", "b"))
BEGUN = Begun(started_at=AT, models=MODELS, blind=False, seed=1)


def said(
    number: int, question: str = "Q", *, model: int = 0, temperature: float = 0, **more: Any
) -> Answered:
    """Return an answer as the log holds it."""
    told: dict[str, Any] = {
        "messages": (Message("user", question),),
        "text": f"answer {number}",
        "finish_reason": "stop",
        **more,
    }
    return Answered(
        answer=number,
        question=number,
        conversation=1,
        model=model,
        sent={},
        protocol=Protocol(temperature=temperature),
        prompts=Prompts(template_status="chat_template", status_counts={"chat_template": 1}),
        at=AT,
        **told,
    )


def judged(number: int, accepted: bool | None, note: str = "") -> Verdict:
    return Verdict(answer=number, accepted=accepted, note=note, at=AT)


def log(*lines: Any) -> bytes:
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def test_each_model_and_each_settings_have_a_result() -> None:
    found = results_of(
        log(
            BEGUN,
            *(said(1, "Q1"), said(2, "Q1", model=1), said(3, "Q1", temperature=1), said(4, "Q2")),
            *(judged(n, n != 4) for n in (1, 2, 3, 4)),
        ),
        "log.jsonl",
    )
    told = [
        (
            one.model.id,
            one.protocol.temperature,
            one.counts.scored,
            one.metrics["accepted_pct"].value,
        )
        for one in found
    ]
    assert told == [("a", 0, 2, 50.0), ("b", 0, 1, 100.0), ("a", 1, 1, 100.0)]
    assert {one.suite.kind for one in found} == {"home"}
    assert {one.provenance and one.provenance.evidence for one in found} == {"by-hand"}


def test_the_last_word_counts_and_one_can_be_taken_back() -> None:
    [one] = results_of(
        log(
            BEGUN,
            *(said(1, "Q1"), said(2, "Q2"), said(3, "Q3")),
            *(judged(1, True), judged(2, True), judged(1, False, "no"), judged(2, None)),
        ),
        "log.jsonl",
    )
    [step] = one.steps
    assert (step.answer, step.scores, step.parsed) == (
        "answer 1",
        {"accepted": 0.0},
        {"question": "Q1", "note": "no"},
    )
    assert one.protocol.extra["answers_not_judged"] == 2


def test_the_same_question_once_more_is_another_trial_of_it() -> None:
    [one] = results_of(log(BEGUN, said(1), said(2), judged(1, True), judged(2, False)), "log")
    assert [step.trial for step in one.steps] == [0, 1]
    assert len({step.task_id for step in one.steps}) == 1
    assert (one.protocol.trials, one.metrics["accepted_pct"].value) == (2, 50.0)


def test_what_was_said_before_makes_another_question() -> None:
    before = (Message("user", "P"), Message("assistant", "?"), Message("user", "Q"))
    [one] = results_of(
        log(BEGUN, said(1), said(2, messages=before), judged(1, True), judged(2, True)), "log"
    )
    assert len({step.task_id for step in one.steps}) == 2


def test_a_last_line_that_was_not_written_whole_is_left_out() -> None:
    data = log(BEGUN, said(1), judged(1, True)) + log(judged(1, False))[:20]
    [one] = results_of(data, "log")
    assert one.metrics["accepted_pct"].value == 100.0


NOT_JUDGED = "no answer in it was accepted or rejected"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no log of cardboard try"),
        (log(said(1)), "is no log of cardboard try"),
        (b'{"task_id": "a"}\n', "line 1 is none of a log of cardboard try"),
        (log(BEGUN) + b"\xff\n", "line 2 is none"),
        (log(BEGUN) + b"[" * 10_000 + b"\n", "line 2 is none"),
        (log(BEGUN) + b"\n" * MOST_LINES + log(said(1)), "is longer than"),
        (log(BEGUN, said(1)), NOT_JUDGED),
        (log(BEGUN, said(1, text=None, error="gone"), judged(1, True)), NOT_JUDGED),
        (log(BEGUN, said(1, model=7), judged(1, True)), NOT_JUDGED),
        (log(BEGUN, said(1), Preference(question=1, preferred=0, at=AT)), NOT_JUDGED),
        (
            log(BEGUN, Outcome(won=1, lost=0, tied=0, share=1, low=0, high=1, p=1, at=AT)),
            NOT_JUDGED,
        ),
    ],
)
def test_what_holds_no_judgement_is_refused_and_named(data: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=why) as refused:
        results_of(data, "log.jsonl")
    assert refused.value.file == "log.jsonl"
