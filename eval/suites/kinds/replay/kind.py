"""Replays of recorded terminals: which figures there are, and what steps show of them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ....metrics import Metric
from ....records import Result, Step, value
from ...conversations import without_thoughts
from ..kind import Derived, Doubt, Earlier, Kind, Recount, Reference, Row, Scored
from ..maps import column
from .answers import Answer, parse_answer, plain_answers, read_answer
from .baselines import BASELINES
from .forms import FORMS, Form, read_form
from .rows import ReplayRow
from .scoring import (
    FIRST_SCORER,
    NOTHING,
    RULES,
    SCORER,
    Rules,
    StepScore,
    UnscorableStep,
    rescore,
)
from .view import commands_of

METRICS = (
    Metric(id="command_f1", scale=100, per_step=True, ranked=True, shown="board"),
    Metric(id="command_precision", decimals=4, per_step=True, shown="board"),
    Metric(id="command_recall", decimals=4, per_step=True, shown="board"),
    Metric(
        id="first_cmd_exact_pct",
        unit="percent",
        decimals=1,
        per_step="first_cmd_exact",
        binary=True,
        shown="board",
        hub_type="first_command_exact",
    ),
    Metric(
        id="valid_json_pct",
        unit="percent",
        decimals=1,
        per_step="valid_json",
        binary=True,
        shown="board",
        hub_type="valid_json",
    ),
    Metric(id="has_analysis_pct", unit="percent", decimals=1, better="neither"),
    Metric(id="has_plan_pct", unit="percent", decimals=1, better="neither"),
    Metric(id="avg_ref_cmds", unit="count", better="neither"),
    Metric(id="avg_pred_cmds", unit="count", better="neither"),
    Metric(id="complete_true_recall_pct", unit="percent", decimals=1),
    Metric(id="premature_complete_rate_pct", unit="percent", decimals=1, better="lower"),
)

MAX_PAIRS = 5_000_000
"""Pairs of units compared in one file; a suite of 303 steps needs some 100,000."""

_ROUNDING = 1.01e-4  # stored scores have four decimals


def units(reference: Reference) -> Sequence[str]:
    """Return the command units of *reference*; none where it holds no list of texts."""
    return _texts(reference.get("command_units")) or ()


def right(reference: Reference) -> str:
    """Return the commands of *reference*, a line each."""
    return "\n".join(units(reference))


def _texts(value: object) -> list[str] | None:
    """Return *value* if it is a list of texts: what is read from files may be anything."""
    if type(value) is tuple:
        value = list(value)
    return value if type(value) is list and set(map(type, value)) <= {str} else None


def scores_of(score: StepScore, *, valid: bool) -> dict[str, float | None]:
    """Return the scores of a step as results hold them."""
    return {
        "command_f1": score.command_f1,
        "command_precision": score.command_precision,
        "command_recall": score.command_recall,
        "first_cmd_exact": score.first_cmd_exact,
        "valid_json": float(valid),
    }


def rules_of(version: str | None) -> Rules:
    """Return how a suite of this version is scored; ours are scored as the corrected one is."""
    return RULES.get(version or "", RULES["corrected303"])


def score(reference: Reference, answer: str, version: str | None) -> Scored:
    """Return what *answer* types and says, and how close its commands come to the reference's."""
    if form := form_of(reference):
        return _formed(reference, read_form(form, without_thoughts(answer)), version)
    read = read_answer(answer)
    if not read.command_units and not without_thoughts(answer).strip():
        return Scored(_parsed(read), scores_of(NOTHING, valid=False))
    return _scored(reference, read, version)


def score_at_first(reference: Reference, answer: str, version: str | None) -> Scored:
    """Score *answer* as `token-f1/1` did, with the commands that it only thinks of."""
    return _scored(reference, parse_answer(answer), version)


def form_of(reference: Reference) -> Form | None:
    """Return in which form answers are wanted; `None` where it is the JSON object."""
    form = reference.get("form")
    return form if form in FORMS and form != "json" else None


def _formed(reference: Reference, read: Answer, version: str | None) -> Scored:
    """Return the scores of an answer that is no JSON: nothing is said of what only JSON tells."""
    found = _scored(reference, read, version)
    scores = {name: found.scores[name] for name in found.scores if name != "valid_json"}
    return Scored({"command_units": list(read.command_units)}, scores, found.error)


def _scored(reference: Reference, read: Answer, version: str | None) -> Scored:
    parsed = _parsed(read)
    try:
        found = rescore(units(reference), read.command_units, rules_of(version))
    except UnscorableStep as error:
        return Scored(parsed, {}, error.what)
    return Scored(parsed, scores_of(found, valid=read.valid_json))


def _parsed(read: Answer) -> dict[str, Any]:
    return {
        "command_units": list(read.command_units),
        "task_complete": read.task_complete,
        "valid_json": read.valid_json,
        "analysis": read.has_analysis,
        "plan": read.has_plan,
    }


