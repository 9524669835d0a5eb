"""Comparisons as tables: pairs of models, and the parts of a suite where they differ."""

from collections.abc import Mapping

from msgspec import to_builtins

from ..compare.comparison import Comparison
from ..notes.figures import shown
from ..statistics.paired import Paired
from .document import NO_STEPS
from .tables import Cell, Table

Titled = tuple[str, Table]
Parts = tuple[Comparison, Mapping[str, Mapping[str, Paired]]]
"""A comparison, and the same within each part of the suite, by kind of part."""

OF = ("suite", "version", "class", "a", "b", "against")

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
    boards = dict.fromkeys((one.suite, one.version, one.class_) for one in found)
    return [
        (
            f"{suite} {version} ({class_}): A minus B, by task",
            Table(
                PAIR, [_pair(one) for one in found if (one.suite, one.version, one.class_) == key]
            ),
        )
        for key in boards
        for suite, version, class_ in [key]
    ]


def _pair(one: Comparison) -> tuple[Cell, ...]:
    scores = (one.a, one.b, one.against, _points(one.score_a), _points(one.score_b))
    if one.paired is None:
        return (*scores, None, None, None, None, None, NO_STEPS)
    return (*scores, *_found(one.paired), one.paired.tasks_needed, verdict(one))


def verdict(one: Comparison) -> str:
    """Say in words what the pair's own test and the board's corrected test find."""
    assert one.paired is not None
    if one.paired.low is None or one.paired.high is None:
        return "too few tasks"
    if one.paired.low <= 0 <= one.paired.high:
        return "level"
    way = "better" if one.paired.difference > 0 else "worse"
    return way if one.separable else f"{way} as a pair, level on the board"


def _found(paired: Paired) -> tuple[Cell, ...]:
    return (
        f"{paired.difference:+.2f}",
        f"{paired.low:+.2f} to {paired.high:+.2f}" if paired.low is not None else None,
        f"{paired.p:.4f}",
        f"{paired.won} / {paired.lost} / {paired.tied}",
    )


def _points(score: float | None) -> str | None:
    return None if score is None else shown("score", score)


def effects_tables(parts: list[Parts]) -> list[Titled]:
    """Return a table of buckets and one of source groups for each pair."""
    tables = []
    for pair, by_kind in parts:
        for kind, found in by_kind.items():
            rows: list[tuple[Cell, ...]] = [(part, *_found(one)) for part, one in found.items()]
            title = f"{kind}: {pair.a} minus {pair.b} (uncorrected: to read, not to rank by)"
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
    return one.suite, one.version, one.class_, one.a, one.b, one.against


def _figures(paired: Paired | None) -> tuple[Cell, ...]:
    names = Paired.__struct_fields__
    return tuple(getattr(paired, name) if paired else None for name in names)


def _verdict(one: Comparison) -> str:
    return verdict(one) if one.paired else NO_STEPS
