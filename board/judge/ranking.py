"""Ranks of entries: equal printed scores share one, and nobody's name decides."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from ...eval.metrics import Metric
from ..model import Entry


def rank(entries: list[Entry], metrics: Sequence[Metric] = ()) -> tuple[Entry, ...]:
    """Return *entries* ranked and in display order: ranked ones first, then the others by label.

    Rank = 1 + number of rankable entries with a strictly better printed score, as the ranked one of
    *metrics* knows better. Inside a shared rank the order is that of the other metrics that boards
    show, then of names; it gives no other rank.
    """
    sign = next((metric.sign for metric in metrics if metric.ranked), 1)
    beside = [m for m in metrics if m.shown == "board" and not m.ranked and m.sign]
    rankable = sorted(
        (e for e in entries if e.rankable), key=lambda entry: _display_order(entry, sign, beside)
    )
    unrankable = sorted(
        (e for e in entries if not e.rankable), key=lambda e: (e.label, e.result_id)
    )
    descending = [-sign * _score(entry) for entry in rankable]
    sharers: dict[float, list[str]] = defaultdict(list)
    for entry in rankable:
        sharers[_score(entry)].append(entry.label)
    ranked = []
    for entry in rankable:
        place = 1 + bisect_left(descending, -sign * _score(entry))
        others = tuple(label for label in sharers[_score(entry)] if label != entry.label)
        text = f"{place}=" if others else str(place)
        ranked.append(replace(entry, rank=place, rank_text=text, tied_with=others))
    return (*ranked, *unrankable)


def _score(entry: Entry) -> float:
    assert entry.score is not None, "a rankable entry has a score"
    return entry.score


def _display_order(
    entry: Entry, sign: int, beside: Sequence[Metric]
) -> tuple[float, tuple[tuple[bool, float], ...], str, str]:
    others = [(metric.sign, entry.value(metric.id)) for metric in beside]
    return (
        -sign * _score(entry),
        tuple((value is None, -way * (value or 0.0)) for way, value in others),
        entry.label,
        entry.result_id,
    )
