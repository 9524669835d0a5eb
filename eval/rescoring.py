"""A result whose stored answers are parsed and scored again by the present scorer."""

from msgspec.structs import replace

from .errors import RecordError
from .records import Result, Step
from .result import rules_of, scored
from .scoring import SCORER, Rules, aggregate


def rescored(result: Result, file: str) -> Result:
    """Return *result* scored again: steps, aggregate, counts, status and the scorer's version.

    Steps that were never answered stay as they are. Raises RecordError, naming *file*, where a
    scored step does not hold its answer in full.
    """
    if not result.steps:
        raise RecordError("holds no steps", file=file, key="steps")
    rules = rules_of(result.suite.version)
    steps = tuple(_rescored(step, rules, file) for step in result.steps)
    right = sum(step.scored for step in steps)
    status = result.status
    if status != "failed":
        status = "complete" if right == result.counts.expected else "partial"
    counts = result.counts
    # The steps that were answered are as many as before, scored or not.
    failed = None if counts.failed is None else counts.failed + counts.scored - right
    return replace(
        result,
        steps=steps,
        counts=replace(counts, scored=right, failed=failed),
        aggregate=aggregate(steps),
        status=status,
        error=None if status == "complete" else result.error,
        scorer=SCORER,
    )


def _rescored(step: Step, rules: Rules, file: str) -> Step:
    if step.raw_output is not None:
        return scored(step, rules)
    if step.scored:
        raise RecordError(
            "a scored step has no raw_output",
            file=file,
            key=f"{step.task_id}/{step.step_idx}",
            remedy="Only results that hold each answer in full can be scored again.",
        )
    return step
