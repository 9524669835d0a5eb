"""The rows of a home suite: one question in one language, and the clauses of its answer."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ....engine import Message
from ..kind import Row
from .clauses import AnyClause

Clauses = Annotated[tuple[AnyClause, ...], Meta(min_length=1, max_length=20)]


class HomeRow(Row, frozen=True, kw_only=True):
    """One question. Its versions in other languages are other steps of the same task."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")]
    topic: Annotated[str, Meta(min_length=1, max_length=60)]
    question: Annotated[str, Meta(min_length=1)]
    example: Annotated[str, Meta(min_length=1)]
    """An answer that keeps every clause."""
    clauses: Clauses
    suite: str | None = None
    suite_version: str | None = None
    suite_kind: str = "home"

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return the question alone: nobody at home writes a system prompt."""
        return (Message("user", self.question),)

    @property
    def groups(self) -> dict[str, str]:
        """Return the language and the topic."""
        return {"language": self.language, "topic": self.topic}

    @property
    def reference(self) -> dict[str, Any]:
        """Return the clauses, and the example."""
        return {"clauses": msgspec.to_builtins(self.clauses), "example": self.example}
