"""EvalPlus: which samples of HumanEval+ and MBPP+ passed the base and the further tests."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Protocol, Step
from ...workspace.figures import figure
from ..decoding.content import Content
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    folders,
    is_number,
    mapping,
    number,
    plain_settings,
    result,
    text,
)

NAME = "evalplus"
_RUN = re.compile(
    r"(?P<model>.+?)_(?P<backend>vllm|hf|openai|anthropic|google|mistral|bedrock|ollama|gptqmodel)_temp_(?P<temperature>\d+(?:\.\d+)?)"
)
_END = re.compile(r"[._-]?eval_results\.json\Z")
_STATUS = ("base", "plus")


def told(content: Content) -> bool:
    """Tell a file by its lists of samples with a status."""
    held = content.document.get("eval")
    if not isinstance(held, dict) or not held:
        return False
    first = next(iter(held.values()))
    if isinstance(first, dict):  # older files have lists of statuses by kind of tests
        return "nfiles" in first or "files" in first
    return isinstance(first, list) and bool(first) and "base_status" in mapping(first[0])


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield the one result of a file; what passes the further tests passes the base tests too."""
    document = foreign.content.document
    held = mapping(document["eval"])
    if any(not isinstance(one, list) for one in held.values()):
        raise Missing("eval.TASK[].base_status")
    steps = [step for task, samples in held.items() for step in _steps(task, samples)]
    stated = mapping(document.get("pass_at_k"))
    measured: dict[str, Measured] = {}
    metrics: list[Metric] = []
    for kind in reversed(_STATUS):
        for name, value in mapping(stated.get(kind)).items():
            whole = bool(re.fullmatch(r"pass@[1-9]\d{0,3}", name)) and all(
                kind in step.scores for step in steps
            )
            metric = figure(f"{kind}_{name}", better=True, unit="share", binary=whole)
            title = f"{name} ({kind} tests)"
            metric = replace(metric, title={"en": title, "ko": f"{name} ({kind} 테스트)"})
            if whole:
                metric = replace(metric, per_step=kind, aggregate=name)
            metrics.append(metric)
            found = float(value) if is_number(value) else None
            measured[metric.id] = Measured(value=found, n=len(held))
    run = _RUN.match(_END.sub("", foreign.place.name))
    name = run["model"] if run else _END.sub("", foreign.place.name)
    dataset = next(iter(held)).partition("/")[0].lower()
    revision = text(document.get("hash"))
    trials = max((len(one) for one in held.values()), default=1)
    yield Part(
        name=dataset,
        result=result(
            model=foreign_names.named(name.replace("--", "/", 1)),
            suite=dataset,
            version=revision and revision[:8],
            harness=Harness(name=NAME),
            metrics=measured,
            n=len(held),
            evidence="rows" if steps else "summary",
            protocol=Protocol(
                backend=run["backend"] if run else None,
                temperature=number(run["temperature"]) if run else None,
                trials=trials,
                harness=Harness(name=NAME),
                extra=plain_settings({"dataset_hash": revision}),
            ),
        ),
        figures=tuple(metrics),
        steps=steps,
    )


def _steps(task: str, samples: Any) -> Iterator[Step]:
    for trial, one in enumerate(samples):
        sample = mapping(one)
        base, plus = (sample.get(f"{kind}_status") for kind in _STATUS)
        scores: dict[str, float | None] = {}
        if isinstance(base, str):
            scores["base"] = float(base == "pass")
            if isinstance(plus, str):
                scores["plus"] = float(base == plus == "pass")
        answer = sample.get("solution")
        yield Step(
            task_id=task,
            step_idx=0,
            trial=trial,
            scored=bool(scores),
            error=None if scores else "no status",
            scores=scores,
            answer=answer[:20_000] if isinstance(answer, str) else None,
        )


FORMAT = Format(NAME, told, read, named=True, parents=folders(1))
