"""Step scores and their aggregate: how close predicted commands come to the reference's."""

from collections.abc import Iterable, Sequence
from math import fsum

from msgspec import Struct

from ..errors import CardboardError
from ..records import Aggregate, Bucket, Share, Slice, Step
from .matching import References
from .units import bag, normalise

SCORER = "token-f1/1"
"""Name and version of this scorer, as `Result.scorer` records it."""

MAX_LOOKUPS = 20_000_000
"""Tokens of a step's distinct predicted units, times the distinct units of its reference."""


class Rules(Struct, frozen=True, kw_only=True):
    """Where the scoring of suite versions differs."""

    both_empty: Share
    """All four scores of a step whose reference and prediction hold no command."""


RULES = {
    "corrected303": Rules(both_empty=0.0),
    "legacy386": Rules(both_empty=1.0),
}
"""The rules by suite version."""


class StepScore(Struct, frozen=True, kw_only=True):
    """The scores of one step: shares, rounded to four decimals."""

    first_cmd_exact: Share
    command_precision: Share
    command_recall: Share
    command_f1: Share


class UnscorableStep(CardboardError):
    """A step holds so many commands that comparing them would stall the run."""


_references = References(room=3_000_000)


def rescore(ref_units: Sequence[str], pred_units: Sequence[str], rules: Rules) -> StepScore:
    """Score the predicted units of one step against its reference units.

    Recall is the mean over the reference's units of the best similarity to any predicted unit,
    precision the mean over the predicted units of the best similarity to any of the reference's:
    not one-to-one. F1 is their harmonic mean. Sums are exact (`fsum`), so that no version of
    Python rounds them differently. Raises `UnscorableStep` beyond `MAX_LOOKUPS`.
    """
    if not ref_units or not pred_units:
        same = rules.both_empty if not ref_units and not pred_units else 0.0
        return StepScore(
            first_cmd_exact=same, command_precision=same, command_recall=same, command_f1=same
        )
    reference = _references.get(tuple(ref_units))
    known = reference.bags
    predicted = [known.get(unit) or bag(unit) for unit in pred_units]
    distinct = list(dict.fromkeys(predicted))
    if sum(map(len, distinct)) * len(reference.sizes) > MAX_LOOKUPS:
        raise UnscorableStep(
            f"{len(distinct)} different predicted commands against {len(reference.sizes)} of the "
            "reference are too many to compare"
        )
    found, best = reference.match(distinct)
    tops = dict(zip(distinct, found, strict=True))
    precision = fsum(map(tops.__getitem__, predicted)) / len(predicted)
    recall = fsum(map(best.__getitem__, reference.order)) / len(ref_units)
    total = precision + recall
    return StepScore(
        first_cmd_exact=float(normalise(pred_units[0]).lower() == reference.first),
        command_precision=round(precision, 4),
        command_recall=round(recall, 4),
        command_f1=round(2 * precision * recall / total if total else 0.0, 4),
    )


def bucket_of(step_idx: int) -> Bucket:
    """Return where in its task a step stands: the first two are early, from the sixth on late."""
    return "early" if step_idx <= 1 else "mid" if step_idx <= 4 else "late"


def aggregate(steps: Iterable[Step]) -> Aggregate:
    """Return the means over the scored *steps*, taken from their rounded scores.

    A mean to which one of the steps has no value is `None`, and so is every mean of no steps.
    F1 is the mean of the steps' F1, not the harmonic mean of mean precision and mean recall.
    """
    scored = [step for step in steps if step.scored]
    finished = [step for step in scored if step.ref_task_complete]
    unfinished = [step for step in scored if step.ref_task_complete is False]
    told = len(finished) + len(unfinished) == len(scored)
    buckets: dict[str, list[Step]] = {}
    groups: dict[str, list[Step]] = {}
    for step in scored:
        buckets.setdefault(step.bucket or bucket_of(step.step_idx), []).append(step)
        if step.source_group is not None:
            groups.setdefault(step.source_group, []).append(step)
    return Aggregate(
        avg_command_f1=_mean([step.command_f1 for step in scored], 4),
        avg_command_precision=_mean([step.command_precision for step in scored], 4),
        avg_command_recall=_mean([step.command_recall for step in scored], 4),
        first_cmd_exact_pct=_percent([step.first_cmd_exact for step in scored]),
        valid_json_pct=_percent([step.valid_json for step in scored]),
        has_analysis_pct=_percent([step.has_analysis for step in scored]),
        has_plan_pct=_percent([step.has_plan for step in scored]),
        avg_ref_cmds=_mean([_length(step.ref_command_units) for step in scored], 2),
        avg_pred_cmds=_mean([_length(step.pred_command_units) for step in scored], 2),
        complete_true_recall_pct=_percent(_completed(finished)) if told else None,
        premature_complete_rate_pct=_percent(_completed(unfinished)) if told else None,
        by_bucket={name: _slice(part) for name, part in sorted(buckets.items())},
        by_source_group={name: _slice(part) for name, part in sorted(groups.items())},
    )


def _slice(steps: list[Step]) -> Slice:
    return Slice(
        steps=len(steps),
        avg_command_f1=_mean([step.command_f1 for step in steps], 4),
        first_cmd_exact_pct=_percent([step.first_cmd_exact for step in steps]),
    )


def _completed(steps: list[Step]) -> list[bool]:
    """Tell which *steps* were called complete; an answer that does not say so was not."""
    return [bool(step.pred_task_complete) for step in steps]


def _length(units: tuple[str, ...] | None) -> int | None:
    return None if units is None else len(units)


def _mean(values: Sequence[float | None], decimals: int, scale: float = 1.0) -> float | None:
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return round(fsum(known) / len(known) * scale, decimals)


def _percent(values: Sequence[float | None]) -> float | None:
    return _mean(values, 1, 100.0)
