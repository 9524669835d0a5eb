"""Step scores: how close predicted commands come to the reference's."""

from collections.abc import Sequence
from math import fsum

from msgspec import Struct

from ....errors import CardboardError
from ....records import Share
from .matching import Reference, References
from .units import bag, normalise

SCORER = "token-f1/2"
"""Name and version of this scorer, as `Result.scorer` records it: what is thought within an answer
is no part of it, and an answer that says nothing is worth nothing."""

FIRST_SCORER = "token-f1/1"
"""It reads thoughts as it reads answers. Published scores are its, and those of old files too."""

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


NOTHING = StepScore(first_cmd_exact=0.0, command_precision=0.0, command_recall=0.0, command_f1=0.0)
"""What an answer is worth that says nothing."""


class UnscorableStep(CardboardError):
    """A step holds so many commands that comparing them would stall the run."""


_references = References(room=2_000_000)


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
    # A token has at least one character, or is that of a unit without any.
    if (sum(map(len, pred_units)) + len(pred_units)) * len(reference.sizes) > MAX_LOOKUPS:
        _check(reference, pred_units)
    tops, best = reference.match(pred_units)
    precision = fsum(map(tops.__getitem__, pred_units)) / len(pred_units)
    recall = fsum(map(best.__getitem__, reference.order)) / len(ref_units)
    total = precision + recall
    return StepScore(
        first_cmd_exact=float(normalise(pred_units[0]).lower() == reference.first),
        command_precision=round(precision, 4),
        command_recall=round(recall, 4),
        command_f1=round(2 * precision * recall / total if total else 0.0, 4),
    )


def _check(reference: Reference, pred_units: Sequence[str]) -> None:
    distinct = {bag(unit) for unit in pred_units}
    if sum(map(len, distinct)) * len(reference.sizes) > MAX_LOOKUPS:
        raise UnscorableStep(
            f"{len(distinct)} different predicted commands against {len(reference.sizes)} of the "
            "reference are too many to compare"
        )


def bucket_of(step_idx: int) -> str:
    """Return where in its task a step stands: the first two are early, from the sixth on late."""
    return "early" if step_idx <= 1 else "mid" if step_idx <= 4 else "late"
