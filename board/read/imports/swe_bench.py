"""SWE-bench: results of its board, details by instance, and reports of local runs."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ....eval.metrics import Measured
from ....eval.records import Harness, Model, Protocol, Step
from ...workspace.figures import figure
from ..decoding.content import Content
from ..decoding.json_object import Document, Undecodable
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    count,
    folders_from,
    mapping,
    plain_settings,
    result,
    text,
)

NAME = "swe-bench"
_SIZES = {"verified": 500, "lite": 300, "test": 2294, "bash-only": 500}
"""Instances of each split; what is not resolved is what is left of them."""
_ABOUT = "metadata.yaml"
_DATE = re.compile(r"\d{8}_")
_RESOLVED = replace(
    figure("resolved", better=True, unit="share", binary=True),
    title={"en": "resolved", "ko": "해결률"},
)


def told(content: Content) -> bool:
    """Tell the three kinds of files by their lists of instances."""
    document = content.document
    return _is_report(document) or _is_board(document) or _is_details(document)


def _is_report(document: Document) -> bool:
    return "total_instances" in document and (
        "resolved_ids" in document or "resolved_instances" in document
    )


def _is_board(document: Document) -> bool:
    return isinstance(document.get("resolved"), list) and bool(
        {"no_generation", "no_logs", "generated", "with_logs"} & document.keys()
    )


def _is_details(document: Document) -> bool:
    return bool(document) and all(
        isinstance(one, dict) and isinstance(one.get("resolved"), bool) and "__" in name
        for name, one in document.items()
    )


def beside(path: Path) -> Sequence[Path]:
    """Return what tells of the system that was submitted."""
    return [folder / _ABOUT for folder in (path.parent, path.parent.parent)]


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield the one result of a file."""
    document = foreign.content.document
    if _is_report(document):
        yield _report(foreign, document)
    elif _is_details(document):
        steps = [_step(name, mapping(one)["resolved"]) for name, one in document.items()]
        share = sum(step.scores["resolved"] or 0 for step in steps) / len(steps)
        whole = _SIZES.get(_split(foreign))
        yield _part(foreign, share, len(steps), whole, steps=steps)
    else:
        resolved = document["resolved"]
        assert isinstance(resolved, list)
        whole = _SIZES.get(_split(foreign))
        if whole is None:
            raise Missing("evaluation/SPLIT/ above the file")
        yield _part(foreign, len(set(map(str, resolved))) / whole, whole, whole)


def _report(foreign: Foreign, document: Document) -> Part:
    """Return the report of a local run; what was not submitted, or broke, was not resolved."""
    whole, submitted = (
        count(document.get("total_instances")),
        count(document.get("submitted_instances")),
    )
    right = count(document.get("resolved_instances"))
    ids = document.get("resolved_ids")
    if right is None and isinstance(ids, list):
        right = len(ids)
    if not whole or right is None:
        raise Missing("total_instances", "resolved_instances")
    steps: list[Step] = []
    names = {
        key: [str(one) for one in listed]
        for key in ("resolved_ids", "unresolved_ids", "empty_patch_ids", "error_ids")
        if isinstance(listed := document.get(key), list)
    }
    if sum(map(len, names.values())) == whole and len(names.get("resolved_ids", ())) == right:
        steps = [_step(name, key == "resolved_ids") for key, some in names.items() for name in some]
    split = next(
        (name for name, size in _SIZES.items() if size == whole and name in foreign.place.name),
        None,
    )
    errors = count(document.get("error_instances"))
    name, dot, _ = foreign.place.stem.rpartition(".")
    return _part(
        foreign,
        right / whole,
        submitted if submitted is not None else whole,
        whole,
        steps=steps,
        name=name if dot else foreign.place.stem,
        split=split or f"{whole}",
        failed=errors or None,
    )


def _step(name: str, resolved: bool) -> Step:
    return Step(task_id=name, step_idx=0, scores={"resolved": float(resolved)})


def _part(
    foreign: Foreign,
    share: float,
    n: int,
    whole: int | None,
    *,
    steps: Sequence[Step] = (),
    name: str | None = None,
    split: str | None = None,
    failed: int | None = None,
) -> Part:
    about = _about(foreign)
    split = split or _split(foreign)
    model, trials = _model(foreign, about, name)
    return Part(
        name=split,
        result=result(
            model=model,
            suite=NAME,
            version=split,
            harness=Harness(name=NAME),
            metrics={"resolved": Measured(value=round(share, 6), n=whole or n)},
            n=n,
            whole=whole,
            failed=failed,
            status="partial" if whole is not None and n < whole else "complete",
            evidence="rows" if steps else "summary",
            protocol=Protocol(
                trials=trials,
                harness=Harness(name=NAME),
                extra=plain_settings({"system": mapping(about.get("info")).get("name")}),
            ),
        ),
        figures=(replace(_RESOLVED, per_step=bool(steps)),),
        steps=steps,
    )


def _split(foreign: Foreign) -> str:
    return next((one for one in foreign.folders if one in _SIZES), "unknown")


def _about(foreign: Foreign) -> dict[str, Any]:
    for where, path in foreign.beside.items():
        try:
            if path.stat().st_size < 2**20:
                return mapping(Content(path.read_bytes()).yaml)
        except (OSError, Undecodable):
            foreign.note("beside-unusable", where, reason="unreadable")
    return {}


def _model(foreign: Foreign, about: dict[str, Any], name: str | None) -> tuple[Model, int | None]:
    info, tags = mapping(about.get("info")), mapping(about.get("tags"))
    attempts = text(
        mapping(about.get("system")).get("attempts") or mapping(tags.get("system")).get("attempts")
    )
    trials = count(attempts.rstrip("+")) if attempts else None
    said = text(info.get("name")) or name
    if said is None:
        folder = next((one for one in foreign.folders if _DATE.match(one)), None)
        said = _DATE.sub("", folder, count=1) if folder else (foreign.folders or ("unknown",))[0]
    # The name of a system is no repository, and is told as it is.
    return foreign_names.named(said.replace("/", "-") if info else said), trials


FORMAT = Format(NAME, told, read, beside=beside, parents=folders_from(*_SIZES), named=True)
