"""A workspace's configuration: board.toml and models.toml, read and checked."""

import hashlib
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from ...eval.errors import ConfigError
from ...eval.suites.mistakes import misfit, no_toml, read_bytes, text_of
from ...eval.suites.source import shipped
from ..words.findings import Finding
from ..words.findings import reading as finding_on_file
from ..words.machines import cleaned, named, prose
from .audits import read_audits
from .checks import check
from .overrides import EJECTED, read_overrides
from .settings import BoardFile, Profile, Settings, Suite, Workspace
from .store import LOCK
from .tables import Imports, TableMapping

T = TypeVar("T")
INPUTS = (
    "board.toml",
    "models.toml",
    "imports.toml",
    LOCK,
    "results/",
    "audits/",
    "attestations/",
    "history/",
    "templates/",
    "locale/",
    "pages/",
    "assets/",
    EJECTED,
)
"""All that boards, cards and pages are made from, below the root of a workspace."""

# What is no text to be published: names to find results and files by, and what a model is told.
_KEPT = {
    "board.toml": re.compile(
        r"results\..*|policy|protocols\..*|thresholds|cards\.(?:system_prompt|keys|sections).*|columns\[\d+\]\.name|colours\..*|site\..*"
        r"|families\.[^.]*\.match.*|suites\[\d+\]\.(?:rows|evaluator)|notes\[\d+\]\.when"
        r"|board\.\w+_url"
    ),
    "models.toml": re.compile(r".*\.(?:aliases\[\d+\]|repo|family)"),
}
_NAMES = re.compile(r"^$|\.(?:base_model|datasets\[\d+\]|quantised_file|series|license)$|\.links\.")
"""Where a text is a name: of a path that stands there the last part is left."""


def open_workspace(root: Path) -> Workspace:
    """Read the workspace at *root*; raise `ConfigError` naming file, key and remedy."""
    sources: dict[str, str] = {}
    remarks: dict[str, Finding] = {}
    told = _read(root / "board.toml", BoardFile, sources, _cleaner("board.toml", remarks))
    said = {name: getattr(told, name) for name in BoardFile.__struct_fields__}
    settings = Settings(**said, overrides=read_overrides(root, sources))
    _check_numbers(told)
    models = _models(root / "models.toml", sources, remarks)
    check(settings, models)
    settings = replace(settings, suites=tuple(_with_rows(suite) for suite in settings.suites))
    audits = read_audits(root, sources)
    return Workspace(
        root=root,
        settings=settings,
        models=models,
        audits=audits,
        tables=_tables(root / "imports.toml", sources),
        sources=sources,
        remarks=tuple(remarks.values()),
    )


def _cleaner(file: str, remarks: dict[str, Finding]) -> Callable[[Any], Any]:
    """Return what takes the paths of machines out of a document, and adds to *remarks*."""

    def clean(text: str, key: str) -> str:
        kept = _KEPT[file].fullmatch(key)
        if kept is not None:
            return text
        plain = named(text) if _NAMES.search(key) else prose(text)
        if plain != text:
            remarks[f"{file}: {key}"] = finding_on_file("local-path-dropped", file=file, key=key)
        return plain

    return lambda document: cleaned(document, clean)


def _tables(path: Path, sources: dict[str, str]) -> tuple[TableMapping, ...]:
    if not path.exists():
        return ()
    tables = _read(path, Imports, sources).tables
    for number, table in enumerate(tables):
        if bool(table.columns) == bool(table.value):
            raise ConfigError(
                "needs either columns or a value, and not both",
                file=path.name,
                key=f"tables[{number}]",
                remedy="`cardboard import --sketch FILE` prints a mapping for a table.",
            )
        if table.value and not (table.suite and table.metric):
            raise ConfigError(
                "needs the columns that name the suite and the metric",
                file=path.name,
                key=f"tables[{number}]",
                remedy="Name them as suite and metric.",
            )
    return tables


