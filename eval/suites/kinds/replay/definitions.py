"""What a recorded suite is written as: tasks with their setup, reference steps and final check."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ....errors import ConfigError
from ...mistakes import read_table

Language = Literal["en", "ko"]
Words = Annotated[str, Meta(min_length=1)]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    """Refuse keys that nobody reads."""


class Text(_Table, frozen=True, kw_only=True):
    """The same words in every language."""

    en: Words
    ko: Words

    def in_(self, language: Language) -> str:
        """Return the words in *language*."""
        return (self.en if language == "en" else self.ko).strip()


class StepPlan(_Table, frozen=True, kw_only=True):
    """One reference answer: what it thinks, means to do and types."""

    analysis: Words
    plan: Words
    commands: Annotated[tuple[Words, ...], Meta(min_length=1)]
    """What is typed; a command of several lines (a loop, a here-document) is one member."""
    duration: Annotated[float, Meta(ge=0.1, le=60.0)] = 0.5
    """Seconds that each command may take, as the answer says."""
    fails: bool = False
    """True where one of the commands must end with another exit status than 0."""


class Task(_Table, frozen=True, kw_only=True):
    """A job for a terminal, its reference solution and how to see that it was done."""

    id: Slug
    language: Language
    """The language of its prompt and of the reference's words."""
    folder: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    """Where the shell starts, below the home folder."""
    text: Text
    setup: str = ""
    """Bash script that makes the first state, run in the folder before the first prompt."""
    steps: Annotated[tuple[StepPlan, ...], Meta(min_length=1)]
    check: Words
    """Bash script that fails unless the job is done, run in the folder after the last step."""


class Group(_Table, frozen=True, kw_only=True):
    """The tasks of one source group: one file."""

    group: Slug
    tasks: Annotated[tuple[Task, ...], Meta(min_length=1)]


class Definition(_Table, frozen=True, kw_only=True):
    """A suite as written: what `suite.toml` says, and the groups of `tasks/*.toml`."""

    name: Slug
    version: Words
    system: Text
    """The system prompt in each language."""
    groups: tuple[Group, ...] = ()

    @property
    def tasks(self) -> tuple[tuple[str, Task], ...]:
        """Return each task with its group, in the order of the suite."""
        return tuple((group.group, task) for group in self.groups for task in group.tasks)


def read(folder: Path) -> Definition:
    """Read `suite.toml` and, in the order of their names, the files `tasks/*.toml` of *folder*.

    Raises ConfigError, naming file and key, for what is missing, unknown or there twice.
    """
    head = read_table(folder / "suite.toml", Definition)
    files = sorted((folder / "tasks").glob("*.toml"))
    definition = msgspec.structs.replace(
        head, groups=tuple(read_table(file, Group) for file in files)
    )
    seen: set[str] = set()
    for _, task in definition.tasks:
        if task.id in seen:
            raise ConfigError(
                "two tasks have this id",
                file=str(folder / "tasks"),
                key=task.id,
                remedy="Call one of them otherwise.",
            )
        seen.add(task.id)
    if not seen:
        raise ConfigError(
            "holds no task",
            file=str(folder / "tasks"),
            remedy="Write tasks/GROUP.toml with [[tasks]], as the package's shell-mini has them.",
        )
    return definition
