"""The blocks that most foreign files share: aggregate, step rows, settings, prompts, times."""

import re

from ....eval.metrics import Measured
from ....eval.records import Group, Prompts, Protocol, Step, Timing
from ...words.machines import without_paths
from ..decoding.json_faults import shorten
from .failures import failed, is_error_text, words
from .source import Source

Scalar = str | float | bool | None

_ON = {"on", "true", "enabled", "thinking", "think"}
_OFF = {"off", "false", "disabled", "none", "chat", "no_think", "nothink", "non-thinking"}
_SECRET = re.compile(r"key|token(?!s|_ids|izer)|secret|passw|auth|credential|url|host|addr", re.I)
_BUCKETS = {"early": "early", "mid": "mid", "late": "late"}
_RULES = {"stripped_thinking_blocks": "strip-thoughts"}


def metrics(source: Source) -> dict[str, Measured]:
    """Return the aggregate block; `next_action_score` is another metric and stays behind."""
    found = {
        "command_f1": source.number("avg_command_f1", high=1),
        "command_precision": source.number("avg_command_precision", high=1),
        "command_recall": source.number("avg_command_recall", high=1),
        "first_cmd_exact_pct": source.number("first_cmd_exact_pct", high=100),
        "valid_json_pct": source.number("valid_json_pct", high=100),
        "has_analysis_pct": source.number("has_analysis_pct", high=100),
        "has_plan_pct": source.number("has_plan_pct", high=100),
        "avg_ref_cmds": source.number("avg_ref_cmds"),
        "avg_pred_cmds": source.number("avg_pred_cmds"),
        "complete_true_recall_pct": source.number("complete_true_recall_pct", high=100),
        "premature_complete_rate_pct": source.number("premature_complete_rate_pct", high=100),
    }
    return {name: Measured(value=value) for name, value in found.items() if value is not None}


def divisions(source: Source) -> dict[str, dict[str, Group]]:
    """Return the figures of the parts that the aggregate block holds."""
    found = {
        "bucket": _groups(source.inner("by_bucket")),
        "source_group": _groups(source.inner("by_source_group")),
    }
    return {division: groups for division, groups in found.items() if groups}


def _groups(source: Source) -> dict[str, Group]:
    found = {}
    for name in source.keys:
        part = source.inner(name)
        steps = part.count("steps")
        if steps is None:
            part.need("steps")
            continue
        known = {
            "command_f1": part.number("avg_command_f1", high=1),
            "first_cmd_exact_pct": part.number("first_cmd_exact_pct", high=100),
        }
        values: dict[str, float | None] = {
            metric: value for metric, value in known.items() if value is not None
        }
        found[name] = Group(steps=steps, metrics=values)
    return found


def steps(source: Source, key: str = "per_step") -> tuple[Step, ...]:
    """Return the step rows."""
    return tuple(step for row in source.rows(key) if (step := _step(row)) is not None)


def _step(row: Source) -> Step | None:
    task, index = row.text("task_id"), row.count("step_idx")
    if task is None or index is None:
        row.need("task_id", "step_idx")
        return None
    units, answered = row.texts("ref_command_units"), row.texts("pred_command_units")
    finished, said = row.flag("ref_task_complete"), row.flag("pred_task_complete")
    told = {name: row.flag(name) for name in ("valid_json", "has_analysis", "has_plan")}
    valid = told["valid_json"]
    scores = {
        "command_f1": row.number("command_f1", high=1),
        "command_precision": row.number("command_precision", high=1),
        "command_recall": row.number("command_recall", high=1),
        "first_cmd_exact": row.number("first_cmd_exact", high=1),
        "valid_json": None if valid is None else float(valid),
    }
    groups = {
        "bucket": _BUCKETS.get(row.text("bucket") or ""),
        "source_group": row.text("source_group"),
    }
    answer = row.text("raw_output")
    if answer is not None and answer.strip() and not is_error_text(answer):
        answer = None  # cut by every foreign writer; what is empty or an error's words is whole
    step = Step(
        task_id=task,
        step_idx=index,
        sample_idx=row.count("sample_idx"),
        groups={division: group for division, group in groups.items() if group is not None},
        reference=None if units is None else {"command_units": units, "task_complete": finished},
        parsed=None
        if answered is None
        else {
            "command_units": answered,
            "task_complete": said,
            "valid_json": valid,
            "analysis": told["has_analysis"],
            "plan": told["has_plan"],
        },
        answer=answer,
        scores={name: value for name, value in scores.items() if value is not None},
        finish_reason=row.text("finish_reason"),
        prompt_tokens=row.count("prompt_tokens"),
        output_tokens=_first(row.count("output_tokens"), row.count("completion_tokens")),
    )
    error = words(row.raw("error"))
    return step if error is None else failed(step, error)


