"""Files of other programs, written, and what they become as a text that a person can read."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import to_builtins

from cardboard.board.model import Reading
from cardboard.board.read.reader import read_results
from cardboard.board.words.catalogue import Words
from cardboard.eval.backends.gguf.figures import FileFigures
from cardboard.eval.metrics import Metric

DATA = Path(__file__).parent / "data" / "imports"


def write_lm_eval(folder: Path, model: str, scores: Sequence[float]) -> None:
    """Write a run of lm-evaluation-harness on one task, with its samples."""
    folder.mkdir()
    document = {
        "results": {"arc": {"acc,none": sum(scores) / len(scores), "acc_stderr,none": 0.1}},
        "configs": {"arc": {"metric_list": [{"metric": "acc", "aggregation": "mean"}]}},
        "versions": {"arc": 1},
        "n-shot": {"arc": 0},
        "higher_is_better": {"arc": {"acc": True}},
        "n-samples": {"arc": {"original": len(scores), "effective": len(scores)}},
        "config": {"model": "hf", "model_args": f"pretrained={model}", "model_sha": "0f3a9c1"},
        "lm_eval_version": "0.4.13",
        "chat_template": "{{ messages }}",
        "date": 1777000000.5,
    }
    (folder / "results_2026-04-24T10-00-00.000000.json").write_text(json.dumps(document))
    row = {"metrics": ["acc"], "filter": "none"}
    rows = [row | {"doc_id": n, "acc": score} for n, score in enumerate(scores)]
    text = "".join(f"{json.dumps(one)}\n" for one in rows)
    (folder / "samples_arc_2026-04-24T10-00-00.000000.jsonl").write_text(text)


def write_inspect(folder: Path, model: str, scores: Sequence[float]) -> None:
    """Write a log of inspect_ai on one task, with its samples."""
    folder.mkdir()
    figures = {"accuracy": {"value": sum(scores) / len(scores)}, "stderr": {"value": 0.1}}
    log = {
        "status": "success",
        "eval": {
            "task": "arc",
            "task_version": 1,
            "model": f"vllm/{model}",
            "dataset": {"samples": len(scores)},
            "packages": {"inspect_ai": "0.3.285"},
        },
        "results": {"scores": [{"name": "choice", "metrics": figures}]},
        "samples": [
            {"id": n, "epoch": 1, "scores": {"choice": {"value": "C" if score else "I"}}}
            for n, score in enumerate(scores)
        ],
    }
    (folder / "log.json").write_text(json.dumps(log))


def told(folder: Path) -> str:
    """Return every file below *folder* with all that it became."""
    return "\n".join(line for reading in read_results(folder) for line in _file(reading))


def _file(reading: Reading) -> list[str]:
    lines = [f"{reading.file}: {reading.kind}" + (f" ({reading.shape})" if reading.shape else "")]
    lines += [f"  with {name}" for name in reading.beside]
    say = Words("en").finding
    lines += [f"  {one.severity} {one.code}: {say(one)}" for one in reading.findings]
    for one in reading.measures:
        lines += _measured(one)
    for part in reading.parts:
        lines += _part(part)
    return [*lines, ""]


def _measured(one: FileFigures) -> list[str]:
    """Return what a program measured of a model's file, key by key; unknown ones left out."""
    told_ = to_builtins(one)
    lines = [f"  {one.program} of {one.file.name}"]
    for name in sorted(told_.keys() - {"kind", "version", "program"}):
        lines += [f"    {name}: {told_[name]}"] if told_[name] not in (None, {}, []) else []
    return lines


def _part(part: Reading) -> list[str]:
    result = part.result
    assert result is not None
    model, suite, sent = result.model, result.suite, result.protocol
    lines = [f"  {part.part}: {part.kind}, {result.status}"]
    known = {name: getattr(model, name) for name in ("revision", "path_tail", "quantisation")}
    known["adapter"] = model.adapter.id if model.adapter else None
    lines.append(f"    model {model.id}{_named(known)}")
    counts = result.counts
    size = {"scored": counts.scored, "expected": counts.expected, "failed": counts.failed}
    lines.append(f"    suite {suite.name} {suite.version}{_named(size)}")
    for name, measured in result.metrics.items():
        figure = next(one for one in part.figures if one.id == name)
        more = {"n": measured.n, "stderr": measured.stderr, "method": measured.stderr_method}
        lines.append(f"    {name} = {measured.value} ({_figure(figure)}){_named(more)}")
    settings = {
        name: getattr(sent, name)
        for name in ("backend", "temperature", "max_tokens", "shots", "trials", "thinking", "dtype")
    }
    harness = sent.harness
    lines.append(
        f"    asked by {harness and harness.name} {harness and harness.version}{_named(settings)}"
    )
    lines += [f"    {name}: {value}" for name, value in sent.extra.items()]
    template = result.prompts.template_status, (result.prompts.template_sha256 or "")[:12]
    lines.append(f"    template {template[0]} {template[1]}".rstrip())
    if result.started_at or result.finished_at:
        lines.append(f"    from {result.started_at} to {result.finished_at}")
    if part.facts is not None:
        facts = part.facts
        lines.append(f"    rows: {facts.steps} of {facts.unique} steps, trials {facts.trials}")
        lines += [f"      {name}: {sum(sums) / 1e6:g}" for name, sums in facts.sums.items()]
    source = result.provenance
    assert source is not None
    lines.append(f"    evidence {source.evidence}")
    return lines


def _figure(metric: Metric) -> str:
    told_: list[str] = [metric.unit, metric.better]
    told_ += ["by row"] if metric.per_step else []
    told_ += ["binary"] if metric.binary else []
    return ", ".join(told_)


def _named(values: Mapping[str, object]) -> str:
    known = [f"{name} {value}" for name, value in values.items() if value is not None]
    return f", {', '.join(known)}" if known else ""
