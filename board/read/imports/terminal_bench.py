"""Terminal-Bench 1: runs of `tb run`, with the file beside them that names the model."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Model, Protocol, Step
from ...workspace.figures import figure
from ..decoding.content import Content
from ..decoding.json_object import Document, Undecodable, decode_value
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Part,
    count,
    folders,
    is_number,
    mapping,
    need,
    plain_settings,
    result,
    sequence,
    text,
)
from ..shapes.source import Source

NAME = "terminal-bench"
MOST_TRIALS = 50_000
_ABOUT = "run_metadata.json"


def told(content: Content) -> bool:
    """Tell a run by its resolved ids, a trial by its own, and the file about a run."""
    keys = content.document.keys()
    run = {"results", "resolved_ids"} <= keys or {"results", "n_resolved"} <= keys
    return run or _is_trial(content.document) or _is_about(content.document)


def _is_trial(document: Document) -> bool:
    return {"trial_name", "task_id", "is_resolved"} <= document.keys()


def _is_about(document: Document) -> bool:
    return {"run_id", "agent_name", "dataset_name"} <= document.keys()


def beside(path: Path) -> Sequence[Path]:
    """Return what tells of the run, and the files of single trials, which say nothing new."""
    if path.name != "results.json":
        return ()
    return [path.parent / _ABOUT, *sorted(path.parent.glob("*/*/results.json"))[:MOST_TRIALS]]


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield the one result of a run; a trial that neither passed nor failed is unscored."""
    document = foreign.content.document
    if _is_trial(document) or _is_about(document):
        foreign.note("beside-alone", tool=NAME, main="results.json")
        return
    need(document, results=list)
    about = _about(foreign)
    rows = [one for one in sequence(document["results"]) if isinstance(one, dict)]
    steps = list(_steps(rows))
    accuracy = document.get("accuracy")
    tasks = len({step.task_id for step in steps})
    metrics: list[Metric] = [
        figure("accuracy", better=True, unit="share", binary=True, title="resolved")
    ]
    metrics[0] = replace(metrics[0], title={"en": "resolved", "ko": "해결률"}, per_step="resolved")
    measured = {
        "accuracy": Measured(value=float(accuracy) if is_number(accuracy) else None, n=len(rows))
    }
    for k, value in mapping(document.get("pass_at_k")).items():
        if is_number(value):
            metrics.append(figure(f"pass@{k}", [float(value)], better=True))
            measured[metrics[-1].id] = Measured(value=float(value))
    times = Source({"start": about.get("start_time"), "end": about.get("end_time")})
    agent = text(about.get("agent_name"))
    dataset = text(about.get("dataset_name")) or NAME
    attempts = [step.trial or 0 for step in steps]
    yield Part(
        name=text(document.get("id")) or "run",
        result=result(
            model=_model(foreign, about, agent),
            suite=dataset,
            version=text(about.get("dataset_version")),
            harness=Harness(name=NAME),
            metrics=measured,
            n=len({step.task_id for step in steps if step.scored}),
            failed=sum(not step.scored for step in steps) or None,
            tasks=tasks,
            evidence="rows" if steps else "summary",
            protocol=Protocol(
                trials=count(about.get("n_attempts")) or max(attempts, default=0) + 1,
                harness=Harness(name=NAME),
                extra=plain_settings({"agent": agent}),
            ),
            started_at=times.time("start"),
            finished_at=times.time("end"),
        ),
        figures=tuple(metrics),
        steps=steps,
    )


def _steps(rows: Sequence[dict[str, Any]]) -> Iterator[Step]:
    seen: dict[str, int] = {}
    for row in rows:
        task = text(row.get("task_id")) or "task"
        trial = seen[task] = seen.get(task, -1) + 1
        passed = row.get("is_resolved")
        known = isinstance(passed, bool)
        yield Step(
            task_id=task,
            step_idx=0,
            trial=trial,
            scored=known,
            error=None if known else text(row.get("failure_mode")) or "unset",
            scores={"resolved": float(passed)} if isinstance(passed, bool) else {},
            prompt_tokens=count(row.get("total_input_tokens")),
            output_tokens=count(row.get("total_output_tokens")),
        )


def _about(foreign: Foreign) -> Document:
    path = foreign.beside.get(_ABOUT)
    if path is None:
        return {}
    try:
        value, _ = decode_value(path.read_bytes())
    except (OSError, Undecodable):
        foreign.note("beside-unusable", _ABOUT, reason="unreadable")
        return {}
    return mapping(value)


def _model(foreign: Foreign, about: Document, agent: str | None) -> Model:
    name = about.get("model_name")
    if isinstance(name, str) and name.strip():
        named = foreign_names.named(name)
    else:
        run = text(foreign.content.document.get("id")) or "run"
        named = Model(id=f"{NAME} {(foreign.folders or (run,))[0]}")
        foreign.note("model-not-named", name=named.id)
    return replace(named, id=f"{named.id} ({agent})") if agent else named


FORMAT = Format(NAME, told, read, beside=beside, parents=folders(1))
