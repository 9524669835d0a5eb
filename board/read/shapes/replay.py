"""Replay results: the shape that grew key by key from April to June 2026, engine by engine."""

from collections.abc import Mapping

from msgspec.structs import replace

from ....eval.records import Counts, Model, Prompts, Result, Status, Step, Suite
from . import blocks, failures, model_names
from .source import Adapted, Source

Shard = tuple[int, int]
KIND = "replay"
"""Of the suites of all these files."""


def replay(
    source: Source,
    *,
    complete: bool | None = None,
    shard: Shard | None = None,
    model: Model | None = None,
) -> Adapted:
    """Return the result of a replay file: `aggregate`, `per_step`, and whatever stands beside them.

    What is given here stands for what the file says. A file that says it is not *complete*, or
    holds fewer steps than the suite that it speaks of, is a partial one; one of several *shard*s
    is a shard; and a run without a single scored step has failed, whatever its zeros say. A call
    that is listed among `errors` was no answer, whatever score its row was given.
    """
    errors, unplaced = _failures(source)
    rows = tuple(_failed(row, errors) for row in blocks.steps(source))
    means = source.inner("aggregate")
    total, tasks = means.count("steps"), means.count("tasks")
    suite = source.count("total_input_steps") or source.count("rows_total")
    complete = source.flag("complete") if complete is None else complete
    if isinstance(source.raw("aggregate"), dict):
        means.need("steps")
    else:
        source.need("aggregate")
    total = total or 0
    failed = sum(not step.scored for step in rows) + unplaced
    failed += len(errors.keys() - {(row.task_id, row.step_idx) for row in rows})
    scored = max(total - failed, 0)
    if scored:
        means.need("avg_command_f1")
    short = complete is False or (suite is not None and shard is None and total < suite)
    status: Status = "failed" if not scored else "partial" if short else "complete"
    result = Result(
        model=model or model_names.model(source, shard=shard),
        suite=Suite(kind=KIND, steps=suite),
        protocol=blocks.protocol(source),
        prompts=covering(blocks.prompts(source.inner("prompt_template")), total),
        counts=Counts(
            expected=None if shard else suite,
            scored=scored,
            failed=failed if failed or "errors" in source.keys else None,
            tasks=tasks,
        ),
        metrics=blocks.metrics(means) if scored else {},
        divisions=blocks.divisions(means) if scored else {},
        timing=blocks.timing(source),
        status=status,
        error=None if scored else "no step was scored",
        finished_at=source.time("timestamp"),
        shard=shard,
        steps=rows,
    )
    return Adapted("shard" if shard else "partial" if status == "partial" else "result", result)


def covering(prompts: Prompts, steps: int) -> Prompts:
    """Return *prompts* with a status that admits it where its rows are fewer than the *steps*."""
    told = sum(prompts.status_counts.values())
    if not 0 < told < steps:
        return prompts
    return replace(prompts, template_status=f"{prompts.template_status} ({told} of {steps})")


def plain(source: Source) -> Adapted:
    """Adapt the files of April and May: one process, written once at the end."""
    return replay(source)


def sweep(source: Source) -> Adapted:
    """Adapt the files of June, which name an adapter and may be one of several shards."""
    return replay(source, shard=_shard(source.inner("sampling")))


def server(source: Source) -> Adapted:
    """Adapt the files of an OpenAI-style server, whose addresses are published nowhere."""
    return with_backend(replay(source), source.text("gpu") or "openai")


def transformers(source: Source) -> Adapted:
    """Adapt the files of the universal evaluator, whose tokenizer cut long prompts unseen."""
    return with_rule(replay(source), "truncate-right")


def text_only(source: Source) -> Adapted:
    """Adapt the files of the text-only Gemma 4 evaluator, shard by shard."""
    return replay(source, shard=_shard(source))


def hosted(source: Source) -> Adapted:
    """Adapt the files of an Anthropic-style API: failed calls were scored as empty answers.

    Which template the service uses cannot be known from outside.
    """
    kind, result = with_backend(replay(source), "anthropic-api")
    assert result is not None
    status = result.prompts.template_status or "unknown (remote)"
    prompts = replace(result.prompts, template_status=status)
    return Adapted(kind, replace(result, prompts=prompts))


def with_rule(adapted: Adapted, rule: str) -> Adapted:
    """Return *adapted* with one more named change to its prompts."""
    assert adapted.result is not None
    protocol = adapted.result.protocol
    rules = (*protocol.prompt_rules, rule)
    changed = replace(adapted.result, protocol=replace(protocol, prompt_rules=rules))
    return Adapted(adapted.kind, changed)


def with_backend(adapted: Adapted, backend: str) -> Adapted:
    """Return *adapted* with the engine that its shape tells, where it recorded none."""
    assert adapted.result is not None
    protocol = adapted.result.protocol
    changed = replace(protocol, backend=protocol.backend or backend)
    return Adapted(adapted.kind, replace(adapted.result, protocol=changed))


def _shard(source: Source) -> Shard | None:
    index, count = source.count("shard_index"), source.count("shard_count")
    return (index, count) if index is not None and count is not None and count > 1 else None


def _failed(row: Step, errors: Mapping[tuple[str, int], str]) -> Step:
    """Return *row* without its scores where its call is among the *errors*."""
    error = errors.get((row.task_id, row.step_idx))
    return row if error is None else failures.failed(row, error)


def _failures(source: Source) -> tuple[dict[tuple[str, int], str], int]:
    """Return the errors by step, and how many of them name no step.

    They are a list, an object of them by any key, or only their number.
    """
    placed: dict[tuple[str, int], str] = {}
    unplaced, told = 0, source.raw("errors")
    if isinstance(told, int):
        return placed, max(told, 0)
    entries = list(told.values()) if isinstance(told, dict) else source.members("errors")
    for number, entry in enumerate(entries):
        row = Source(entry) if isinstance(entry, dict) else Source({"error": entry})
        task, index = row.raw("task_id"), row.raw("step_idx")
        if isinstance(task, str) and isinstance(index, int):
            text = row.raw("error")
            placed[task, index] = failures.words(text) or f"error {number}"
        else:
            unplaced += 1
    return placed, unplaced
