"""The result file, version 2: one model on one suite under one protocol; every stage's contract."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .metrics import Measured

VERSION: Literal[2] = 2

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Percent = Annotated[float, Meta(ge=0.0, le=100.0)]
Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0.0)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{8,64}$")]
"""A SHA-256, or as much of its beginning as the evaluator recorded."""
Timestamp = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$")
]
Status = Literal["complete", "partial", "failed"]
Evidence = Literal["rows", "summary", "quoted", "by-hand"]
"""What figures rest on: their own rows, the file's own means, somebody's table, or the judgement of
a person who read the answers."""
Scalar = str | float | bool | None
Seeding = Literal["step", "none", "unknown"]
"""Whether each sampled answer had a seed of its own: it had; it had none that the engine takes; the
engine was given one and does not tell what it did with it."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_LONGEST = 96
# fmt: off
_RESERVED = frozenset(
    (
        "api", "blog", "buckets", "chat", "collections", "datasets", "docs", "join",
        "kernels", "login", "models", "new", "organizations", "papers", "posts", "pricing",
        "settings", "spaces", "tasks",
    )
)
# fmt: on
"""Namespaces that are paths of the Hub: `datasets/x` is no repository of a model."""


class TrainingFile(Struct, frozen=True, kw_only=True):
    """A file that was trained on."""

    name: str
    sha256: Sha256
    conversations: Count
    """That it holds, a preference pair counted as two."""


class Training(Struct, frozen=True, kw_only=True):
    """How an adapter was trained, by the record that lies beside its weights."""

    base: str
    """Hub id, or a short name where there is no repository. Never a path of a machine."""
    base_revision: str | None = None
    base_sha256: Digest | None = None
    """Of its weights, as `Model.weights_sha256`."""
    data: tuple[TrainingFile, ...]
    template_sha256: Sha256
    """Of the chat template that the conversations were rendered with."""
    rules: tuple[str, ...] = ()
    """Named changes to the conversations, as `Protocol.prompt_rules`."""
    each_answer: bool = False
    """Whether each answer was the end of a conversation of its own."""
    examples: Count
    """Conversations that were trained on."""
    left_out: dict[str, Count] = {}
    """How many were not, by reason: `unwanted`, `long`."""
    tokens: Count
    trained_tokens: Count
    """Those of the answers, with their end tokens; no other was learnt."""
    method: Literal["lora", "qlora"]
    rank: Count
    alpha: Count
    dropout: Share
    targets: tuple[str, ...]
    """Names of the layers that were adapted."""
    epochs: float
    """Passes over the data that were done."""
    planned_epochs: float
    steps: Count
    """Updates of the weights that were done."""
    batch_size: Count
    """Conversations an update."""
    learning_rate: float
    schedule: str
    seed: int
    max_length: Count
    """Tokens; no conversation was cut."""
    dtype: str
    loss: float | None = None
    """Mean over the tokens since the last time that it was noted."""
    versions: dict[str, str] = {}


class Adapter(Struct, frozen=True, kw_only=True):
    """A LoRA adapter over the model."""

    id: str
    revision: str | None = None
    sha256: Digest | None = None
    """Of the file that holds its weights."""
    training: Training | None = None
    """How it was trained, where a record with the hash of these weights lies beside them."""


class ModelFile(Struct, frozen=True, kw_only=True):
    """A model that is one file, such as a GGUF."""

    name: str | None = None
    bytes: Count | None = None
    sha256: Digest | None = None
    parameters: Count | UnsetType = UNSET
    """Weights that it holds, by its header."""
    tensor_bytes: Count | UnsetType = UNSET
    """Of these weights, without the header."""


class Server(Struct, frozen=True, kw_only=True):
    """Who answered, where a server did: several may serve different models under one name."""

    address_sha256: Sha256 | None = None
    """Of its address, which itself is published nowhere."""
    model: str | None = None
    """As its replies name the model."""
    system_fingerprint: str | None = None
    """As its replies say; several, joined by commas, where it changed within the run."""


class Model(Struct, frozen=True, kw_only=True):
    """What was asked to answer."""

    id: Annotated[str, Meta(min_length=1, max_length=10_000)]
    """Hub id, or a short name where there is no repository. Never a path of a machine."""
    revision: str | None = None
    adapter: Adapter | None = None
    weights_sha256: Digest | None = None
    """Of the weights that were loaded: of one file its SHA-256, of several that of their list as
    `sha256sum` prints it, sorted by name."""
    file: ModelFile | None = None
    weights_bytes: Count | UnsetType = UNSET
    """Of the files that these are."""
    path_tail: str | None = None
    """As much of a local path as tells runs apart: `run-b/checkpoint-300`."""
    server: Server | None = None
    quantisation: str | None = None
    """As published: `Q4_K_M`, `FP8`, `awq`."""
    label: str | None = None
    """What the evaluator called this run, where that says more than the id."""


