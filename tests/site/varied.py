"""A board on which every column differs from row to row, and nearly every one has gaps."""

from typing import Any

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Reading
from cardboard.board.workspace.settings import Family, Profile, Settings, Suite, Workspace
from cardboard.eval import records
from cardboard.tests.making import a_reading, a_result, a_workspace, figures, measured

TASKS, STEPS = 20, 40
SUITE = Suite(name="varied", version="1", title={"en": "Varied"}, steps=STEPS, tasks=TASKS)
FAMILIES = {
    "qwen": Family(title={"en": "Qwen", "ko": "큐웬"}),
    "gemma": Family(title={"en": "Gemma", "ko": "젬마"}),
    "lfm": Family(title={"en": "LFM", "ko": "엘에프엠"}),
}


def a_varied_workspace(count: int) -> Workspace:
    """Return the workspace that knows *count* models, of which every seventh has no family."""
    return a_workspace(
        suites=(SUITE,),
        families=FAMILIES,
        models={name(n): _profile(n) for n in range(count)},
    )


def a_varied_board(count: int = 24) -> tuple[Boards, Settings]:
    """Return a board of *count* models, of which every sixth has no per-step data."""
    workspace = a_varied_workspace(count)
    readings = [_reading(n, count) for n in range(count)]
    return build_boards(readings, workspace), workspace.settings


def name(number: int) -> str:
    """Return the name of a model; Korean ones are among them."""
    return f"조직/모델-{number}" if number % 10 == 3 else f"org-{number % 4}/model-{number}"


def _profile(number: int) -> Profile:
    tuned = number % 3 == 1
    return Profile(
        family=None if number % 7 == 6 else list(FAMILIES)[number % 3],
        parameters=[0.6, 1.2, 8, 27, None][number % 5],
        base_model=name(number - 1) if tuned else None,
        base_model_relation="finetune" if tuned else None,
    )


def _reading(number: int, count: int) -> Reading:
    recorded: dict[str, Any] = {
        "suite": records.Suite(name="varied", version="1"),
        "protocol": records.Protocol(backend=[None, "vllm", "transformers"][number % 3]),
        "finished_at": None if number % 4 == 3 else f"2026-0{1 + number % 9}-15T00:00:00Z",
        "prompts": records.Prompts(
            template_status="model_specific_or_mixed" if number % 4 == 1 else "chat_template"
        ),
        "timing": records.Timing(seconds_per_step=None if number % 8 == 7 else 0.1 + number / 7),
    }
    skill = 0.9 - 0.8 * number / count
    if number % 6 == 5:
        means = figures(command_f1=round(skill, 4), command_precision=0.5, valid_json_pct=30.0)
        counts = records.Counts(expected=STEPS, scored=STEPS, tasks=TASKS)
        return a_reading(a_result(name(number), metrics=means, counts=counts, **recorded))
    tasks = [
        [
            max(0.0, min(1.0, skill + ((number * 7 + task * 3 + step) % 9 - 4) / 20))
            for step in (0, 1)
        ]
        for task in range(TASKS)
    ]
    return measured(name(number), *tasks, **recorded)
