"""The rows of a replay's files: the conversation up to a step, and what was typed then."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from .... import engine
from ...shapes.conversation import Turn
from ..kind import Row
from .forms import Form
from .scoring import bucket_of

Message = Turn
"""One turn of a conversation."""


class Command(Struct, frozen=True, kw_only=True):
    """What a reference types, and the seconds that it waits afterwards."""

    keystrokes: str = ""
    duration: Annotated[float, Meta(ge=0.0)] | None = None


class ReplayRow(Row, frozen=True, kw_only=True):
    """One step: the conversation up to it, and the reference answer."""

    total_steps: Annotated[int, Meta(ge=1)]
    is_final_step: bool
    source: str = ""
    source_group: str = ""
    prompt: str | None = None
    """The conversation as one text, for suites that have no *messages*."""
    messages: tuple[Message, ...] = ()
    """The conversation; it ends before the reference's turn."""
    ref_raw: str
    ref_analysis: str = ""
    ref_plan: str = ""
    ref_task_complete: bool
    ref_commands: tuple[Command, ...] = ()
    ref_command_units: tuple[str, ...]
    ref_parse_ok: bool = True
    suite: str | None = None
    suite_version: str | None = None
    form: Form | UnsetType = UNSET
    """How answers say what to type; not there where they are the JSON object."""
    offered: tuple[dict[str, Any], ...] | UnsetType = field(name="tools", default=UNSET)
    """The tools that the model may call, each as its JSON has it."""
    shape: str | UnsetType = UNSET
    """In which shape the conversation was found."""
    source_sha256: str | UnsetType = UNSET
    """Of the file that it was found in."""

    def __post_init__(self) -> None:
        """Refuse a step that its task does not have."""
        if self.step_idx >= self.total_steps:
            raise ValueError(
                f"step_idx: {self.step_idx} is not below total_steps, which is {self.total_steps}"
            )

    @property
    def conversation(self) -> tuple[engine.Message, ...]:
        """Return the turns before the answer; a flat prompt is a single user turn."""
        if self.messages:
            return tuple(map(_asked, self.messages))
        return (engine.Message("user", self.prompt),) if self.prompt else ()

    @property
    def tools(self) -> Sequence[Any]:
        """Return the tools that the model may call."""
        return self.offered or ()

    @property
    def groups(self) -> dict[str, str]:
        """Return where in its task the step stands, and where the task comes from."""
        group = {"source_group": self.source_group} if self.source_group else {}
        return {"bucket": bucket_of(self.step_idx), **group}

    @property
    def reference(self) -> dict[str, Any]:
        """Return what is typed, and whether the task is complete then: only JSON tells that."""
        typed = {"command_units": list(self.ref_command_units)}
        if self.form:
            return {**typed, "form": self.form}
        return {**typed, "task_complete": self.ref_task_complete}


def _asked(turn: Turn) -> engine.Message:
    if turn.plain:
        return engine.Message(turn.role, turn.text)
    said = turn.as_message()
    beside = {key: value for key, value in said.items() if key not in ("role", "content")}
    if not isinstance(turn.content, str):
        beside["content"] = said["content"]
    return engine.Message(turn.role, turn.text, beside)