class Suite(Struct, frozen=True, kw_only=True):
    """What was asked."""

    name: str | None = None
    version: str | None = None
    kind: str | None = None
    """How it is asked and scored: `replay`, `reported` ..."""
    fingerprint: Sha256 | None = None
    """SHA-256 over the suite's step ids, references and prompts; in older files without these."""
    prompts_sha256: Sha256 | None = None
    """SHA-256 over step ids and what is asked: turns, system text and tools."""
    steps: Count | None = None
    """Steps that the whole suite has, as the evaluator knew it."""
    tasks: Count | None = None


class Harness(Struct, frozen=True, kw_only=True):
    """The program that asked and scored."""

    name: str
    version: str | None = None


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
    seeding: Seeding | None = None
    """What became of the seed, where answers were sampled."""
    batch_size: Count | None = None
    """Prompts that were computed, or calls that were made, at a time."""
    dtype: str | None = None
    tensor_parallel: Count | None = None
    stop: tuple[str, ...] | None = None
    shots: Count | None = None
    """Solved examples before each question."""
    trials: Count | None = None
    """Answers to each step."""
    turns: Count | None = None
    """The most turns of an episode."""
    dialogue: str | UnsetType = UNSET
    """How the turns of an episode are asked and read, by the kind's name for it."""
    tools: str | None = None
    """How tools are offered: `native` or `prompted`."""
    system_prompt_sha256: Sha256 | None = None
    template_kwargs: dict[str, Scalar] = {}
    """What the chat template was given, such as `enable_thinking`."""
    harness: Harness | None = None
    prompt_rules: tuple[str, ...] = ()
    """Named changes to the prompts: `fold-system`, `merge-turns`, `strip-thoughts`."""
    attention: str | UnsetType = UNSET
    """The kernel that computes attention, as the engine names it: `sdpa`, `flash_attention_2`."""
    extra: dict[str, Scalar] = {}
    """Further settings that the evaluator recorded; a suite's protocol may name them."""


class Prompts(Struct, frozen=True, kw_only=True):
    """How the prompts were built: the evidence that the template audit reads."""

    template_status: str | None = None
    """One word for the whole run: `chat_template`, `gemma4_native`, `mixed_or_raw` ..."""
    status_counts: dict[str, Count] = {}
    """Rows by status, e.g. `{"chat_template": 303}`."""
    template_source: str | None = None
    """`tokenizer`, `chat_template.jinja`, `processor`, `gguf`, `server`."""
    template_sha256: Sha256 | None = None
    kwargs: dict[str, Scalar] = {}
    kwargs_ignored: tuple[str, ...] = ()
    """Given to the template, which never read them."""
    truncated: Count | None = None
    """Prompts that were cut to fit the window."""
    first_token_ids: tuple[int, ...] | None = None
    doubled_bos: bool | None = None
    tools_named: bool | UnsetType = UNSET
    """Whether each prompt really names every tool that it offers; not there where none is offered
    or nobody can tell."""
    tokens_min: Count | None = None
    tokens_median: Annotated[float, Meta(ge=0.0)] | None = None
    tokens_max: Count | None = None
    errors: tuple[str, ...] = ()
    sha256: Sha256 | UnsetType = UNSET
    """Over every prompt as it was sent, by step: the same where the same was asked."""


class ToolCall(Struct, frozen=True, kw_only=True):
    """A tool that an answer calls."""

    name: str | None = None
    arguments: str = ""
    """As the model wrote them: JSON, if it wrote it rightly."""
    id: str | None = None


class Logprob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How probable a token of an answer was: natural logarithms."""

    token: str
    logprob: float | None = None
    top: dict[str, float] = {}
    """Of the tokens that were most probable there."""


class Said(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came with an answer beside its text; nothing of it is scored."""

    reasoning: str | None = None
    """What the model thought, where the server tells it apart from the answer."""
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    parts: tuple[str, ...] = ()
    """Parts of the answer that are no text, each as its JSON text."""
    logprobs: tuple[Logprob, ...] = ()
    """Of each token, where they were asked for."""


