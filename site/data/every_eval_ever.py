"""Boards as files of Every Eval Ever 0.3.0: an aggregate file a result, with the rows of its steps.

Both follow the JSON Schemas of https://github.com/evaleval/every_eval_ever. What these have no
place for travels as text in `additional_details`, so that reading the files back gives the same
board.
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ... import __version__
from ...board.model import Board, Boards, Entry
from ...board.read.imports.every_eval_ever import KIND, RESULT, ROWLESS
from ...board.read.reader import read_whole
from ...board.show.rows import reasons
from ...board.statistics.intervals import Interval
from ...board.words.machines import without_machines
from ...board.words.names import slugs
from ...board.workspace.settings import Settings, Suite, Workspace
from ...board.workspace.store import is_safe
from ...eval.metrics import Metric
from ...eval.records import Result, Step, instant
from .croissant import title_of

SCHEMA = "0.3.0"
RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")
_UNSAFE = re.compile(r"[<>:\"/\\|?*\x00-\x1f\x7f]")
_UNITS = {"share": "proportion", "seconds": "s"}
_SENT = ("backend", "temperature", "top_p", "top_k", "max_tokens", "thinking", "harness", "extra")
"""Settings that have a place of their own."""

Json = dict[str, Any]


def write_every_eval_ever(boards: Boards, workspace: Workspace, folder: Path) -> tuple[int, int]:
    """Write every result on *boards* below `data/` in *folder*; return how many, and how many not.

    Those without a figure whose direction is known have no place in the schema, and are left out.
    The same results give the same files: ids and names follow from what a result was made from.
    """
    kinds = {(one.file, one.part): one.kind for file in boards.readings for one in file.results}
    results, written, left_out = workspace.results, 0, 0
    for board in boards.boards:
        collection = slugs([board.suite.slug])[0]
        for entry in board.entries:
            told = [one for one in board.suite.metrics if _telling(one, entry)]
            if not told:
                left_out += 1
                continue
            document = _aggregate(entry, board, told, workspace.settings)
            details = document["source_metadata"]["additional_details"]
            details[KIND] = kinds.get((entry.file, entry.part), "result")
            _, whole = read_whole(results / entry.file, entry.part, tables=workspace.tables)
            steps = whole.steps if whole else ()
            _write(entry, told, document, steps, folder / "data" / collection)
            written += 1
    return written, left_out


def _telling(metric: Metric, entry: Entry) -> bool:
    """Tell whether the schema can hold *metric*: a number of which it is known which way is up."""
    return metric.better != "neither" and entry.value(metric.id) is not None


def _write(
    entry: Entry, told: list[Metric], document: Json, steps: tuple[Step, ...], folder: Path
) -> None:
    """Write the *document* on *entry* below *folder*, with the rows of its steps beside it."""
    developer, slash, name = entry.model.partition("/")
    if not slash:
        developer, name = "unknown", entry.model
    target = folder / _component(developer) / _component(name)
    target.mkdir(parents=True, exist_ok=True)
    own = document["evaluation_id"].rpartition("/")[2]
    rows = target / f"{own}_samples.jsonl"
    count, digest, rowless = _write_rows(rows, document, told, steps)
    if rowless:
        plain = [without_machines(msgspec.to_builtins(step)) for step in rowless]
        document["source_metadata"]["additional_details"][ROWLESS] = _json(plain)
    if count:
        document["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": rows.relative_to(folder.parents[1]).as_posix(),
            "hash_algorithm": "sha256",
            "checksum": digest,
            "total_rows": count,
        }
    else:
        rows.unlink()
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    (target / f"{own}.json").write_bytes(text + b"\n")


def _component(name: str) -> str:
    """Return *name* as the store of such files spells it in a path, where every system takes that.

    A reader who knows a model's name finds its files by it.
    """
    plain = _UNSAFE.sub("_", name).rstrip(". ")
    return plain if is_safe(plain) and plain != "data" else slugs([name])[0]


def _own_id(entry: Entry, board: Board) -> str:
    """Return the id of a result on a board: of the form of a random UUID, and always the same."""
    made_from = "\n".join((entry.sha256, entry.part or "", board.suite.slug, board.class_))
    digest = hashlib.sha256(made_from.encode("utf-8", "replace")).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _aggregate(entry: Entry, board: Board, told: list[Metric], settings: Settings) -> Json:
    result, model = entry.result, entry.result.model
    moment = result.finished_at or result.started_at
    identity = f"{board.suite.slug}/{entry.model.replace('/', '_')}/{_own_id(entry, board)}"
    harness = result.protocol.harness
    at: Json = {} if moment is None else {"evaluation_timestamp": moment}
    relationship = result.protocol.extra.get("relationship")
    return {
        "schema_version": SCHEMA,
        "evaluation_id": identity,
        **at,
        # When it was measured: the moment of this export would make other files each time.
        "retrieved_timestamp": str(int(instant(moment).timestamp())) if moment else "unknown",
        "source_metadata": {
            "source_name": title_of(settings),
            "source_type": "documentation" if entry.evidence == "quoted" else "evaluation_run",
            "source_organization_name": settings.board.organisation or "unknown",
            "evaluator_relationship": relationship if relationship in RELATIONSHIPS else "other",
            "additional_details": {
                "exported_by": f"cardboard {__version__}",
                "result_sha256": entry.sha256,
                RESULT: _embedded(result),
            },
        },
        "eval_library": {
            "name": harness.name if harness else "unknown",
            "version": (harness and harness.version) or "unknown",
        },
        "model_info": _without_none(
            {
                "name": entry.label,
                "id": entry.model,
                "developer": entry.model.partition("/")[0] if "/" in entry.model else None,
                "inference_engine": _engine(result),
                "additional_details": _texts(
                    {
                        "deployment_type": "unknown",
                        "model_availability": "unknown",
                        "revision": model.revision,
                        "adapter": model.adapter.id if model.adapter else None,
                        "adapter_revision": model.adapter.revision if model.adapter else None,
                        "quantisation": model.quantisation,
                        "weights_sha256": model.weights_sha256,
                        "dtype": result.protocol.dtype,
                        "params_billions": entry.profile.parameters,
                        "chat_template_status": entry.template_status,
                        "chat_template_sha256": result.prompts.template_sha256,
                    }
                ),
            }
        ),
        "evaluation_results": [
            _result(entry, board, metric, f"{identity}#{metric.id}") for metric in told
        ],
    }


def _embedded(result: Result) -> str:
    """Return *result* without its steps as text, and without what names a machine."""
    return _json(without_machines(msgspec.to_builtins(replace(result, steps=()))))


def _engine(result: Result) -> Json | None:
    backend = result.protocol.backend
    if backend is None:
        return None
    return _without_none({"name": backend, "version": result.versions.get(backend)})


def _result(entry: Entry, board: Board, metric: Metric, identity: str) -> Json:
    suite, sent = board.suite, entry.result.protocol
    low, high = metric.bounds
    codes = dict.fromkeys(one.code for one in entry.findings)
    details = {
        "class": entry.class_,
        "evidence": entry.evidence,
        "ranked_metric": metric.ranked,
        "rank": entry.rank_text if entry.rank is not None else None,
        "rankable": entry.rankable,
        "unranked_because": ", ".join(one.code for one in reasons(entry, board.policy)),
        "findings": ", ".join(codes),
    }
    return _without_none(
        {
            "evaluation_result_id": identity,
            "evaluation_name": suite.full_name,
            "source_data": _source_data(suite),
            "metric_config": {
                "metric_id": metric.id,
                "metric_name": metric.title.get("en") or metric.id,
                "metric_unit": _UNITS.get(metric.unit, metric.unit),
                "lower_is_better": metric.better == "lower",
                "score_type": "continuous",
                "min_score": "-Infinity" if low is None else low,
                "max_score": "Infinity" if high is None else high,
            },
            "score_details": _without_none(
                {
                    "score": entry.value(metric.id),
                    "uncertainty": _uncertainty(entry, metric),
                    "details": _texts(details),
                }
            ),
            "generation_config": {
                "generation_args": _without_none(
                    {
                        "temperature": sent.temperature,
                        "top_p": sent.top_p,
                        "top_k": sent.top_k,
                        "max_tokens": sent.max_tokens,
                        "reasoning": sent.thinking,
                    }
                ),
                "additional_details": _texts(
                    {
                        name: getattr(sent, name)
                        for name in type(sent).__struct_fields__
                        if name not in _SENT
                    }
                    | without_machines(sent.extra)
                ),
            },
        }
    )


def _source_data(suite: Suite) -> Json:
    told: Json = {"dataset_name": suite.full_name, "source_type": "other"}
    if suite.dataset:
        told |= {"source_type": "hf_dataset", "hf_repo": suite.dataset}
        told |= {"samples_number": suite.steps} if suite.steps else {}
    known = {"fingerprint": suite.fingerprint, "steps": suite.steps, "tasks": suite.tasks}
    return told | {"additional_details": _texts(known)}


def _uncertainty(entry: Entry, metric: Metric) -> Json | None:
    """Return what is known of how sure a score is, in the metric's own unit."""
    measured = entry.metrics[metric.id]
    found = entry.resolution.interval(metric.id) if entry.resolution else None
    told: Json = {}
    if measured.stderr is not None:
        method = measured.stderr_method or "unstated"
        told["standard_error"] = {"value": measured.stderr, "method": method}
    elif found is not None:
        error = found.standard_error / metric.scale
        told["standard_error"] = {"value": error, "method": "clustered by task"}
    if found is not None:
        told["confidence_interval"] = _interval(found, metric)
    items = measured.n if measured.n is not None else entry.result.counts.scored
    return (told | _without_none({"num_samples": items})) or None


