"""HELM: the statistics of a run, with its specification and its instances beside them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Protocol, Step, Timing
from ...workspace.figures import figure, metric_id
from ..decoding.content import Content
from ..decoding.json_object import Document, Undecodable, decode_value
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    count,
    folders,
    is_number,
    mapping,
    number,
    plain_settings,
    result,
    text,
)

NAME = "helm"
MOST_BYTES = 256 * 2**20
_SPEC, _INSTANCES = "run_spec.json", "per_instance_stats.json"
_OTHERS = ("scenario.json", "scenario_state.json", "per_instance_stats.json", "run_spec.json")
_QUALITY = (
    "exact_match", "quasi_exact_match", "prefix_exact_match", "quasi_prefix_exact_match",
    "exact_match_indicator", "final_number_exact_match", "f1_score", "rouge_1", "rouge_2",
    "rouge_l", "bleu_1", "bleu_4", "NDCG@10", "RR@10", "pass", "chain_of_thought_correctness",
    "math_equiv", "math_equiv_chain_of_thought", "ifeval_strict_accuracy",
    "wildbench_score_rescaled",
)  # fmt: skip
_SPLITS = ("test", "valid", "validation")


def told(content: Content) -> bool:
    """Tell statistics by their named figures, and the specification by its adapter."""
    if "adapter_spec" in content.document or _is_table(content.document):
        return True
    first = content.members[0] if content.members else {}
    return _is_figure(first) or {"instance_id", "stats"} <= first.keys()


def _is_table(document: Document) -> bool:
    """Tell a table over many runs, whose cells are averages of them."""
    return {"title", "header", "rows"} <= document.keys()


def _is_figure(one: Document) -> bool:
    return isinstance(one.get("name"), dict) and "name" in mapping(one["name"]) and "count" in one


def beside(path: Path) -> Sequence[Path]:
    """Return the other files of the same run."""
    if path.name != "stats.json":
        return ()
    return [path.with_name(name) for name in _OTHERS]


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield the one result of a run; how many instances it has, only their own file tells."""
    if foreign.content.document or not _is_figure(foreign.content.members[0]):
        foreign.note("beside-alone", tool=NAME, main="stats.json")
        return
    spec = mapping(_read(foreign, _SPEC))
    adapter = mapping(spec.get("adapter_spec"))
    name = adapter.get("model") or adapter.get("model_deployment")
    if not isinstance(name, str):
        raise Missing(f"{_SPEC}: adapter_spec.model")
    wanted = [*_named(spec), *(one for one in _QUALITY)]
    figures: dict[str, float | None] = {}
    seconds = None
    for one in foreign.content.members:
        told_of = mapping(one.get("name"))
        if told_of.get("perturbation") or told_of.get("split") not in _SPLITS:
            continue
        value = float(mean) if is_number(mean := one.get("mean")) else None
        if told_of.get("name") == "inference_runtime":
            seconds = value
        if told_of.get("name") in wanted and not told_of.get("sub_split"):
            figures.setdefault(str(told_of["name"]), value)
    steps = _steps(foreign, set(figures))
    n = len({step.task_id for step in steps}) or None
    measured: dict[str, Measured] = {}
    metrics: list[Metric] = []
    for key in sorted(figures, key=wanted.index):
        held = [step.scores.get(metric_id(key)) for step in steps]
        whole = bool(held) and None not in held
        metrics.append(figure(key, [figures[key]], per_step=whole))
        measured[metrics[-1].id] = Measured(value=figures[key], n=n)
    task = ",".join(
        part for part in str(spec.get("name") or "run").split(",") if "model=" not in part
    )
    suite = text(task.replace("model_deployment=", "")) or "run"
    temperature = number(adapter.get("temperature"))
    yield Part(
        name=suite,
        result=result(
            model=foreign_names.named(name),
            suite=suite,
            version=None,
            harness=Harness(name=NAME),
            metrics=measured,
            n=n,
            evidence="rows" if steps else "summary",
            protocol=Protocol(
                temperature=temperature if temperature is not None and temperature >= 0 else None,
                max_tokens=count(adapter.get("max_tokens")),
                shots=count(adapter.get("max_train_instances")),
                harness=Harness(name=NAME),
                extra=plain_settings(
                    {
                        "method": adapter.get("method"),
                        "max_eval_instances": adapter.get("max_eval_instances"),
                    }
                ),
            ),
            timing=Timing(
                seconds_per_step=seconds if seconds is not None and seconds >= 0 else None
            ),
        ),
        figures=tuple(metrics),
        steps=steps,
    )


def _named(spec: dict[str, Any]) -> list[str]:
    """Return the metrics that the run asked for by name."""
    found = []
    listed = spec.get("metric_specs")
    for one in listed if isinstance(listed, list) else []:
        names = mapping(mapping(one).get("args")).get("names")
        found += [
            name for name in (names if isinstance(names, list) else []) if isinstance(name, str)
        ]
    return found


def _steps(foreign: Foreign, wanted: set[str]) -> list[Step]:
    """Return a step an instance, its training trials as trials, without perturbed copies."""
    found = _read(foreign, _INSTANCES)
    steps = []
    for one in found if isinstance(found, list) else []:
        row = mapping(one)
        if row.get("perturbation"):
            continue
        scores: dict[str, float | None] = {}
        listed = row.get("stats")
        for told_of in listed if isinstance(listed, list) else []:
            name, mean = (
                mapping(mapping(told_of).get("name")).get("name"),
                mapping(told_of).get("mean"),
            )
            if name in wanted and is_number(mean):
                scores[metric_id(str(name))] = float(mean)
        item = text(row.get("instance_id"))
        if item is not None and scores:
            trial = count(row.get("train_trial_index"))
            steps.append(Step(task_id=item, step_idx=0, trial=trial, scores=scores))
    return steps


def _read(foreign: Foreign, name: str) -> object:
    path = foreign.beside.get(name)
    if path is None:
        return None
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Undecodable("too-large", limit=MOST_BYTES)
        return decode_value(path.read_bytes())[0]
    except (OSError, Undecodable):
        foreign.note("beside-unusable", name, reason="unreadable")
        return None


FORMAT = Format(NAME, told, read, beside=beside, parents=folders(2))
