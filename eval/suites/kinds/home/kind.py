"""Questions of a person at home: which figures there are, and how an answer is scored."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ....engine import Setting
from ....metrics import Metric
from ....records import Step
from ..kind import Kind, Line, Recount, Reference, Row, Rule, Saying, Scored
from . import texts
from .clauses import AnyClause, Language, Reason, failures, weight_of
from .rows import Clauses, HomeRow

SCORER = "home-clauses/1"

METRICS = (
    Metric(id="clauses_passed", scale=100, per_step=True, ranked=True, shown="board"),
    Metric(
        id="questions_passed_pct",
        unit="percent",
        decimals=1,
        per_step="question_passed",
        binary=True,
        shown="board",
    ),
    Metric(
        id="language_kept_pct",
        unit="percent",
        decimals=1,
        per_step="language_kept",
        binary=True,
        shown="board",
    ),
    Metric(
        id="repetition_pct",
        unit="percent",
        decimals=1,
        per_step="repetition",
        better="lower",
        shown="board",
    ),
)

MOST_FORMS = 500_000
"""Forms that answers of one file are compared with; a suite of 80 questions needs some 4,000."""

_ROUNDING = 1e-6


def score(reference: Reference, answer: str, version: str | None) -> Scored:
    """Return which clauses *answer* keeps, and why it breaks the others.

    An answer that does nothing of what is asked scores 0, however well it keeps within limits.
    """
    try:
        clauses = _clauses(reference)
        found = failures(clauses, answer)
    except (msgspec.ValidationError, ValueError) as error:
        return Scored({}, {}, f"its clauses cannot be read: {error}")
    told = [
        {"check": clause.__struct_config__.tag, "reason": None if why is None else dict(why)}
        for clause, why in zip(clauses, found, strict=True)
    ]
    kept = [clause for clause, why in zip(clauses, found, strict=True) if why is None]
    worth = len(kept) / len(found) if any(not clause.limit for clause in kept) else 0.0
    language = [why for clause, why in zip(clauses, found, strict=True) if _is_language(clause)]
    scores: dict[str, float | None] = {
        "clauses_passed": round(worth, 6),
        "question_passed": float(worth == 1.0),
        "language_kept": float(language[0] is None) if language else None,
        "repetition": round(texts.repetition(answer), 6),
    }
    return Scored({"clauses": told}, scores)


def _clauses(reference: Reference) -> tuple[AnyClause, ...]:
    return msgspec.convert(reference.get("clauses"), Clauses)


def _is_language(clause: AnyClause) -> bool:
    return isinstance(clause, Language)


def recount(steps: Sequence[Step]) -> Recount:
    """Check stored answers again that come with their clauses, and compare what is stored.

    A file that would stall the run is checked as far as `MOST_FORMS` goes.
    """
    count, forms = 0, 0
    wrong, misread = [], []
    for step in steps:
        if not step.scored or step.answer is None or step.reference is None:
            continue
        try:
            forms += sum(map(weight_of, _clauses(step.reference)))
        except msgspec.ValidationError:
            continue
        if forms > MOST_FORMS:
            break
        again = score(step.reference, step.answer, None)
        if again.error is not None:
            continue
        name = f"{step.task_id}/{step.step_idx}"
        count += 1
        said = (step.parsed or {}).get("clauses")
        if said is not None and _kept(said) != _kept(again.parsed["clauses"]):
            misread.append(name)
        if not all(_same(step.scores.get(key), value) for key, value in again.scores.items()):
            wrong.append(name)
    return Recount(count, tuple(wrong), count, tuple(misread))


def _kept(clauses: object) -> list[tuple[Any, bool]] | None:
    """Return each check with whether it is kept; `None` of anything else."""
    if not isinstance(clauses, list) or not all(isinstance(one, Mapping) for one in clauses):
        return None
    return [(one.get("check"), one.get("reason") is None) for one in clauses]


def _same(said: float | None, found: float | None) -> bool:
    return said is None or (found is not None and abs(said - found) <= _ROUNDING)


class Told(Struct, frozen=True, kw_only=True):
    """One clause as a page shows it."""

    check: str
    asked: dict[str, str]
    """What it asks for, by the names in its words."""
    reason: Reason | None
    """What was found instead; `None` where it is kept."""


def view(step: Step) -> tuple[Told, ...] | None:
    """Return what becomes of each clause of *step*; `None` where it lacks clauses or an answer."""
    if step.answer is None:
        return None
    try:
        clauses = _clauses(step.reference or {})
        found = failures(clauses, step.answer)
    except (msgspec.ValidationError, ValueError):
        return None
    return tuple(
        Told(check=str(clause.__struct_config__.tag), asked=_asked(clause), reason=why)
        for clause, why in zip(clauses, found, strict=True)
    )


def lines(step: Step) -> tuple[Line, ...] | None:
    """Return each clause of *step* and, where it is broken, why; `None` as `view` does."""
    told = view(step)
    return None if told is None else tuple(map(_line, told))


def _line(one: Told) -> Line:
    asked = Saying(f"clause.{one.check}", one.asked)
    if one.reason is None:
        return Line("kept", said=(asked,))
    return Line("broken", said=(asked, Saying(f"reason.{one.check}", one.reason)))


def right(reference: Reference) -> str | None:
    """Return an answer that keeps every clause, where *reference* has one."""
    example = reference.get("example")
    return example if isinstance(example, str) else None


def _asked(clause: AnyClause) -> dict[str, str]:
    return {
        name: ", ".join(texts.forms(one)[0] for one in value)
        if isinstance(value, tuple)
        else str(value)
        for name, value in msgspec.structs.asdict(clause).items()
    }


def oracle(rows: Sequence[Row], settings: Mapping[str, Setting]) -> Rule:
    """Return the rule that answers as the example does."""
    return lambda row: _home(row).example


def echo(rows: Sequence[Row], settings: Mapping[str, Setting]) -> Rule:
    """Return the rule that repeats the question."""
    return lambda row: _home(row).question


def unknown(rows: Sequence[Row], settings: Mapping[str, Setting]) -> Rule:
    """Return the rule that never knows anything."""
    return lambda row: "모르겠습니다." if _home(row).language == "ko" else "I do not know."


def loop(rows: Sequence[Row], settings: Mapping[str, Setting]) -> Rule:
    """Return the rule that says the same sentence again and again."""
    return lambda row: (
        " ".join(["네, 그렇습니다."] * 40)
        if _home(row).language == "ko"
        else " ".join(["Yes, that is right."] * 40)
    )


def _home(row: Row) -> HomeRow:
    assert isinstance(row, HomeRow)
    return row


HOME = Kind(
    name="home",
    metrics=METRICS,
    divisions=("language", "topic"),
    groups=("en", "ko"),
    row=HomeRow,
    score=score,
    scorer=SCORER,
    baselines={"oracle": oracle, "echo": echo, "unknown": unknown, "loop": loop},
    recount=recount,
    view=view,
    lines=lines,
    right=right,
)
