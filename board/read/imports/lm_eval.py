"""lm-evaluation-harness: `results_*.json` of 0.3 and 0.4, with `samples_*.jsonl` beside them."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Model, Prompts, Protocol, Status, Step, Timing
from ...workspace.figures import figure, metric_id
from ..decoding.content import Content
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Part,
    arguments,
    count,
    folders,
    is_number,
    mapping,
    moment,
    need,
    number,
    plain_settings,
    result,
    text,
)
from .lm_eval_samples import samples_of

NAME = "lm-eval"
_TIME = re.compile(r"_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:[.,-]\d+)?)\.json$")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_FIGURE = frozenset({"alias", "name", "sample_len", "sample_count", " ", ""})
_NOT_GENERATED = ("loglikelihood", "multiple_choice", "loglikelihood_rolling")
_MEANS = frozenset({"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "em"})
"""Metrics that are means of their samples, whether or not the file says so."""
_SEEDS = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
_KEPT = ("add_bos_token", "dtype", "quantization", "load_in_4bit", "load_in_8bit", "max_length")


def told(content: Content) -> bool:
    """Tell a file by the keys that this harness writes at its top."""
    document = content.document
    if "config_general" in document or not isinstance(document.get("config"), dict):
        return False
    newer = {"lm_eval_version", "n-shot", "group_subtasks", "configs", "task_hashes"}
    config = mapping(document["config"])
    return len(newer & document.keys()) > 1 or (
        "versions" in document and "model_args" in config and "model" in config
    )


def beside(path: Path) -> Sequence[Path]:
    """Return the samples of the same run: of the same folder and the same time."""
    found = _TIME.search(path.name)
    pattern = f"samples_*_{found[1]}.jsonl" if found else "samples_*.jsonl"
    return sorted(path.parent.glob(pattern))


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result a task; filters are figures of their task, groups are averages of others."""
    document = foreign.content.document
    need(document, results=dict, config=dict)
    results, samples = mapping(document["results"]), _by_task(foreign)
    groups = _groups(document, results)
    foreign.averages(name for name in results if name in groups)
    unknown: list[str] = []
    for task, told_of in results.items():
        figures = mapping(told_of)
        if task in groups or not set(figures) - _NO_FIGURE:
            continue
        yield _part(foreign, task, figures, samples.get(task), unknown)
    foreign.unknown(unknown)


def _groups(document: dict[str, Any], results: dict[str, Any]) -> set[str]:
    """Return the names of averages over tasks that stand in the file themselves."""
    members = mapping(document.get("group_subtasks"))
    groups = {name for name, inner in members.items() if isinstance(inner, list) and inner}
    groups |= set(mapping(document.get("groups")))
    return {
        name
        for name in groups
        if any(one in results for one in members.get(name) or ()) or name not in members
    }


def _part(
    foreign: Foreign,
    task: str,
    figures: dict[str, Any],
    samples: Path | None,
    unknown: list[str],
) -> Part:
    document = foreign.content.document
    settings, config = mapping(document["config"]), _config(document, task)
    sizes = mapping(mapping(document.get("n-samples")).get(task))
    n, whole = count(sizes.get("effective")), count(sizes.get("original"))
    if n is None:
        n = count(figures.get("sample_len"))
    steps: Sequence[Step] = ()
    if samples is not None:
        steps = foreign.covering(samples_of(foreign, samples), n, samples.name)
        n = len({step.task_id for step in steps}) if n is None else n
    limited = settings.get("limit") is not None
    short = limited or (n is not None and whole is not None and n < whole)
    status: Status = "partial" if short else "complete"
    measured, metrics = _figures(document, task, figures, n, steps, unknown)
    version = text(mapping(document.get("versions")).get(task))
    if version in (None, "N/A", "Yaml"):
        version = text(mapping(config.get("metadata")).get("version"))
    started = moment(document.get("date"))
    seconds = number(document.get("total_evaluation_time_seconds"))
    alone = len(mapping(document["results"])) == 1
    return Part(
        name=task,
        result=result(
            model=_model(document, settings),
            suite=task,
            version=None if version is None else version.removesuffix(".0"),
            harness=_harness(document),
            metrics=measured,
            n=n,
            whole=whole if whole is not None or limited else n,
            status=status,
            evidence="rows" if steps else "summary",
            protocol=_protocol(document, task, settings, config),
            prompts=_prompts(document),
            timing=Timing(generate_seconds=seconds if alone else None),
            started_at=started,
            finished_at=moment((number(document.get("date")) or 0) + (seconds or 0)),
            versions={
                name: told_version
                for name in ("transformers", "vllm")
                if (told_version := text(document.get(f"{name}_version")))
            },
        ),
        figures=metrics,
        steps=steps,
    )