def _interval(found: Interval, metric: Metric) -> Json:
    return {
        "lower": found.low / metric.scale,
        "upper": found.high / metric.scale,
        "confidence_level": 0.95,
        "method": f"{found.method}, clustered by task",
    }


def _write_rows(
    path: Path, document: Json, told: list[Metric], steps: tuple[Step, ...]
) -> tuple[int, str, list[Step]]:
    """Write a row for each score of each step; return their number, hash, and steps without one.

    A step that was never scored has no row: a row has a score, and there is none.
    """
    of_score = {one.score: one for one in reversed(told) if one.score is not None}
    deep = any(step.step_idx or step.sample_idx is not None for step in steps)
    digest, count = hashlib.sha256(), 0
    rowless = []
    with path.open("wb") as file:
        for step in steps:
            scores = {name: step.scores.get(name) for name in of_score} if step.scored else {}
            known = {name: score for name, score in scores.items() if score is not None}
            if not known:
                rowless.append(step)
            for name, score in known.items():
                others = {n: one for n, one in step.scores.items() if n not in known}
                row = _row(document, of_score[name], step, score, others, deep=deep)
                line = msgspec.json.encode(row) + b"\n"
                digest.update(line)
                file.write(line)
                count += 1
    return count, digest.hexdigest(), rowless


