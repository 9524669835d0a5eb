"""The rows of a suite of tool calls: a question in one language, its tools and the right calls."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ....engine import Message
from ..kind import Row
from .bfcl_rules import Bfcl
from .matching import Wanted

Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")]


class CallsRow(Row, frozen=True, kw_only=True):
    """One question. Its versions in other languages are other steps of the same task."""

    language: Language
    category: Annotated[str, Meta(min_length=1, max_length=60)]
    messages: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1)]
    """In the words of the OpenAI API; the last is the user's or a tool's."""
    offered: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1, max_length=128)]
    """The tools, each as the OpenAI API describes one."""
    wanted: Annotated[tuple[Wanted, ...], Meta(max_length=16)] = ()
    ordered: bool = False
    """Whether the calls have to come in this order."""
    says: tuple[tuple[str, ...], ...] = ()
    """Texts that an answer in words holds: of each group one."""
    reviewed: bool = False
    """Whether somebody who speaks the language has signed the question."""
    bfcl: Bfcl | UnsetType = UNSET
    """What BFCL judges an answer by, where the question is of BFCL."""
    suite: str | None = None
    suite_version: str | None = None
    suite_kind: str = "calls"

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return the question, and after it the call and the tool's answer where there is one."""
        return tuple(
            Message(
                one["role"],
                one.get("content") or "",
                {key: value for key, value in one.items() if key not in ("role", "content")},
            )
            for one in self.messages
        )

    @property
    def tools(self) -> Sequence[Any]:
        """Return the tools."""
        return self.offered

    @property
    def groups(self) -> dict[str, str]:
        """Return the language and the category."""
        return {"language": self.language, "category": self.category}

    @property
    def reference(self) -> dict[str, Any]:
        """Return the right calls, the schemas that they are typed by, and what words must say.

        Of tools that no right call is of, it holds the names.
        """
        also = {} if self.bfcl is UNSET else {"bfcl": msgspec.to_builtins(self.bfcl)}
        wanted = {one.name for one in self.wanted}
        return {
            "calls": msgspec.to_builtins(self.wanted),
            "ordered": self.ordered,
            "says": msgspec.to_builtins(self.says),
            "schemas": {
                name: schema if name in wanted else {}
                for name, schema in schemas_of(self.offered).items()
            },
            "reviewed": self.reviewed,
            **also,
        }


def schemas_of(tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of the parameters of each of *tools*, by its name, without descriptions."""
    functions = [one.get("function", one) for one in tools]
    return {one["name"]: _bare(one.get("parameters") or {}) for one in functions}


def _bare(schema: Any, *, names: bool = False) -> Any:
    """Return *schema* without its descriptions; where *names*, its keys are those of properties."""
    if isinstance(schema, Mapping):
        return {
            key: _bare(value, names=key == "properties" and not names)
            for key, value in schema.items()
            if names or key != "description"
        }
    return [_bare(one) for one in schema] if isinstance(schema, list) else schema
