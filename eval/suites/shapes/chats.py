"""Chats: messages of the OpenAI API, exports of Terminus, ShareGPT."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from .conversation import (
    ROLES,
    Call,
    Content,
    Conversation,
    Role,
    Turn,
    Unreadable,
    is_text,
    listed,
    mapped,
    texted,
    tools_of,
    word,
)

SHAREGPT_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "model", "bing", "bard", "ai"), "assistant"),
    **dict.fromkeys(("function_call", "tool_call"), "assistant"),
    **dict.fromkeys(("observation", "tool", "function", "function_response"), "tool"),
    **dict.fromkeys(("tool_response", "function-response"), "tool"),
    "system": "system",
}
_CALLERS = ("function_call", "tool_call")
_ROLES: Mapping[str, Role] = {"developer": "system", "function": "tool", "model": "assistant"}
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")


def messages(value: Mapping[str, Any]) -> Conversation:
    """Read `messages`: turns of the OpenAI API, whatever else the object holds."""
    # An `id` is that of the line: suites that were built before never took it for the task's.
    return _chat(value, value["messages"], "messages", "messages", ("task_id",))


def bare(turns: Sequence[Any]) -> Conversation:
    """Read a list of messages without an object around it."""
    return _chat({}, turns, "messages", "messages", ())


def terminus(value: Mapping[str, Any]) -> Conversation:
    """Read `conversations` with the roles of the API, as exports of Terminus have them."""
    ids = ("task_id", "task", "trial_name", "id")
    return _chat(value, value["conversations"], "conversations", "terminus", ids)


def sharegpt(value: Mapping[str, Any]) -> Conversation:
    """Read turns of `from` and `value`; calls and tool answers have roles of their own."""
    key = "conversations" if "conversations" in value else "conversation"
    turns: list[Turn] = []
    untrained = set[int]()
    if isinstance(value.get("system"), str) and value["system"].strip():
        turns.append(Turn(role="system", content=texted(value["system"], "system")))
    for place, one in enumerate(listed(value[key], key)):
        at = f"{key}[{place}]"
        said = mapped(one, at)
        name = word(said.get("from"))
        role = SHAREGPT_ROLES.get(name.casefold())
        if role is None:
            raise Unreadable(
                f"nobody knows the role {name[:40]!r}",
                key=f"{at}.from",
                remedy=f"Known: {', '.join(SHAREGPT_ROLES)}.",
            )
        text = texted(said.get("value"), f"{at}.value")
        if _unlearnt(said):
            untrained.add(len(turns))
        calls = _called(text) if name.casefold() in _CALLERS else ()
        turns.append(Turn(role=role, content="" if calls else text, tool_calls=calls))
    return Conversation(
        turns=tuple(turns),
        tools=tools_of(value.get("tools")),
        shape="sharegpt",
        untrained=frozenset(untrained),
        **beside(value),
    )


def _called(text: str) -> tuple[Call, ...]:
    """Return the calls that a turn of `function_call` holds as JSON; none where it is none."""
    try:
        read = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return ()
    members = read if isinstance(read, list) else [read]
    found = [call_of(one, Counter()) for one in members if isinstance(one, dict)]
    known = [one for one in found if one is not None]
    return tuple(known) if known and len(known) == len(members) else ()


def _chat(
    value: Mapping[str, Any], said: object, key: str, shape: str, ids: Sequence[str]
) -> Conversation:
    notes = Counter[str]()
    turns = turns_of(said, key, notes)
    members = said if isinstance(said, list) else []
    tools = tools_of(value.get("tools") or value.get("functions"))
    if any(turn.tool_calls for turn in turns) and not tools:
        notes["tools-unknown"] += 1
    return Conversation(
        turns=turns,
        tools=tools,
        shape=shape,
        untrained=frozenset(place for place, one in enumerate(members) if _unlearnt(one)),
        notes=+notes,
        **beside(value, ids),
    )


def beside(value: Mapping[str, Any], ids: Sequence[str] = ("task_id", "id")) -> dict[str, Any]:
    """Return what an object says of its conversation: an id under one of *ids*, source, group."""
    said = {key: word(value.get(key)) for key in ("source", "source_group")}
    return {"id": next((word(value[key]) for key in ids if word(value.get(key))), None), **said}


def turns_of(said: object, key: str, notes: Counter[str]) -> tuple[Turn, ...]:
    """Read a list of messages of the OpenAI API. Raises Unreadable, naming the key at fault."""
    return tuple(
        turn_of(mapped(one, f"{key}[{place}]"), f"{key}[{place}]", notes)
        for place, one in enumerate(listed(said, key))
    )


def turn_of(said: Mapping[str, Any], key: str, notes: Counter[str]) -> Turn:
    """Read one message of the OpenAI API. Raises Unreadable, naming the key at fault."""
    name = word(said.get("role"))
    role = _ROLES.get(name, name)
    if role not in ROLES:
        raise Unreadable(
            f"nobody knows the role {name[:40]!r}" if name else "there is no role",
            key=f"{key}.role",
            remedy=f"Known: {', '.join(sorted({*ROLES, *_ROLES}))}.",
        )
    notes["developer"] += name == "developer"
    calls = _calls(said, key, notes)
    thought = next((said[one] for one in _THOUGHTS if isinstance(said.get(one), str)), None)
    content = said.get("content")
    if content is None and not calls and role != "assistant":
        raise Unreadable("expected a text or a list of parts, got null", key=f"{key}.content")
    if content is None and not calls and thought is None and not said.get("refusal"):
        raise Unreadable("there is neither a text nor a call", key=f"{key}.content")
    called = word(said.get("tool_call_id"))
    return Turn(
        role=role,  # type: ignore[arg-type]  # one of ROLES, as was seen
        content=content_of(content, f"{key}.content", notes),
        tool_calls=calls,
        tool_call_id=called or None,
        name=(word(said.get("name")) or None) if role == "tool" else None,
        reasoning_content=texted(thought, key) if thought else None,
    )


def content_of(content: object, key: str, notes: Counter[str]) -> Content:
    """Return a text, or the parts of a message as they are. Raises Unreadable."""
    if content is None:
        return ""
    if isinstance(content, str):
        return texted(content, key)
    if not isinstance(content, list):
        raise Unreadable("expected a text or a list of parts", key=key)
    parts = tuple(mapped(one, f"{key}[{place}]") for place, one in enumerate(content))
    for place, part in enumerate(parts):
        if is_text(part):
            texted(part.get("text"), f"{key}[{place}].text")
        else:
            notes["parts"] += 1
    return parts


def _calls(said: Mapping[str, Any], key: str, notes: Counter[str]) -> tuple[Call, ...]:
    told = said.get("tool_calls")
    if told is None and isinstance(said.get("function_call"), dict):
        told = [{"function": said["function_call"]}]
    if told in (None, []):
        return ()
    found = []
    for place, one in enumerate(listed(told, f"{key}.tool_calls")):
        call = call_of(mapped(one, f"{key}.tool_calls[{place}]"), notes)
        if call is None:
            raise Unreadable("the call names no tool", key=f"{key}.tool_calls[{place}]")
        found.append(call)
    return tuple(found)


def call_of(said: Mapping[str, Any], notes: Counter[str]) -> Call | None:
    """Read a call, in or without the wrapping of the API; `None` where it names no tool."""
    inner = said["function"] if isinstance(said.get("function"), dict) else said
    name = word(inner.get("name"))
    if not name:
        return None
    given: Any = next((inner[one] for one in ("arguments", "parameters") if one in inner), {})
    if isinstance(given, str):
        try:
            read = msgspec.json.decode(given) if given.strip() else {}
        except (msgspec.DecodeError, RecursionError):
            read = None
        if not isinstance(read, dict):
            notes["arguments"] += 1
        given = read if isinstance(read, dict) else texted(given, "arguments")
    return Call(
        name=name,
        arguments=given if isinstance(given, dict | str) else {},
        id=word(said.get("id")) or None,
    )


def _unlearnt(said: object) -> bool:
    """Tell whether a message is marked as not to be learnt."""
    if not isinstance(said, dict):
        return False
    return said.get("train") is False or said.get("weight") == 0
