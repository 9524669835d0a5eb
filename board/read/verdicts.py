"""Logs of `cardboard try`: what was asked, answered and judged by hand, and the results of it."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ...eval import records
from ...eval.engine import Message
from ...eval.errors import RecordError
from ...eval.metrics import Metric
from ...eval.run.usage import with_speeds
from ...eval.suites.kinds.aggregate import measured
from ...eval.suites.kinds.home.kind import HOME
from .decoding.content import MOST_LINE

SUITE, SUITE_VERSION, SCORER = "home-by-hand", "1", "by-hand/1"
PROGRAM = "cardboard try"
MOST_LINES = 100_000

ACCEPTED = Metric(
    id="accepted_pct",
    title={"en": "accepted", "ko": "수락률"},
    unit="percent",
    decimals=1,
    per_step="accepted",
    binary=True,
    ranked=True,
    shown="board",
)

BLOCK = f"""# What a person accepted or rejected with `{PROGRAM}`: a board of its own, because
# questions and judgement are that person's. Results with other questions have no rank beside it.
[[suites]]
name = "{SUITE}"
version = "{SUITE_VERSION}"
kind = "reported"
title = {{ en = "Judged by hand", ko = "직접 판정" }}

[suites.words.reading]
en = \"\"\"The score is the share of answers that a person accepted, of those that were judged. \\
It holds for that person and those questions; another person may judge otherwise.\"\"\"
ko = \"\"\"점수는 사람이 판정한 답변 가운데 수락한 비율입니다. 그 사람과 그 질문에만 \\
해당하며, 다른 사람은 다르게 판정할 수 있습니다.\"\"\"

