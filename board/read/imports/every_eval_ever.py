"""Every Eval Ever: aggregate files of schema 0.2 and 0.3, with rows of samples beside them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ....eval.metrics import Measured, Metric, Unit
from ....eval.records import Evidence, Harness, Protocol, Provenance, Result, Step, instant
from ...model import Kind
from ...workspace.figures import figure
from ..decoding.content import Content, json_lines, limit
from ..decoding.json_object import Undecodable
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    count,
    is_number,
    mapping,
    need,
    number,
    plain_settings,
    result,
    sequence,
    text,
)
from ..shapes.source import Source

NAME = "eee"
MOST_STEPS = 1_000_000
RESULT, KIND, ROWLESS = "cardboard.result", "cardboard.kind", "cardboard.steps_without_rows"
"""Among the details of the source, as text: what our own export has no other place for."""
_MOST_TEXT, _LONGEST_ANSWER = 64 * 2**20, 20_000
_KINDS: tuple[Kind, ...] = ("result", "partial", "postprocessed", "published-table")
_PLAIN = re.compile(r"[^A-Za-z0-9_. +-]+")


def told(content: Content) -> bool:
    """Tell a file by its list of results and the block on the model."""
    document = content.document
    return isinstance(document.get("evaluation_results"), list) and "model_info" in document


def beside(path: Path) -> Sequence[Path]:
    """Return the rows of the same file's samples."""
    return [path.with_name(f"{path.stem}_samples.jsonl")]


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result an evaluation; several metrics of one evaluation are its figures."""
    document = foreign.content.document
    need(document, evaluation_results=list, model_info=dict)
    info = mapping(document["model_info"])
    name = info.get("id") or info.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Missing("model_info.id")
    own = _exported(document)
    if own is not None:
        yield _own_part(foreign, own)
        return
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in sequence(document["evaluation_results"]):
        one = mapping(one)
        label = text(one.get("evaluation_name")) or text(
            mapping(one.get("source_data")).get("dataset_name")
        )
        if label is None:
            raise Missing("evaluation_results[].evaluation_name")
        groups.setdefault(label, []).append(one)
    rows = _rows(foreign)
    unknown: list[str] = []
    lost: list[str] = []
    for label, members in groups.items():
        of_label = (
            rows.get(label, [])
            if len(groups) > 1
            else [row for some in rows.values() for row in some]
        )
        yield _part(foreign, label, members, name, of_label, unknown, lost)
    foreign.unknown(unknown)
    if lost:
        foreign.note("direction-unknown", names=", ".join(lost[:12]))


def _part(
    foreign: Foreign,
    label: str,
    members: list[dict[str, Any]],
    name: str,
    rows: list[Step],
    unknown: list[str],
    lost: list[str],
) -> Part:
    document = foreign.content.document
    measured: dict[str, Measured] = {}
    metrics: list[Metric] = []
    linked = {name for row in rows for name in row.scores}
    scored_by: dict[str, str] = {}
    n = None
    for one in members:
        link = _linked(one)
        by_row = (link != "" and link in linked) or (bool(rows) and len(members) == 1)
        metric, value = _metric(foreign, one, label, unknown, lost, by_row=by_row)
        if metric.id in measured:
            metric = replace(metric, id=f"{metric.id}.{len(measured) + 1}")
        scored_by.setdefault(link, metric.id)
        details = mapping(one.get("score_details"))
        spread = mapping(details.get("uncertainty"))
        error = mapping(spread.get("standard_error"))
        size = number(error.get("value"))
        items = count(spread.get("num_samples"))
        items = (
            items
            if items is not None
            else count(mapping(one.get("source_data")).get("samples_number"))
        )
        n = items if n is None else n
        metrics.append(metric)
        measured[metric.id] = Measured(
            value=value,
            n=items,
            stderr=size if size is not None and size >= 0 else None,
            stderr_method=(text(error.get("method")) or "unstated") if size is not None else None,
        )
    source, library = (
        mapping(document.get("source_metadata")),
        mapping(document.get("eval_library")),
    )
    program = text(library.get("name")) or text(source.get("source_name")) or NAME
    harness = Harness(name=_PLAIN.sub("-", program)[:60], version=_version(library.get("version")))
    quoted = source.get("source_type") == "documentation"
    evidence: Evidence = "rows" if rows else "quoted" if quoted else "summary"
    times = Source({"at": document.get("evaluation_timestamp")})
    # A row that does not say which of the figures it is of is of the first one.
    rows = [
        replace(
            row,
            scores={scored_by.get(link, metrics[0].id): one for link, one in row.scores.items()},
        )
        for row in rows
    ]
    return Part(
        name=label,
        result=result(
            model=foreign_names.named(name),
            suite=label,
            version=None,
            harness=harness,
            metrics=measured,
            n=n if n is not None else len(rows) or None,
            evidence=evidence,
            protocol=_protocol(document, members[0], harness),
            finished_at=times.time("at"),
            document=text(source.get("source_name")) if evidence == "quoted" else None,
        ),
        figures=tuple(metrics),
        steps=rows,
    )


def _version(value: object) -> str | None:
    said = text(value)
    return None if said in (None, "unknown") else said


def _metric(
    foreign: Foreign,
    one: dict[str, Any],
    label: str,
    unknown: list[str],
    lost: list[str],
    *,
    by_row: bool,
) -> tuple[Metric, float | None]:
    config, details = mapping(one.get("metric_config")), mapping(one.get("score_details"))
    named = text(config.get("metric_id")) or text(config.get("metric_name"))
    described = text(config.get("evaluation_description"))
    if named is None and described is not None and len(described) <= 40:
        named = described
    low, high = number(config.get("min_score")), number(config.get("max_score"))
    unit: Unit = (
        "share" if (low, high) == (0, 1) else "percent" if (low, high) == (0, 100) else "points"
    )
    lower = config.get("lower_is_better")
    value = details.get("score")
    found = float(value) if is_number(value) else None
    if found is None:
        unknown.append(f"{label}: {named or 'score'}")
    elif (high is not None and found > high) or (low is not None and found < low):
        # Per cent under bounds of a share is the commonest mistake of such files.
        foreign.note("value-unusable", f"{label}.score", wanted=_span(low, high))
        found = None
    ordinal = config.get("score_type") == "levels"
    metric = figure(
        named or "score",
        [found],
        better=not lower if isinstance(lower, bool) and not ordinal else None,
        unit=unit,
        per_step=by_row,
    )
    if ordinal:
        metric = replace(metric, better="neither")
    if metric.better == "neither":
        lost.append(f"{label}: {metric.id}")
    return metric, found


def _span(low: float | None, high: float | None) -> str:
    return f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"


def _protocol(document: dict[str, Any], one: dict[str, Any], harness: Harness) -> Protocol:
    sent = mapping(mapping(one.get("generation_config")).get("generation_args"))
    info = mapping(document["model_info"])
    temperature, top_p = number(sent.get("temperature")), number(sent.get("top_p"))
    thinking = sent.get("reasoning")
    extra = {
        "relationship": mapping(document.get("source_metadata")).get("evaluator_relationship"),
        "schema_version": document.get("schema_version"),
    }
    return Protocol(
        backend=text(mapping(info.get("inference_engine")).get("name")),
        temperature=temperature if temperature is not None and temperature >= 0 else None,
        top_p=top_p if top_p is not None and 0 <= top_p <= 1 else None,
        max_tokens=count(sent.get("max_tokens")),
        thinking=thinking if isinstance(thinking, bool) else None,
        dtype=text(mapping(info.get("additional_details")).get("precision")),
        harness=harness,
        extra=plain_settings(extra),
    )


def _linked(one: Mapping[str, Any]) -> str:
    """Return the id by which rows and figures name each other; empty where there is none."""
    return text(one.get("evaluation_result_id")) or ""


def _rows(foreign: Foreign) -> dict[str, list[Step]]:
    """Return the samples by evaluation, answers where somebody wants them.

    Rows of several figures of one sample are one step; its scores are by what they are linked to.
    """
    found: dict[str, dict[tuple[str, int], Step]] = {}
    trials: dict[tuple[str, str, str], int] = {}
    for row, answer in _samples(foreign):
        label, name = text(row.get("evaluation_name")) or "", text(row.get("sample_id"))
        if name is None:
            continue
        link = _linked(row)
        trial = trials[label, name, link] = trials.get((label, name, link), -1) + 1
        worth = _score(row)
        scores: dict[str, float | None] = {} if worth is None else {link: worth}
        steps = found.setdefault(label, {})
        known = steps.get((name, trial))
        if known is not None:
            scores = known.scores | scores
        steps[name, trial] = Step(
            task_id=name, step_idx=0, trial=trial, scored=bool(scores), scores=scores, answer=answer
        )
    return {label: list(steps.values()) for label, steps in found.items()}


def _samples(
    foreign: Foreign, *, whole: bool = False
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield every row of the samples with its answer, where somebody wants that.

    With *whole*, answers are there in full or not at all, so that they can be read again.
    """
    left = _MOST_TEXT if foreign.texts or whole else 0
    for path in foreign.beside.values():
        try:
            with path.open("rb") as file:
                for at, row in enumerate(json_lines(file)):
                    if at >= MOST_STEPS:
                        raise limit("samples", MOST_STEPS)
                    if text(row.get("sample_id")) is None:
                        raise Undecodable("missing-key", "sample_id")
                    raw = mapping(row.get("output")).get("raw")
                    said = raw[0] if isinstance(raw, list) and raw else raw
                    answer = said if isinstance(said, str) and left > 0 else None
                    if answer is not None and len(answer) > _LONGEST_ANSWER:
                        answer = None if whole else answer[:_LONGEST_ANSWER]
                    left -= len(answer or "")
                    yield row, answer
        except OSError:
            foreign.note("beside-unusable", path.name, reason="unreadable")
        except Undecodable as error:
            foreign.note(
                "beside-unusable",
                path.name,
                line=error.finding.values.get("line"),
                reason=error.finding.values.get("reason"),
            )


