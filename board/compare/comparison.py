"""Two entries of a board, task by task; fine-tunes against their base and their siblings."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from ...eval.errors import CardboardError, UsageError
from ..judge.resolution import measured_entries, sampling, task_sums
from ..model import Board, Boards, Entry
from ..statistics.paired import Paired, paired
from ..statistics.rank_ranges import told_apart
from ..workspace.settings import Ranking

Against = Literal["neighbour", "base", "sibling", "named"]


class Comparison(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """Entry A against entry B on one board; differences are A minus B, in points."""

    suite: str
    version: str
    class_: str
    a: str
    b: str
    against: Against
    """What B is to A."""
    score_a: float | None
    score_b: float | None
    paired: Paired | None
    """`None` where one of the two has no comparable per-step data."""
    separable: bool | None
    """Whether the board's own corrected test tells the two apart, as its rank ranges do."""


def compare(
    board: Board,
    pairs: list[tuple[Entry, Entry]],
    ranking: Ranking,
    against: Against = "named",
) -> list[Comparison]:
    """Compare each pair of ranked entries of *board* on the tasks that they share."""
    measured = measured_entries(board)
    row = {entry.result_id: number for number, entry in enumerate(measured)}
    rows = [(row.get(a.result_id), row.get(b.result_id)) for a, b in pairs]
    known = [(i, j) for i, j in rows if i is not None and j is not None]
    found: dict[tuple[int | None, int | None], tuple[Paired, bool]] = {}
    if known:
        sample, sums = sampling(board, measured, ranking), task_sums(measured, "f1_sums")
        critical = board.method.critical if board.method else None
        results = paired(sample, sums, known)
        apart = told_apart(sample, sums, known, critical)
        found.update(zip(known, zip(results, apart, strict=True), strict=True))
    return [
        Comparison(
            suite=board.suite.name,
            version=board.suite.version,
            class_=board.class_,
            a=a.label,
            b=b.label,
            against=against,
            score_a=a.score,
            score_b=b.score,
            paired=found[place][0] if place in found else None,
            separable=found[place][1] if place in found else None,
        )
        for (a, b), place in zip(pairs, rows, strict=True)
    ]


def neighbours(board: Board, entry: Entry) -> list[Entry]:
    """Return the ranked entries just above and just below *entry*, two on each side."""
    ranked = board.ranked
    at = next(n for n, other in enumerate(ranked) if other.result_id == entry.result_id)
    return [ranked[n] for n in range(max(at - 2, 0), min(at + 3, len(ranked))) if n != at]


def family_tree(boards: Boards, ranking: Ranking) -> Iterator[Comparison]:
    """Compare every fine-tune with its base model and its sibling epochs, as models.toml has them.

    An epoch is compared with the one before it in its series. A base that has no ranked result on
    the same suite gives nothing.
    """
    for board in boards.boards:
        ranked = {entry.model.lower(): entry for entry in board.ranked}
        bases = [
            (entry, ranked[base.lower()])
            for entry in board.ranked
            if (base := entry.profile.base_model) and base.lower() in ranked
        ]
        yield from compare(board, bases, ranking, "base")
        yield from compare(board, _siblings(board), ranking, "sibling")


def _siblings(board: Board) -> list[tuple[Entry, Entry]]:
    series: dict[str, list[tuple[float, Entry]]] = {}
    for entry in board.ranked:
        profile = entry.profile
        if profile.series is not None and profile.epoch is not None:
            series.setdefault(profile.series, []).append((profile.epoch, entry))
    pairs = []
    for _, members in sorted(series.items()):
        members.sort(key=lambda pair: (pair[0], pair[1].label))
        pairs += [(later, earlier) for (_, earlier), (_, later) in pairwise(members)]
    return pairs


def both(boards: Boards, a: str, b: str) -> list[tuple[Board, Entry, Entry]]:
    """Return every board that ranks both models; raise `UsageError` where none does."""
    found = [
        (board, one, other)
        for board in boards.boards
        for one in board.ranked
        if a.lower() in names(one)
        for other in board.ranked
        if b.lower() in names(other)
    ]
    if not found:
        known = {n for board in boards.boards for entry in board.ranked for n in names(entry)}
        missing = [name for name in (a, b) if name.lower() not in known]
        raise UsageError(
            f"no ranked result of {' or of '.join(missing)}"
            if missing
            else f"no board ranks both {a} and {b}",
            remedy="`cardboard explain MODEL` says why a model is not ranked.",
        )
    return found


def names(entry: Entry) -> set[str]:
    """Return every name by which a person may mean *entry*, in lower case."""
    return {name.lower() for name in (entry.model, entry.label, entry.slug, entry.result_id)}


class Uncertain(CardboardError):
    """A gate was asked about models that cannot be compared."""


def passes(comparison: Comparison, min_delta: float) -> bool:
    """Tell whether A is not significantly below B + *min_delta* points.

    A fails when the whole 95 % interval of the paired difference lies below *min_delta*. Raises
    `Uncertain` where there is no interval: a gate must not pass for want of data.
    """
    found = comparison.paired
    if found is None or found.high is None:
        raise Uncertain(
            f"{comparison.a} and {comparison.b} cannot be compared on {comparison.suite}",
            remedy="Both need a ranked result with the same steps, of at least six tasks.",
        )
    return found.high >= min_delta
