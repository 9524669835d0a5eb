"""A home suite as written, a table a topic in TOML, made into its rows."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ....errors import ConfigError
from ...mistakes import read_table
from . import texts
from .clauses import AnyClause, Language, Loop, failures
from .rows import HomeRow

Words = Annotated[str, Meta(min_length=1)]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]

_SCRIPTS: dict[str, texts.Script] = {"en": "latin", "ko": "hangul"}


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    """Refuse keys that nobody reads."""


class Asked(_Table, frozen=True, kw_only=True):
    """One question in one language."""

    question: Words
    example: Words
    clauses: Annotated[tuple[AnyClause, ...], Meta(min_length=1)]
    script: texts.Script | None = None
    """Of the answer, where that is not the script of the question's language."""


class Question(_Table, frozen=True, kw_only=True):
    """A question in both languages."""

    id: Slug
    en: Asked
    ko: Asked


class Topic(_Table, frozen=True, kw_only=True):
    """One file of questions."""

    topic: Slug
    questions: Annotated[tuple[Question, ...], Meta(min_length=1)]


class Definition(_Table, frozen=True, kw_only=True):
    """What `suite.toml` says: who the suite is, and its topics in their order."""

    name: Slug
    version: Words
    topics: Annotated[tuple[Slug, ...], Meta(min_length=1)]


def build(folder: Path) -> tuple[HomeRow, ...]:
    """Return the rows of the suite in *folder*: `suite.toml`, and `questions/TOPIC.toml` a topic.

    Every question also asks for its language and for no circles. Raises ConfigError that names
    file and key, also where an example breaks one of its own clauses.
    """
    suite = read_table(folder / "suite.toml", Definition)
    rows = []
    for name in suite.topics:
        file = folder / "questions" / f"{name}.toml"
        topic = read_table(file, Topic)
        for question in topic.questions:
            for number, language in enumerate(_SCRIPTS):
                asked: Asked = getattr(question, language)
                row = HomeRow(
                    task_id=question.id,
                    step_idx=number,
                    language=language,
                    topic=topic.topic,
                    question=asked.question.strip(),
                    example=asked.example.strip(),
                    clauses=(
                        *asked.clauses,
                        Language(script=asked.script or _SCRIPTS[language]),
                        Loop(),
                    ),
                    suite=suite.name,
                    suite_version=suite.version,
                )
                _check(row, file)
                rows.append(row)
    return tuple(rows)


def _check(row: HomeRow, file: Path) -> None:
    try:
        found = failures(row.clauses, row.example)
    except ValueError as error:
        raise ConfigError(
            str(error), file=file.name, key=f"{row.task_id}.{row.language}"
        ) from error
    for clause, why in zip(row.clauses, found, strict=True):
        if why is not None:
            raise ConfigError(
                f"the example breaks the clause {clause.__struct_config__.tag}: {dict(why)}",
                file=file.name,
                key=f"{row.task_id}.{row.language}.example",
            )
