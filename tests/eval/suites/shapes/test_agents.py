"""Trajectories of agents: every step, with what no model answered told apart."""

import json
from typing import Any

import pytest

from cardboard.eval.suites.shapes.conversation import Conversation, Unreadable
from cardboard.eval.suites.shapes.files import Document
from cardboard.eval.suites.shapes.registry import conversation

BASH = {"type": "function", "function": {"name": "bash"}}


def of(value: dict[str, Any]) -> Conversation:
    return conversation(Document(value=value, place="f"))


def atif(*steps: dict[str, Any], version: str = "1.4", **agent: Any) -> Conversation:
    return of(
        {
            "schema_version": f"ATIF-v{version}",
            "agent": {"name": "coder", "version": "1", **agent},
            "steps": [{"step_id": number, **step} for number, step in enumerate(steps, 1)],
        }
    )


def call(name: str = "bash", **arguments: Any) -> dict[str, Any]:
    return {"tool_call_id": "c", "function_name": name, "arguments": arguments}


ASK = {"source": "user", "message": "make f"}


@pytest.mark.parametrize(
    "version", ["1", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8"]
)
def test_every_version_of_atif_1_is_read(version: str) -> None:
    step = {
        "source": "agent",
        "message": "",
        "reasoning_content": "hm",
        "tool_calls": [call(command="touch f")],
        "observation": {"results": [{"source_call_id": "c", "content": "ok"}]},
    }
    found = atif(ASK, step, version=version, tool_definitions=[BASH])
    assert [turn.role for turn in found.turns] == ["user", "assistant", "tool"]
    assert found.turns[1].tool_calls[0].arguments == {"command": "touch f"}
    assert found.turns[1].reasoning_content == "hm"
    assert found.turns[2].tool_call_id == "c"
    assert (found.tools, found.notes) == ((BASH,), {})


def test_another_version_of_atif_is_named() -> None:
    with pytest.raises(Unreadable) as caught:
        atif(ASK, version="2.0")
    assert (caught.value.key, caught.value.what) == ("schema_version", "'ATIF-v2.0' is not known")


def test_what_no_model_answered_here_stays_in_the_prompts_and_is_no_answer() -> None:
    copied = {"source": "agent", "message": "before", "is_copied_context": True}
    dispatched = {"source": "agent", "message": "by rule", "llm_call_count": 0}
    found = atif(ASK, copied, dispatched, {"source": "agent", "message": "mine"})
    assert found.untrained == {1, 2}
    assert found.notes == {"copied": 1, "not-model": 1}


def test_the_json_of_terminus_is_put_together_again() -> None:
    step = {
        "source": "agent",
        "message": "Analysis: empty\nso far\nPlan: touch it",
        "tool_calls": [
            call("bash_command", keystrokes="touch f\n", duration=0.1),
            call("mark_task_complete"),
        ],
        "observation": {"results": [{"content": "New Terminal Output:\n$ "}]},
    }
    found = atif(ASK, step, name="terminus-2")
    assert json.loads(found.turns[1].text) == {
        "analysis": "empty\nso far",
        "plan": "touch it",
        "commands": [{"keystrokes": "touch f\n", "duration": 0.1}],
        "task_complete": True,
    }
    assert [turn.role for turn in found.turns] == ["user", "assistant", "user"]
    assert found.notes == {"rebuilt": 1}


def test_calls_without_the_tools_that_were_offered_are_noted() -> None:
    step = {"source": "agent", "message": "", "tool_calls": [call(command="ls")]}
    assert atif(ASK, step).notes == {"tools-unknown": 1}


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ({"source": "boss", "message": "x"}, "steps[0].source"),
        ({"source": "user", "message": 3}, "steps[0].message"),
        ({"source": "agent", "message": "", "tool_calls": [{}]}, "steps[0].tool_calls[0]"),
        ({"source": "agent", "message": "", "observation": 3}, "steps[0].observation"),
    ],
)
def test_a_step_that_cannot_be_read_is_named(step: dict[str, Any], key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        atif(step)
    assert caught.value.key == key


def entry(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, "agent": "main", **more}


def test_swe_agent_is_read_by_its_history() -> None:
    said = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    history = [
        entry("system", "s"),
        entry("user", "like this", is_demo=True),
        entry("user", [{"type": "text", "text": "fix", "cache_control": {}}]),
        entry("assistant", "look", tool_calls=[said]),
        entry("tool", "f", tool_call_ids=["c1"]),
        {"role": "assistant", "content": "other", "agent": "reviewer"},
    ]
    found = of({"trajectory": [], "history": history, "info": {}})
    assert found.shape == "swe-agent"
    assert [turn.role for turn in found.turns] == ["system", "user", "user", "assistant", "tool"]
    assert found.turns[-1].tool_call_id == "c1"
    assert found.notes == {"demonstration": 1, "tools-unknown": 1}


@pytest.mark.parametrize("query", ["query", "messages"])
def test_swe_agent_without_a_history_is_read_by_its_steps(query: str) -> None:
    steps = [
        {
            "response": "```\nls\n```",
            "observation": "f",
            query: [{"role": "user", "content": "fix"}],
        },
        {"response": "```\nsubmit\n```", "observation": ""},
    ]
    found = of({"trajectory": steps, "info": {}})
    assert [turn.text for turn in found.turns] == [
        "fix",
        "```\nls\n```",
        "f",
        "```\nsubmit\n```",
        "",
    ]


def test_mini_swe_agent_has_no_turn_for_its_end() -> None:
    said = [entry("user", "u"), entry("assistant", "a"), entry("exit", "")]
    found = of({"messages": said, "info": {}, "trajectory_format": "mini-swe-agent-1.1"})
    assert (found.shape, [turn.role for turn in found.turns]) == (
        "mini-swe-agent",
        ["user", "assistant"],
    )
