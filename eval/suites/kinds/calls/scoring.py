"""What an answer is worth that may call tools: read by its family, and held against the calls."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ....metrics import Metric
from ....records import Protocol, Step, ToolCall
from ...conversations import without_thoughts
from ...shapes.calls import as_printed
from ..kind import Line, Recount, Reference, Saying, Scored
from .bfcl_rules import Bfcl, Cause, cause, judged
from .matching import Match, Outcome, Wanted, Wrong, coerced, match, text
from .parsers.families import API, FAMILIES, from_api, named, read, recovered
from .parsers.objects import JSON_LIST
from .parsers.reading import Call, Reading
from .prompting import FORMAT

SCORER = "tool-calls/1"

UNSAID = "unsaid"
"""The outcome of an answer that calls nothing, rightly, and does not say what it has to say."""
OUTCOMES = ("wrong-call", "missing-call", "needless-call", "unparsable", UNSAID)
"""All but `exact`."""
FAULTS = (
    "invented-tool", "wrong-tool", "invented-parameter", "missing-parameter", "wrong-type",
    "translated-value", "wrong-value", "wrong-order",
)  # fmt: skip


def _share(score: str, **more: Any) -> Metric:
    fields = {"better": "lower", "binary": True, "shown": "details", **more}
    return Metric(id=f"{score}_pct", unit="percent", decimals=1, per_step=score, **fields)


def _ratio(name: str, over: str, **more: Any) -> Metric:
    fields = {"shown": "model page", "per_step": "matched", "aggregate": "ratio of sums", **more}
    return Metric(id=name, unit="percent", decimals=1, over=over, **fields)


DIFFER = "rules_differ"
"""Answers on which BFCL's rules and ours part; with a cause in its name, those of that cause."""


def _of(why: str) -> str:
    return f"{DIFFER}_{why.replace('-', '_')}"


METRICS = (
    _share("exact", better="higher", ranked=True, shown="board"),
    _ratio("call_f1_pct", "mean_calls", shown="board"),
    _ratio("call_precision_pct", "made"),
    _ratio("call_recall_pct", "wanted"),
    _share("invented_tool", shown="board"),
    _share("needless_call", shown="board"),
    _share("missing_call", shown="board"),
    _share("unparsable", shown="board"),
    _share("wrong_call", shown="model page"),
    _share("unsaid", shown="model page"),
    _share("translated_value", shown="model page"),
    _share("wrong_type", shown="model page"),
    _share("exact_typed", better="higher", shown="model page"),
    _share("recovered", better="neither", shown="model page"),
    _share("wrong_tool"),
    _share("invented_parameter"),
    _share("missing_parameter"),
    _share("wrong_value"),
    _share("wrong_order"),
    _share("bfcl_right", better="higher"),
    Metric(id=DIFFER, unit="count", decimals=0, aggregate="sum", better="neither"),
    *(
        Metric(id=_of(one), unit="count", decimals=0, aggregate="sum", better="neither")
        for one in get_args(Cause)
    ),
)

_ROUNDING = 1e-6


class Known(Struct, frozen=True, kw_only=True):
    """What a reference holds, and beside it how the answer came."""

    calls: Annotated[tuple[Wanted, ...], Meta(max_length=64)] = ()
    ordered: bool = False
    says: tuple[tuple[str, ...], ...] = ()
    schemas: dict[str, dict[str, Any]] = {}
    reviewed: bool = True
    call_format: str = JSON_LIST.name
    server: tuple[ToolCall, ...] = ()
    """The calls that a server read and gave apart from the text."""
    bfcl: Bfcl | UnsetType = UNSET


def beside(step: Step, protocol: Protocol) -> dict[str, Any]:
    """Return what the score of *step* depends on beside its reference and its text."""
    said = step.said.tool_calls if step.said else ()
    found = protocol.extra.get(FORMAT)
    return {**({FORMAT: found} if isinstance(found, str) else {}), "server": said}


def score(reference: Reference, answer: str, version: str | None) -> Scored:
    """Return what *answer* calls, and what it is worth.

    *reference* may hold what `beside` returns. Calls that a server read are scored, and what stands
    in its text is read beside them. What only a kinder reader finds is told and not scored.
    """
    try:
        known = msgspec.convert(reference, Known)
        return _scored(known, without_thoughts(answer))
    except msgspec.ValidationError as error:
        return Scored({}, {}, f"its reference cannot be read: {error}")
    except (TypeError, AttributeError, KeyError, ValueError, RecursionError):
        return Scored({}, {}, "its reference has schemas that are none")


