"""The result file made of a run, or of stored answers scored again: counted, averaged, written."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from ..engine import Answer
from ..errors import CardboardError, RecordError
from ..records import Counts, Prompts, Result, Status, Step, Timing, encode
from ..score.answers import parse_answer
from ..score.scoring import RULES, SCORER, Rules, UnscorableStep, aggregate, bucket_of, rescore
from ..suites.conversations import key_of
from ..suites.suite import Row
from .journal import Head

_PATH = re.compile(r"(?<![\w:/.])~?(?:/[\w.+@-]+)+/([\w.+@-]+)")
_LONGEST = 1000


def rules_of(version: str | None) -> Rules:
    """Return how a suite of this version is scored; ours are scored as the corrected one is."""
    return RULES.get(version or "", RULES["corrected303"])


def assemble(
    head: Head,
    rows: Sequence[Row],
    answers: Mapping[str, Answer],
    *,
    skipped: Mapping[str, str],
    timing: Timing,
    finished_at: str,
    error: str | None = None,
) -> Result:
    """Return the result of a run as far as it came.

    *skipped* says why a step was not asked, by key; a step that is in neither mapping is left out.
    With *error* the run as a whole failed.
    """
    rules = rules_of(head.suite.version)
    steps = tuple(_steps(rows, answers, skipped, rules))
    scored = sum(step.scored for step in steps)
    called = [answers[key] for key in map(key_of, rows) if key in answers]
    failed = len(called) - scored
    status: Status = "complete" if scored == len(rows) else "partial"
    if error is not None or (failed and not scored):
        status = "failed"
    first = next((step.error for step in steps if step.error), None)
    return Result(
        model=head.model,
        suite=head.suite,
        protocol=head.protocol,
        prompts=_told(head.prompts, called),
        counts=Counts(
            expected=len(rows),
            scored=scored,
            failed=failed,
            tasks=len({step.task_id for step in steps if step.scored}),
        ),
        aggregate=aggregate(steps),
        timing=timing,
        status=status,
        error=presentable(error or first) if status != "complete" else None,
        scorer=SCORER,
        versions=head.versions,
        started_at=head.started_at,
        finished_at=finished_at,
        shard=head.shard,
        steps=steps,
    )


def _steps(
    rows: Iterable[Row],
    answers: Mapping[str, Answer],
    skipped: Mapping[str, str],
    rules: Rules,
) -> Iterable[Step]:
    for row in rows:
        key = key_of(row)
        if key in answers:
            yield _answered(row, answers[key], rules)
        elif key in skipped:
            yield replace(_asked(row), scored=False, error=skipped[key])


def _asked(row: Row) -> Step:
    """Return a step before it is answered."""
    return Step(
        task_id=row.task_id,
        step_idx=row.step_idx,
        sample_idx=row.sample_idx,
        bucket=bucket_of(row.step_idx),
        source_group=row.source_group or None,
        ref_command_units=row.ref_command_units,
        ref_task_complete=row.ref_task_complete,
    )


def _answered(row: Row, answer: Answer, rules: Rules) -> Step:
    step = replace(
        _asked(row),
        raw_output=answer.text,
        finish_reason=answer.finish_reason,
        prompt_tokens=answer.prompt_tokens,
        output_tokens=answer.output_tokens,
    )
    if answer.error is not None or answer.text is None:
        return replace(step, scored=False, error=presentable(answer.error or "no answer"))
    return scored(step, rules)


def scored(step: Step, rules: Rules) -> Step:
    """Return *step* with its raw output parsed and scored by the present scorer."""
    assert step.raw_output is not None
    read = parse_answer(step.raw_output)
    step = replace(
        step,
        scored=True,
        error=None,
        pred_command_units=read.command_units,
        pred_task_complete=read.task_complete,
        valid_json=read.valid_json,
        has_analysis=read.has_analysis,
        has_plan=read.has_plan,
    )
    try:
        score = rescore(step.ref_command_units or (), read.command_units, rules)
    except UnscorableStep as error:
        return replace(step, scored=False, error=error.what)
    return replace(
        step,
        first_cmd_exact=score.first_cmd_exact,
        command_precision=score.command_precision,
        command_recall=score.command_recall,
        command_f1=score.command_f1,
    )


def _told(prompts: Prompts, called: Sequence[Answer]) -> Prompts:
    """Add what only the engine's answers tell, where prompts were not built here."""
    if prompts.tokens_max is not None:
        return prompts
    lengths = [answer.prompt_tokens for answer in called if answer.prompt_tokens is not None]
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
