"""Comparisons as tables: pairs of models, and the parts of a suite where they differ."""

from .comparing import Comparison
from .document import NO_STEPS
from .model import Board, Entry
from .paired import Paired
from .tables import Cell, Table
from .workspace import Workspace

Titled = tuple[str, Table]

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
    return None if score is None else f"{score:.2f}"


def effects_tables(workspace: Workspace, pairs: list[tuple[Board, Entry, Entry]]) -> list[Titled]:
    """Return a table of buckets and one of source groups for each pair, from the steps on file."""
    from .effects import effects_of

    tables = []
    for board, a, b in pairs:
        for kind, found in effects_of(workspace, board, a, b).items():
            rows: list[tuple[Cell, ...]] = [(part, *_found(one)) for part, one in found.items()]
            title = f"{kind}: {a.label} minus {b.label} (uncorrected: to read, not to rank by)"
            tables.append((title, Table(PART, rows)))
    return tables
