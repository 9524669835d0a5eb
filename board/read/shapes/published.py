"""Figures from elsewhere: published tables, results worked over afterwards, other measurements."""

import re

from msgspec.structs import replace

from ....eval.records import Counts, Provenance, Result, Status, Suite
from ...words import machines
from ..decoding.json_faults import shorten
from . import blocks, model_names
from .replay import KIND, covering
from .source import Adapted, Source

_OF = re.compile(r"(?<!\d)(\d{1,6})/(\d{1,6})(?!\d)")
PRINTED = {
    "cmd_f1": "command_f1",
    "precision": "command_precision",
    "recall": "command_recall",
    "first_cmd_pct": "first_cmd_exact_pct",
}
"""What tables call the metrics of a replay, where that is not their id."""

_BY_HAND = re.compile(r"[*~]")


def published_row(source: Source) -> Adapted:
    """Adapt a row of a published table: figures with their source, and the steps if it has any.

    A printed figure marked `*` or `~` was corrected or estimated by hand. `71/303` in the row's
    label tells how many steps the suite has.
    """
    origin, means = source.inner("provenance"), source.inner("aggregate")
    label, printed = origin.text("row_label"), _printed(origin.inner("printed"))
    steps, tasks = means.count("steps"), means.count("tasks")
    means.need("steps")
    found = _OF.search(label or "")
    expected = int(found[2]) if found and int(found[1]) <= int(found[2]) else None
    named = model_names.model(source)
    if label is not None:
        repository, _ = model_names.split_quantisation(label)
        named = replace(named, label=label if named.id not in (label, repository) else None)
    short = expected is not None and steps is not None and steps < expected
    status: Status = "failed" if not steps else "partial" if short else "complete"
    result = Result(
        model=named,
        suite=Suite(kind=KIND),
        protocol=blocks.protocol(source),
        prompts=covering(blocks.prompts(source.inner("prompt_template")), steps or 0),
        counts=Counts(expected=expected, scored=steps or 0, tasks=tasks),
        metrics=blocks.metrics(means) if steps else {},
        divisions=blocks.divisions(means) if steps else {},
        timing=blocks.timing(source),
        status=status,
        error=None if steps else "no step was scored",
        finished_at=source.time("timestamp"),
        adjusted=any(_BY_HAND.search(text) for text in printed.values()),
        provenance=Provenance(
            kind="published-table",
            repository=origin.text("repository"),
            document=origin.text("document"),
            row_label=label,
            printed=printed,
        ),
        steps=blocks.steps(source),
    )
    return Adapted("published-table", result)


def postprocessed(source: Source) -> Adapted:
    """Adapt a result that a script worked over afterwards, with a scorer of its own."""
    means = source.inner("aggregate")
    steps = source.count("steps") if means.raw("steps") is None else means.count("steps")
    origin = source.text("source_file")
    printed = {
        key: f"{value:g}"
        for key in ("original_score", "postprocessed_score", "delta")
        if (value := source.number(key, low=-100.0, high=100)) is not None
    }
    if origin and machines.is_local(origin):
        source.note("local-path-dropped", "source_file", name=machines.last_part(origin))
    result = Result(
        model=model_names.model(_named_after_its_source(source, origin)),
        suite=Suite(kind=KIND),
        protocol=blocks.protocol(source),
        prompts=covering(blocks.prompts(source.inner("prompt_template")), steps or 0),
        counts=Counts(scored=steps or 0, tasks=means.count("tasks")),
        metrics=blocks.metrics(means) if steps else {},
        divisions=blocks.divisions(means) if steps else {},
        timing=blocks.timing(source),
        status="complete" if steps else "failed",
        finished_at=source.time("timestamp"),
        provenance=Provenance(
            kind="post-processed",
            document=machines.last_part(origin) if origin else None,
            printed=printed,
        ),
        steps=blocks.steps(source),
    )
    return Adapted("postprocessed", result)


def proxy(source: Source) -> Adapted:
    """Adapt a measurement of something else: it has no command F1, and no rank."""
    source.note("proxy", detail=shorten(", ".join(source.keys)))
    return Adapted("proxy")


def _printed(source: Source) -> dict[str, str]:
    return {key: text for key in source.keys if (text := source.text(key)) is not None}


def _named_after_its_source(source: Source, origin: str | None) -> Source:
    """Return *source*, or where it names no model one that is called like its source's file."""
    if origin is None or any(source.raw(key) for key in ("model_path", "model", "model_short")):
        return source
    return Source({"model_short": machines.last_part(origin).removesuffix(".json")})