[[suites.metrics]]
id = "{ACCEPTED.id}"
title = {{ en = "{ACCEPTED.title["en"]}", ko = "{ACCEPTED.title["ko"]}" }}
unit = "percent"
decimals = 1
per_step = "accepted"
binary = true
ranked = true
shown = "board"
"""
"""The suite as board.toml has it."""


class Tried(Struct, frozen=True, kw_only=True):
    """A model that was asked."""

    model: records.Model
    versions: dict[str, str] = {}


class Begun(Struct, frozen=True, kw_only=True, tag_field="line", tag="begun"):
    """The first line: who is asked, on which machine, and what decides who stands where."""

    log: Literal[1] = 1
    started_at: records.Timestamp
    models: tuple[Tried, ...]
    blind: bool
    seed: int
    """Of the order in which answers of two models are shown."""
    machine: records.Machine = records.Machine()


class Answered(Struct, frozen=True, kw_only=True, tag_field="line", tag="answer"):
    """One answer with everything that it follows from."""

    answer: int
    """Its number; another line says what became of it."""
    question: int
    conversation: int
    model: int
    """Which of the models, from 0."""
    side: Literal["a", "b"] | None = None
    """Where it was shown, in a blind comparison."""
    messages: tuple[Message, ...]
    sent: dict[str, Any]
    """The settings as the engine was given them, by its own names."""
    protocol: records.Protocol
    prompts: records.Prompts
    text: str | None
    said: records.Said | UnsetType = UNSET
    finish_reason: str | None = None
    error: str | None = None
    prompt_tokens: records.Count | None = None
    output_tokens: records.Count | None = None
    seconds: records.Seconds | None = None
    timing: records.StepTiming | UnsetType = UNSET
    system_fingerprint: str | None = None
    at: records.Timestamp


class Verdict(Struct, frozen=True, kw_only=True, tag_field="line", tag="verdict"):
    """What somebody says of an answer; the last line on it counts."""

    answer: int
    accepted: bool | None
    """`None` takes back what was said before."""
    note: str = ""
    at: records.Timestamp


class Preference(Struct, frozen=True, kw_only=True, tag_field="line", tag="preference"):
    """Which of two answers somebody prefers; the last line on a question counts."""

    question: int
    preferred: int | None
    """Which of the models; `None` is a tie."""
    note: str = ""
    at: records.Timestamp


class Cleared(Struct, frozen=True, kw_only=True, tag_field="line", tag="cleared"):
    """What was said in a conversation before is not sent any more."""

    conversation: int
    at: records.Timestamp


class Outcome(Struct, frozen=True, kw_only=True, tag_field="line", tag="outcome"):
    """The end of a blind comparison: the first model against the second."""

    won: int
    lost: int
    tied: int
    share: float | None
    low: float
    high: float
    p: float
    at: records.Timestamp


Line = Begun | Answered | Verdict | Preference | Cleared | Outcome

_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def results_of(data: bytes, file: str) -> tuple[records.Result, ...]:
    """Return a result for each model and each settings of which answers were judged.

    Answers that nobody judged are counted, and no part of the score. Raises RecordError, naming
    *file*, for what is no such log, and where nothing in it was judged.
    """
    lines = list(_lines(data, file))
    begun = lines[0] if lines else None
    if not isinstance(begun, Begun):
        raise RecordError(f"is no log of {PROGRAM}", file=file)
    verdicts = {one.answer: one for one in lines if isinstance(one, Verdict)}
    groups: dict[bytes, list[Answered]] = {}
    for one in lines:
        if isinstance(one, Answered) and one.model < len(begun.models):
            key = (one.model, one.protocol, one.prompts.template_sha256)
            groups.setdefault(msgspec.json.encode(key, order="deterministic"), []).append(one)
    digest = hashlib.sha256(data).hexdigest()
    found = (_result(begun, group, verdicts, digest) for group in groups.values())
    results = tuple(one for one in found if one is not None)
    if not results:
        raise RecordError(
            "no answer in it was accepted or rejected",
            file=file,
            remedy=f"Judge answers on the page of {PROGRAM}; a preference alone is no verdict.",
        )
    return results


def _lines(data: bytes, file: str) -> Iterator[Line]:
    """Yield what *data* holds; a last line that was not written whole is left out."""
    *whole, _ = data.split(b"\n")
    for number, line in enumerate(whole, start=1):
        if not line.strip():
            continue
        if number > MOST_LINES or len(line) > MOST_LINE:
            raise RecordError(f"is longer than {MOST_LINES} lines of {MOST_LINE} bytes", file=file)
        try:
            yield _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RecordError(
                f"line {number} is none of a log of {PROGRAM}: {error}", file=file
            ) from None


def _result(
    begun: Begun, group: list[Answered], verdicts: Mapping[int, Verdict], digest: str
) -> records.Result | None:
    judged = [
        (one, verdict)
        for one in group
        if one.text is not None
        and (verdict := verdicts.get(one.answer)) is not None
        and verdict.accepted is not None
    ]
    if not judged:
        return None
    trials = Counter[str]()
    steps = []
    for one, verdict in judged:
        steps.append(_step(one, verdict, trials))
    several = max(trials.values()) > 1
    if not several:
        steps = [msgspec.structs.replace(step, trial=None) for step in steps]
    tried, first = begun.models[group[0].model], group[0]
    version = tried.versions.get("cardboard")
    count = len(judged)
    return records.Result(
        model=tried.model,
        suite=records.Suite(
            name=SUITE, version=SUITE_VERSION, kind=HOME.name, steps=len(trials), tasks=len(trials)
        ),
        protocol=msgspec.structs.replace(
            first.protocol,
            trials=max(trials.values()),
            harness=records.Harness(name=PROGRAM, version=version),
            extra={**first.protocol.extra, "answers_not_judged": len(group) - count},
        ),
        prompts=msgspec.structs.replace(
            first.prompts,
            status_counts=dict.fromkeys(first.prompts.status_counts, count),
        ),
        counts=records.Counts(
            expected=len(trials), scored=len(trials), failed=0, tasks=len(trials)
        ),
        metrics=measured(HOME, (ACCEPTED,), steps),
        timing=with_speeds(records.Timing(), steps),
        machine=begun.machine,
        status="complete",
        scorer=SCORER,
        versions=tried.versions,
        started_at=judged[0][0].at,
        finished_at=max(verdict.at for _, verdict in judged),
        provenance=records.Provenance(
            kind="by-hand",
            harness=records.Harness(name=PROGRAM, version=version),
            source_sha256=digest,
            evidence="by-hand",
        ),
        steps=tuple(steps),
    )


def _step(one: Answered, verdict: Verdict, trials: Counter[str]) -> records.Step:
    """Return a judged answer as a step, whose task is what was asked of the user's own words."""
    asked = [turn.content for turn in one.messages if turn.role == "user"]
    told = msgspec.json.encode(asked)
    task = f"q-{hashlib.sha256(told).hexdigest()[:12]}"
    trials[task] += 1
    return records.Step(
        task_id=task,
        step_idx=0,
        trial=trials[task] - 1,
        answer=one.text,
        parsed={"question": asked[-1] if asked else "", "note": verdict.note},
        scores={"accepted": float(bool(verdict.accepted))},
        finish_reason=one.finish_reason,
        prompt_tokens=one.prompt_tokens,
        output_tokens=one.output_tokens,
        seconds=one.seconds,
        said=one.said,
        timing=one.timing,
    )
