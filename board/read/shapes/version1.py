"""Result files of our own, version 1, as published: read whole into version 2."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict

from ....eval import records
from ....eval.metrics import Measured
from ....eval.records import (
    Adapter,
    Count,
    Counts,
    Group,
    Prompts,
    Result,
    Seconds,
    Sha256,
    Share,
    Status,
    Timestamp,
)
from ...words.names import nearest
from ..decoding.json_object import Document
from .source import MOST, Adapted, Source
from .version2 import Writer, classify, fitted, timed

Percent = Annotated[float, Meta(ge=0.0, le=100.0)]
Bucket = Literal["early", "mid", "late"]

METRICS = {
    "avg_command_f1": "command_f1",
    "avg_command_precision": "command_precision",
    "avg_command_recall": "command_recall",
}
"""What version 2 calls a mean; the other figures have kept their names."""
SCORES = ("command_f1", "command_precision", "command_recall", "first_cmd_exact", "valid_json")
_DIVISIONS = {"by_bucket": "bucket", "by_source_group": "source_group"}


class Model(Struct, frozen=True, kw_only=True):
    """What was asked to answer."""

    id: Annotated[str, Meta(min_length=1, max_length=10_000)]
    """Hub id, or a short name where there is no repository. Never a path of a machine."""
    revision: str | None = None
    adapter: Adapter | None = None
    quantisation: str | None = None
    """As published: `Q4_K_M`, `FP8`, `awq`."""
    label: str | None = None
    """What the evaluator called this run, where that says more than the id."""


class Suite(Struct, frozen=True, kw_only=True):
    """What was asked."""

    name: str | None = None
    version: str | None = None
    fingerprint: Sha256 | None = None
    """SHA-256 over the suite's step ids and references."""
    steps: Count | None = None
    """Steps that the whole suite has, as the evaluator knew it."""
    tasks: Count | None = None


class Protocol(Struct, frozen=True, kw_only=True):
    """The settings as really sent; what was not recorded is `None`."""

    backend: str | None = None
    temperature: Annotated[float, Meta(ge=0.0)] | None = None
    top_p: Share | None = None
    top_k: int | None = None
    max_tokens: Count | None = None
    max_model_len: Count | None = None
    thinking: bool | None = None
    seed: int | None = None
    dtype: str | None = None
    tensor_parallel: Count | None = None
    stop: tuple[str, ...] | None = None
    prompt_rules: tuple[str, ...] = ()
    """Named changes to the prompts: `fold-system`, `merge-turns`, `strip-thoughts`."""
    extra: dict[str, str | float | bool | None] = {}
    """Further engine settings that the evaluator recorded."""


class Step(Struct, frozen=True, kw_only=True):
    """One prompt with its reference, what came back, and its scores."""

    task_id: str
    step_idx: Count
    sample_idx: Count | None = None
    bucket: Bucket | None = None
    source_group: str | None = None
    scored: bool = True
    """False when the prompt was never answered or never asked; then the scores are `None`."""
    error: str | None = None
    raw_output: str | None = None
    """The answer in full, so that the result can be re-parsed later."""
    ref_command_units: tuple[str, ...] | None = None
    pred_command_units: tuple[str, ...] | None = None
    ref_task_complete: bool | None = None
    pred_task_complete: bool | None = None
    valid_json: bool | None = None
    has_analysis: bool | None = None
    has_plan: bool | None = None
    first_cmd_exact: Share | None = None
    command_precision: Share | None = None
    command_recall: Share | None = None
    command_f1: Share | None = None
    finish_reason: str | None = None
    prompt_tokens: Count | None = None
    output_tokens: Count | None = None


class Slice(Struct, frozen=True, kw_only=True):
    """The aggregate of a part of the steps: a bucket or a source group."""

    steps: Count
    avg_command_f1: Share | None = None
    first_cmd_exact_pct: Percent | None = None


class Aggregate(Struct, frozen=True, kw_only=True):
    """Means over the scored steps; shares are 0..1, percentages 0..100."""

    avg_command_f1: Share | None = None
    avg_command_precision: Share | None = None
    avg_command_recall: Share | None = None
    first_cmd_exact_pct: Percent | None = None
    valid_json_pct: Percent | None = None
    has_analysis_pct: Percent | None = None
    has_plan_pct: Percent | None = None
    avg_ref_cmds: Annotated[float, Meta(ge=0.0)] | None = None
    avg_pred_cmds: Annotated[float, Meta(ge=0.0)] | None = None
    complete_true_recall_pct: Percent | None = None
    premature_complete_rate_pct: Percent | None = None
    by_bucket: dict[str, Slice] = {}
    by_source_group: dict[str, Slice] = {}


class Timing(Struct, frozen=True, kw_only=True):
    """How long it took, in seconds."""

    load_seconds: Seconds | None = None
    generate_seconds: Seconds | None = None
    seconds_per_step: Seconds | None = None


class Provenance(Struct, frozen=True, kw_only=True):
    """Where a result that was not measured by us comes from."""

    kind: str | None = None
    repository: str | None = None
    document: str | None = None
    row_label: str | None = None
    printed: dict[str, str] = {}
    """Figures as the source printed them."""


