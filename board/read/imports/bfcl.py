"""BFCL: scores by category as JSON Lines called `.json`, and its tables without their overall."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from ....eval.metrics import Measured
from ....eval.records import Harness, Model, Protocol, Step
from ...workspace.figures import figure, metric_id
from ..decoding.content import Content, json_lines
from ..decoding.json_object import Document, Undecodable
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    count,
    folders_from,
    is_number,
    number,
    plain_settings,
    result,
    text,
)

NAME = "bfcl"
_FILE = re.compile(r"BFCL_(v\d+)_(.+)_score\.json\Z")
_MODE = re.compile(r"\s*\((FC|Prompt)\)\Z|[-_](FC)\Z")
_HEAD = ("accuracy", "correct_count", "total_count")
_OVERALL = re.compile(r"\bOverall Acc$", re.IGNORECASE)
_AVERAGE = re.compile(r"\boverall\b|\bsummary$", re.IGNORECASE)
_DEEPEST = 6
"""Parts of `score/MODEL/agentic/memory/kv/FILE`."""
_NO_FIGURE = ("cost", "latency", "rank", "link")


def told(content: Content) -> bool:
    """Tell scores by their first line, tables by their overall figure."""
    if content.form == "table":
        columns = content.table.columns
        return "Model" in columns and any(_OVERALL.search(name) for name in columns)
    return _is_head(_first(content))


def _first(content: Content) -> Document:
    if content.form == "json-lines":
        return next(content.lines, {})
    return content.document


def _is_head(line: Document) -> bool:
    return all(is_number(line.get(key)) for key in _HEAD) and "results" not in line


def beside(path: Path) -> Sequence[Path]:
    """Return the answers of the same model and category, which name the items that were right."""
    if not path.name.endswith("_score.json"):
        return ()
    parts = list(path.parts)
    if "score" not in parts[-_DEEPEST:]:
        return ()
    place = len(parts) - 1 - parts[::-1].index("score")
    name = path.name.replace("_score.json", "_result.json")
    return [Path(*parts[:place], "result", *parts[place + 1 : -1], name)]


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result a category; a table gives one for each model and column."""
    if foreign.content.form == "table":
        yield from _of_table(foreign)
        return
    head = _first(foreign.content)
    if not _is_head(head):  # a file of another name may be an object of the same keys
        raise Missing(*_HEAD)
    named = _FILE.search(foreign.place.name)
    version, category = (named[1], named[2]) if named else (None, foreign.place.stem)
    n, right = count(head["total_count"]), count(head["correct_count"])
    accuracy = number(head["accuracy"])
    model, mode = _model(foreign)
    steps = _steps(foreign)
    metric = figure(
        "accuracy", [accuracy], better=True, unit="share", binary=True, per_step=bool(steps)
    )
    value = right / n if n and right is not None else accuracy
    yield Part(
        name=category,
        result=result(
            model=model,
            suite=category,
            version=version,
            harness=Harness(name=NAME, version=version),
            metrics={metric.id: Measured(value=None if value is None else round(value, 6), n=n)},
            n=n,
            whole=n,
            evidence="rows" if steps else "summary",
            protocol=_protocol(version, mode),
        ),
        figures=(metric,),
        steps=steps,
    )


def _steps(foreign: Foreign) -> list[Step]:
    """Return a step an item: those that failed are listed, all others with an answer were right."""
    answers = next((path for where, path in foreign.beside.items() if where), None)
    if answers is None:
        return []
    failed = {
        str(line["id"]) for line in _lines(foreign) if line.get("valid") is False and "id" in line
    }
    try:
        with answers.open("rb") as file:
            items = [str(line["id"]) for line in json_lines(file) if "id" in line]
    except (OSError, Undecodable):
        foreign.note("beside-unusable", answers.name, reason="unreadable")
        return []
    if not failed <= set(items):
        foreign.note("beside-unusable", answers.name)
        return []
    return [
        Step(task_id=item, step_idx=0, scores={"accuracy": float(item not in failed)})
        for item in items
    ]


def _lines(foreign: Foreign) -> Iterator[Document]:
    if foreign.content.form == "json-lines":
        yield from foreign.content.lines


def _model(foreign: Foreign) -> tuple[Model, str | None]:
    """Return the model by the folder below `score`, or else the nearest one."""
    folders = list(foreign.place.parent.parts)
    if "score" in folders and folders[-1] != "score":
        place = len(folders) - 1 - folders[::-1].index("score")
        said = folders[place + 1]
    elif folders:
        said = folders[-1]
    else:
        said = "unknown"
        foreign.note("model-not-named", name=said)
    return _named(said)


def _named(said: str) -> tuple[Model, str | None]:
    """Return the model, and whether it was called natively or prompted, which its name ends in."""
    found = _MODE.search(said)
    plain = said[: found.start()] if found else said
    mode = (found[1] or found[2]) if found else None
    model = foreign_names.named(plain)
    return (replace(model, id=f"{model.id} ({mode})") if mode else model), mode


def _protocol(version: str | None, mode: str | None) -> Protocol:
    return Protocol(
        harness=Harness(name=NAME, version=version),
        tools={"FC": "native", "Prompt": "prompted"}.get(mode or ""),
        extra=plain_settings({"mode": mode}),
    )


def _of_table(foreign: Foreign) -> Iterator[Part]:
    table = foreign.content.table
    overall = [name for name in table.columns if _AVERAGE.search(name)]
    foreign.averages(overall)
    columns = [
        name
        for name in table.columns
        if name not in ("Model", "Organization", "License", *overall)
        and not any(word in name.lower() for word in _NO_FIGURE)
    ]
    unknown: list[str] = []
    metric = figure("accuracy", better=True, unit="percent")
    for row in table.rows:
        said = text(row["Model"])
        if said is None:
            continue
        model, mode = _named(said)
        for name in columns:
            value = number(row[name])
            if value is None or not 0 <= value <= 100:
                unknown.append(f"{said}: {name}")
                continue
            yield Part(
                name=f"{said} {name}",
                result=result(
                    model=model,
                    suite=metric_id(name.removesuffix(" Acc")),
                    version=None,
                    harness=Harness(name=NAME),
                    metrics={metric.id: Measured(value=value)},
                    n=None,
                    evidence="summary",
                    protocol=_protocol(None, mode),
                ),
                figures=(metric,),
            )
    foreign.unknown(unknown)


FORMAT = Format(
    NAME, told, read, beside=beside, parents=folders_from("score", most=_DEEPEST), named=True
)