def recount(steps: Sequence[Step], *, scorer: str = SCORER) -> Recount:
    """Read and score those of *steps* again that hold what it takes, and compare what is stored.

    It is done as *scorer* does. Suites differ only in what two empty lists are worth, so there
    either value will do. A file that would stall the run is scored as far as `MAX_PAIRS` goes.
    """
    count, pairs, read, same, otherwise = 0, 0, 0, 0, 0
    wrong, misread = [], []
    told = _kept(steps)
    if not told:
        return Recount()
    scores = [step.scores for step in told]
    stored = zip(*(column(scores, name) for name in _COMPARED), strict=True)
    valid = column(scores, "valid_json")
    plain = plain_answers([step.answer for step in told])
    for step, values, told_valid, found in zip(told, stored, valid, plain, strict=True):
        answer: tuple[str, ...] | None
        silent = False
        if step.answer is not None:
            read += 1
            if found is None or "form" in (step.reference or ()):
                found, silent, differs = _read_again(step.answer, found, step.reference, scorer)
                otherwise += differs
            answer = found.command_units
            if not _holds(step, told_valid, found):
                misread.append(_name(step))
        else:
            answer = _stored(step)
        if step.reference is None or values[-1] is None:
            continue
        wanted: Any = step.reference.get("command_units")
        known = None if answer is None else _met.of(wanted, answer)
        if known is None and (wanted := _texts(wanted)) is None:
            continue
        if answer is None:
            # Whoever keeps the references keeps what was answered, unless there was nothing.
            if any(values):
                wrong.append(_name(step))
            continue
        size = len(wanted) * len(answer)
        same += size > 0 and tuple(wanted) == answer
        if pairs + size > MAX_PAIRS:
            continue
        pairs += size
        possible = (_NOTHING,) if silent else known or _met.add(wanted, answer)
        count += bool(possible)
        near = values in possible or any(_near(values, one) for one in possible)
        if possible and not near:
            wrong.append(_name(step))
    return Recount(count, tuple(wrong), read, tuple(misread), same, otherwise)


def _read_again(
    text: str, plain: Answer | None, reference: Reference | None, scorer: str
) -> tuple[Answer, bool, bool]:
    """Read an answer as *scorer* does; also tell whether it says nothing, which is worth nothing to
    the present one, and whether the other scorer gives it another score.

    *plain* is what it says as a plain answer, if it is one.
    """
    if form := form_of(reference or {}):
        said = without_thoughts(text)
        return read_form(form, said), not said.strip(), False
    if plain is not None:
        return plain, False, False
    said, first = without_thoughts(text), parse_answer(text)
    read = first if said == text else parse_answer(said)
    silent = not said.strip()
    otherwise = read != first or (silent and not units(reference or {}))
    if scorer == FIRST_SCORER:
        return first, False, otherwise
    return read, silent, otherwise


_Values = tuple[float | None, ...]
"""The scores of a step that follow from units, in the order of `_COMPARED`."""


class _Met:
    """What the answers met so far are worth beside their references: many models type the same."""

    def __init__(self, most: int, longest: int) -> None:
        self._most, self._longest = most, longest
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[_Values, ...]] = {}

    def of(self, reference: object, answer: tuple[str, ...]) -> tuple[_Values, ...] | None:
        """Return what *answer* may be worth, if both were met before: they are texts then."""
        if type(reference) is not list:
            return None
        try:
            return self._known.get((tuple(reference), answer))
        except TypeError:  # not even texts
            return None

    def add(self, reference: Sequence[str], answer: tuple[str, ...]) -> tuple[_Values, ...]:
        """Return what *answer* may be worth; nothing where that cannot be found out."""
        rules = RULES.values() if not reference and not answer else [RULES["corrected303"]]
        try:
            found = tuple(_values(rescore(reference, answer, rule)) for rule in rules)
        except UnscorableStep:
            return ()
        if sum(map(len, answer)) + sum(map(len, reference)) <= self._longest:
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[tuple(reference), answer] = found
        return found


_met = _Met(most=8192, longest=1000)


def _stored(step: Step) -> tuple[str, ...] | None:
    """Return the units that are stored of an answer which itself is not kept."""
    typed = _texts((step.parsed or {}).get("command_units"))
    return None if typed is None else tuple(typed)


def _name(step: Step) -> str:
    return f"{step.task_id}/{step.step_idx}"


def _kept(steps: Sequence[Step]) -> list[Step]:
    """Return those scored *steps* that hold anything to count again."""
    return [
        step
        for step in steps
        if (step.answer is not None or step.reference is not None) and step.scored
    ]


def _holds(step: Step, valid: float | None, answer: Answer) -> bool:
    """Tell as `_follows` does, at once where a step holds all that was read and nothing else."""
    whole = valid == answer.valid_json and step.parsed == _parsed(answer)
    return whole or _follows(step, step.parsed or {}, answer)


def _follows(step: Step, parsed: Mapping[str, Any], answer: Answer) -> bool:
    """Tell whether what was stored of an answer is what *answer* says; unknown is no claim."""
    told = (
        (parsed.get("command_units"), answer.command_units),
        (parsed.get("task_complete"), answer.task_complete),
        (parsed.get("valid_json"), answer.valid_json),
        (parsed.get("analysis"), answer.has_analysis),
        (parsed.get("plan"), answer.has_plan),
        (step.scores.get("valid_json"), answer.valid_json),
    )
    return all(
        said is None or (tuple(said) if isinstance(said, list) else said) == found
        for said, found in told
    )