class Version1(Struct, frozen=True, kw_only=True, tag_field="kind", tag="result"):
    """One model on one suite under one protocol: one JSON file."""

    version: Literal[1] = 1
    model: Model
    suite: Suite
    protocol: Protocol = Protocol()
    prompts: Prompts = Prompts()
    counts: Counts
    aggregate: Aggregate = Aggregate()
    timing: Timing = Timing()
    status: Status
    error: str | None = None
    scorer: str | None = None
    """Name and version of the scorer, e.g. `token-f1/1`."""
    versions: dict[str, str] = {}
    """Packages that took part, e.g. `{"vllm": "0.32.0"}`."""
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    shard: Annotated[tuple[int, int], Meta(description="index, count")] | None = None
    parts: tuple[str, ...] = ()
    """SHA-256 of the files that this result was merged from."""
    adjusted: bool = False
    """True where somebody corrected the score by hand."""
    provenance: Provenance | None = None
    steps: tuple[Step, ...] = ()


_WRITER = Writer(Version1, Step)


def read_own(data: bytes) -> Result | None:
    """Return the result in *data* if our own writer of version 1 wrote it, else `None`."""
    found = _WRITER.read(data)
    return None if found is None else upgraded(found)


def adapt(source: Source) -> Adapted:
    """Adapt a version-1 file, or say which key keeps it from being one.

    Figures that version 1 does not name are kept as metrics of their own.
    """
    document = timed(source)
    given = document.get("aggregate")
    others = _others(given) if isinstance(given, dict) else {}
    if isinstance(given, dict) and others:
        own = {key: value for key, value in given.items() if key not in others}
        document |= {"aggregate": own}
    found = fitted(document, Version1, source)
    if found is None:
        return Adapted("refused")
    result = upgraded(found)
    return classify(msgspec.structs.replace(result, metrics=result.metrics | others))


def _others(aggregate: Document) -> dict[str, Measured]:
    """Return the numbers of *aggregate* that are neither figures of version 1 nor mistyped ones."""
    known = Aggregate.__struct_fields__
    return {
        key: Measured(value=float(value))
        for key, value in aggregate.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= MOST
        and key not in known
        and nearest(key, known) is None
    }


def upgraded(old: Version1) -> Result:
    """Return the same result as version 2 writes it."""
    given = {name: getattr(old, name) for name in Version1.__struct_fields__ if name in _SAME}
    return Result(
        **given,
        model=records.Model(**asdict(old.model)),
        suite=records.Suite(**asdict(old.suite)),
        protocol=records.Protocol(**asdict(old.protocol)),
        timing=records.Timing(**asdict(old.timing)),
        provenance=None if old.provenance is None else records.Provenance(**asdict(old.provenance)),
        metrics=metrics_of(old.aggregate),
        divisions={
            division: groups_of(getattr(old.aggregate, key))
            for key, division in _DIVISIONS.items()
            if getattr(old.aggregate, key)
        },
        steps=tuple(map(step_of, old.steps)),
    )


def metrics_of(old: "Aggregate | Slice") -> dict[str, Measured]:
    """Return the figures of an aggregate that are known, by their ids in version 2."""
    return {
        METRICS.get(name, name): Measured(value=value)
        for name in old.__struct_fields__
        if isinstance(value := getattr(old, name), int | float) and name != "steps"
    }


def groups_of(slices: dict[str, "Slice"]) -> dict[str, Group]:
    """Return the groups of a division."""
    return {
        name: Group(
            steps=part.steps,
            metrics={key: one.value for key, one in metrics_of(part).items()},
        )
        for name, part in slices.items()
    }


def step_of(old: "Step") -> records.Step:
    """Return a step as version 2 writes it."""
    groups: dict[str, str] = {}
    if old.bucket is not None:
        groups["bucket"] = old.bucket
    if old.source_group is not None:
        groups["source_group"] = old.source_group
    reference = parsed = None
    if old.ref_command_units is not None:
        reference = {
            "command_units": old.ref_command_units,
            "task_complete": old.ref_task_complete,
        }
    if old.pred_command_units is not None:
        parsed = {
            "command_units": old.pred_command_units,
            "task_complete": old.pred_task_complete,
            "valid_json": old.valid_json,
            "analysis": old.has_analysis,
            "plan": old.has_plan,
        }
    return records.Step(
        task_id=old.task_id,
        step_idx=old.step_idx,
        sample_idx=old.sample_idx,
        groups=groups,
        scored=old.scored,
        error=old.error,
        reference=reference,
        answer=old.raw_output,
        parsed=parsed,
        scores={name: float(value) for name in SCORES if (value := getattr(old, name)) is not None},
        finish_reason=old.finish_reason,
        prompt_tokens=old.prompt_tokens,
        output_tokens=old.output_tokens,
    )


_SAME = (
    "prompts", "counts", "status", "error", "scorer", "versions", "started_at", "finished_at",
    "shard", "parts", "adjusted",
)  # fmt: skip
