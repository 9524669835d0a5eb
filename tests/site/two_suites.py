"""A workspace of two suites that are no replays: an accuracy with steps, and bits without any."""

import json
from pathlib import Path
from typing import Any

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.settings import (
    DivisionWords,
    Profile,
    Settings,
    Suite,
    SuiteWords,
    Workspace,
)
from cardboard.eval.metrics import Change
from cardboard.tests.making import SETTINGS
from cardboard.tests.site.hostile import HARM

MODELS = ("org/large", "org/middle", "org/small")
SIZES = {"org/large": 8.0, "org/middle": 4.0, "org/small": 1.0}
TASKS, LANGUAGES = 8, ("ko", "en")
QUIZ = Suite(
    name="quiz",
    version="1",
    kind="reported",
    steps=TASKS * 2,
    tasks=TASKS,
    divisions={"language": {"en": TASKS, "ko": TASKS}},
    words=SuiteWords(
        divisions={
            "language": DivisionWords(
                title={"en": "Language of the question", "ko": "문제의 언어"},
                groups={"en": {"en": f"English {HARM}", "ko": f"영어 {HARM}"}},
            )
        }
    ),
    changes=(
        Change(
            id="accuracy",
            title={"en": "Accuracy", "ko": "정확도"},
            scale=100,
            per_step=True,
            binary=True,
            ranked=True,
            shown="board",
        ),
        Change(id="score", unit="percent", decimals=1, shown="board"),
        Change(id="first_token", unit="seconds", better="lower", shown="model page"),
    ),
)
TEXT = Suite(
    name="text",
    version="1",
    kind="reported",
    changes=(
        Change(
            id="bits_per_byte",
            title={"en": "Bits per byte", "ko": "바이트당 비트"},
            unit="bits",
            better="lower",
            decimals=4,
            ranked=True,
            shown="board",
        ),
    ),
)


def write(root: Path) -> tuple[Boards, Settings]:
    """Write results of both suites below *root*, and return their boards and settings."""
    (root / "results").mkdir(parents=True)
    for place, model in enumerate(MODELS):
        for name, result in (("quiz", _quiz(model, place)), ("text", _text(model, place))):
            path = root / "results" / f"{model.replace('/', '-')}-{name}.json"
            path.write_text(json.dumps(result), encoding="utf-8")
    settings = Settings(board=SETTINGS.board, suites=(QUIZ, TEXT), protocols={})
    models = {name: Profile(parameters=size) for name, size in SIZES.items()}
    workspace = Workspace(root=root, settings=settings, models=models)
    return build_boards(read_results(root / "results"), workspace), settings


def _quiz(model: str, place: int) -> dict[str, Any]:
    steps = [
        {
            "task_id": f"q{task}",
            "step_idx": index,
            "groups": {"language": language},
            "answer": f"{language} {task} {HARM}",
            "scores": {"accuracy": float((task + place + index) % 4 >= place)},
        }
        for task in range(TASKS)
        for index, language in enumerate(LANGUAGES)
    ]
    right = {
        language: [s["scores"]["accuracy"] for s in steps if s["groups"]["language"] == language]  # type: ignore[index]  # plain JSON
        for language in LANGUAGES
    }
    means = {language: sum(held) / len(held) for language, held in right.items()}
    divisions = {
        name: {"steps": TASKS, "metrics": {"accuracy": mean}} for name, mean in means.items()
    }
    metrics = {
        "accuracy": {"value": sum(means.values()) / 2},
        "score": {"value": 50.0 + place, "stderr": 1.5},
    }
    return _result(model, "quiz", len(steps), metrics) | {
        "divisions": {"language": divisions},
        "steps": steps,
    }


def _text(model: str, place: int) -> dict[str, Any]:
    error = {"stderr": 0.0061, "stderr_method": HARM} if place else {}
    return _result(model, "text", 2000, {"bits_per_byte": {"value": 0.8 + place / 10, **error}})


def _result(model: str, suite: str, steps: int, metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "result",
        "version": 2,
        "model": {"id": model, "revision": "0f3a9c1"},
        "suite": {"name": suite, "version": "1", "kind": "reported"},
        "prompts": {"template_status": "chat_template"},
        "protocol": {"shots": 5, "harness": {"name": "lm-eval", "version": "0.4"}},
        "counts": {"expected": steps, "scored": steps, "failed": 0},
        "metrics": metrics,
        "status": "complete",
    }