_COMPARED = ("first_cmd_exact", "command_precision", "command_recall", "command_f1")


def _values(score: StepScore) -> _Values:
    return (
        score.first_cmd_exact, score.command_precision, score.command_recall, score.command_f1
    )  # fmt: skip


def _near(stored: _Values, found: _Values) -> bool:
    return all(
        said is None or (value is not None and abs(said - value) <= _ROUNDING)
        for said, value in zip(stored, found, strict=True)
    )


_NOTHING = _values(NOTHING)


_READ = ("analysis", "plan", "command_units", "task_complete")
_WANTED = ("command_units", "task_complete")


def summarise(steps: Sequence[Step]) -> dict[str, float]:
    """Return the figures of scored *steps* that no single step has a score for.

    One that a step does not tell is left out, and so is every figure of no steps.
    """
    found: dict[str, float | None] = {}
    read = _table([step.parsed for step in steps], _READ)
    wanted = _table([step.reference for step in steps], _WANTED)
    if wanted is not None:
        found["avg_ref_cmds"] = _length(wanted[0])
    if read is not None:
        found["has_analysis_pct"] = _percent(read[0])
        found["has_plan_pct"] = _percent(read[1])
        found["avg_pred_cmds"] = _length(read[2])
    if wanted is not None and read is not None and {*map(type, wanted[1])} == {bool}:
        # An answer that does not say so does not call its task complete.
        pairs = list(zip(wanted[1], map(bool, read[3]), strict=True))
        found["complete_true_recall_pct"] = _percent([said for done, said in pairs if done])
        found["premature_complete_rate_pct"] = _percent([said for done, said in pairs if not done])
    return {name: value for name, value in found.items() if value is not None}


def _table(sides: Sequence[Any], names: Sequence[str]) -> list[Sequence[Any]] | None:
    """Return what all *sides* say under each of *names*; `None` where a side is missing.

    What a side does not say is `None`.
    """
    if not sides or type(None) in set(map(type, sides)):
        return None
    return [column(sides, name) for name in names]


def _percent(flags: Sequence[Any]) -> float | None:
    yes = flags.count(True)
    if not flags or yes + flags.count(False) < len(flags):  # some are neither, or missing
        if not flags or None in flags:
            return None
        yes = sum(map(bool, flags))
    return round(100 * yes / len(flags), 1)


def _length(lists: Sequence[Any]) -> float | None:
    if not {*map(type, lists)} <= {list, tuple} or not lists:
        return None
    return round(sum(map(len, lists)) / len(lists), 2)


def precision_lead(result: Result) -> float | None:
    """Return precision minus recall."""
    return _minus(value(result, "command_precision"), value(result, "command_recall"))


def late_loss(result: Result) -> float | None:
    """Return the F1 of early steps minus that of late ones."""
    buckets = result.divisions.get("bucket", {})
    early, late = (
        buckets[name].metrics.get("command_f1") if name in buckets else None
        for name in ("early", "late")
    )
    return _minus(early, late)


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, 4)


def output(rows: Sequence[Row]) -> dict[str, str]:
    """Return what answers look like in a suite whose answers are not all the JSON object."""
    found = {row.form or "json" for row in rows if isinstance(row, ReplayRow)}
    forms = [form for form in FORMS if form in found]
    if forms in ([], ["json"]):
        return {}
    english, korean = ([words[form] for form in forms] for words in (_ENGLISH, _KOREAN))
    return {
        "en": f"An answer gives the commands to type as {' or as '.join(english)}, "
        "as the conversation before it does.",
        "ko": f"답변은 앞선 대화와 같은 방식({', '.join(korean)})으로 입력할 명령을 적습니다.",
    }


_ENGLISH = {
    "json": "one JSON object",
    "calls": "calls of a shell tool",
    "shell": "shell text, in a code block or as it is typed",
}
_KOREAN = {
    "json": "JSON 객체 하나",
    "calls": "셸 도구 호출",
    "shell": "코드 블록이나 그대로 입력하는 셸 텍스트",
}

REPLAY = Kind(
    name="replay",
    metrics=METRICS,
    doubts=(Doubt(code="valid-json-low", metric="valid_json_pct", below=50.0),),
    derived=(
        Derived(
            id="precision_lead", decimals=4, coarse=2, of=precision_lead, like="command_precision"
        ),
        Derived(id="late_loss", decimals=4, coarse=2, of=late_loss, like="command_f1"),
    ),
    divisions=("bucket", "source_group"),
    groups=("early", "mid", "late"),
    row=ReplayRow,
    score=score,
    scorer=SCORER,
    earlier={
        FIRST_SCORER: Earlier(score_at_first, partial(recount, scorer=FIRST_SCORER)),
    },
    baselines=BASELINES,
    output=output,
    units=units,
    recount=recount,
    summarise=summarise,
    lines=commands_of,
    right=right,
)