class StepTiming(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one answer took, as its engine tells or as it was seen to come."""

    first_token_seconds: Seconds | None = None
    """From the call to the first token of the answer's text; thoughts are none of it."""
    prompt_seconds: Seconds | None = None
    """That the engine read the prompt, without what it had computed before."""
    answer_seconds: Seconds | None = None
    """From the first token to the last, thoughts among them."""
    cached_tokens: Count | None = None
    """Tokens of the prompt that the engine had computed before."""


class Step(Struct, frozen=True, kw_only=True):
    """One prompt with its reference, what came back, and its scores."""

    task_id: str
    step_idx: Count
    sample_idx: Count | None = None
    """Which of several recordings of the task, where a suite has several."""
    trial: Count | None = None
    """Which of several answers to the same step."""
    groups: dict[str, str] = {}
    """The step's group in each division of the suite, e.g. `{"bucket": "early"}`."""
    scored: bool = True
    """False when the prompt was never answered or never asked; then there are no scores."""
    error: str | None = None
    reference: dict[str, Any] | None = None
    """What the right answer holds, as the suite's kind writes it."""
    answer: str | None = None
    """The answer in full, or an episode's transcript, so that it can be read again later."""
    parsed: dict[str, Any] | None = None
    """What the suite's kind read from the answer."""
    scores: dict[str, float | None] = {}
    finish_reason: str | None = None
    prompt_tokens: Count | None = None
    output_tokens: Count | None = None
    seconds: Seconds | None = None
    said: Said | UnsetType = UNSET
    """Not there where an answer was text and nothing else."""
    timing: StepTiming | UnsetType = UNSET


class Group(Struct, frozen=True, kw_only=True):
    """The metrics of one group of a division."""

    steps: Count
    metrics: dict[str, float | None] = {}


class Counts(Struct, frozen=True, kw_only=True):
    """How many steps were expected, scored and failed."""

    expected: Count | None = None
    scored: Count | None
    """`None` where a file of another program does not tell."""
    failed: Count | None = None
    tasks: Count | None = None


class Quartiles(Struct, frozen=True, kw_only=True):
    """The middle of a figure that differs from step to step, and the quarters beside it."""

    low: float | None = None
    median: float | None = None
    high: float | None = None


class Timing(Struct, frozen=True, kw_only=True):
    """How long it took, in seconds, and what it used."""

    load_seconds: Seconds | None = None
    generate_seconds: Seconds | None = None
    seconds_per_step: Seconds | None = None
    prompt_tokens_per_second: Seconds | None = None
    """Mean over the prompts, each by itself: tokens that were read, by the time of reading."""
    answer_tokens_per_second: Seconds | None = None
    """Mean over the answers, each by itself: tokens after the first, by the time of writing."""
    first_token_seconds: Quartiles | None = None
    cached_tokens: Count | UnsetType = UNSET
    """Tokens of all prompts that the engine had computed before."""
    energy_joules: Seconds | None = None
    energy_source: str | UnsetType = UNSET
    """Who told the energy, and whether by a counter or by an estimate."""


class Machine(Struct, frozen=True, kw_only=True):
    """What it ran on."""

    processor: str | None = None
    cores: Count | None = None
    accelerator: str | None = None
    accelerators: Count | UnsetType = UNSET
    """How many of them this process saw."""
    driver: str | UnsetType = UNSET
    """Of the accelerator: `nvidia 580.95.05, CUDA 13.0`."""
    memory_bytes: Count | None = None
    operating_system: str | None = None
    peak_memory_bytes: Count | None = None
    """Of the process that computed the answers, or the server that was started for them; on an
    accelerator not counted."""
    peak_accelerator_bytes: Count | UnsetType = UNSET


class Environment(Struct, frozen=True, kw_only=True):
    """The software that measured, as far as it can be set up again."""

    git_commit: str | None = None
    """Of cardboard, where it ran from a checkout or was installed from one."""
    git_changed: bool | None = None
    """Whether files of that checkout differed from the commit."""
    packages: Count | None = None
    packages_sha256: Sha256 | None = None
    """Of all installed packages, a line `NAME==VERSION` each, sorted; `--lock` writes them."""


class Provenance(Struct, frozen=True, kw_only=True):
    """Where a result that was not measured by us comes from."""

    kind: str | None = None
    repository: str | None = None
    document: str | None = None
    row_label: str | None = None
    printed: dict[str, str] = {}
    """Figures as the source printed them."""
    harness: Harness | None = None
    source_sha256: Sha256 | None = None
    """Of the file that this result was made from."""
    evidence: Evidence | None = None


class Result(Struct, frozen=True, kw_only=True, tag_field="kind", tag="result"):
    """One model on one suite under one protocol: one JSON file."""

    version: Literal[2] = VERSION
    model: Model
    suite: Suite
    protocol: Protocol = Protocol()
    prompts: Prompts = Prompts()
    counts: Counts
    metrics: dict[str, Measured] = {}
    """By the metric's id; each value in the metric's own unit."""
    divisions: dict[str, dict[str, Group]] = {}
    """Ways of cutting the suite, each with its groups by name."""
    timing: Timing = Timing()
    machine: Machine = Machine()
    status: Status
    error: str | None = None
    scorer: str | None = None
    """Name and version of the scorer, e.g. `token-f1/1`."""
    environment: Environment | UnsetType = UNSET
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


def value(result: Result, metric: str) -> float | None:
    """Return the value of *metric* in *result*; `None` where it is not known."""
    found = result.metrics.get(metric)
    return None if found is None else found.value


def instant(stamp: str) -> datetime:
    """Return the moment that a `Timestamp` names, in UTC; `ValueError` where there is no such."""
    try:
        found = datetime.fromisoformat(stamp)
        if found.tzinfo is None or stamp[11:13] == "24":
            raise ValueError(f"{stamp} is no moment with an offset from UTC")
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{stamp} lies outside the calendar") from None


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
        and name.partition("/")[0].lower() not in _RESERVED
        and _HUB_ID.fullmatch(name) is not None
        and "--" not in name
        and ".." not in name
        and not name.endswith((".git", ".", "-"))
    )
