"""OpenCompass: summaries with a row a task and a column a model, and files of single tasks."""

import re
from collections.abc import Iterator

from .....eval.metrics import Measured
from .....eval.records import Harness, Protocol, Step
from ....workspace.figures import figure, metric_id
from ...decoding.content import Content
from ...shapes import foreign_names
from ...shapes.foreign import (
    Foreign,
    Format,
    Part,
    folders,
    is_number,
    mapping,
    number,
    plain_settings,
    result,
    text,
)

NAME = "opencompass"
_COLUMNS = ("dataset", "version", "metric", "mode")
_AVERAGE = re.compile(r"average|weighted|harmonic|standard_deviation", re.IGNORECASE)


def told(content: Content) -> bool:
    """Tell a summary by its first columns, a task by its accuracy with details."""
    if content.form == "table":
        return content.table.columns[:4] == _COLUMNS
    document = content.document
    return is_number(document.get("accuracy")) and isinstance(document.get("details"), (dict, list))


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result for each task and model; averages over tasks are left out."""
    if foreign.content.form != "table":
        yield _task(foreign)
        return
    table, unknown = foreign.content.table, []
    averages = [row["dataset"] for row in table.rows if _AVERAGE.search(row["metric"])]
    foreign.averages(averages)
    for row in table.rows:
        task, metric = row["dataset"], row["metric"]
        if not task or _AVERAGE.search(metric):
            continue
        for model in table.columns[4:]:
            value = number(row[model])
            if value is None or metric == "-":
                unknown.append(f"{model}: {task}")
                continue
            found = metric_id(metric)
            counted = figure(found, [value])
            share = counted.better == "higher" and 0 <= value <= 100
            what = figure(found, [value], unit="percent" if share else "points")
            mode, version = row["mode"], row["version"]
            yield Part(
                name=f"{task} {metric} {model}",
                result=result(
                    model=foreign_names.named(model),
                    suite=task,
                    version=None if version in ("-", "") else version,
                    harness=Harness(name=NAME),
                    metrics={what.id: Measured(value=value)},
                    n=None,
                    protocol=Protocol(
                        harness=Harness(name=NAME),
                        extra=plain_settings({"mode": None if mode == "-" else mode}),
                    ),
                ),
                figures=(what,),
            )
    foreign.unknown(unknown)


def _task(foreign: Foreign) -> Part:
    """Return the result of one task's file, whose folder is called after the model."""
    document = foreign.content.document
    accuracy = number(document["accuracy"])
    details = document["details"]
    rows: list[tuple[object, object]] = (
        list(details.items())
        if isinstance(details, dict)
        else list(enumerate(details if isinstance(details, list) else []))
    )
    held = [(str(name), mapping(one).get("correct")) for name, one in rows if isinstance(one, dict)]
    steps = [
        Step(task_id=name, step_idx=0, scores={"accuracy": float(right)})
        for name, right in held
        if isinstance(right, bool)
    ]
    steps = steps if len(steps) == len(held) else []
    model = text((foreign.folders or ("",))[0])
    if model is None:
        foreign.note("model-not-named", name="unknown")
    what = figure(
        "accuracy", [accuracy], better=True, unit="percent", per_step=bool(steps), binary=False
    )
    task = foreign.place.stem
    return Part(
        name=task,
        result=result(
            model=foreign_names.named(model or "unknown"),
            suite=task,
            version=None,
            harness=Harness(name=NAME),
            metrics={what.id: Measured(value=accuracy, n=len(steps) or None)},
            n=len(steps) or len(held) or None,
            evidence="rows" if steps else "summary",
        ),
        figures=(what,),
        steps=steps,
    )


FORMAT = Format(NAME, told, read, parents=folders(1), named=True)
