"""A workspace of five suites at once: each is measured, scored and reported in a way of its own.

`python -m tests.five DIR` writes it, to be looked at.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODELS = ("acme/Aster-1B", "acme/Birch-3B", "acme/Cedar-7B", "acme/Dogwood-1B", "acme/Elm-13B")
LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "ja", "ko", "zh")
SKILL = {model: 0.35 + 0.1 * place for place, model in enumerate(MODELS)}
LACKING = {"acme/Dogwood-1B": {"bytes"}, "acme/Elm-13B": {"code", "bytes"}}
"""Suites that a model was never measured on."""

DATA = Path(__file__).parent / "data" / "five"


def write(root: Path) -> Path:
    """Write the workspace to *root* and return it."""
    (root / "results").mkdir(parents=True, exist_ok=True)
    for name in ("board.toml", "models.toml"):
        (root / name).write_bytes((DATA / name).read_bytes())
    for model in MODELS:
        for suite, result in _results(model):
            if suite not in LACKING.get(model, ()):
                path = root / "results" / f"{model.replace('/', '__')}--{suite}.json"
                path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return root


def _results(model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    chance, skill = random.Random(model), SKILL[model]
    f1 = round(0.5 * skill, 4)
    yield (
        "tb2-lite",
        _result(
            model,
            {"name": "tb2-lite", "version": "corrected303", "kind": "replay"},
            {"expected": 303, "scored": 303, "failed": 0, "tasks": 50},
            {
                "command_f1": {"value": f1},
                "command_precision": {"value": round(f1 + 0.05, 4)},
                "command_recall": {"value": round(f1 - 0.02, 4)},
                "first_cmd_exact_pct": {"value": round(40 * skill, 1)},
                "valid_json_pct": {"value": round(60 + 40 * skill, 1)},
            },
            {"temperature": 0.0, "max_tokens": 1024},
        ),
    )
    steps = [
        _step(f"q{number:04d}", 0, {"accuracy": float(chance.random() < skill)})
        for number in range(1319)
    ]
    yield "gsm8k", _measured(model, "gsm8k", "3.0", steps, "accuracy", {"shots": 5}, 1319)
    bits = round(1.2 - 0.6 * skill, 6)
    yield (
        "bytes",
        _result(
            model,
            {"name": "bytes", "version": "1", "kind": "reported"},
            {"scored": 2000},
            {"bits_per_byte": {"value": bits, "n": 2000, "stderr": 0.0061,
                               "stderr_method": "bootstrap"}},
            {},
        ),
    )  # fmt: skip
    steps = []
    for number in range(164):
        ease = min(max(skill + chance.gauss(0, 0.3), 0.02), 0.98)
        steps += [
            _step(f"f{number:03d}", 0, {"passed": float(chance.random() < ease)}, trial=trial)
            for trial in range(5)
        ]
    sampled = {"trials": 5, "temperature": 0.8}
    yield "code", _measured(model, "code", "1", steps, "passed", sampled, 164)
    steps = []
    for number in range(60):
        ease = min(max(skill + chance.gauss(0, 0.25), 0.05), 0.95)
        for place, language in enumerate(LANGUAGES):
            right = chance.random() < ease - 0.02 * place
            step = _step(f"k{number:02d}", place, {"accuracy": float(right)})
            steps.append({**step, "groups": {"language": language}})
    yield "nine-languages", _measured(model, "nine-languages", "1", steps, "accuracy", {}, 540)


def _step(
    task: str, index: int, scores: dict[str, float], trial: int | None = None
) -> dict[str, Any]:
    step: dict[str, Any] = {"task_id": task, "step_idx": index, "scores": scores}
    return step if trial is None else {**step, "trial": trial}


def _measured(
    model: str,
    name: str,
    version: str,
    steps: list[dict[str, Any]],
    score: str,
    protocol: dict[str, Any],
    expected: int,
) -> dict[str, Any]:
    """Return a result whose metrics are counted from *steps*, as a harness would write it."""
    answers: dict[tuple[str, int], list[float]] = {}
    for step in steps:
        answers.setdefault((step["task_id"], step["step_idx"]), []).append(step["scores"][score])
    means = [sum(trials) / len(trials) for trials in answers.values()]
    metrics = {"accuracy": {"value": round(sum(means) / len(means), 6)}}
    if score == "passed":
        anything = [float(any(trials)) for trials in answers.values()]
        everything = [float(all(trials)) for trials in answers.values()]
        metrics = {
            "pass_at_1": {"value": round(sum(means) / len(means), 6)},
            "pass_at_5": {"value": round(sum(anything) / len(anything), 6)},
            "pass_all_5": {"value": round(sum(everything) / len(everything), 6)},
        }
    divisions: dict[str, Any] = {}
    if name == "nine-languages":
        for language in LANGUAGES:
            values = [
                step["scores"]["accuracy"]
                for step in steps
                if step["groups"]["language"] == language
            ]
            share = round(sum(values) / len(values), 6)
            divisions.setdefault("language", {})[language] = {
                "steps": len(values), "metrics": {"accuracy": share},
            }  # fmt: skip
    counts = {
        "expected": expected,
        "scored": expected,
        "failed": 0,
        "tasks": len({step["task_id"] for step in steps}),
    }
    suite = {"name": name, "version": version, "kind": "reported"}
    return _result(model, suite, counts, metrics, protocol, divisions, steps)


def _result(
    model: str,
    suite: dict[str, Any],
    counts: dict[str, Any],
    metrics: dict[str, Any],
    protocol: dict[str, Any],
    divisions: dict[str, Any] | None = None,
    steps: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "kind": "result",
        "version": 2,
        "model": {"id": model, "revision": "0f3a9c1"},
        "suite": suite,
        "protocol": {
            "backend": "hf",
            "harness": {"name": "lm-eval", "version": "0.4.13"},
            **protocol,
        },
        "prompts": {"template_status": "chat_template"},
        "counts": counts,
        "metrics": metrics,
        "divisions": divisions or {},
        "status": "complete",
        "finished_at": "2026-11-20T09:00:00+09:00",
        "steps": steps or [],
    }


if __name__ == "__main__":
    write(Path(sys.argv[1]))