def _scored(known: Known, answer: str) -> Scored:
    words = answer.removesuffix(as_printed(known.server)) if known.server else answer
    own = read(named(known.call_format), words, known.schemas)
    found = from_api(known.server, own.words) if known.server else own
    worth, outcome = _worth(found, known)
    parsed: dict[str, Any] = {
        "family": API if known.server else known.call_format,
        **_told(found),
        "outcome": outcome,
        "wrong": msgspec.to_builtins(worth.wrong),
    }
    if known.server:
        parsed["text"] = {"family": known.call_format, **_told(own)}
    kinder = None if found.calls else recovered(words, known.schemas)
    if kinder is not None:
        family, again = kinder
        parsed["recovered"] = {"family": family, "outcome": _worth(again, known)[1]}
    typed = outcome
    if outcome == "wrong-call" and any(one.fault == "wrong-type" for one in worth.wrong):
        typed = parsed["typed"] = _worth(_typed(found, known), known)[1]
    faults = {one.fault for one in worth.wrong}
    made = len(found.calls)
    theirs: dict[str, float | None] = {}
    if known.bfcl is not UNSET:
        by_them = judged(known.bfcl, words, found, parsed["family"])
        why = cause(known.bfcl, worth, by_them, found, exact=outcome == "exact")
        parsed["bfcl"] = {"right": by_them.right, "refusal": by_them.refusal, "differs": why}
        theirs = {"bfcl_right": float(by_them.right)}
    scores: dict[str, float | None] = {
        "exact": float(outcome == "exact"),
        "matched": float(worth.matched),
        "made": float(made),
        "wanted": float(worth.wanted),
        "mean_calls": (made + worth.wanted) / 2,
        **{one.replace("-", "_"): float(one == outcome) for one in OUTCOMES},
        **{one.replace("-", "_"): float(one in faults) for one in FAULTS},
        "exact_typed": float(typed == "exact"),
        "recovered": float(kinder is not None),
        **theirs,
    }
    return Scored(parsed, scores)


def _told(found: Reading) -> dict[str, Any]:
    calls = [{"name": one.name, "arguments": one.arguments} for one in found.calls]
    return {"calls": calls} if found.broken is None else {"calls": calls, "broken": found.broken}


def _worth(found: Reading, known: Known) -> tuple[Match, str]:
    """Return what *found* is worth, and its outcome: words count where no call is right."""
    worth = match(found, known.calls, known.schemas, ordered=known.ordered)
    if worth.outcome == "exact" and not known.calls and not _says(found.words, known.says):
        return worth, UNSAID
    return worth, worth.outcome


def _says(words: str, says: Sequence[Sequence[str]]) -> bool:
    """Tell whether *words* are any, and hold one text of each group of *says* as a whole word."""
    words = text(words)
    return bool(words) and all(any(_holds(words, text(one)) for one in group) for group in says)


def _holds(words: str, one: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(one)}(?![0-9A-Za-z])", words) is not None


def _typed(found: Reading, known: Known) -> Reading:
    """Return *found* as a server reads it that types values by their schemas."""
    calls = []
    for call in found.calls:
        properties = known.schemas.get(call.name, {}).get("properties", {})
        given = {key: coerced(one, properties.get(key)) for key, one in call.arguments.items()}
        calls.append(Call(call.name, given))
    return Reading(calls=tuple(calls), words=found.words)


_NAMES = frozenset(family.name for family in FAMILIES)


def recount(steps: Sequence[Step]) -> Recount:
    """Read and score stored answers again, by the family that each says that it was read as."""
    count, same = 0, 0
    wrong, misread = [], []
    for step in steps:
        said = step.parsed or {}
        own = said.get("text") if said.get("family") == API else said
        family = own.get("family") if isinstance(own, Mapping) else None
        if not step.scored or step.answer is None or step.reference is None:
            continue
        if family not in _NAMES:
            continue
        server = step.said.tool_calls if step.said else ()
        how = {FORMAT: family, "server": server}
        again = score({**step.reference, **how}, step.answer, None)
        if again.error is not None:
            continue
        name = f"{step.task_id}/{step.step_idx}"
        count += 1
        same += again.scores["exact"] == 1.0 and again.scores["wanted"] != 0
        if said.get("calls") != again.parsed["calls"]:
            misread.append(name)
        if not all(_same(step.scores.get(key), value) for key, value in again.scores.items()):
            wrong.append(name)
    return Recount(count, tuple(wrong), count, tuple(misread), same)