def protocol(source: Source) -> Protocol:
    """Return the settings of `sampling`, with what other keys say of the engine.

    Scalars without a field of their own go to `extra`, but for addresses, secrets and the numbers
    of shards, which are no settings of the run.
    """
    sampling, template = source.inner("sampling"), source.inner("prompt_template")
    mode = sampling.raw("thinking_mode")
    used = {"backend", "temperature", "top_p", "top_k", "max_tokens", "max_model_len", "seed",
            "dtype", "tp", "stop", "shard_index", "shard_count"}  # fmt: skip
    thinking = mode if isinstance(mode, bool) else None
    if isinstance(mode, str):
        thinking = True if mode.lower() in _ON else False if mode.lower() in _OFF else None
    extra = scalars(sampling, leave=used | ({"thinking_mode"} if thinking is not None else set()))
    if isinstance(sampling.raw("llm_kwargs"), dict):
        extra |= scalars(sampling.inner("llm_kwargs"))
    if template.raw("rank_eligible") is not None:
        extra["rank_eligible"] = template.flag("rank_eligible")
    return Protocol(
        backend=sampling.text("backend") or source.text("backend"),
        temperature=sampling.number("temperature"),
        top_p=sampling.number("top_p", high=1),
        top_k=sampling.integer("top_k"),
        max_tokens=sampling.count("max_tokens"),
        max_model_len=_first(sampling.count("max_model_len"), template.count("max_model_len")),
        thinking=thinking,
        seed=sampling.integer("seed"),
        dtype=sampling.text("dtype"),
        tensor_parallel=sampling.count("tp"),
        stop=_stop(sampling),
        prompt_rules=_rules(template),
        extra=extra,
    )


def scalars(source: Source, leave: set[str] | frozenset[str] = frozenset()) -> dict[str, Scalar]:
    """Return the texts, numbers and booleans of *source* that may be published."""
    found: dict[str, Scalar] = {}
    for key in source.keys:
        value = source.raw(key)
        if key in leave or _SECRET.search(key) or len(key) > 100:
            continue
        if isinstance(value, str):
            plain = without_paths(value)
            if plain != value:
                source.note("local-path-dropped", key, name=shorten(plain))
            found[key] = shorten(plain)
        elif isinstance(value, bool):
            found[key] = value
        elif isinstance(value, (int, float)):
            found[key] = source.number(key, low=float("-inf"))
    return found


def prompts(source: Source) -> Prompts:
    """Return what the template block tells; a status that covers only some rows says so."""
    counts = source.inner("template_status_counts")
    found = {name: n for name in counts.keys if (n := counts.count(name)) is not None}
    return Prompts(
        template_status=source.text("template_status"),
        status_counts=found,
        kwargs=scalars(source.inner("chat_template_kwargs")),
        truncated=source.count("truncated_steps"),
        tokens_min=source.count("prompt_tokens_min"),
        tokens_median=source.number("prompt_tokens_p50"),
        tokens_max=source.count("prompt_tokens_max"),
        errors=tuple(
            shorten(without_paths(one), 300)
            for one in source.members("raw_fallback_errors")
            if isinstance(one, str)
        ),
    )


def timing(source: Source) -> Timing:
    """Return the times of the run."""
    return Timing(
        load_seconds=source.number("load_time_sec"),
        generate_seconds=source.number("gen_time_sec"),
        seconds_per_step=source.number("avg_sec_per_step"),
    )


def _stop(sampling: Source) -> tuple[str, ...] | None:
    one = sampling.raw("stop")
    return (one,) if isinstance(one, str) else sampling.texts("stop")


def _rules(template: Source) -> tuple[str, ...]:
    """Return the changes to the prompts: counted ones, and options that were switched on."""
    counted = [rule for key, rule in _RULES.items() if template.number(key)]
    options = template.inner("prompt_options")
    chosen = [key.replace("_", "-") for key in options.keys if options.raw(key) is True]
    return (*counted, *chosen)


def _first(one: int | None, other: int | None) -> int | None:
    return other if one is None else one
