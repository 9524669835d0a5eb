"""Comparisons as tables: pairs of models, and the parts of a suite where they differ."""

from collections.abc import Mapping

from msgspec import to_builtins

from ...eval.metrics import Metric
from ..compare.comparison import Comparison
from ..compare.counted import Counted
from ..compare.gate import Held, in_points
from ..model import Entry
from ..statistics.paired import Paired
from .rows import NO_STEPS
from .tables import Cell, Table

Titled = tuple[str, Table]
Parts = tuple[Comparison, Mapping[str, Mapping[str, Paired]]]
"""A comparison, and the same within each part of the suite, by kind of part."""

OF = ("suite", "version", "class", "metric", "a", "b", "against")

PAIR = (
    "A",
    "B",
    "B is",
    "A score",
    "B score",
    "difference",
    "95 %",
    "p",
    "won / lost / tied",
    "tasks needed",
    "verdict",
)
PART = ("part", "difference", "95 %", "p", "won / lost / tied")


def pair_tables(found: list[Comparison]) -> list[Titled]:
    """Return one table for all comparisons of a board, the board's name as its title."""
    boards: dict[str, list[Comparison]] = {}
    for one in found:
        boards.setdefault(_title(one), []).append(one)
    return [(title, Table(PAIR, [_pair(one) for one in same])) for title, same in boards.items()]


def _title(one: Comparison) -> str:
    title = f"{one.suite} {one.version} ({one.class_}): {one.metric}, A minus B by task"
    return f"{title}; lower is better" if one.better == "lower" else title


def _pair(one: Comparison) -> tuple[Cell, ...]:
    scores = (
        one.a,
        one.b,
        one.against,
        one.counted_a.text if isinstance(one.counted_a, Counted) else _score(one, one.score_a),
        one.counted_b.text if isinstance(one.counted_b, Counted) else _score(one, one.score_b),
    )
    if one.paired is None:
        return (*scores, None, None, None, None, None, NO_STEPS)
    return (*scores, *_found(one.paired, one.decimals), one.paired.tasks_needed, verdict(one))


def verdict(one: Comparison) -> str:
    """Say in words what the pair's own test and the board's corrected test find."""
    assert one.paired is not None
    if one.paired.low is None or one.paired.high is None:
        return "too few tasks"
    if one.paired.low <= 0 <= one.paired.high:
        return "level"
    more = one.paired.difference > 0
    if one.better == "neither":
        way = "more" if more else "less"
    else:
        way = "better" if more == (one.better == "higher") else "worse"
    if one.separable or one.against == "version":
        return way
    return f"{way} as a pair, level on the board"


def _found(paired: Paired, decimals: int) -> tuple[Cell, ...]:
    span = None
    if paired.low is not None:
        span = f"{paired.low:+.{decimals}f} to {paired.high:+.{decimals}f}"
    return (
        f"{paired.difference:+.{decimals}f}",
        span,
        f"{paired.p:.4f}",
        f"{paired.won} / {paired.lost} / {paired.tied}",
    )


def told(held: Held) -> str:
    """Say in one line what the gate answers, and which differences its tasks can see at all."""
    metric, found = held.metric, held.gate
    scores = (f"{_score_of(metric, entry)} {entry.label}" for entry in (held.a, held.b))
    where = f"{held.board.suite.name} {held.board.suite.version}, {metric.id}"
    head = f"{held.answer} on {where}: {' against '.join(scores)}"
    if found is None:
        few = "both need a ranked result with the same steps, of at least six tasks"
        return f"{head}: cannot be compared: {few}"
    digits, unit = max(metric.decimals, 1), "points" if in_points(metric) else metric.unit

    def size(value: float) -> str:
        return f"{abs(value):.{digits}f}"

    def way(value: float) -> str:
        return f"{size(value)} {unit} {'better' if value > 0 else 'worse'}"

    allowed = f"{size(held.margin)} {'allowed' if held.margin >= 0 else 'better wanted'}"
    sees = f"these {held.tasks} tasks show only differences of {size(found.smallest)} or more"
    if held.identical:
        return f"{head}: identical in every step; {sees}"
    if held.answer == "passed":
        least = "at least" if found.low > 0 else "at most"
        some = "; worse by some, but within the margin" if found.high < 0 else ""
        return f"{head}: {least} {way(found.low)} (95 %), {allowed}{some}; {sees}"
    if held.answer == "failed":
        most = "at most" if found.high > 0 else "at least"
        return f"{head}: {most} {way(found.high)} (95 %), {allowed}; {sees}"
    between = f"between {way(found.low)} and {way(found.high)} (95 %), {allowed}"
    settle = ""
    if found.tasks_needed is not None and found.tasks_needed > held.tasks:
        settle = f"; about {found.tasks_needed:,} would settle {size(held.margin)}"
    return f"{head}: {between}; {sees}{settle}"


def _score_of(metric: Metric, entry: Entry) -> str:
    value = entry.value(metric.id)
    return "no value" if value is None else f"{metric.scale * value:.{metric.decimals}f}"


def _score(one: Comparison, score: float | None) -> str | None:
    return None if score is None else f"{score:.{one.decimals}f}"


def effects_tables(parts: list[Parts]) -> list[Titled]:
    """Return a table of each division for each pair."""
    tables = []
    for pair, by_kind in parts:
        for kind, found in by_kind.items():
            rows: list[tuple[Cell, ...]] = [
                (part, *_found(one, pair.decimals)) for part, one in found.items()
            ]
            part_of = kind.replace("_", " ")
            title = f"{part_of}: {pair.a} minus {pair.b} (uncorrected: to read, not to rank by)"
            tables.append((title, Table(PART, rows)))
    return tables


def document(found: list[Comparison], parts: list[Parts]) -> dict[str, object]:
    """Return pairs and their parts as plain JSON values; unknown is null."""
    return {
        "pairs": [to_builtins(one) | {"verdict": _verdict(one)} for one in found],
        "effects": [
            dict(zip(OF, _of(pair), strict=True))
            | {"part_of": kind, "part": part}
            | to_builtins(one)
            for pair, by_kind in parts
            for kind, within in by_kind.items()
            for part, one in within.items()
        ],
    }


def fields(found: list[Comparison], parts: list[Parts]) -> Table:
    """Return pairs and their parts as rows for programs: one figure a field, unknown empty."""
    rows = [
        (*_of(one), None, None, one.score_a, one.score_b, *_figures(one.paired), _verdict(one))
        for one in found
    ]
    rows += [
        (*_of(pair), kind, part, None, None, *_figures(one), None)
        for pair, by_kind in parts
        for kind, within in by_kind.items()
        for part, one in within.items()
    ]
    head = (*OF, "part_of", "part", "score_a", "score_b")
    return Table((*head, *Paired.__struct_fields__, "verdict"), rows)


def _of(one: Comparison) -> tuple[str, ...]:
    return one.suite, one.version, one.class_, one.metric, one.a, one.b, one.against


def _figures(paired: Paired | None) -> tuple[Cell, ...]:
    names = Paired.__struct_fields__
    return tuple(getattr(paired, name) if paired else None for name in names)


def _verdict(one: Comparison) -> str:
    return verdict(one) if one.paired else NO_STEPS
