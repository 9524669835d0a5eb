"""The result file made of a run, or of stored answers scored again: counted, averaged, written."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from msgspec import UNSET
from msgspec.structs import replace

from ..engine import Answer
from ..errors import CardboardError, RecordError, UsageError
from ..records import (
    Counts,
    Environment,
    Group,
    Machine,
    Model,
    Prompts,
    Protocol,
    Result,
    Status,
    Step,
    Timing,
    encode,
)
from ..suites.kinds.aggregate import divided, measured
from ..suites.kinds.kind import Kind, Row, key_of
from ..suites.kinds.registry import kind_of
from ..suites.suite import Suite
from .heading import Head
from .usage import with_speeds

_PATH = re.compile(r"(?<![\w:/.])~?(?:/[\w.+@-]+)+/([\w.+@-]+)")
_LONGEST = 1000


def assemble(
    head: Head,
    rows: Sequence[Row],
    answers: Mapping[str, Answer],
    *,
    skipped: Mapping[str, str],
    timing: Timing,
    finished_at: str,
    machine: Machine | None = None,
    environment: Environment | None = None,
    error: str | None = None,
) -> Result:
    """Return the result of a run as far as it came.

    *skipped* says why a step was not asked, by key; a step that is in neither mapping is left out.
    With *error* the run as a whole failed. Raises UsageError where suites of the kind are measured
    elsewhere.
    """
    kind, protocol = kind_of(head.suite.kind), head.protocol
    if kind.score is None:
        raise UsageError(f"suites of the kind {kind.name} are not scored here", key="suite")
    trials = protocol.trials or 1
    asked = [(row, trial) for row in rows for trial in range(trials)]
    score = partial(scored, kind=kind, protocol=protocol, version=head.suite.version)
    steps = tuple(_steps(asked, trials, answers, skipped, score))
    right = sum(step.scored for step in steps)
    called = [answers[key] for key in (key_of(*one) for one in asked) if key in answers]
    failed = len(called) - right
    status: Status = "complete" if right == len(asked) else "partial"
    if error is not None or (failed and not right):
        status = "failed"
    first = next((step.error for step in steps if step.error), None)
    return Result(
        model=_served(head.model, called),
        suite=head.suite,
        protocol=protocol,
        prompts=_told(head.prompts, called, episodes=protocol.turns is not None),
        counts=Counts(
            expected=len(asked),
            scored=right,
            failed=failed,
            tasks=len({step.task_id for step in steps if step.scored}),
        ),
        metrics=measured(kind, kind.metrics, steps),
        divisions=divisions_of(kind, steps),
        timing=with_speeds(timing, steps),
        machine=machine or Machine(),
        status=status,
        error=presentable(error or first) if status != "complete" else None,
        scorer=kind.scorer,
        environment=environment or UNSET,
        versions=head.versions,
        started_at=head.started_at,
        finished_at=finished_at,
        shard=head.shard,
        steps=steps,
    )


def _served(model: Model, called: Sequence[Answer]) -> Model:
    """Add what only the replies of a server tell of the model that gave them."""
    if model.server is None:
        return model
    names = sorted({answer.model for answer in called if answer.model})
    marks = sorted({one.system_fingerprint for one in called if one.system_fingerprint})
    server = replace(
        model.server,
        model=", ".join(names) or None,
        system_fingerprint=", ".join(marks)[:_LONGEST] or None,
    )
    return replace(model, server=server)


def divisions_of(kind: Kind, steps: Sequence[Step]) -> dict[str, dict[str, Group]]:
    """Return the figures of each group of *steps*, first in the divisions that the kind names."""
    found = divided(kind.metrics, steps)
    return {name: found[name] for name in dict.fromkeys((*kind.divisions, *found)) if name in found}


def _steps(
    asked: Iterable[tuple[Row, int]],
    trials: int,
    answers: Mapping[str, Answer],
    skipped: Mapping[str, str],
    score: Callable[[Step], Step],
) -> Iterator[Step]:
    for row, trial in asked:
        key, step = key_of(row, trial), _asked(row)
        if trials > 1:
            step = replace(step, trial=trial)
        if key in answers:
            yield _answered(step, answers[key], score)
        elif key_of(row) in skipped:
            yield replace(step, scored=False, error=skipped[key_of(row)])


def _asked(row: Row) -> Step:
    """Return a step before it is answered."""
    return Step(
        task_id=row.task_id,
        step_idx=row.step_idx,
        sample_idx=row.sample_idx,
        groups=row.groups,
        reference=row.reference,
    )


def _answered(step: Step, answer: Answer, score: Callable[[Step], Step]) -> Step:
    step = replace(
        step,
        answer=answer.text,
        finish_reason=answer.finish_reason,
        prompt_tokens=answer.prompt_tokens,
        output_tokens=answer.output_tokens,
        seconds=answer.seconds,
        said=answer.said or UNSET,
        timing=answer.timing or UNSET,
    )
    if answer.error is not None or answer.text is None:
        return replace(step, scored=False, error=presentable(answer.error or "no answer"))
    return score(step)


def scored(step: Step, *, kind: Kind, protocol: Protocol, version: str | None) -> Step:
    """Return *step* with its answer read and scored as *kind* does; *version* is the suite's."""
    assert step.answer is not None and kind.score is not None
    reference = {**(step.reference or {}), **kind.beside(step, protocol)}
    found = kind.score(reference, step.answer, version)
    scores = {name: value for name, value in found.scores.items() if value is not None}
    return replace(
        step,
        scored=found.error is None,
        error=found.error,
        parsed=found.parsed,
        scores={} if found.error is not None else scores,
    )


