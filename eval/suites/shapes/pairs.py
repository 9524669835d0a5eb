"""Questions with answers: Alpaca, prompt and completion, preference pairs; and plain text."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .chats import beside, turns_of
from .conversation import Conversation, Turn, Unreadable, listed, texted, tools_of

ANSWERS = ("completion", "response", "answer")
"""Names of what follows a `prompt`."""


def alpaca(value: Mapping[str, Any]) -> Conversation:
    """Read `instruction`, `input` and `output`, with `system` and `history` where they are there.

    The input stands in the line below the instruction, in the same turn of the user.
    """
    turns: list[Turn] = []
    if value.get("system"):
        turns.append(Turn(role="system", content=texted(value["system"], "system")))
    for place, pair in enumerate(value.get("history") or ()):
        key = f"history[{place}]"
        if len(listed(pair, key)) != 2:
            raise Unreadable("expected a question and its answer", key=key)
        turns.append(Turn(role="user", content=texted(pair[0], f"{key}[0]")))
        turns.append(Turn(role="assistant", content=texted(pair[1], f"{key}[1]")))
    asked = [texted(value["instruction"], "instruction")]
    if value.get("input") not in (None, ""):
        asked.append(texted(value["input"], "input"))
    turns.append(Turn(role="user", content="\n".join(asked)))
    turns.append(Turn(role="assistant", content=texted(value["output"], "output")))
    return Conversation(turns=tuple(turns), shape="alpaca", **beside(value))


def completion(value: Mapping[str, Any]) -> Conversation:
    """Read a `prompt` and what follows it, each a text or messages; `label` says whether well."""
    notes = Counter[str]()
    key = next(one for one in ANSWERS if one in value)
    label = value.get("label")
    return Conversation(
        turns=(
            *_side(value["prompt"], "prompt", "user", notes),
            *_side(value[key], key, "assistant", notes),
        ),
        tools=tools_of(value.get("tools")),
        shape="prompt-completion",
        label=label if isinstance(label, bool) else None,
        notes=+notes,
        **beside(value),
    )


def preference(value: Mapping[str, Any]) -> Conversation:
    """Read `chosen` and `rejected`, which a `prompt` may come before or which hold it both.

    `preferred_output` and `non_preferred_output` after `input` are the same in other words.
    """
    notes = Counter[str]()
    names = ("prompt", "chosen", "rejected")
    if "preferred_output" in value:
        names = ("input", "preferred_output", "non_preferred_output")
    first, good, bad = names
    asked = value.get(first)
    tools = value.get("tools")
    if isinstance(asked, dict):
        tools = tools or asked.get("tools")
        asked = asked.get("messages")
    better = _side(value[good], good, "assistant", notes)
    worse = _side(value[bad], bad, "assistant", Counter())
    before: tuple[Turn, ...] = ()
    # Whole conversations begin with the question, which the prompt then only repeats.
    if asked and not any(turn.role in ("user", "system") for turn in better):
        before = _side(asked, first, "user", notes)
    return Conversation(
        turns=(*before, *better),
        rejected=(*before, *worse),
        tools=tools_of(tools),
        shape="preference",
        notes=+notes,
        **beside(value),
    )


def plain(value: Mapping[str, Any]) -> Conversation:
    """Read `text`, which has no turns."""
    return Conversation(shape="text", text=texted(value["text"], "text"), **beside(value))


def _side(said: object, key: str, role: Any, notes: Counter[str]) -> tuple[Turn, ...]:
    if isinstance(said, list):
        return turns_of(said, key, notes)
    return (Turn(role=role, content=texted(said, key)),)
