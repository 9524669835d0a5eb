"""Weights & Biases: an exported table with a row a run and a column `task/metric` a figure."""

from collections import defaultdict
from collections.abc import Iterator

from .....eval.metrics import Measured, Metric
from .....eval.records import Harness
from ....workspace.figures import figure
from ...decoding.content import Content
from ...shapes import foreign_names
from ...shapes.foreign import Foreign, Format, Part, arguments, number, result, text

NAME = "wandb"
_MODELS = (
    "config.model_args",
    "model_args",
    "config.model_name",
    "config.model",
    "model_name",
    "model",
)


def told(content: Content) -> bool:
    """Tell a table by the columns that every export has, and by figures below slashes."""
    if content.form != "table":
        return False
    columns = content.table.columns
    return {"Name", "State"} <= set(columns) and any("/" in name for name in columns)


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result for each run and task; runs that crashed have no figures."""
    table = foreign.content.table
    tasks: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for column in table.columns:
        way = column.split("/")
        if len(way) > 1 and not column.startswith("config."):
            tasks[way[-2]].append((way[-1], column))
    unknown: list[str] = []
    for row in table.rows:
        run = text(row["Name"]) or "run"
        model = _model(row) or run
        for task, columns in tasks.items():
            measured: dict[str, Measured] = {}
            metrics: list[Metric] = []
            told_of = {name: number(row[column]) for name, column in columns}
            for name, value in told_of.items():
                metric, comma, chosen = name.partition(",")
                if (
                    metric.endswith("_stderr")
                    and metric.removesuffix("_stderr") + comma + chosen in told_of
                ):
                    continue
                if value is None:
                    continue
                error = told_of.get(f"{metric}_stderr{comma}{chosen}")
                one = figure(f"{metric}.{chosen}" if chosen else metric, [value])
                metrics.append(one)
                measured[one.id] = Measured(
                    value=value,
                    stderr=error if error is not None and error >= 0 else None,
                    stderr_method="unstated" if error is not None else None,
                )
            if not measured:
                unknown.append(f"{run}: {task}")
                continue
            yield Part(
                name=f"{run} {task}",
                result=result(
                    model=foreign_names.named(model, adapter=_adapter(row)),
                    suite=task,
                    version=None,
                    harness=Harness(name=NAME),
                    metrics=measured,
                    n=None,
                    status="complete" if row["State"] == "finished" else "partial",
                ),
                figures=tuple(metrics),
            )
    foreign.unknown(unknown)


def _model(row: dict[str, str]) -> str | None:
    for column in _MODELS:
        said = row.get(column, "").strip()
        if "=" in said:
            given = arguments(said)
            said = str(given.get("pretrained") or given.get("model") or "")
        if said:
            return said
    return None


def _adapter(row: dict[str, str]) -> str | None:
    given = arguments(row.get("config.model_args", ""))
    said = given.get("peft")
    return said if isinstance(said, str) and said else None


FORMAT = Format(NAME, told, read)
