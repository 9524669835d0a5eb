"""Small honest values for tests: a result, a reading, a workspace; each says only what differs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Entry, Kind, Reading, StepFacts
from cardboard.board.workspace.settings import Identity, Protocol, Settings, Suite, Workspace
from cardboard.eval import records
from cardboard.eval.metrics import Measured

SUITE = Suite(name="mini", version="1", steps=6, tasks=3, protocol="greedy")
SETTINGS = Settings(
    board=Identity(title={"en": "A board", "ko": "보드"}),
    suites=(SUITE,),
    protocols={"greedy": Protocol(temperature=0.0, max_tokens=1024)},
)


def a_workspace(**settings: Any) -> Workspace:
    """Return a workspace of one suite; *settings* replace keys of board.toml."""
    models = settings.pop("models", {})
    return Workspace(root=Path(), settings=replace(SETTINGS, **settings), models=models)


def figures(**values: float | None) -> dict[str, Measured]:
    """Return the metrics of a result that has these *values*, by the metric's id."""
    return {name: Measured(value=value) for name, value in values.items()}


def a_training(**differs: Any) -> records.Training:
    """Return how an adapter was trained: two epochs on five conversations."""
    whole: dict[str, Any] = {
        "base": "org/base",
        "base_revision": "1" * 40,
        "base_sha256": "b" * 64,
        "data": (records.TrainingFile(name="talks.jsonl", sha256="d" * 64, conversations=6),),
        "template_sha256": "7" * 64,
        "rules": ("fold-system",),
        "examples": 5,
        "left_out": {"long": 1},
        "tokens": 900,
        "trained_tokens": 200,
        "method": "lora",
        "rank": 16,
        "alpha": 32,
        "dropout": 0.0,
        "targets": ("q_proj", "v_proj"),
        "epochs": 2.0,
        "planned_epochs": 2.0,
        "steps": 4,
        "batch_size": 4,
        "learning_rate": 2e-4,
        "schedule": "linear",
        "seed": 7,
        "max_length": 4096,
        "dtype": "bfloat16",
        "loss": 1.25,
        "versions": {"peft": "0.21.2"},
    }
    return records.Training(**{**whole, **differs})


def a_result(name: str = "org/model", f1: float | None = 0.5, **differs: Any) -> records.Result:
    """Return a complete, well documented result; *differs* replaces whole parts."""
    whole: dict[str, Any] = {
        "model": records.Model(id=name, revision="0" * 40),
        "suite": records.Suite(name="mini", version="1"),
        "protocol": records.Protocol(temperature=0.0, max_tokens=1024),
        "prompts": records.Prompts(template_status="chat_template"),
        "counts": records.Counts(expected=6, scored=6, failed=0, tasks=3),
        "metrics": figures(
            command_f1=f1,
            command_precision=f1,
            command_recall=f1,
            first_cmd_exact_pct=10.0,
            valid_json_pct=80.0,
        ),
        "status": "complete",
    }
    return records.Result(**(whole | differs))


def a_reading(
    result: records.Result | None = None,
    file: str | None = None,
    kind: Kind = "result",
    **more: Any,
) -> Reading:
    """Return the reading of a file that holds *result*; its hash follows from the content."""
    result = result or a_result()
    digest = hashlib.sha256(msgspec.json.encode(result)).hexdigest()
    return Reading(
        file=file or f"{digest[:8]}.json", sha256=digest, kind=kind, result=result, **more
    )


def boards_of(*results: records.Result, **settings: Any) -> Boards:
    """Return the boards that *results* make in a workspace of one suite."""
    return build_boards([a_reading(r) for r in results], a_workspace(**settings))


def entries_of(*results: records.Result, **settings: Any) -> tuple[Entry, ...]:
    """Return the entries of the one board that *results* make."""
    (board,) = boards_of(*results, **settings).boards
    return board.entries


def some_facts(*task_scores: Sequence[float], keys: str = "k" * 64) -> StepFacts:
    """Return the facts of a result whose steps have these scores, one list a task.

    Precision and recall equal F1, and a step's JSON is valid where its score is not 0.
    """
    scores = [score for task in task_scores for score in task]
    sums = tuple(sum(round(score * 1_000_000) for score in task) for task in task_scores)
    valid = tuple(sum(1_000_000 * (score > 0) for score in task) for task in task_scores)
    return StepFacts(
        steps=len(scores),
        scored=len(scores),
        answers=len(scores),
        failed=0,
        unique=len(scores),
        keys_sha256=keys,
        tasks=tuple(f"task-{number:03}" for number in range(len(task_scores))),
        steps_per_task=tuple(len(task) for task in task_scores),
        sums={
            "command_f1": sums,
            "command_precision": sums,
            "command_recall": sums,
            "valid_json": valid,
        },
    )


def measured(name: str, *task_scores: Sequence[float], **differs: Any) -> Reading:
    """Return the reading of a result with steps, its metrics following from them."""
    facts = some_facts(*task_scores, keys=differs.pop("keys", "k" * 64))
    scores = [score for task in task_scores for score in task]
    f1 = round(sum(scores) / len(scores), 4)
    metrics = figures(command_f1=f1, command_precision=f1, command_recall=f1)
    counts = records.Counts(expected=facts.steps, scored=facts.steps)
    result = a_result(name, metrics=metrics, counts=counts, **differs)
    return a_reading(result, facts=facts)
