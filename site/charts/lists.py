"""Charts that are lists: fine-tunes beside their bases, the ranks left open, groups by model."""

from msgspec import Struct

from ...board.compare.comparison import Comparison, compare
from ...board.model import Board, Entry

MOST_GAINS, MOST_RANGES, MOST_ROWS, MOST_GROUPS = 60, 40, 30, 16
MOST_MEASURED = 500
"""Ranked entries up to which pairs are tested here; `cardboard compare` tests any other."""


class Gain(Struct, frozen=True, kw_only=True):
    """A fine-tune and its base model, and how far apart they are."""

    label: str
    slug: str
    base: str
    base_slug: str
    score: float
    base_score: float
    difference: float
    low: float | None
    """Ends of the interval of the paired difference, where both hold the same steps."""
    high: float | None
    apart: bool | None
    """Whether the board's own corrected test tells the two apart."""


class Range(Struct, frozen=True, kw_only=True):
    """A ranked entry, and the ranks that paired tests leave open."""

    label: str
    slug: str
    rank: str
    low: int
    high: int
    score: float


class Heat(Struct, frozen=True, kw_only=True):
    """The ranked metric of the best entries in every group of a division, in its own unit."""

    division: str
    groups: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[float | None, ...]], ...]
    """Label, slug, a value a group."""
    more: bool
    """Whether there are more entries or groups."""


def gains_of(board: Board) -> tuple[tuple[Gain, ...], int]:
    """Return the fine-tunes with a ranked base, the largest gain first, and how many there are."""
    by_model = {entry.model.lower(): entry for entry in board.ranked}
    pairs = [
        (entry, by_model[base])
        for entry in board.ranked
        if (base := (entry.profile.base_model or "").lower()) in by_model
        and base != entry.model.lower()
    ]
    tested = compare(board, pairs) if pairs and len(board.ranked) <= MOST_MEASURED else []
    found = [
        _gain(one, base, tested[number] if tested else None)
        for number, (one, base) in enumerate(pairs)
    ]
    sign = board.suite.ranked.sign
    found.sort(key=lambda gain: (-sign * gain.difference, gain.label))
    # Where some must go, both ends of the list stay: what helped most, and what did harm.
    if len(found) > MOST_GAINS:
        half = MOST_GAINS // 2
        return (*found[:half], *found[-half:]), len(found)
    return tuple(found), len(found)


def _gain(one: Entry, base: Entry, tested: Comparison | None) -> Gain:
    paired = tested.paired if tested else None
    score, before = one.score or 0.0, base.score or 0.0
    return Gain(
        label=one.label,
        slug=one.slug,
        base=base.label,
        base_slug=base.slug,
        score=score,
        base_score=before,
        difference=paired.difference if paired else round(score - before, 9),
        low=paired.low if paired else None,
        high=paired.high if paired else None,
        apart=tested.separable if tested else None,
    )


def ranges_of(board: Board) -> tuple[Range, ...]:
    """Return the open ranks of the best entries; nothing where the suite can tell nobody apart."""
    return tuple(
        Range(
            label=entry.label,
            slug=entry.slug,
            rank=entry.rank_text,
            low=entry.resolution.low,
            high=entry.resolution.high,
            score=entry.score or 0.0,
        )
        for entry in board.ranked[:MOST_RANGES]
        if entry.resolution is not None and entry.resolution.tested
    )


def heats_of(board: Board) -> tuple[Heat, ...]:
    """Return a table a division that two or more of the best entries record, in groups."""
    suite, metric = board.suite, board.suite.ranked.id
    names = dict.fromkeys((*suite.of_kind.divisions, *suite.parts, *sorted(_divisions(board))))
    found: list[Heat] = []
    order = suite.of_kind.groups
    for name in names:
        having = [entry for entry in board.ranked if entry.result.divisions.get(name)]
        rows = having[:MOST_ROWS]
        parts = {part for entry in rows for part in entry.result.divisions[name]}
        groups = sorted(parts, key=lambda n: (order.index(n) if n in order else len(order), n))
        if len(rows) < 2 or len(groups) < 2:
            continue
        told = tuple(
            (
                entry.label,
                entry.slug,
                tuple(
                    part.metrics.get(metric) if (part := there.get(group)) else None
                    for group in groups[:MOST_GROUPS]
                ),
            )
            for entry in rows
            for there in [entry.result.divisions[name]]
        )
        more = len(having) > len(rows) or len(groups) > MOST_GROUPS
        found.append(Heat(division=name, groups=tuple(groups[:MOST_GROUPS]), rows=told, more=more))
    return tuple(found)


def _divisions(board: Board) -> set[str]:
    return {name for entry in board.ranked[:MOST_ROWS] for name in entry.result.divisions}
