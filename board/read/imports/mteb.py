"""mteb: one file a task, its model and revision in the folders above, subsets by themselves."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Model, Protocol, Timing
from ...workspace.figures import figure
from ..decoding.content import Content
from ..decoding.json_object import Undecodable, decode_value
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Part,
    folders,
    is_number,
    mapping,
    need,
    number,
    plain_settings,
    result,
    text,
)

NAME = "mteb"
_META = "model_meta.json"
_MAIN = "main_score"
_NO_REVISION = ("external", "no_revision_available", "no_revision")
_HASH = re.compile(r"[0-9a-f]{7,40}|v?\d[\w.]*")
MOST_FIGURES = 30


def told(content: Content) -> bool:
    """Tell a task by its version and scores, and the file about a model by its own keys."""
    document = content.document
    task = ("task_name" in document or "mteb_dataset_name" in document) and (
        "mteb_version" in document or "scores" in document
    )
    return task or _is_meta(content)


def _is_meta(content: Content) -> bool:
    return {"name", "revision"} <= content.document.keys() and bool(
        {"loader", "n_parameters", "embed_dim", "similarity_fn_name"} & content.document.keys()
    )


def beside(path: Path) -> Sequence[Path]:
    """Return what tells of the model."""
    return [path.with_name(_META)] if path.name != _META else ()


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result for each split and subset of the task: their mean is left to nobody."""
    document = foreign.content.document
    if _is_meta(foreign.content):
        foreign.note("beside-alone", tool=NAME, main="TASK.json")
        return
    need(document, scores=dict)
    task = text(document.get("task_name") or document.get("mteb_dataset_name")) or "task"
    model = _model(foreign)
    revision = text(document.get("dataset_revision"))
    version = text(document.get("mteb_version"))
    scores = mapping(document["scores"])
    rows = [
        (split, mapping(one))
        for split, listed in scores.items()
        for one in (listed if isinstance(listed, list) else [])
    ]
    seconds = number(document.get("evaluation_time"))
    unknown: list[str] = []
    for split, row in rows:
        subset = text(row.get("hf_subset")) or "default"
        name = task if subset == "default" else f"{task} ({subset})"
        if len(scores) > 1:
            name = f"{name} {split}"
        if not is_number(row.get(_MAIN)):
            unknown.append(f"{name}: {_MAIN}")
        measured: dict[str, Measured] = {}
        metrics: list[Metric] = []
        for key in (_MAIN, *(key for key in row if key != _MAIN and not key.startswith("nauc_"))):
            value = row.get(key)
            if (is_number(value) or key == _MAIN) and len(metrics) < MOST_FIGURES:
                found = float(value) if is_number(value) else None
                metrics.append(figure(key, [found], better=True if key == _MAIN else None))
                measured[metrics[-1].id] = Measured(value=found)
        yield Part(
            name=name,
            result=result(
                model=model,
                suite=name,
                version=None,
                harness=Harness(name=NAME, version=version),
                metrics=measured,
                n=None,
                protocol=Protocol(
                    harness=Harness(name=NAME, version=version),
                    extra=plain_settings({"dataset_revision": revision, "split": split}),
                ),
                timing=Timing(
                    generate_seconds=seconds if len(rows) == 1 and seconds and seconds > 0 else None
                ),
            ),
            figures=tuple(metrics),
        )
    foreign.unknown(unknown)


def _model(foreign: Foreign) -> Model:
    """Return the model by the file about it, else by the folders: `ORG__MODEL/REVISION`."""
    path = foreign.beside.get(_META)
    if path is not None:
        try:
            about = mapping(decode_value(path.read_bytes())[0])
        except (OSError, Undecodable):
            about = {}
        name = about.get("name")
        if isinstance(name, str) and name.strip():
            return foreign_names.named(name, revision=_revision(text(about.get("revision"))))
    revision, folder, *_ = (*foreign.folders, "", "")
    if "__" in folder:
        return foreign_names.named(folder, revision=_revision(revision))
    if "__" in revision:
        return foreign_names.named(revision)
    foreign.note("model-not-named", name="unknown")
    return Model(id="unknown")


def _revision(said: str | None) -> str | None:
    return said if said and said not in _NO_REVISION and _HASH.fullmatch(said) else None


FORMAT = Format(NAME, told, read, beside=beside, parents=folders(2))
