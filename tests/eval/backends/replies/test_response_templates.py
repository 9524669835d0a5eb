"""Response templates of repositories: what transformers reads by them is what we read."""

import random
import signal
from typing import Any

import pytest
from transformers.cli.serving.utils import _RESPONSE_TEMPLATE_FALLBACKS as KNOWN

from cardboard.eval.backends.replies import response_templates
from cardboard.eval.backends.replies.response_templates import called
from cardboard.eval.suites.kinds.calls.parsers.families import from_api, named
from cardboard.eval.suites.kinds.calls.parsers.reading import Call, to_json

LFM: dict[str, Any] = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "tool_calls": {
            "open": "<|tool_call_start|>",
            "close": "<|tool_call_end|>",
            "content": "python-call-list",
        },
        "content": {"close": "<|im_end|>", "content": "text"},
    },
}
OF_TYPES = {model: template for models, template in KNOWN.items() for model in models}
TEMPLATES = {
    "pythonic": LFM,
    "hermes": OF_TYPES["qwen3"],
    "qwen-coder": OF_TYPES["qwen3_5"],
    "gemma": OF_TYPES["gemma4"],
}
TYPES = {"city": "string", "days": "integer", "far": "number", "now": "boolean", "at": "array"}
PROPERTIES = {key: {"type": kind} for key, kind in TYPES.items()}
TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": PROPERTIES}},
    }
    for name in ("weather", "clock")
]
SCHEMAS: dict[str, Any] = {name: {"properties": PROPERTIES} for name in ("weather", "clock")}
VALUES: dict[str, tuple[Any, ...]] = {
    "city": ("Seoul", "서울", "it's", 'say "hi"', "القاهرة", "a, b", "", "7", "true"),
    "days": (0, -3, 12345),
    "far": (1.5, -0.25, 2.5e-7),
    "now": (True, False),
    "at": ([], [1, 2], ["x", "y"]),
}


def some_calls(chance: random.Random) -> list[Call]:
    def one() -> Call:
        keys = chance.sample(sorted(VALUES), chance.randrange(len(VALUES)))
        return Call(
            chance.choice(("weather", "clock")), {key: chance.choice(VALUES[key]) for key in keys}
        )

    return [one() for _ in range(chance.randrange(1, 4))]


def told(calls: Any) -> str:
    return to_json([[one.name, one.arguments] for one in calls])


@pytest.mark.parametrize("family", TEMPLATES)
def test_a_thousand_answers_are_read_alike(family: str) -> None:
    """What is spoilt is refused by both, or by us alone: theirs takes a mark that never closes."""
    chance, template, spoilt = random.Random(3), TEMPLATES[family], 0
    anchor = template["start_anchor"]
    prompt = anchor if isinstance(anchor, str) else anchor[0]
    for _ in range(1000):
        calls = some_calls(chance)
        answer = named(family).write(calls)
        if bad := chance.random() < 0.3:
            at = chance.randrange(len(answer))
            answer = answer[:at] + chance.choice("[{(,\"'x") + answer[at + 1 :]
        ours = named(family).read(answer, SCHEMAS)
        said = called(template, prompt, answer, TOOLS)
        theirs = from_api(said.tool_calls, "") if said is not None else None
        if not bad:
            assert told(ours.calls) == told(calls), answer
        if ours.calls:
            assert theirs is not None, answer
            assert told(theirs.calls) == told(ours.calls), answer
        spoilt += not ours.calls
    assert 50 < spoilt < 300


def test_words_and_templates_that_are_none_are_no_calls() -> None:
    assert called(LFM, "", "I do not know.", TOOLS) is None
    assert called({}, "", "[f()]", TOOLS) is None
    assert called({"fields": 7}, "", "[f()]", TOOLS) is None


def test_a_call_without_arguments_stays_broken() -> None:
    said = called(OF_TYPES["qwen3"], "", '<tool_call>{"name": "weather"}</tool_call>', TOOLS)
    assert said is not None
    assert from_api(said.tool_calls, "").broken


def test_an_expression_that_searches_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response_templates, "MOST_SECONDS", 0.2)
    calls = {"open_pattern": r"(a|a)+b", "close": "<|end|>", "content": "python-call-list"}
    hostile = {**LFM, "fields": {**LFM["fields"], "tool_calls": calls}}
    before = signal.getsignal(signal.SIGVTALRM)
    assert called(hostile, "", "a" * 60, TOOLS) is None
    assert signal.getsignal(signal.SIGVTALRM) == before