def _with_rows(suite: Suite) -> Suite:
    """Return *suite* with what names its rows, where the package has them and nothing is written.

    A workspace's own rows are not looked for: what cards say follows from what is published.
    """
    if suite.rows is not None or suite.of_kind.row is None:
        return suite
    return replace(suite, rows=shipped(suite.name, suite.version))


def _models(path: Path, sources: dict[str, str], remarks: dict[str, Finding]) -> dict[str, Profile]:
    models = {}
    clean = _cleaner(path.name, remarks)
    tables = _read(path, dict[str, object], sources, clean) if path.exists() else {}
    for name, table in tables.items():
        try:
            models[name] = msgspec.convert(table, Profile)
        except msgspec.ValidationError as error:
            raise _unfit(error, path.name, table, name) from None
    return models


def _unfit(error: msgspec.ValidationError, file: str, table: object, name: str) -> ConfigError:
    """Return what is wrong with the *table* of a model, whose *name* may be what is wrong."""
    known = {field.encode_name for field in msgspec.structs.fields(Profile)}
    inner = next(iter(table), "") if isinstance(table, dict) and len(table) == 1 else ""
    if inner and inner not in known and isinstance(table, dict) and isinstance(table[inner], dict):
        whole = f"{name}.{inner}"
        return ConfigError(
            "a name with dots stands in quotes",
            file=file,
            key=f"[{whole}]",
            remedy=f'Write ["{whole}"]',
        )
    if name in known and not isinstance(table, dict):
        return ConfigError(
            "stands in no model's table",
            file=file,
            key=name,
            remedy=f'Put it below the name of its model: ["organisation/model"] and {name} = ...',
        )
    return misfit(error, file, table, Profile, name)


def _read(
    path: Path,
    shape: type[T],
    sources: dict[str, str],
    clean: Callable[[Any], Any] = lambda document: document,
) -> T:
    """Return what the file at *path* says after *clean*, and note its SHA-256 in *sources*."""
    if not path.exists():
        raise ConfigError(
            "no such file",
            file=str(path),
            remedy="Run `cardboard init DIR` to make a workspace, or name one with `-C DIR`.",
        )
    data = read_bytes(path, path.name)
    sources[path.name] = hashlib.sha256(data).hexdigest()
    text = text_of(data, path.name)
    try:
        document = clean(msgspec.toml.decode(text))
        if shape is BoardFile:
            document = _current(document)
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise misfit(error, path.name, document, shape) from None
    except (msgspec.DecodeError, ValueError) as error:
        found = no_toml(error, text)
        raise ConfigError(found.what, file=path.name, key=found.key, remedy=found.remedy) from None


def _current(document: dict[str, Any]) -> dict[str, Any]:
    """Return a board.toml as it would be written today, where it was written for the first edition.

    How intervals are drawn and ranks corrected is no choice any more, and results without steps
    have a code for each level of evidence.
    """
    ranking, policy = document.get("ranking"), document.get("policy")
    if isinstance(ranking, dict) and ranking.keys() <= {"draws", "correction"}:
        document = {name: value for name, value in document.items() if name != "ranking"}
    if isinstance(policy, dict) and "no-step-data" in policy:
        verdict = policy["no-step-data"]
        told = dict.fromkeys(("not-checkable-summary", "not-checkable-quoted"), verdict)
        kept = {code: one for code, one in policy.items() if code != "no-step-data"}
        document = document | {"policy": told | kept}
    return document


def _check_numbers(settings: BoardFile) -> None:
    for key in _endless(msgspec.to_builtins(settings)):
        remedy = "Write a number, or leave the key out."
        raise ConfigError("is no finite number", file="board.toml", key=key, remedy=remedy)


def _endless(value: object, key: str = "") -> Iterator[str]:
    """Yield the keys below *value* that hold no finite number: TOML knows `inf` and `nan`."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _endless(part, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _endless(part, f"{key}[{number}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield key