def _figures(
    document: dict[str, Any],
    task: str,
    figures: dict[str, Any],
    n: int | None,
    steps: Sequence[Step],
    unknown: list[str],
) -> tuple[dict[str, Measured], tuple[Metric, ...]]:
    """Return the values by metric, with what the metrics are."""
    ways = mapping(mapping(document.get("higher_is_better")).get(task))
    listed = _config(document, task).get("metric_list")
    stated = (
        {str(one.get("metric")): one for one in listed if isinstance(one, dict)}
        if isinstance(listed, list)
        else {}
    )
    scored = {name for step in steps[:1] for name in step.scores}
    measured: dict[str, Measured] = {}
    metrics: list[Metric] = []
    for key, value in figures.items():
        metric, comma, chosen = key.partition(",")
        if key in _NO_FIGURE or (
            metric.endswith("_stderr") and _base(metric) + comma + chosen in figures
        ):
            continue
        name = metric if chosen in ("", "none") else f"{metric}.{chosen}"
        found = float(value) if is_number(value) else None
        if found is None:
            unknown.append(f"{task}: {key}")
        error = figures.get(f"{metric}_stderr{comma}{chosen}")
        own = stated.get(metric, {})
        way = ways.get(metric, own.get("higher_is_better"))
        is_mean = own.get("aggregation") == "mean" or (
            "aggregation" not in own and metric in _MEANS
        )
        one = figure(
            name,
            [found],
            better=way if isinstance(way, bool) else None,
            per_step=is_mean and metric_id(name) in scored,
        )
        metrics.append(one)
        measured[one.id] = Measured(
            value=found,
            n=n,
            stderr=float(error) if is_number(error) and error >= 0 else None,
            stderr_method=("sample" if is_mean else "bootstrap") if is_number(error) else None,
        )
    return measured, tuple(metrics)


def _base(metric: str) -> str:
    return metric.removesuffix("_stderr")


def _config(document: dict[str, Any], task: str) -> dict[str, Any]:
    return mapping(mapping(document.get("configs")).get(task))


def _harness(document: dict[str, Any]) -> Harness:
    return Harness(name=NAME, version=text(document.get("lm_eval_version")))


def _model(document: dict[str, Any], settings: dict[str, Any]) -> Model:
    """Return the model: the base and the adapter apart, where the harness names both."""
    given = arguments(settings.get("model_args"))
    adapter = next(
        (text_ for key in ("peft", "delta", "lora_local_path") if (text_ := _said(given.get(key)))),
        None,
    )
    names = (
        given.get("pretrained"),
        given.get("model"),
        document.get("model_name"),
        given.get("path"),
    )
    name = next((said for one in names if (said := _said(one))), "unknown")
    revision = settings.get("model_sha") or settings.get("model_revision") or given.get("revision")
    return foreign_names.named(name, adapter=adapter, revision=_said(revision))


def _said(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _protocol(
    document: dict[str, Any], task: str, settings: dict[str, Any], config: dict[str, Any]
) -> Protocol:
    given = arguments(settings.get("model_args"))
    wanted = arguments(settings.get("gen_kwargs")) | mapping(config.get("generation_kwargs"))
    kind = text(config.get("output_type"))
    asked = kind is None or kind not in _NOT_GENERATED
    temperature = number(wanted.get("temperature"))
    if str(wanted.get("do_sample")).lower() == "false":
        temperature = 0.0
    shots = mapping(document.get("n-shot")).get(task, config.get("num_fewshot"))
    if shots is None:
        shots = settings.get("num_fewshot")
    if isinstance(shots, list) and len(shots) == 1:
        shots = shots[0]
    thinking = {"true": True, "false": False}.get(str(given.get("enable_thinking")).lower())
    top_p = number(wanted.get("top_p"))
    system = document.get("system_instruction_sha")
    extra = plain_settings({key: given[key] for key in _KEPT if key in given})
    extra |= plain_settings({key: settings.get(key) for key in _SEEDS[3:]})
    extra |= plain_settings({"task_hash": mapping(document.get("task_hashes")).get(task)})
    extra |= plain_settings({"output_type": kind})
    if "chat_template" in document:
        extra["chat_template"] = document["chat_template"] is not None
    return Protocol(
        backend=text(settings.get("model")),
        temperature=temperature if asked and temperature is not None and temperature >= 0 else None,
        top_p=top_p if asked and top_p is not None and 0 <= top_p <= 1 else None,
        max_tokens=count(wanted.get("max_gen_toks", wanted.get("max_tokens"))) if asked else None,
        thinking=thinking,
        dtype=(text(settings.get("model_dtype") or given.get("dtype")) or "").removeprefix("torch.")
        or None,
        seed=count(settings.get("random_seed")),
        shots=count(shots),
        trials=repeats if (repeats := count(config.get("repeats"))) and repeats > 1 else None,
        system_prompt_sha256=system
        if isinstance(system, str) and _SHA256.fullmatch(system)
        else None,
        harness=_harness(document),
        extra=extra,
    )


def _prompts(document: dict[str, Any]) -> Prompts:
    """Return what the file says of the template: which one it was, none, or nothing."""
    template, stated = document.get("chat_template"), document.get("chat_template_sha")
    if "chat_template" not in document:
        return Prompts()
    if not isinstance(template, str):
        return Prompts(template_status="not_applied")
    computed = hashlib.sha256(template.encode("utf-8", "replace")).hexdigest()
    known = isinstance(stated, str) and _SHA256.fullmatch(stated)
    return Prompts(
        template_status="chat_template",
        template_source="tokenizer",
        template_sha256=computed if not known or stated == computed else str(stated),
    )


def _by_task(foreign: Foreign) -> dict[str, Path]:
    """Return the files of samples by the task that they are named after."""
    found = _TIME.search(foreign.place.name)
    end = f"_{found[1]}.jsonl" if found else ".jsonl"
    return {
        name.removeprefix("samples_").removesuffix(end): path
        for name, path in foreign.beside.items()
    }


FORMAT = Format(NAME, told, read, beside=beside, parents=folders(1))