def _score(row: Mapping[str, Any]) -> float | None:
    scored = mapping(row.get("evaluation"))
    score = scored.get("score", scored.get("is_correct"))
    return float(score) if isinstance(score, bool) or is_number(score) else None


def _exported(document: Mapping[str, Any]) -> Result | None:
    """Return the result that our own export has put into *document*, if it has."""
    details = mapping(mapping(document.get("source_metadata")).get("additional_details"))
    told = details.get(RESULT)
    if not isinstance(told, str):
        return None
    try:
        found = msgspec.json.decode(told, type=Result)
        for stamp in filter(None, (found.started_at, found.finished_at)):
            instant(stamp)
    except (ValueError, RecursionError):
        return None  # It reads like any other file of the format.
    return found


def _own_part(foreign: Foreign, own: Result) -> Part:
    """Return the result that was exported: its figures and rows from where anybody reads them."""
    document = foreign.content.document
    unknown: list[str] = []
    measured = dict(own.metrics)
    figures = []
    for one in sequence(document["evaluation_results"]):
        metric, value = _metric(
            foreign, mapping(one), own.suite.name or NAME, unknown, [], by_row=False
        )
        figures.append(metric)
        measured[metric.id] = replace(measured.get(metric.id, Measured()), value=value)
    foreign.unknown(unknown)
    details = mapping(mapping(document.get("source_metadata")).get("additional_details"))
    steps = [*_own_steps(foreign), *_rowless(details.get(ROWLESS))]
    source = own.provenance or Provenance(kind="import")
    evidence: Evidence = "rows" if steps else source.evidence or "summary"
    return Part(
        name=own.suite.name or NAME,
        result=replace(
            own, metrics=measured, steps=(), provenance=replace(source, evidence=evidence)
        ),
        figures=tuple(figures),
        steps=steps,
        kind=next((kind for kind in _KINDS if kind == details.get(KIND)), None),
    )


