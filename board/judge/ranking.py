"""Ranks of entries: equal printed scores share one, and nobody's name decides."""

from bisect import bisect_left
from collections import defaultdict

from msgspec.structs import replace

from ..model import Entry


def rank(entries: list[Entry]) -> tuple[Entry, ...]:
    """Return *entries* ranked and in display order: ranked ones first, then the others by label.

    Rank = 1 + number of rankable entries with a strictly higher printed score. Inside a shared
    rank the order is recall, precision, valid JSON, then name; it gives no other rank.
    """
    rankable = sorted((e for e in entries if e.rankable), key=_display_order)
    unrankable = sorted(
        (e for e in entries if not e.rankable), key=lambda e: (e.label, e.result_id)
    )
    descending = [-_score(entry) for entry in rankable]
    sharers: dict[float, list[str]] = defaultdict(list)
    for entry in rankable:
        sharers[_score(entry)].append(entry.label)
    ranked = []
    for entry in rankable:
        place = 1 + bisect_left(descending, -_score(entry))
        others = tuple(label for label in sharers[_score(entry)] if label != entry.label)
        text = f"{place}=" if others else str(place)
        ranked.append(replace(entry, rank=place, rank_text=text, tied_with=others))
    return (*ranked, *unrankable)


def _score(entry: Entry) -> float:
    assert entry.score is not None, "a rankable entry has a score"
    return entry.score


def _display_order(entry: Entry) -> tuple[float, float, float, float, str, str]:
    metrics = entry.metrics
    return (
        -_score(entry),
        -(metrics.command_recall or 0.0),
        -(metrics.command_precision or 0.0),
        -(metrics.valid_json_pct or 0.0),
        entry.label,
        entry.result_id,
    )
