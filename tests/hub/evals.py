"""`.eval_results/*.yaml` as the Hub reads it: one entry a result, or one error a file."""

import math
import re
from collections.abc import Iterator, Mapping

from .cards import HUB_ID, load_yaml

FOLDER = ".eval_results/"
DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?")
KEYS = {"dataset", "value", "verifyToken", "date", "source", "notes"}
DATASET_KEYS = {"id", "task_id", "revision"}
SOURCE_KEYS = {"url", "name", "user", "org"}
REVISION = re.compile(r"[0-9a-f]{40}")

Benchmarks = Mapping[str, frozenset[str]]


def is_results_file(path: str) -> bool:
    """Tell whether the Hub reads results from this path."""
    return path.startswith(FOLDER) and path.endswith(".yaml") and path.count("/") == 1


def entries(path: str, content: bytes, benchmarks: Benchmarks | None) -> list[dict[str, object]]:
    """Return what `expand=evalResults` shows of one file.

    `benchmarks` maps each registered dataset to its task ids; without it every dataset passes.
    """
    try:
        results = _results(content)
        for number, result in enumerate(results):
            for problem in _problems(result, benchmarks):
                raise ValueError(f"[{number}]{problem}")
    except ValueError as error:
        return [{"filename": path, "error": str(error)}]
    return [{"filename": path, "data": result} for result in results]


def _results(content: bytes) -> list[object]:
    value = load_yaml(content.decode())
    if not isinstance(value, list):
        raise ValueError("the file must be a YAML list")
    return value


def _problems(result: object, benchmarks: Benchmarks | None) -> Iterator[str]:
    if not isinstance(result, dict):
        yield ": must be a mapping"
        return
    for key in sorted(map(str, result.keys() - KEYS)):
        yield f".{key}: unknown key"
    yield from _dataset_problems(result.get("dataset"), benchmarks)
    value = result.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield ".value: must be a finite number"
    date = result.get("date")
    if date is not None and not (isinstance(date, str) and DATE.fullmatch(date)):
        yield ".date: must be a quoted ISO 8601 date"
    source = result.get("source")
    if source is not None and not (isinstance(source, dict) and _is_url(source.get("url"))):
        yield ".source.url: is required and must be a URL"
    for key in sorted(map(str, source.keys() - SOURCE_KEYS)) if isinstance(source, dict) else ():
        yield f".source.{key}: unknown key"
    if not isinstance(result.get("notes", ""), str):
        yield ".notes: must be a string"


def _dataset_problems(dataset: object, benchmarks: Benchmarks | None) -> Iterator[str]:
    if not isinstance(dataset, dict):
        yield ".dataset: is required"
        return
    for key in sorted(map(str, dataset.keys() - DATASET_KEYS)):
        yield f".dataset.{key}: unknown key"
    if not REVISION.fullmatch(str(dataset.get("revision", "0" * 40))):
        yield ".dataset.revision: must be a commit"
    name, task = dataset.get("id"), dataset.get("task_id")
    if not isinstance(name, str) or not HUB_ID.fullmatch(name):
        yield ".dataset.id: must be a dataset id"
    elif not isinstance(task, str):
        yield ".dataset.task_id: is required"
    elif benchmarks is not None and name not in benchmarks:
        yield f".dataset.id: {name} is not a benchmark"
    elif benchmarks is not None and task not in benchmarks[name]:
        yield f".dataset.task_id: {name} has no task {task}"


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))
