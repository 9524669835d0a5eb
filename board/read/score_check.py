"""Score stored answers again: does each step's score follow from its own command units?"""

from collections.abc import Sequence
from typing import NamedTuple

from ...eval.records import Step
from ...eval.score.scoring import RULES, StepScore, UnscorableStep, rescore

MAX_PAIRS = 5_000_000
"""Pairs of units compared in one file; a suite of 303 steps needs some 100,000."""

_ROUNDING = 1.01e-4  # stored scores have four decimals


class Rescored(NamedTuple):
    """How many steps were scored again, how many differ, and one of these."""

    steps: int
    differs: int
    example: str | None


def rescored(steps: Sequence[Step]) -> Rescored:
    """Score those of *steps* again that hold units, and compare with their stored scores.

    Suites differ only in what two empty lists are worth, so there either value will do. A file
    that would stall the run is scored as far as `MAX_PAIRS` goes.
    """
    count, pairs, wrong = 0, 0, []
    for step in steps:
        reference, answer = step.ref_command_units, step.pred_command_units
        if reference is None or answer is None or not step.scored or step.command_f1 is None:
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
        if not any(_same(step, score) for score in possible):
            wrong.append(f"{step.task_id}/{step.step_idx}")
    return Rescored(count, len(wrong), wrong[0] if wrong else None)


def _same(step: Step, score: StepScore) -> bool:
    stored = (step.first_cmd_exact, step.command_precision, step.command_recall, step.command_f1)
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
