"""What agents did: trajectories of ATIF (Harbor), SWE-agent and mini-SWE-agent."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from .chats import beside, call_of, content_of, turn_of, turns_of
from .conversation import (
    Call,
    Conversation,
    Role,
    Turn,
    Unreadable,
    listed,
    mapped,
    text_of,
    tools_of,
    word,
)

_VERSION = re.compile(r"ATIF-v1(?:\.\d{1,3})*\Z")
_SOURCES: Mapping[str, Role] = {"system": "system", "user": "user", "agent": "assistant"}
TYPES, COMPLETES = "bash_command", "mark_task_complete"
"""How Harbor's Terminus records what its agent read of an answer."""


def is_atif(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a trajectory of any version of ATIF."""
    version = value.get("schema_version")
    return isinstance(version, str) and version.startswith("ATIF-")


def atif(value: Mapping[str, Any]) -> Conversation:
    """Read a trajectory of ATIF 1.x: steps of a system, a user and an agent.

    What the agent of Terminus answered is recorded as calls of tools that it never had; its JSON is
    put together again. Steps that no model was asked for, and those copied from another trajectory,
    stay in the prompts of the others and are no answers.
    """
    if not _VERSION.match(version := value["schema_version"]):
        raise Unreadable(
            f"{version[:40]!r} is not known", key="schema_version", remedy="Known: ATIF-v1.x."
        )
    agent = mapped(value.get("agent", {}), "agent")
    notes, turns, left = Counter[str](), list[Turn](), set[int]()
    for place, one in enumerate(listed(value["steps"], "steps")):
        key = f"steps[{place}]"
        step = mapped(one, key)
        source = word(step.get("source"))
        if source not in _SOURCES:
            raise Unreadable(
                f"nobody knows the source {source[:40]!r}",
                key=f"{key}.source",
                remedy=f"Known: {', '.join(_SOURCES)}.",
            )
        if source == "agent" and _no_answer(step, notes):
            left.add(len(turns))
        turns += _step(step, key, _SOURCES[source], word(agent.get("name")), notes)
    for key, inner in value.items():  # trajectories inside of this one
        if key.endswith("_trajectories") and isinstance(inner, list):
            notes["nested"] += len(inner)
    tools = tools_of(agent.get("tool_definitions"), "agent.tool_definitions")
    notes["tools-unknown"] += any(turn.tool_calls for turn in turns) and not tools
    return Conversation(
        turns=tuple(turns), tools=tools, shape="atif", untrained=frozenset(left), notes=+notes
    )


def _no_answer(step: Mapping[str, Any], notes: Counter[str]) -> bool:
    """Tell whether a step of the agent is none of the model's answers in this trajectory."""
    if step.get("is_copied_context") is True:
        notes["copied"] += 1
        return True
    if step.get("llm_call_count") == 0 and step.get("llm_call_count") is not False:
        notes["not-model"] += 1
        return True
    return False


def _step(
    step: Mapping[str, Any], key: str, role: Role, agent: str, notes: Counter[str]
) -> list[Turn]:
    """Return the turns of one step: what was said, and what the environment showed then."""
    content = content_of(step.get("message"), f"{key}.message", notes)
    calls = _calls(step, key, notes) if role == "assistant" else ()
    thought = step.get("reasoning_content")
    answer = _rebuilt(text_of(content), calls) if agent.startswith("terminus") else None
    if answer is not None:
        notes["rebuilt"] += 1
        content, calls = answer, ()
    said = Turn(
        role=role,
        content=content,
        tool_calls=calls,
        reasoning_content=thought if isinstance(thought, str) and thought else None,
    )
    seen = step.get("observation")
    results = mapped(seen, f"{key}.observation").get("results") if seen is not None else None
    shown = [
        mapped(one, f"{key}.observation.results[{place}]")
        for place, one in enumerate(results if isinstance(results, list) else [])
    ]
    place = f"{key}.observation.results"
    texts = [content_of(one.get("content"), f"{place}.content", notes) for one in shown]
    if not calls:
        told = "\n".join(filter(None, map(text_of, texts)))
        return [said, Turn(role="user", content=told)] if told else [said]
    return [said, *(_answered(one, text) for one, text in zip(shown, texts, strict=True))]


def _answered(result: Mapping[str, Any], content: Any) -> Turn:
    return Turn(
        role="tool", content=content, tool_call_id=word(result.get("source_call_id")) or None
    )


def _calls(step: Mapping[str, Any], key: str, notes: Counter[str]) -> tuple[Call, ...]:
    told = step.get("tool_calls")
    if told in (None, []):
        return ()
    found = []
    for place, one in enumerate(listed(told, f"{key}.tool_calls")):
        said = mapped(one, f"{key}.tool_calls[{place}]")
        call = call_of({"name": said.get("function_name"), **said}, notes)
        if call is None:
            raise Unreadable("the call names no tool", key=f"{key}.tool_calls[{place}]")
        found.append(msgspec.structs.replace(call, id=word(said.get("tool_call_id")) or None))
    return tuple(found)


def _rebuilt(text: str, calls: tuple[Call, ...]) -> str | None:
    """Return the JSON that an agent of Terminus answered; `None` where that cannot be known."""
    if not calls or {call.name for call in calls} - {TYPES, COMPLETES}:
        return None
    analysis, _, plan = text.strip().partition("\nPlan:")
    typed = [call.arguments for call in calls if call.name == TYPES]
    answer = {
        "analysis": analysis.removeprefix("Analysis:").strip(),
        "plan": plan.strip(),
        "commands": typed,
        "task_complete": any(call.name == COMPLETES for call in calls),
    }
    return msgspec.json.encode(answer).decode("utf-8")


def is_swe_agent(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a trajectory of SWE-agent."""
    held = isinstance(value.get("history"), list) or isinstance(value.get("info"), dict)
    return isinstance(value.get("trajectory"), list) and held


def swe_agent(value: Mapping[str, Any]) -> Conversation:
    """Read a trajectory of SWE-agent by its `history`, or by query and response of each step."""
    notes = Counter[str]()
    if isinstance(value.get("history"), list):
        turns = _history(value["history"], notes)
    else:
        turns = _responses(value["trajectory"], notes)
    tools = tools_of(value.get("tools"))
    notes["tools-unknown"] += any(turn.tool_calls for turn in turns) and not tools
    named = beside(value, ("task_id", "instance_id"))
    return Conversation(turns=turns, tools=tools, shape="swe-agent", notes=+notes, **named)


def _history(said: Any, notes: Counter[str]) -> tuple[Turn, ...]:
    found = []
    for place, one in enumerate(listed(said, "history")):
        entry = mapped(one, f"history[{place}]")
        if entry.get("agent") not in (None, "", "main", "primary"):
            continue
        shown = entry.get("is_demo") is True or entry.get("message_type") == "demonstration"
        notes["demonstration"] += shown
        ids = entry.get("tool_call_ids")
        if isinstance(ids, list) and len(ids) == 1 and "tool_call_id" not in entry:
            entry = {**entry, "tool_call_id": ids[0]}
        found.append(turn_of(entry, f"history[{place}]", notes))
    return tuple(found)


def _responses(steps: Any, notes: Counter[str]) -> tuple[Turn, ...]:
    found: list[Turn] = []
    for place, one in enumerate(listed(steps, "trajectory")):
        key = f"trajectory[{place}]"
        step = mapped(one, key)
        query = step.get("query") or step.get("messages")
        if not found and isinstance(query, list) and query:
            found += turns_of(query, f"{key}.query", notes)
        answer = content_of(step.get("response") or "", f"{key}.response", notes)
        found.append(Turn(role="assistant", content=answer))
        seen = content_of(step.get("observation") or "", f"{key}.observation", notes)
        found.append(Turn(role="user", content=seen))
    return tuple(found)


def mini_swe_agent(value: Mapping[str, Any]) -> Conversation:
    """Read a trajectory of mini-SWE-agent; what it notes of its own end is no turn."""
    notes = Counter[str]()
    said = [
        one
        for one in listed(value["messages"], "messages")
        if not (isinstance(one, dict) and one.get("role") == "exit")
    ]
    turns = turns_of(said, "messages", notes)
    named = beside(value, ("task_id", "instance_id"))
    return Conversation(turns=turns, shape="mini-swe-agent", notes=+notes, **named)
