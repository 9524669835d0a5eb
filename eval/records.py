"""The result file, version 1: one model on one suite under one protocol; every stage's contract."""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

VERSION: Literal[1] = 1

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Percent = Annotated[float, Meta(ge=0.0, le=100.0)]
Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0.0)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Timestamp = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$")
]
Status = Literal["complete", "partial", "failed"]
Bucket = Literal["early", "mid", "late"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_LONGEST = 96


class Adapter(Struct, frozen=True, kw_only=True):
    """A LoRA adapter over the model."""

    id: str
    revision: str | None = None
    sha256: Sha256 | None = None


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


class Prompts(Struct, frozen=True, kw_only=True):
    """How the prompts were built: the evidence that the template audit reads."""

    template_status: str | None = None
    """One word for the whole run: `chat_template`, `gemma4_native`, `mixed_or_raw` ..."""
    status_counts: dict[str, Count] = {}
    """Rows by status, e.g. `{"chat_template": 303}`."""
    template_source: str | None = None
    """`tokenizer`, `chat_template.jinja`, `processor`, `gguf`, `server`."""
    template_sha256: Sha256 | None = None
    kwargs: dict[str, str | float | bool | None] = {}
    kwargs_ignored: tuple[str, ...] = ()
    """Given to the template, which never read them."""
    truncated: Count | None = None
    """Prompts that were cut to fit the window."""
    first_token_ids: tuple[int, ...] | None = None
    doubled_bos: bool | None = None
    tokens_min: Count | None = None
    tokens_median: Annotated[float, Meta(ge=0.0)] | None = None
    tokens_max: Count | None = None
    errors: tuple[str, ...] = ()


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


class Counts(Struct, frozen=True, kw_only=True):
    """How many steps were expected, scored and failed."""

    expected: Count | None = None
    scored: Count
    failed: Count | None = None
    tasks: Count | None = None


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


class Result(Struct, frozen=True, kw_only=True, tag_field="kind", tag="result"):
    """One model on one suite under one protocol: one JSON file."""

    version: Literal[1] = VERSION
    model: Model
    suite: Suite
    protocol: Protocol = Protocol()
    prompts: Prompts = Prompts()
    counts: Counts
    aggregate: Aggregate
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


def encode(record: Struct) -> bytes:
    """Return *record* as readable JSON: two blanks of indent, Korean unescaped, a final newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def schema() -> dict[str, object]:
    """Return the JSON Schema (2020-12) of a result file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **msgspec.json.schema(Result),
    }


def is_hub_id(name: str) -> bool:
    """Tell whether *name* can be a repository on the Hub: `organisation/name`."""
    return (
        len(name) <= _LONGEST
        and _HUB_ID.fullmatch(name) is not None
        and "--" not in name
        and ".." not in name
        and not name.endswith((".git", ".", "-"))
    )
