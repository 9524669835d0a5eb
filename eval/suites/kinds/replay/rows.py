"""The rows of a replay's files: the conversation up to a step, and what was typed then."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .... import engine
from ..kind import Row
from .scoring import bucket_of


class Message(Struct, frozen=True, kw_only=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


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
            return tuple(engine.Message(turn.role, turn.content) for turn in self.messages)
        return (engine.Message("user", self.prompt),) if self.prompt else ()

    @property
    def groups(self) -> dict[str, str]:
        """Return where in its task the step stands, and where the task comes from."""
        group = {"source_group": self.source_group} if self.source_group else {}
        return {"bucket": bucket_of(self.step_idx), **group}

    @property
    def reference(self) -> dict[str, Any]:
        """Return what is typed, and whether the task is complete then."""
        return {
            "command_units": list(self.ref_command_units),
            "task_complete": self.ref_task_complete,
        }
