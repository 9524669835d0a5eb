"""lighteval: `results_*.json` with old and new names of tasks, and details in Parquet beside it."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from glob import escape
from pathlib import Path
from typing import Any

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Protocol, Step
from ...workspace.figures import figure, metric_id
from ..decoding.content import Content, limit
from ..decoding.json_object import Undecodable
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    count,
    folders_from,
    is_number,
    mapping,
    need,
    number,
    plain_settings,
    result,
    text,
)

NAME = "lighteval"
MOST_STEPS, MOST_COLUMNS, MOST_TEXT = 2_000_000, 200, 256 * 2**20
_TIME = re.compile(r"results_(.+)\.json\Z")
_METRIC = ("metric", "metrics", "__metric__", "__metrics__")
_NUMBERS = ("DOUBLE", "FLOAT", "INT32", "INT64", "BOOLEAN")


def told(content: Content) -> bool:
    """Tell a file by the block that only this program writes."""
    return isinstance(content.document.get("config_general"), dict)


def beside(path: Path) -> Sequence[Path]:
    """Return the details of the same model and time."""
    found = _TIME.fullmatch(path.name)
    if found is None:
        return ()
    near = sorted(path.parent.glob(f"details_*_{escape(found[1])}.parquet"))
    if len(path.parents) < 4 or path.parents[2].name != "results":
        return near
    folder = path.parents[3] / "details" / path.parents[1].name / path.parent.name / found[1]
    return [*near, *sorted(folder.glob("details_*.parquet"))]


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result a task; means over tasks are left out, and so are their standard errors."""
    document = foreign.content.document
    need(document, results=dict)
    general = mapping(document["config_general"])
    model = mapping(general.get("model_config"))
    name = _said(model.get("model_name")) or _said(general.get("model_name"))
    if name is None:
        raise Missing("config_general.model_name")
    results = mapping(document["results"])
    averages = [
        key for key in results if key == "all" or "_average|" in key or key.endswith("_average")
    ]
    foreign.averages(averages)
    details = _by_task(foreign)
    unknown: list[str] = []
    for key, figures in results.items():
        if key in averages or not isinstance(figures, dict):
            continue
        yield _part(foreign, key, figures, name, details, unknown)
    foreign.unknown(unknown)


def _said(value: object) -> str | None:
    """Return a name as it stands, with the path that it may be."""
    return value.strip() or None if isinstance(value, str) else None


def _part(
    foreign: Foreign,
    key: str,
    figures: dict[str, Any],
    name: str,
    details: dict[str, Path],
    unknown: list[str],
) -> Part:
    document = foreign.content.document
    general = mapping(document["config_general"])
    task, shots = _task(key)
    config = _config(document, key, task)
    n, whole = count(config.get("effective_num_docs")), count(config.get("original_num_docs"))
    n, whole = (None if one is not None and one < 1 else one for one in (n, whole))
    rows: Sequence[Step] = ()
    if key in details:
        rows = foreign.covering(_details(foreign, details[key]), n, details[key].name)
    if rows and n is None:
        n = len(rows)
    short = general.get("max_samples") is not None
    short = short or (n is not None and whole is not None and n < whole)
    ways = _ways(config)
    measured: dict[str, Measured] = {}
    metrics: list[Metric] = []
    for metric, value in figures.items():
        if metric.endswith("_stderr") and metric.removesuffix("_stderr") in figures:
            continue
        found = float(value) if is_number(value) else None
        if found is None:
            unknown.append(f"{key}: {metric}")
        error = figures.get(f"{metric}_stderr")
        one = figure(
            metric,
            [found],
            better=ways.get(metric),
            per_step=found is not None and _is_mean(metric_id(metric), found, rows),
        )
        metrics.append(one)
        measured[one.id] = Measured(
            value=found,
            n=n,
            stderr=float(error) if is_number(error) and error >= 0 else None,
            stderr_method="unstated" if is_number(error) else None,
        )
    model = mapping(general.get("model_config"))
    revision = text(model.get("revision") or general.get("model_sha"))
    version = text(mapping(document.get("versions")).get(key))
    return Part(
        name=key,
        result=result(
            model=foreign_names.named(name, revision=revision),
            suite=task,
            version=version,
            harness=Harness(name=NAME, version=text(general.get("lighteval_sha"))),
            metrics=measured,
            n=n,
            whole=whole,
            status="partial" if short else "complete",
            evidence="rows" if rows else "summary",
            protocol=_protocol(general, model, config, shots),
        ),
        figures=tuple(metrics),
        steps=rows,
    )


def _is_mean(name: str, value: float, rows: Sequence[Step]) -> bool:
    """Tell whether the figure is the mean of what its rows hold; others are made otherwise."""
    held = [step.scores.get(name) for step in rows]
    known = [one for one in held if one is not None]
    return bool(known) and len(known) == len(held) and abs(sum(known) / len(known) - value) < 1e-6


def _task(key: str) -> tuple[str, int | None]:
    """Return the task and the shots in a key: `suite|task|shots|cut`, without suite or cut too."""
    parts = key.split("|")
    if len(parts) == 1:
        return key, None
    if len(parts) == 2:
        return (parts[0], count(parts[1])) if parts[1].isdigit() else (parts[1], None)
    return parts[1], count(parts[2])


