"""The step score as its definition reads, without a thought for speed: the real one equals it."""

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from math import fsum

from cardboard.eval.suites.kinds.replay.scoring import Rules, StepScore


def plain_normalise(unit: str) -> str:
    """Collapse blanks; nothing is a wait."""
    return re.sub(r"\s+", " ", unit.strip()) or "<WAIT>"


def plain_tokens(unit: str) -> list[str]:
    """Split as a POSIX shell would, or at blanks where that cannot be done."""
    line = plain_normalise(unit).lower()
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def plain_similarity(left: str, right: str) -> float:
    """Compare two units as bags of tokens."""
    one, other = Counter(plain_tokens(left)), Counter(plain_tokens(right))
    overlap = (one & other).total()
    if not overlap:
        return float(not one and not other)
    precision, recall = overlap / one.total(), overlap / other.total()
    return 2 * precision * recall / (precision + recall)


def plain_rescore(ref_units: Sequence[str], pred_units: Sequence[str], rules: Rules) -> StepScore:
    """Compare every predicted unit with every unit of the reference."""
    first = precision = recall = f1 = 0.0
    if ref_units and pred_units:
        first = float(
            plain_normalise(ref_units[0]).lower() == plain_normalise(pred_units[0]).lower()
        )
        recall = fsum(
            max(plain_similarity(ref, pred) for pred in pred_units) for ref in ref_units
        ) / len(ref_units)
        precision = fsum(
            max(plain_similarity(pred, ref) for ref in ref_units) for pred in pred_units
        ) / len(pred_units)
        if precision + recall:
            f1 = 2 * precision * recall / (precision + recall)
    elif not ref_units and not pred_units:
        first = precision = recall = f1 = rules.both_empty
    return StepScore(
        first_cmd_exact=first,
        command_precision=round(precision, 4),
        command_recall=round(recall, 4),
        command_f1=round(f1, 4),
    )