def _rowless(told: object) -> list[Step]:
    """Return the steps that the export could write no row for: they have no score."""
    try:
        return msgspec.json.decode(told, type=list[Step]) if isinstance(told, str) else []
    except (ValueError, RecursionError):
        return []


def _own_steps(foreign: Foreign) -> Iterator[Step]:
    """Yield the steps of our own rows, each with all its scores."""
    found: dict[tuple[object, ...], Step] = {}
    for row, answer in _samples(foreign, whole=True):
        told = mapping(row.get("metadata"))
        key = tuple(told.get(name) for name in ("task_id", "step_idx", "sample_idx", "trial"))
        worth, name = _score(row), told.get("score_name")
        scores = {} if worth is None or name is None else {name: worth}
        known = found.get(key)
        if known is not None:
            found[key] = replace(known, scores=known.scores | scores)
            continue
        reference = mapping(row.get("input")).get("reference")
        given = reference[0] if isinstance(reference, list) and reference else None
        took = number(mapping(row.get("performance")).get("latency_ms"))
        found[key] = msgspec.convert(
            {
                "task_id": key[0],
                "step_idx": count(key[1]),
                "sample_idx": count(key[2]),
                "trial": count(key[3]),
                "groups": _decoded(told.get("groups")) or {},
                "error": row.get("error"),
                "reference": _decoded(given),
                "answer": answer,
                "parsed": _decoded(told.get("parsed")),
                "scores": {**(_decoded(told.get("other_scores")) or {}), **scores},
                "finish_reason": told.get("finish_reason"),
                "prompt_tokens": count(told.get("prompt_tokens")),
                "output_tokens": count(told.get("output_tokens")),
                "seconds": None if took is None else took / 1000,
            },
            Step,
        )
    yield from found.values()


def _decoded(told: object) -> Any:
    try:
        return msgspec.json.decode(told) if isinstance(told, str) else None
    except (ValueError, RecursionError):
        return None


FORMAT = Format(NAME, told, read, beside=beside)