def _same(said: float | None, found: float | None) -> bool:
    return said is None or (found is not None and abs(said - found) <= _ROUNDING)


def identity(reference: Reference) -> Sequence[str]:
    """Return what of *reference* makes two suites one: all but whether somebody has signed it."""
    told = {key: value for key, value in reference.items() if key != "reviewed"}
    return (msgspec.json.encode(told, order="deterministic").decode(),)


def summarise(steps: Sequence[Step]) -> dict[str, float]:
    """Return on how many answers BFCL's rules and ours part, and for which cause how many."""
    told = [one.parsed.get("bfcl") for one in steps if one.parsed]
    causes = [one.get("differs") for one in told if isinstance(one, Mapping)]
    if not causes:
        return {}
    counts = Counter(one for one in causes if one in get_args(Cause))
    found = {_of(str(one)): float(count) for one, count in counts.items()}
    return {DIFFER: float(counts.total()), **found}


class Shown(Struct, frozen=True, kw_only=True):
    """A step as pages show it: each call on a line."""

    outcome: str
    family: str
    wanted: tuple[str, ...]
    made: tuple[str, ...]
    wrong: tuple[Wrong, ...]
    broken: str | None
    says: tuple[str, ...]
    recovered: dict[str, str] | None
    reviewed: bool
    bfcl: dict[str, Any] | None
    """What BFCL's rules say, and why they part from ours."""


MOST_LINES = 16
LONGEST_LINE = 300


def view(step: Step) -> Shown | None:
    """Return what *step* calls beside what is right; `None` where its reading is none of ours."""
    try:
        known = msgspec.convert(step.reference or {}, Known)
        said = msgspec.convert(step.parsed or {}, _Parsed)
    except msgspec.ValidationError:
        return None
    right = [
        Call(one.name, {key: values[0] for key, values in one.arguments.items() if values})
        for one in known.calls
    ]
    return Shown(
        outcome=said.outcome,
        family=said.family,
        wanted=_lines(right),
        made=_lines(said.calls),
        wrong=said.wrong[:MOST_LINES],
        broken=said.broken,
        says=tuple(group[0] for group in known.says if group)[:MOST_LINES],
        recovered=said.recovered,
        reviewed=known.reviewed,
        bfcl=said.bfcl,
    )


def lines(step: Step) -> tuple[Line, ...] | None:
    """Return the calls of *step* beside the right ones, and what is wrong; `None` as `view` does.

    The same call stands once for each time that both sides have it.
    """
    told = view(step)
    if told is None:
        return None
    left, found = list(told.made), list[Line]()
    for call in told.wanted:
        found.append(Line("both" if call in left else "reference", call))
        if call in left:
            left.remove(call)
    found += [Line("answer", call) for call in left]
    said = [Line("fact", told.outcome, (Saying(f"outcome.{told.outcome}"),))]
    said.append(_fact("step.family", family=told.family))
    if not told.reviewed:
        said.append(_fact("step.unreviewed"))
    said += found or [_fact("step.no-calls")]
    if told.broken:
        said.append(_fact("step.broken", why=told.broken))
    said += [_fact("step.says", value=value) for value in told.says]
    said += [
        _fact(f"fault.{one.fault}", tool=one.tool, parameter=one.parameter or "")
        for one in told.wrong
    ]
    if told.recovered:
        said.append(_fact("step.recovered", family=told.recovered.get("family", "")))
    if told.bfcl is not None:
        said.append(_fact("step.bfcl-right" if told.bfcl.get("right") else "step.bfcl-wrong"))
        if differs := told.bfcl.get("differs"):
            said.append(_fact(f"differs.{differs}"))
    return tuple(said)


def _fact(key: str, **values: object) -> Line:
    return Line("fact", said=(Saying(key, values),))


class _Parsed(Struct, frozen=True, kw_only=True):
    family: str
    outcome: Outcome | Literal["unsaid"]
    calls: tuple[Call, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    broken: str | None = None
    recovered: dict[str, str] | None = None
    bfcl: dict[str, Any] | None = None


def _lines(calls: Sequence[Call]) -> tuple[str, ...]:
    lines = []
    for call in calls[:MOST_LINES]:
        given = ", ".join(
            f"{key}={msgspec.json.encode(one).decode()}" for key, one in call.arguments.items()
        )
        line = f"{call.name}({given})"
        lines.append(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…")
    return tuple(lines)
