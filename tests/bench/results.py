"""Synthetic version-2 results: `python tests/bench/results.py N DIR compact|full [--indented]`."""

import json
import random
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cardboard.eval.records import (
    Counts,
    Model,
    Prompts,
    Protocol,
    Result,
    Step,
    Suite,
    Timing,
    encode,
)
from cardboard.eval.run.result import divisions_of
from cardboard.eval.suites.fingerprints import fingerprint, keys_sha256
from cardboard.eval.suites.kinds.aggregate import measured
from cardboard.eval.suites.kinds.replay.kind import METRICS, REPLAY, scores_of
from cardboard.eval.suites.kinds.replay.scoring import RULES, SCORER, StepScore, bucket_of, rescore

STEPS, TASKS, GROUPS = 303, 50, 14
LINE = (
    "ls -la cat grep -rn sed -i awk python3 -m pip install git commit -am find . xargs tar -xzf "
    "/app/main.py /app/data/out.csv | head -20 > /tmp/결과 echo 설치 완료 && make test || exit"
)
WORDS = LINE.split()


class Answer(NamedTuple):
    """One possible answer to a step, and what it scores."""

    units: tuple[str, ...]
    score: StepScore


class Question(NamedTuple):
    """One step of the synthetic suite: its reference, and answers from bad to good."""

    task: int
    step: int
    units: tuple[str, ...]
    answers: tuple[Answer, ...]


@cache
def suite() -> tuple[Question, ...]:
    """Return the suite: 303 steps in 50 tasks, the first three of which have a step more."""
    rng = random.Random("suite")
    return tuple(
        _question(rng, task, step)
        for task in range(TASKS)
        for step in range(STEPS // TASKS + (task < STEPS % TASKS))
    )


@cache
def record() -> Suite:
    """Return what each result says of its suite."""
    keys = [(f"task-{one.task:03d}", one.task, one.step) for one in suite()]
    references = [(*key, one.units) for key, one in zip(keys, suite(), strict=True)]
    return Suite(
        name="synthetic",
        version="303",
        kind="replay",
        fingerprint=fingerprint(references),
        steps=STEPS,
        tasks=TASKS,
    )


def result(number: int, *, text: bool) -> Result:
    """Return the result of the model *number*; with *text* its steps hold answers and units."""
    rng = random.Random(number)
    skill = rng.uniform(0.2, 0.9)
    steps = tuple(_step(rng, question, skill, text=text) for question in suite())
    return Result(
        model=Model(id=f"synthetic/model-{number:05d}", revision=f"{number:040x}"),
        suite=record(),
        protocol=Protocol(
            backend="vllm", temperature=0.0, top_p=1.0, max_tokens=1024, max_model_len=49152
        ),
        prompts=Prompts(template_status="chat_template", status_counts={"chat_template": STEPS}),
        counts=Counts(expected=STEPS, scored=STEPS, failed=0, tasks=TASKS),
        metrics=measured(REPLAY, METRICS, steps),
        divisions=divisions_of(REPLAY, steps),
        timing=Timing(load_seconds=60.0, generate_seconds=606.0, seconds_per_step=2.0),
        status="complete",
        scorer=SCORER,
        finished_at="2026-06-01T12:00:00+00:00",
        steps=steps,
    )


def write(count: int, folder: Path, *, text: bool, indented: bool = False) -> None:
    """Write *count* results below *folder*: on one line, or *indented* as the eval stage does."""
    folder.mkdir(parents=True, exist_ok=True)
    written = encode if indented else msgspec.json.encode
    for number in range(count):
        data = written(result(number, text=text))
        (folder / f"model-{number:05d}.json").write_bytes(data)


def write_one(number: int, folder: Path) -> None:
    """Write the one compact result *number* below *folder*."""
    data = msgspec.json.encode(result(number, text=False))
    (folder / f"model-{number:05d}.json").write_bytes(data)


def workspace(root: Path, count: int, *, text: bool = False) -> None:
    """Write a workspace at *root* with *count* results that can all be ranked."""
    write(count, root / "results", text=text)
    keys = [(f"task-{one.task:03d}", one.task, one.step) for one in suite()]
    (root / "board.toml").write_text(
        '[board]\ntitle = { en = "Synthetic", ko = "합성" }\n\n'
        f'[[suites]]\nname = "synthetic"\nversion = "303"\nsteps = {STEPS}\ntasks = {TASKS}\n'
        + (f'fingerprint = "{record().fingerprint}"\n' if text else "")
        + f'keys_sha256 = "{keys_sha256(keys)}"\n',
        encoding="utf-8",
    )


def _question(rng: random.Random, task: int, step: int) -> Question:
    units = tuple(_unit(rng) for _ in range(rng.randint(1, 8)))
    answers = []
    for quality in range(8):
        said = tuple(unit if rng.random() < quality / 7 else _unit(rng) for unit in units)
        kept = said[: rng.randint(1, len(said))]
        answers.append(Answer(kept, rescore(units, kept, RULES["corrected303"])))
    return Question(task, step, units, tuple(answers))


def _unit(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(2, 6)))


def _step(rng: random.Random, question: Question, skill: float, *, text: bool) -> Step:
    place = min(int(rng.betavariate(3 * skill, 3 * (1 - skill)) * 8), 7)
    answer = question.answers[place]
    said = " ".join(rng.choices(WORDS, k=15)) if text else ""
    done = question.step == 5
    says_done, valid = done and rng.random() < skill, rng.random() < 0.5 + skill / 2
    units = list(question.units)
    written = _written(answer.units, said, says_done, whole=valid) if text else None
    parsed: dict[str, Any] = {"command_units": list(answer.units)} if text else {}
    read = {
        "task_complete": says_done if valid or not text else None,
        "valid_json": valid,
        "analysis": valid or not text,
        "plan": valid or not text,
    }
    return Step(
        task_id=f"task-{question.task:03d}",
        step_idx=question.step,
        sample_idx=question.task,
        groups={
            "bucket": bucket_of(question.step),
            "source_group": f"group-{question.task % GROUPS:02d}",
        },
        answer=written,
        reference={"command_units": units, "task_complete": done} if text else None,
        parsed=parsed | read,
        scores=scores_of(answer.score, valid=valid),
        finish_reason="stop" if rng.random() < 0.98 else "length",
        prompt_tokens=rng.randint(500, 20_000),
        output_tokens=rng.randint(20, 1024),
    )


def _written(units: tuple[str, ...], said: str, done: bool, *, whole: bool) -> str:
    """Return the answer that types *units*; one that is not *whole* ends before its last brace."""
    commands = [{"keystrokes": f"{unit}\n", "duration": 0.1} for unit in units]
    answer = {"analysis": said, "plan": said[:40], "commands": commands, "task_complete": done}
    text = json.dumps(answer, ensure_ascii=not whole)
    return text if whole else text[:-1]


if __name__ == "__main__":
    number, target, form = sys.argv[1:4]
    write(int(number), Path(target), text=form == "full", indented="--indented" in sys.argv)
