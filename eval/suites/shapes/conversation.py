"""What a recorded conversation is, whatever shape of file it came in."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from ...engine import well_formed

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = get_args(Role)

MOST_TURNS = 10_000
"""Of one conversation."""
MOST_DEPTH = 100
"""Lists and objects within each other that a value may have."""
LONGEST_NAME = 1000
"""Letters of a name or an id."""

Content = str | tuple[dict[str, Any], ...]
"""A text, or the parts of one message as they were recorded."""


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a tool."""

    name: str
    arguments: dict[str, Any] | str = {}
    """A text where what was recorded is no JSON object."""
    id: str | None = None


class Turn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a conversation, in the words of the OpenAI API."""

    role: Role
    content: Content
    tool_calls: tuple[Call, ...] = ()
    tool_call_id: str | None = None
    """Which call a tool's turn answers."""
    name: str | None = None
    reasoning_content: str | None = None
    """What was thought before the answer, where it was recorded apart from it."""

    @property
    def text(self) -> str:
        """Return the content as one text; parts that are no text are nothing in it."""
        return text_of(self.content)

    def as_message(self) -> dict[str, Any]:
        """Return the turn as templates take it: a message whose calls hold objects."""
        said: dict[str, Any] = {"role": self.role, "content": self.content}
        if not isinstance(self.content, str):
            said["content"] = [dict(part) for part in self.content]
        if self.tool_calls:
            said["tool_calls"] = [
                {
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                    **({} if call.id is None else {"id": call.id}),
                }
                for call in self.tool_calls
            ]
        for key in ("tool_call_id", "name", "reasoning_content"):
            if (value := getattr(self, key)) is not None:
                said[key] = value
        return said

    @property
    def plain(self) -> bool:
        """Tell whether the turn is nothing but a role and a text."""
        return isinstance(self.content, str) and not (
            self.tool_calls or self.tool_call_id or self.name or self.reasoning_content
        )


class Conversation(Struct, frozen=True, kw_only=True):
    """The turns of one conversation, and what the file says beside them."""

    turns: tuple[Turn, ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    """What the model could call, each as its JSON has it."""
    shape: str = "messages"
    """The name in the table of shapes."""
    text: str | None = None
    """A text without turns, as language models are trained on."""
    rejected: tuple[Turn, ...] = ()
    """The turns of the worse answer, where there is a pair; *turns* end with the better one."""
    label: bool | None = None
    """Whether the last answer is called good or bad, where the file says so."""
    untrained: frozenset[int] = frozenset()
    """Places of turns that are marked as not to be learnt (`weight: 0`, `train: false`)."""
    typed: bool = False
    """Whether the answers are what was typed into a shell, and nothing else."""
    id: str | None = None
    """What the file calls the task or the conversation."""
    source: str = ""
    source_group: str = ""
    notes: Mapping[str, int] = {}
    """How often something of `NOTES` held."""


NOTES = {
    "developer": "developer turns, read as system turns",
    "parts": "parts of messages that are no text (they are kept as recorded)",
    "arguments": "calls whose arguments are no JSON object (they are kept as text)",
    "copied": "steps that another trajectory's context was copied from, left out",
    "not-model": "steps of the agent that no model was asked for",
    "demonstration": "turns that show how it is done and are no answers of the model",
    "rebuilt": "answers that were put together again from what the agent read of them",
    "tools-unknown": "conversations with calls that do not say which tools were offered",
    "instruction": "recordings that name no task: the first turn is cardboard's own",
    "plain": "answers without a fence, taken for commands as all of them look like such",
    "typed": "commands as they were typed",
    "inferred": "commands inferred from the prompt on the screen, as no keys were recorded",
    "marked": "commands that the shell itself marked on the screen",
    "unseen": "typed lines that the screen did not show, such as passwords, left out",
    "completed": "typed lines that the shell completed (Tab, history), as the screen shows them",
    "unknown-keys": "typed lines with keys whose effect the screen does not show, left out",
    "full-screen": "lines typed into a full-screen program, left out",
    "events": "damaged events of a recording, left out",
    "elsewhere": "lines typed where no shell's prompt stands, left out",
    "nested": "trajectories inside of another, left out",
}
"""What is told of conversations beside their turns: what was put right, inferred or left out."""


class Unreadable(Exception):
    """A document is no conversation that can be read: the key at fault, what is wrong, a remedy."""

    def __init__(self, what: str, *, key: str = "", remedy: str = "") -> None:
        self.key, self.what, self.remedy = key, what, remedy
        super().__init__(f"{key}: {what}" if key else what)


def text_of(content: Content) -> str:
    """Return *content* as one text; its parts of text stand in lines of their own."""
    if isinstance(content, str):
        return content
    return "\n".join(
        part["text"] for part in content if isinstance(part.get("text"), str) and is_text(part)
    )


def is_text(part: Mapping[str, Any]) -> bool:
    """Tell whether a part of a message is text."""
    return part.get("type") in ("text", "input_text", "output_text") or set(part) == {"text"}


def name_of(tool: Mapping[str, Any]) -> str:
    """Return the name of a tool, in or without the wrapping of the API; empty where it has none."""
    inner = tool.get("function")
    return word((inner if isinstance(inner, dict) else tool).get("name"))


def texted(value: object, key: str) -> str:
    """Return *value* if it is a text. Raises Unreadable for anything else."""
    if not isinstance(value, str):
        raise Unreadable(f"expected a text, got {kind_of(value)}", key=key)
    return well_formed(value)


def listed(value: object, key: str) -> Sequence[Any]:
    """Return *value* if it is a list that is not empty. Raises Unreadable for anything else."""
    if not isinstance(value, list) or not value:
        got = "an empty one" if value == [] else kind_of(value)
        raise Unreadable(f"expected a list, got {got}", key=key)
    if len(value) > MOST_TURNS:
        raise Unreadable(f"has {len(value)} members, more than {MOST_TURNS}", key=key)
    return value


def mapped(value: object, key: str) -> dict[str, Any]:
    """Return *value* if it is an object. Raises Unreadable for anything else."""
    if not isinstance(value, dict):
        raise Unreadable(f"expected an object, got {kind_of(value)}", key=key)
    return value


def kind_of(value: object) -> str:
    """Return what JSON calls *value*."""
    names = {bool: "a boolean", type(None): "null", str: "a text", list: "a list"}
    return names.get(type(value), "an object" if isinstance(value, dict) else "a number")


def word(value: object) -> str:
    """Return a name or an id as text of a bounded length; empty where it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return well_formed(str(value)).strip()[:LONGEST_NAME]


def tools_of(value: object, key: str = "tools") -> tuple[dict[str, Any], ...]:
    """Return a list of tools, which some files keep as a text of JSON. Raises Unreadable."""
    if isinstance(value, str) and value.strip():
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            raise Unreadable("is a text that is no JSON", key=key) from None
    if value in (None, "", []):
        return ()
    found = tuple(mapped(one, f"{key}[{place}]") for place, one in enumerate(listed(value, key)))
    # The API's first form named functions without the wrapping of today.
    return tuple(
        {"type": "function", "function": one} if "name" in one and "function" not in one else one
        for one in found
    )