def _config(document: dict[str, Any], key: str, task: str) -> dict[str, Any]:
    configs = mapping(document.get("config_tasks"))
    if isinstance(configs.get(key), dict):
        return mapping(configs[key])
    for other, config in configs.items():
        if _task(other)[0] == task and isinstance(config, dict):
            return config
    return {}


def _ways(config: dict[str, Any]) -> dict[str, bool]:
    """Return which way is up, by metric."""
    ways: dict[str, bool] = {}
    listed = config.get("metrics", config.get("metric"))
    for one in listed if isinstance(listed, list) else []:
        one = mapping(one)
        names, way = one.get("metric_name"), one.get("higher_is_better")
        for name in names if isinstance(names, list) else [names]:
            up = way.get(name) if isinstance(way, dict) else way
            if isinstance(name, str) and isinstance(up, bool):
                ways[name] = up
    return ways


def _protocol(
    general: dict[str, Any], model: dict[str, Any], config: dict[str, Any], shots: int | None
) -> Protocol:
    sent = mapping(model.get("generation_parameters"))
    temperature, top_p = number(sent.get("temperature")), number(sent.get("top_p"))
    system = model.get("system_prompt")
    dtype = text(model.get("dtype") or general.get("model_dtype"))
    extra = {"override_chat_template": model.get("override_chat_template")}
    return Protocol(
        temperature=temperature if temperature is not None and temperature >= 0 else None,
        top_p=top_p if top_p is not None and 0 <= top_p <= 1 else None,
        max_tokens=count(sent.get("max_new_tokens") or config.get("generation_size")),
        seed=count(sent.get("seed")),
        dtype=dtype and dtype.removeprefix("torch."),
        shots=shots if shots is not None else count(config.get("num_fewshots")),
        system_prompt_sha256=hashlib.sha256(system.encode("utf-8", "replace")).hexdigest()
        if isinstance(system, str) and system
        else None,
        harness=Harness(name=NAME, version=text(general.get("lighteval_sha"))),
        extra=plain_settings(extra),
    )


def _by_task(foreign: Foreign) -> dict[str, Path]:
    """Return the files of details by the key of the task that they are named after."""
    time = _TIME.fullmatch(foreign.place.name)
    end = f"_{time[1]}.parquet" if time else ".parquet"
    return {
        path.name.removeprefix("details_").removesuffix(end): path
        for path in foreign.beside.values()
    }


def _details(foreign: Foreign, path: Path) -> list[Step]:
    """Return a step a row: numbers only, so that no packed text can unfold."""
    import pyarrow as pa

    try:
        return _rows(path)
    except (pa.ArrowException, OSError, ValueError):
        foreign.note("beside-unusable", path.name, reason="unreadable")
    except Undecodable as error:
        foreign.note("beside-unusable", path.name, reason=error.finding.values.get("reason"))
    return []


def _rows(path: Path) -> list[Step]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        if file.metadata.num_rows > MOST_STEPS:
            raise limit("samples", MOST_STEPS)
        leaves = [file.schema.column(number) for number in range(len(file.schema))]
        inside = [leaf for leaf in leaves if leaf.path.split(".")[0] in _METRIC]
        wanted = [
            leaf.path
            for leaf in inside
            if leaf.physical_type in _NUMBERS and leaf.path.count(".") == 1
        ]
        if wanted:
            return _numbers(file, wanted[:MOST_COLUMNS])
        texts = [leaf.path for leaf in inside if leaf.physical_type == "BYTE_ARRAY"]
        if len(texts) != 1:
            return []
        size = sum(
            file.metadata.row_group(group).column(column).total_uncompressed_size
            for group in range(file.metadata.num_row_groups)
            for column in range(file.metadata.num_columns)
            if file.metadata.row_group(group).column(column).path_in_schema == texts[0]
        )
        if size > MOST_TEXT:
            raise limit("bytes of an unpacked archive", MOST_TEXT)
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        return _texts(file, texts[0])


def _numbers(file: Any, wanted: Sequence[str]) -> list[Step]:
    names = [metric_id(path.split(".", 1)[1]) for path in wanted]
    steps: list[Step] = []
    for batch in file.iter_batches(batch_size=10_000, columns=list(wanted)):
        struct = batch.column(0)
        fields = {metric_id(one.name): struct.field(one.name) for one in struct.type}
        columns = [fields[name].to_pylist() for name in names]
        for values in zip(*columns, strict=True):
            scores = {
                name: float(value)
                for name, value in zip(names, values, strict=True)
                if value is not None and value == value
            }
            steps.append(Step(task_id=str(len(steps)), step_idx=0, scores=dict(scores)))
    return steps


def _texts(file: Any, column: str) -> list[Step]:
    """Return steps of a column whose cells are JSON texts, each different text read once."""
    steps: list[Step] = []
    for batch in file.iter_batches(batch_size=1_000, columns=[column]):
        cells = batch.column(0)
        told = [_scores(one) for one in cells.dictionary.to_pylist()]
        for index in cells.indices.to_pylist():
            scores = {} if index is None else told[index]
            steps.append(Step(task_id=str(len(steps)), step_idx=0, scores=scores))
    return steps


def _scores(cell: object) -> dict[str, float | None]:
    try:
        found = (
            json.loads(cell, parse_constant=lambda _: None)
            if isinstance(cell, (str, bytes))
            else {}
        )
    except (ValueError, RecursionError):
        return {}
    return {metric_id(key): float(one) for key, one in mapping(found).items() if is_number(one)}


FORMAT = Format(NAME, told, read, beside=beside, parents=folders_from("results"))
