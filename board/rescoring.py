"""Score stored answers again: does each step's score follow from its own command units?"""

from collections.abc import Sequence
from typing import NamedTuple

from ..eval.records import Step
from ..eval.scoring import RULES, StepScore, UnscorableStep, rescore
from .light import Row

MAX_PAIRS = 5_000_000
"""Pairs of units compared in one file; a suite of 303 steps needs some 100,000."""

_ROUNDING = 1.01e-4  # stored scores have four decimals


class Rescored(NamedTuple):
    """How many steps were scored again, how many differ, and one of these."""

    steps: int
    differs: int
    example: str | None


def rescored(rows: Sequence[Step | Row], references: Sequence[tuple[str, ...] | None]) -> Rescored:
    """Score those of *rows* again that hold units, and compare with their stored scores.

    Suites differ only in what two empty lists are worth, so there either value will do. A file
    that would stall the run is scored as far as `MAX_PAIRS` goes.
    """
    count, pairs, wrong = 0, 0, []
    for row, reference in zip(rows, references, strict=True):
        if not isinstance(row, Step) or not row.scored or row.command_f1 is None:
            continue
        answer = row.pred_command_units
        if reference is None or answer is None:
            continue
        if pairs + len(reference) * len(answer) > MAX_PAIRS:
            continue
        pairs += len(reference) * len(answer)
        rules = RULES.values() if not reference and not answer else [RULES["corrected303"]]
        try:
            possible = [rescore(reference, answer, rule) for rule in rules]
        except UnscorableStep:
            continue
        count += 1
        if not any(_same(row, score) for score in possible):
            wrong.append(f"{row.task_id}/{row.step_idx}")
    return Rescored(count, len(wrong), wrong[0] if wrong else None)


def _same(row: Step, score: StepScore) -> bool:
    stored = (row.first_cmd_exact, row.command_precision, row.command_recall, row.command_f1)
    found = (
        score.first_cmd_exact,
        score.command_precision,
        score.command_recall,
        score.command_f1,
    )
    return stored == found or all(
        said is None or abs(said - value) <= _ROUNDING
        for said, value in zip(stored, found, strict=True)
    )