def _row(
    document: Json,
    metric: Metric,
    step: Step,
    score: float,
    others: Mapping[str, float | None],
    *,
    deep: bool,
) -> Json:
    name = f"{step.task_id}/{step.step_idx}" if deep else step.task_id
    if step.sample_idx is not None:
        name = f"{name}/{step.sample_idx}"
    metadata = {
        "task_id": step.task_id,
        "step_idx": step.step_idx,
        "sample_idx": step.sample_idx,
        "trial": step.trial,
        "score_name": metric.score,
        "finish_reason": step.finish_reason,
        "prompt_tokens": step.prompt_tokens,
        "output_tokens": step.output_tokens,
        "parsed": None if step.parsed is None else _json(step.parsed),
        "groups": _json(step.groups) if step.groups else None,
        "other_scores": _json(others) if others else None,
        "is_correct": None if _best(metric) is not None else "nobody knows the best score",
        "input": "not recorded",
    }
    reference = [] if step.reference is None else [_json(step.reference)]
    row: Json = {
        "schema_version": SCHEMA,
        "evaluation_id": document["evaluation_id"],
        "model_id": document["model_info"]["id"],
        "evaluation_name": document["evaluation_results"][0]["evaluation_name"],
        "evaluation_result_id": f"{document['evaluation_id']}#{metric.id}",
        "sample_id": name,
        "interaction_type": "single_turn",
        "input": {"raw": "", "reference": reference},
        "output": {"raw": [] if step.answer is None else [step.answer]},
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": score == _best(metric)},
        "metadata": _texts(metadata),
    }
    if step.prompt_tokens is not None and step.output_tokens is not None:
        row["token_usage"] = {
            "input_tokens": step.prompt_tokens,
            "output_tokens": step.output_tokens,
            "total_tokens": step.prompt_tokens + step.output_tokens,
        }
    if step.seconds is not None:
        row["performance"] = {"latency_ms": 1000 * step.seconds}
    if step.error is not None:
        row["error"] = without_machines(step.error)
    return row


def _best(metric: Metric) -> float | None:
    """Return the score of a step than which none is better; `None` where there is no such."""
    low, high = metric.bounds
    if metric.better == "lower":
        return low
    return 1.0 if metric.unit == "percent" else high


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Return what is known of *values* as texts: the schema takes nothing else here."""
    return {
        name: value if isinstance(value, str) else _json(value)
        for name, value in values.items()
        if value not in (None, msgspec.UNSET, "", (), {})
    }


def _without_none(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}
