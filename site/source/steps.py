"""The steps that a model did worst and best: what it was shown, asked for, and answered."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

from ...board.notes.figures import shown
from ...eval.records import Result, Step
from ...eval.suites.suite import Row, Suite

EACH = 5
LONGEST_PROMPT, LONGEST_ANSWER, LONGEST_COMMAND = 700, 2_000, 400
MOST_COMMANDS = 20
"""Shown of a step; of the reference and of the answer, three times as many are compared."""

Key = tuple[str, int | None, int]


class Line(Struct, frozen=True, kw_only=True):
    """One command of the reference, of the answer, or of both."""

    kind: Literal["both", "reference", "answer"]
    text: str


class Shown(Struct, frozen=True, kw_only=True):
    """One step, short enough for a page."""

    task: str
    step: int
    score: str
    """F1 in points."""
    precision: str | None
    recall: str | None
    bucket: str | None
    finish_reason: str | None
    valid_json: bool | None
    prompt: str | None
    """The end of what the model was shown; `None` where the suite is not at hand."""
    lines: tuple[Line, ...] | None
    """`None` where the result lacks the commands of the reference or of the answer."""
    more_lines: int
    answer: str | None
    """What the model wrote, from its beginning."""
    more_letters: int


class Extremes(Struct, frozen=True, kw_only=True):
    """The steps at both ends, the most telling one first."""

    worst: tuple[Shown, ...]
    best: tuple[Shown, ...]


def extremes(result: Result, suite: Suite | None) -> Extremes | None:
    """Return the worst and the best steps of *result*; `None` where it holds no texts.

    A full score is never among the worst and no score never among the best, and a task gives a
    second step only after every other task of the same score gave one. No step is shown twice.
    *suite* adds the prompts.
    """
    told = [s for s in result.steps if s.command_f1 is not None and _has_text(s)]
    if not told:
        return None
    rows = {row.key: row for row in suite.rows} if suite else {}
    worst = _spread((s for s in told if _f1(s) < 1), falling=False)
    shown_already = {id(step) for step in worst}
    left = (s for s in told if _f1(s) > 0 and id(s) not in shown_already)
    best = _spread(left, falling=True)
    return Extremes(
        worst=tuple(_shown(step, rows) for step in worst),
        best=tuple(_shown(step, rows) for step in best),
    )


def _has_text(step: Step) -> bool:
    return step.raw_output is not None or (
        step.ref_command_units is not None and step.pred_command_units is not None
    )


def _f1(step: Step) -> float:
    return step.command_f1 or 0.0


def _key(step: Step) -> Key:
    return step.task_id, step.sample_idx, step.step_idx


def _spread(steps: Iterable[Step], *, falling: bool) -> list[Step]:
    """Return the first few *steps* by score, those of different tasks before those of one."""
    ordered = sorted(steps, key=lambda s: (s.task_id, s.step_idx, s.sample_idx or 0))
    turns: dict[tuple[float, str], int] = {}
    ranked = []
    for step in ordered:
        score = -_f1(step) if falling else _f1(step)
        turn = turns[score, step.task_id] = turns.get((score, step.task_id), -1) + 1
        ranked.append((score, turn, step))
    # Sorting is stable: what is equal stays in the order of tasks and steps.
    ranked.sort(key=lambda one: one[:2])
    return [step for _, _, step in ranked[:EACH]]


def _shown(step: Step, rows: Mapping[Key, Row]) -> Shown:
    lines, left_out = None, 0
    asked, given = step.ref_command_units, step.pred_command_units
    if asked is not None and given is not None:
        most = 3 * MOST_COMMANDS
        lines = tuple(difference(asked[:most], given[:most]))
        left_out = len(asked[most:]) + len(given[most:]) + len(lines[MOST_COMMANDS:])
    row, answer = rows.get(_key(step)), step.raw_output
    return Shown(
        task=step.task_id,
        step=step.step_idx,
        score=shown("score", 100 * _f1(step)),
        precision=_share("command_precision", step.command_precision),
        recall=_share("command_recall", step.command_recall),
        bucket=step.bucket,
        finish_reason=step.finish_reason,
        valid_json=step.valid_json,
        prompt=_tail(row) if row else None,
        lines=lines[:MOST_COMMANDS] if lines is not None else None,
        more_lines=left_out,
        answer=answer[:LONGEST_ANSWER] if answer is not None else None,
        more_letters=max(0, len(answer or "") - LONGEST_ANSWER),
    )


def _share(name: str, value: float | None) -> str | None:
    return None if value is None else shown(name, value)


def _tail(row: Row) -> str:
    text = row.messages[-1].content if row.messages else row.prompt or ""
    return text if len(text) <= LONGEST_PROMPT else f"… {text[-LONGEST_PROMPT:]}"


def difference(reference: tuple[str, ...], answer: tuple[str, ...]) -> Iterator[Line]:
    """Yield the commands of both in an order that keeps each side's own, the reference first."""
    matcher = SequenceMatcher(None, reference, answer, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line(kind="both", text=_cut(text)) for text in reference[i:j])
        else:
            yield from (Line(kind="reference", text=_cut(text)) for text in reference[i:j])
            yield from (Line(kind="answer", text=_cut(text)) for text in answer[k:m])


def _cut(command: str) -> str:
    return command if len(command) <= LONGEST_COMMAND else f"{command[:LONGEST_COMMAND]}…"
