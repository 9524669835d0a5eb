"""Answers that come piece by piece: the same answers, and when their tokens came."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.backends.openai import OpenAI
from cardboard.eval.backends.replies.replies import Refusal, answer_of
from cardboard.eval.backends.replies.streams import Stream
from cardboard.eval.engine import Answer, Options, Prompt, Sampling
from cardboard.eval.records import Said, StepTiming, ToolCall

from ...speaking import Reply, Speaker, said, speaking

PROMPT = Prompt(key="t/0", messages=())
TIMINGS = {"prompt_ms": 250, "predicted_ms": 1000, "cache_n": 4}
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}


def piece(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None}


def events(*pieces: dict[str, Any], end: bytes = b"data: [DONE]\n\n") -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in pieces) + end


WHOLE = events(
    piece(role="assistant", content=""),
    piece(reasoning_content="h"),
    piece(reasoning_content="m"),
    piece(content="l"),
    piece(content="s 안"),
    piece(tool_calls=[{"index": 0, "id": "1", "function": {"name": "f", "arguments": "{"}}]),
    piece(tool_calls=[{"index": 0, "function": {"arguments": "}"}}]),
    piece("stop"),
    {"choices": [], "usage": USAGE, "model": "m", "timings": TIMINGS},
)


def streamed(data: bytes, size: int) -> Stream:
    stream = Stream()
    for start in range(0, len(data), size):
        stream.feed(data[start : start + size])
    return stream


@given(st.integers(1, len(WHOLE)))
def test_pieces_of_any_size_make_the_same_answer(size: int) -> None:
    stream = streamed(WHOLE, size)
    answer = answer_of(PROMPT, stream.reply(), None, stream.timing)
    assert (answer.text, answer.finish_reason, answer.model) == ("ls 안", "stop", "m")
    assert answer.said == Said(
        reasoning="hm", tool_calls=(ToolCall(name="f", arguments="{}", id="1"),)
    )
    assert (answer.prompt_tokens, answer.output_tokens) == (7, 3)


def test_the_first_token_of_the_text_counts_and_not_that_of_a_thought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(100))
    monkeypatch.setattr("cardboard.eval.backends.replies.streams.monotonic", lambda: next(clock))
    timing = streamed(WHOLE, len(WHOLE)).timing
    assert timing == StepTiming(first_token_seconds=3, answer_seconds=5)


def test_what_the_server_tells_of_its_work_goes_before_what_was_seen() -> None:
    stream = streamed(WHOLE, 99)
    timing = answer_of(PROMPT, stream.reply(), None, stream.timing).timing
    assert timing is not None
    assert (timing.prompt_seconds, timing.answer_seconds, timing.cached_tokens) == (0.25, 1.0, 4)


@pytest.mark.parametrize(
    "odd",
    [b"data: {\n", b"data: []\n", b'data: {"a": ' + b"[" * 100_000 + b"\n"],
    ids=["torn", "no object", "deep"],
)
def test_a_stream_of_something_else_is_refused(odd: bytes) -> None:
    with pytest.raises(Refusal, match="the stream holds what is no"):
        Stream().feed(odd)


def test_a_stream_that_breaks_off_is_no_answer() -> None:
    with pytest.raises(Refusal, match="the stream broke off"):
        streamed(events(piece(content="l"), end=b""), 50).reply()


def test_an_error_within_a_stream_is_the_servers_reason() -> None:
    stream = streamed(events(piece(content="l"), {"error": {"message": "out of memory"}}), 50)
    answer = answer_of(PROMPT, stream.reply(), None)
    assert answer.text is None
    assert "out of memory" in (answer.error or "")


def asked(reply: Reply) -> tuple[Answer, Any]:
    with speaking(Speaker(lambda call: reply)) as server:
        backend = OpenAI(Options(model="m", base_url=server.url, stream=True))
        (answer,) = backend.answers([PROMPT], Sampling())
        return answer, server.asked[0]


def test_a_server_is_asked_for_pieces_and_its_times_are_kept() -> None:
    answer, body = asked(Reply(WHOLE, headers={"Content-Type": "text/event-stream"}))
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert (answer.text, answer.error) == ("ls 안", None)
    assert answer.seconds is not None
    assert answer.timing is not None
    assert answer.timing.first_token_seconds is not None


def test_a_server_that_answers_whole_all_the_same_is_read_as_ever() -> None:
    answer, _ = asked(Reply(said("ls"), headers={"Content-Type": "application/json"}))
    assert (answer.text, answer.timing) == ("ls", None)