def _told(prompts: Prompts, called: Sequence[Answer], *, episodes: bool) -> Prompts:
    """Add what only the engine's answers tell, where prompts were not built here."""
    if prompts.tokens_max is not None:
        return prompts
    counted = [] if episodes else called  # what one of them sends adds up from turn to turn
    lengths = [answer.prompt_tokens for answer in counted if answer.prompt_tokens is not None]
    first = [answer.first_token_ids for answer in called if answer.first_token_ids]
    return replace(
        prompts,
        tokens_min=min(lengths, default=None),
        tokens_median=median(lengths) if lengths else None,
        tokens_max=max(lengths, default=None),
        first_token_ids=first[0] if first else None,
        doubled_bos=any(len(set(ids[:2])) < len(ids[:2]) for ids in first) if first else None,
    )


def presentable(error: str | None) -> str | None:
    """Return an error's words without the paths of this machine, and not too many of them."""
    return None if error is None else _PATH.sub(r"\1", error)[:_LONGEST]


def write(path: Path, result: Result) -> None:
    """Write *result* aside and move it to *path*: the file is whole or not there.

    Raises CardboardError where the folder cannot be written.
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(encode(result))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise CardboardError(error.strerror or "cannot be written", file=path.name) from error


def rescored(result: Result, file: str) -> Result:
    """Return *result* scored again: steps, figures, counts, status and the scorer's version.

    Steps that were never answered stay as they are. Raises RecordError, naming *file*, where a
    scored step does not hold its answer in full, and where suites of the kind are not scored here.
    """
    if not result.steps:
        raise RecordError("holds no steps", file=file, key="steps")
    kind = kind_of(result.suite.kind)
    if kind.score is None:
        raise RecordError(
            f"suites of the kind {kind.name} are not scored here", file=file, key="suite.kind"
        )
    score = partial(scored, kind=kind, protocol=result.protocol, version=result.suite.version)
    steps = tuple(_rescored(step, score, file) for step in result.steps)
    right = sum(step.scored for step in steps)
    status = result.status
    if status != "failed":
        status = "complete" if right == result.counts.expected else "partial"
    counts = result.counts
    # The steps that were answered are as many as before, scored or not.
    failed = None if counts.failed is None else counts.failed + (counts.scored or 0) - right
    return replace(
        result,
        steps=steps,
        counts=replace(counts, scored=right, failed=failed),
        metrics=measured(kind, kind.metrics, steps),
        divisions=divisions_of(kind, steps),
        status=status,
        error=None if status == "complete" else result.error,
        scorer=kind.scorer,
    )


def referenced(result: Result, suite: Suite, file: str) -> Result:
    """Return *result* with the references and groups that *suite* has now, to be scored again.

    Raises RecordError, naming *file*, where the suite asks something else than was answered.
    """
    rows = {key_of(row): row for row in suite.rows}
    known = result.suite.prompts_sha256
    if known is None or known != suite.prompts_sha256:
        raise RecordError(
            f"{suite.name} asks something else now than this result answers",
            file=file,
            key="suite.prompts_sha256",
            remedy="Measure it again.",
        )
    steps = []
    for step in result.steps:
        sample = "" if step.sample_idx is None else f".{step.sample_idx}"
        row = rows.get(f"{step.task_id}{sample}/{step.step_idx}")
        steps.append(
            step if row is None else replace(step, reference=row.reference, groups=row.groups)
        )
    return replace(result, suite=suite.record, steps=tuple(steps))


def _rescored(step: Step, score: Callable[[Step], Step], file: str) -> Step:
    if step.answer is not None:
        return score(step)
    if step.scored:
        raise RecordError(
            "a scored step has no answer",
            file=file,
            key=f"{step.task_id}/{step.step_idx}",
            remedy="Only results that hold each answer in full can be scored again.",
        )
    return step
