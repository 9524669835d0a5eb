"""A suite of tool calls as written, tools and tasks in TOML, made into its rows."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ....errors import ConfigError
from ...mistakes import read_table
from .matching import Wanted, fits, match
from .parsers.reading import Call, Reading, to_json
from .rows import CallsRow, Language, schemas_of

Words = Annotated[str, Meta(min_length=1)]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]

CALL_ID = "call00001"
"""Of a call made before; Mistral's templates take no other than nine letters and digits."""


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    """Refuse keys that nobody reads."""


class Tool(_Table, frozen=True, kw_only=True):
    """One tool."""

    description: Words
    parameters: dict[str, dict[str, Any]] = {}
    required: tuple[str, ...] = ()


class Right(_Table, frozen=True, kw_only=True):
    """A right call. Values are a list, or a list for each language."""

    name: str
    arguments: dict[str, Any] = {}
    optional: tuple[str, ...] = ()
    fold: tuple[str, ...] = ()
    translated: dict[str, dict[str, tuple[Any, ...]]] = {}


class Made(_Table, frozen=True, kw_only=True):
    """A call that the model has made. Values are one, or one for each language."""

    name: str
    arguments: dict[str, Any] = {}


class Task(_Table, frozen=True, kw_only=True):
    """A question in all languages."""

    id: Slug
    text: dict[Language, Words]
    tools: tuple[str, ...] = ()
    """Those of the category where it names none."""
    calls: tuple[Right, ...] = ()
    ordered: bool = False
    made: Made | None = None
    result: str | None = None
    """What the tool answered to *made*."""
    says: tuple[tuple[Words, ...], ...] = ()


class Category(_Table, frozen=True, kw_only=True):
    """One file of tasks."""

    category: Slug
    tasks: Annotated[tuple[Task, ...], Meta(min_length=1)]
    tools: tuple[str, ...] = ()


class Definition(_Table, frozen=True, kw_only=True):
    """What `suite.toml` says: who the suite is, its languages, and its categories in order."""

    name: Slug
    version: Words
    languages: Annotated[tuple[Language, ...], Meta(min_length=1)]
    reviewed: tuple[Language, ...] = ()
    categories: Annotated[tuple[Slug, ...], Meta(min_length=1)]


def build(folder: Path) -> tuple[CallsRow, ...]:
    """Return the rows of the suite in *folder*: each task in each language.

    Reads `suite.toml`, `tools.toml`, and `tasks/CATEGORY.toml` a category. Raises ConfigError that
    names file and key, also where the right calls do not fit the tools.
    """
    suite = read_table(folder / "suite.toml", Definition)
    tools = read_table(folder / "tools.toml", dict[str, Tool])
    rows: list[CallsRow] = []
    for name in suite.categories:
        file = folder / "tasks" / f"{name}.toml"
        category = read_table(file, Category)
        for task in category.tasks:
            if missing := set(suite.languages) ^ set(task.text):
                raise ConfigError(
                    f"suite and task differ in languages: {', '.join(sorted(missing))}",
                    file=file.name,
                    key=f"{task.id}.text",
                )
            for number, language in enumerate(suite.languages):
                try:
                    row = _row(task, category, tools, language)
                    check(row)
                except ValueError as error:
                    raise ConfigError(
                        str(error), file=file.name, key=f"{task.id}.{language}"
                    ) from error
                rows.append(
                    msgspec.structs.replace(
                        row,
                        step_idx=number,
                        reviewed=language in suite.reviewed,
                        suite=suite.name,
                        suite_version=suite.version,
                    )
                )
    return tuple(rows)


def _row(task: Task, category: Category, tools: dict[str, Tool], language: str) -> CallsRow:
    names = task.tools or category.tools
    if unknown := [name for name in names if name not in tools]:
        raise ValueError(f"tools.toml has no {', '.join(unknown)}")
    return CallsRow(
        task_id=task.id,
        step_idx=0,
        language=language,
        category=category.category,
        messages=_messages(task, language),
        offered=tuple(_described(name, tools[name]) for name in names),
        wanted=tuple(_wanted(one, language) for one in task.calls),
        ordered=task.ordered,
        says=task.says,
    )


def _messages(task: Task, language: str) -> tuple[dict[str, Any], ...]:
    asked: dict[str, Any] = {"role": "user", "content": task.text[language].strip()}
    if task.made is None:
        return (asked,)
    given = {
        key: one[language] if isinstance(one, dict) else one
        for key, one in task.made.arguments.items()
    }
    function = {"name": task.made.name, "arguments": given}
    call = {"id": CALL_ID, "type": "function", "function": function}
    return (
        asked,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {
            "role": "tool",
            "tool_call_id": CALL_ID,
            "name": task.made.name,
            "content": task.result or "",
        },
    )


def _described(name: str, tool: Tool) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": tool.parameters,
        "required": list(tool.required),
    }
    function = {"name": name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _wanted(right: Right, language: str) -> Wanted:
    return Wanted(
        name=right.name,
        arguments={
            key: tuple(one[language] if isinstance(one, dict) else one)
            for key, one in right.arguments.items()
        },
        optional=right.optional,
        fold=right.fold,
        translated={key: one[language] for key, one in right.translated.items() if language in one},
    )


def oracle(row: CallsRow) -> Reading:
    """Return the right answer to *row*: its calls with the first of their values, or words."""
    calls = tuple(
        Call(one.name, {key: values[0] for key, values in one.arguments.items()})
        for one in row.wanted
    )
    return Reading(calls=calls, words="" if calls else " ".join(one[0] for one in row.says))


def check(row: CallsRow) -> None:
    """Raise ValueError where the right calls are none by their tools' own schemas."""
    schemas = schemas_of(row.offered)
    for one in row.wanted:
        if one.name not in schemas:
            raise ValueError(f"{one.name} is wanted and not offered")
        properties = schemas[one.name]["properties"]
        for key, values in one.arguments.items():
            if key not in properties:
                raise ValueError(f"{one.name} has no {key}")
            known = properties[key].get("enum")
            for value in values:
                if not fits(value, properties[key]) or (known and value not in known):
                    raise ValueError(f"{to_json(value)} is no {key} of {one.name}")
        for key in schemas[one.name]["required"]:
            if key not in one.arguments:
                raise ValueError(f"{one.name} needs {key}")
    found = match(oracle(row), row.wanted, schemas, ordered=row.ordered)
    if found.outcome != "exact":
        raise ValueError(f"the right calls are {found.outcome}")
