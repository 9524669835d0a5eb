"""inspect_ai: logs as one JSON object or as a `.eval` archive, whole or broken off."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Protocol, Status, Step
from ...workspace.figures import figure, metric_id
from ..decoding.content import Archive, Content, limit
from ..decoding.json_object import Document, Undecodable, decode_value
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    count,
    is_number,
    mapping,
    number,
    plain_settings,
    result,
    text,
)
from ..shapes.source import Source

NAME = "inspect"
MOST_STEPS = 500_000
_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_NO_FIGURE = frozenset({"stderr", "std", "var", "bootstrap_stderr", "se"})
_MEANS = frozenset({"accuracy", "mean"})
_SAMPLE = re.compile(r"samples/.+\.json\Z")
_MOST_TEXT = 64 * 2**20


def told(content: Content) -> bool:
    """Tell a log by its object or, in an archive, by the names of its members."""
    if content.form == "zip":
        names = set(content.archive().names)
        return bool(names & {"header.json", "_journal/start.json"})
    header = mapping(content.document.get("eval"))
    return "model" in header and ("task" in header or "status" in content.document)


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result a log; every scorer's metrics are its figures, epochs are trials."""
    header, samples = _opened(foreign)
    settings = mapping(header.get("eval"))
    if not isinstance(settings.get("model"), str) or not isinstance(settings.get("task"), str):
        raise Missing(*(f"eval.{key}" for key in ("model", "task") if key not in settings))
    results = mapping(header.get("results"))
    rows = list(_steps(samples, foreign.texts))
    epochs = count(mapping(settings.get("config")).get("epochs")) or 1
    whole = count(mapping(settings.get("dataset")).get("samples"))
    scored = len({step.task_id for step in rows if step.scored}) if rows else None
    measured, metrics, n = _figures(results, rows, scored)
    if not measured and rows:  # the log was broken off before anything was summed up
        measured, metrics = _means(rows)
    status, error = _status(header, results, settings)
    broken = text(mapping(error).get("message"))
    stats = mapping(header.get("stats"))
    started = stats.get("started_at") or settings.get("created")
    times = Source({"started": started, "finished": stats.get("completed_at")})
    task = str(settings["task"]).rpartition("/")[2]
    version = text(settings.get("task_version"))
    yield Part(
        name=task,
        result=result(
            model=foreign_names.named(str(settings["model"])),
            suite=task,
            version=version,
            harness=_harness(settings),
            metrics=measured,
            n=scored if scored is not None else n if n is not None else _done(results, epochs),
            whole=whole,
            failed=sum(not step.scored for step in rows) or None,
            status=status,
            error=broken,
            evidence="rows" if rows else "summary",
            protocol=_protocol(settings, epochs),
            started_at=times.time("started"),
            finished_at=times.time("finished"),
        ),
        figures=metrics,
        steps=rows,
    )


def _opened(foreign: Foreign) -> tuple[Document, Iterable[Document]]:
    """Return the header of a log and its samples."""
    if foreign.content.form != "zip":
        document = foreign.content.document
        held = document.get("samples")
        return document, [one for one in held if isinstance(one, dict)] if isinstance(
            held, list
        ) else ()
    archive = foreign.content.archive()
    if "header.json" in archive.names:
        header = _member(archive, "header.json")
    else:  # still running, or killed
        header = _member(archive, "_journal/start.json") | {"status": "started"}
    return header, _samples(archive)


class _Sample(Struct):
    """What is read of a sample; its messages and events are passed over unread."""

    id: Any = None
    epoch: Any = None
    scores: Any = None
    error: Any = None
    output: Any = None
    total_time: Any = None


_SAMPLES = msgspec.json.Decoder(_Sample)


