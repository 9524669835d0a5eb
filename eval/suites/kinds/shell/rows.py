"""The rows of a shell suite: a scenario in one language, and how its end is judged."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ....engine import Message
from ..kind import Row

Directive = Literal["told", "discover"]
Outcome = Literal["done", "blocked"]

Name = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Folder = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]


class Turn(Struct, frozen=True, kw_only=True):
    """One answer of the reference solution."""

    commands: Annotated[tuple[str, ...], Meta(min_length=1)]
    """What is typed, each with the line feed that ends it."""
    duration: Annotated[float, Meta(ge=0.1, le=60.0)] = 0.5
    """Seconds that each command may take."""


class ShellRow(Row, frozen=True, kw_only=True):
    """One scenario: a room, a job in it, a solution, and the check of what became of it."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")]
    group: Name
    """The archetype of its job."""
    directive: Directive
    """Whether the job is told, or stands somewhere in the room and must be found."""
    outcome: Outcome
    """Whether the job can be done, or giving up is right."""
    job: str | None = None
    """The task of a replay suite that it is made of."""
    folder: Folder
    """Below the home folder: where *setup* and *check* run."""
    start: str = ""
    """Below the home folder: where the shell starts."""
    text: str = ""
    """The job as it is told; empty where it must be found."""
    markers: tuple[str, ...] = ()
    """Lines that have all been on the screen once the job is found; none where it is told."""
    setup: str
    """Bash script that makes the first state."""
    check: Annotated[str, Meta(min_length=1)]
    """Bash script that fails unless the room is as it shall be after the right end."""
    oracle: Annotated[tuple[Turn, ...], Meta(min_length=1)]
    """Turns that solve it, or that find out why it cannot be done."""
    reason: str = ""
    """Why the reference gives up; empty where it exits."""
    suite: str | None = None
    suite_version: str | None = None
    suite_kind: str = "shell"

    def __post_init__(self) -> None:
        """Refuse a scenario that contradicts itself."""
        if (self.directive == "told") != bool(self.text.strip()):
            raise ValueError("text: it is there where the job is told, and nowhere else")
        if (self.directive == "discover") != bool(self.markers):
            raise ValueError("markers: they are there where the job must be found")
        if (self.outcome == "blocked") != bool(self.reason.strip()):
            raise ValueError("reason: it is there where giving up is right, and nowhere else")

    @property
    def screen(self) -> str:
        """Return what the terminal shows at first: the prompt."""
        return f"dev@box:{'/'.join(filter(None, ('~', self.start)))}$"

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Return the first turn, the job where it is told and the screen; rules come before it."""
        shown = f"<terminal>\n{self.screen}\n</terminal>"
        return (Message("user", f"{self.text}\n\n{shown}" if self.text else shown),)

    @property
    def groups(self) -> dict[str, str]:
        """Return the archetype, how the job is given, its right end and the language."""
        return {
            "group": self.group,
            "directive": self.directive,
            "outcome": self.outcome,
            "language": self.language,
        }

    @property
    def reference(self) -> dict[str, Any]:
        """Return the right end, and the SHA-256 of the room with its check and its solution."""
        world = [self.folder, self.start, self.setup, self.check, self.markers, self.oracle]
        digest = hashlib.sha256(msgspec.json.encode(world)).hexdigest()
        return {
            "outcome": self.outcome,
            "directive": self.directive,
            "job": self.job,
            "scenario_sha256": digest,
        }


def found(markers: Sequence[str], screens: Sequence[str]) -> bool | None:
    """Tell whether every marker has been on one of *screens*; `None` where there are none.

    Line feeds and blanks count as one blank each, however many there are.
    """
    if not markers:
        return None
    shown = [_blanks(screen) for screen in screens]
    return all(any(_blanks(marker) in one for one in shown) for marker in markers)


def _blanks(text: str) -> str:
    return " ".join(text.split())
