"""Stored answers read and scored again one after the other: the real recount equals it."""

from collections.abc import Sequence
from typing import Any

from cardboard.eval.records import Step
from cardboard.eval.suites.conversations import without_thoughts
from cardboard.eval.suites.kinds.kind import Recount
from cardboard.eval.suites.kinds.replay.answers import Answer, parse_answer, plain_answer
from cardboard.eval.suites.kinds.replay.forms import FORMS, read_form
from cardboard.eval.suites.kinds.replay.scoring import (
    FIRST_SCORER,
    NOTHING,
    RULES,
    StepScore,
    rescore,
)

COMPARED = ("first_cmd_exact", "command_precision", "command_recall", "command_f1")


def plain_recount(steps: Sequence[Step], scorer: str) -> Recount:
    """Return what *steps* show, by *scorer*."""
    count, read, same, otherwise = 0, 0, 0, 0
    wrong, misread = [], []
    for step in steps:
        if not step.scored or (step.answer is None and step.reference is None):
            continue
        name = f"{step.task_id}/{step.step_idx}"
        answer, silent = texts((step.parsed or {}).get("command_units")), False
        if step.answer is not None:
            read += 1
            again, silent, differs = read_again(step.answer, step.reference or {}, scorer)
            otherwise += differs
            if not follows(step, again):
                misread.append(name)
            answer = list(again.command_units)
        reference = texts((step.reference or {}).get("command_units"))
        if step.scores.get("command_f1") is None or reference is None:
            continue
        if answer is None:
            if any(step.scores.get(score) for score in COMPARED):
                wrong.append(name)
            continue
        same += bool(reference) and reference == answer
        rules = RULES.values() if not reference and not answer else [RULES["corrected303"]]
        possible = [NOTHING] if silent else [rescore(reference, answer, rule) for rule in rules]
        count += 1
        if not any(close(step, score) for score in possible):
            wrong.append(name)
    return Recount(count, tuple(wrong), read, tuple(misread), same, otherwise)


def texts(value: Any) -> list[str] | None:
    """Return a list of texts, and nothing else."""
    good = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value if good else None


def read_again(text: str, reference: Any, scorer: str) -> tuple[Answer, bool, bool]:
    """Return what an answer says, whether it is silent, and whether scorers differ on it."""
    said = without_thoughts(text)
    form = reference.get("form")
    if form in FORMS and form != "json":
        return read_form(form, said), not said.strip(), False
    plain = plain_answer(text)
    if plain is not None:
        return plain, False, False
    first, read, silent = parse_answer(text), parse_answer(said), not said.strip()
    otherwise = read != first or (silent and not texts(reference.get("command_units")))
    return (first, False, otherwise) if scorer == FIRST_SCORER else (read, silent, otherwise)


def follows(step: Step, answer: Answer) -> bool:
    """Tell whether all that is stored of an answer is what it says."""
    stored = dict(step.parsed or {})
    told = {
        "command_units": list(answer.command_units),
        "task_complete": answer.task_complete,
        "valid_json": answer.valid_json,
        "analysis": answer.has_analysis,
        "plan": answer.has_plan,
    }
    valid = step.scores.get("valid_json")
    return valid in (None, answer.valid_json) and all(
        stored.get(key) is None or stored[key] == value for key, value in told.items()
    )


def close(step: Step, score: StepScore) -> bool:
    """Tell whether the stored scores are those of *score*, but for their rounding."""
    return all(
        step.scores.get(name) is None or abs(step.scores[name] - getattr(score, name)) <= 1.01e-4
        for name in COMPARED
    )