def _samples(archive: Archive) -> Iterator[Document]:
    for name in archive.names:
        if not _SAMPLE.fullmatch(name):
            continue
        try:
            yield msgspec.structs.asdict(_SAMPLES.decode(archive.read(name)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield _member(archive, name)  # finds out what is wrong, and forgives NaN


def _member(archive: Archive, name: str) -> Document:
    value, _ = decode_value(archive.read(name))
    if not isinstance(value, dict):
        raise Undecodable("not-an-object", name)
    return value


def _status(header: Document, results: Document, settings: Document) -> tuple[Status, object]:
    """Return whether all was done: neither broken off, nor limited, nor short of samples."""
    said = header.get("status")
    if said == "error":
        return "failed" if not results else "partial", header.get("error")
    total, done = count(results.get("total_samples")), count(results.get("completed_samples"))
    whole = count(mapping(settings.get("dataset")).get("samples"))
    most = mapping(settings.get("config")).get("limit")
    short = total is not None and done is not None and done < total
    short = short or (whole is not None and is_number(most) and most < whole)
    short = short or isinstance(most, list)
    return ("complete" if said == "success" and not short else "partial"), None


def _figures(
    results: Document, rows: list[Step], scored: int | None
) -> tuple[dict[str, Measured], tuple[Metric, ...], int | None]:
    scores = results.get("scores")
    told = [one for one in scores if isinstance(one, dict)] if isinstance(scores, list) else []
    several = len({str(one.get("name")) for one in told}) > 1
    reducers = len({str(one.get("reducer")) for one in told}) > 1
    held = {name for step in rows for name in step.scores}
    measured: dict[str, Measured] = {}
    metrics: list[Metric] = []
    most: int | None = None
    for one in told:
        scorer, reducer = str(one.get("name")), str(one.get("reducer") or "mean")
        figures = mapping(one.get("metrics"))
        error = next(
            (mapping(figures[name]) for name in ("stderr", "bootstrap_stderr") if name in figures),
            {},
        )
        n = count(one.get("scored_samples"))
        n = n if n is not None else scored
        most = n if most is None else max(most, n or 0)
        for name, told_of in figures.items():
            value = mapping(told_of).get("value")
            if name.partition("(")[0] in _NO_FIGURE:
                continue
            full = f"{scorer}.{name}" if several else name
            full += f".{reducer}" if reducers else ""
            found = float(value) if is_number(value) else None
            mean = name in _MEANS and reducer == "mean" and metric_id(scorer) in held
            binary = mean and all(
                step.scores.get(metric_id(scorer)) in (None, 0.0, 1.0) for step in rows
            )
            metric = figure(full, [found], binary=binary or None)
            if mean:
                score = metric_id(scorer)
                metric = _by_row(metric, score)
            metrics.append(metric)
            spread = number(error.get("value"))
            cluster = mapping(error.get("params")).get("cluster") or mapping(
                error.get("options")
            ).get("cluster")
            measured[metric.id] = Measured(
                value=found,
                n=n,
                stderr=spread if spread is not None and spread >= 0 else None,
                stderr_method=None if spread is None else "cluster" if cluster else "sample",
            )
    return measured, tuple(metrics), most


def _means(rows: list[Step]) -> tuple[dict[str, Measured], tuple[Metric, ...]]:
    """Return the mean of every score over the samples that were done, epochs averaged first."""
    by_name: dict[str, dict[str, list[float]]] = {}
    for step in rows:
        for name, value in step.scores.items():
            if value is not None:
                by_name.setdefault(name, {}).setdefault(step.task_id, []).append(value)
    measured, metrics = {}, []
    for name, samples in by_name.items():
        means = [sum(epochs) / len(epochs) for epochs in samples.values()]
        value = round(sum(means) / len(means), 6)
        metrics.append(figure(name, [value], better=True, per_step=True))
        measured[metrics[-1].id] = Measured(value=value, n=len(means))
    return measured, tuple(metrics)


def _by_row(metric: Metric, score: str) -> Metric:
    return replace(metric, per_step=True if score == metric.id else score)


def _steps(samples: Iterable[Document], texts: bool) -> Iterator[Step]:
    """Yield a step an epoch of a sample; one that ended in an error was never scored."""
    left = _MOST_TEXT if texts else 0
    for number_of, sample in enumerate(samples):
        if number_of >= MOST_STEPS:
            raise limit("samples", MOST_STEPS)
        name, epoch = sample.get("id"), count(sample.get("epoch"))
        if isinstance(name, bool) or not isinstance(name, (str, int)):
            raise Missing("samples[].id")
        scores: dict[str, float | None] = {}
        for scorer, one in mapping(sample.get("scores")).items():
            value = mapping(one).get("value")
            for key, inner in (value if isinstance(value, dict) else {scorer: value}).items():
                if (worth := _value(inner)) is not None:
                    scores[metric_id(key)] = worth
        error = text(mapping(sample.get("error")).get("message"))
        output = mapping(sample.get("output"))
        usage = mapping(output.get("usage"))
        choices = output.get("choices")
        first = mapping(choices[0]) if isinstance(choices, list) and choices else {}
        answer = output.get("completion") if left > 0 else None
        left -= len(answer) if isinstance(answer, str) else 0
        seconds = number(sample.get("total_time"))
        yield Step(
            task_id=str(name)[:1000],
            step_idx=0,
            trial=None if epoch is None else max(0, epoch - 1),
            scored=bool(scores),
            error=None if scores else error or "no score",
            scores=scores,
            answer=answer[:20_000] if isinstance(answer, str) else None,
            finish_reason=_REASONS.get(str(first.get("stop_reason"))),
            prompt_tokens=count(usage.get("input_tokens")),
            output_tokens=count(usage.get("output_tokens")),
            seconds=seconds if seconds is not None and seconds >= 0 else None,
        )


_REASONS = {"stop": "stop", "max_tokens": "length", "model_length": "length"}


def _value(value: object) -> float | None:
    """Return what a score counts as, as inspect itself counts: C, P, I, N, numbers, yes and no."""
    if isinstance(value, bool):
        return float(value)
    if is_number(value):
        return float(value)
    if isinstance(value, str):
        if value in _GRADES:
            return _GRADES[value]
        return _WORDS.get(value.lower(), number(value))
    return None


def _done(results: Document, epochs: int) -> int | None:
    """Return how many samples were completed in each of their epochs."""
    done = count(results.get("completed_samples"))
    return None if done is None else done // max(1, epochs)


def _harness(settings: Document) -> Harness:
    return Harness(name=NAME, version=text(mapping(settings.get("packages")).get("inspect_ai")))


def _protocol(settings: Document, epochs: int) -> Protocol:
    sent, config = mapping(settings.get("model_generate_config")), mapping(settings.get("config"))
    temperature, top_p = number(sent.get("temperature")), number(sent.get("top_p"))
    system = sent.get("system_message")
    extra: dict[str, Any] = {
        "reasoning_effort": sent.get("reasoning_effort"),
        "message_limit": config.get("message_limit"),
        "solver": settings.get("solver"),
    }
    provider = str(settings["model"]).partition("/")[0]
    return Protocol(
        backend=text(provider),
        temperature=temperature if temperature is not None and temperature >= 0 else None,
        top_p=top_p if top_p is not None and 0 <= top_p <= 1 else None,
        max_tokens=count(sent.get("max_tokens")),
        seed=count(sent.get("seed")),
        shots=count(mapping(settings.get("task_args")).get("fewshot")),
        trials=epochs,
        system_prompt_sha256=hashlib.sha256(system.encode("utf-8", "replace")).hexdigest()
        if isinstance(system, str)
        else None,
        harness=_harness(settings),
        extra=plain_settings(extra),
    )


FORMAT = Format(NAME, told, read)
