"""Two entries of a board, task by task; fine-tunes against their base and their siblings."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from ...eval.errors import UsageError
from ...eval.metrics import Better, Metric
from ..judge.resolution import measured_entries, sums_key, task_sums, tasks_of
from ..model import Board, Boards, Entry
from ..statistics.paired import Paired, paired
from ..statistics.rank_ranges import rank_ranges, separable
from .counted import Counted, counted

Against = Literal["neighbour", "base", "sibling", "named", "version"]


class Comparison(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """Entry A against entry B on one board; differences are A minus B, as printed."""

    suite: str
    version: str
    class_: str
    a: str
    b: str
    against: Against
    """What B is to A."""
    metric: str
    better: Better
    """Which way the metric is better; a difference is always A minus B."""
    decimals: int
    """Of a printed difference."""
    score_a: float | None
    """The metric of A as it is printed."""
    score_b: float | None
    counted_a: Counted | UnsetType = UNSET
    """How many tasks of A have the metric; not there where that is no count of tasks."""
    counted_b: Counted | UnsetType = UNSET
    paired: Paired | None
    """`None` where one of the two has no comparable per-step data."""
    separable: bool | None
    """Whether the board's own corrected test of the metric tells the two apart, as its rank ranges
    do."""


def compare(
    board: Board,
    pairs: list[tuple[Entry, Entry]],
    against: Against = "named",
    metric: Metric | None = None,
) -> list[Comparison]:
    """Compare each pair of ranked entries of *board* on the tasks that they share.

    By the ranked metric, unless another one is given.
    """
    metric = metric or board.suite.ranked
    measured = measured_entries(board, metric)
    row = {entry.result_id: number for number, entry in enumerate(measured)}
    rows = [(row.get(a.result_id), row.get(b.result_id)) for a, b in pairs]
    known = [(i, j) for i, j in rows if i is not None and j is not None]
    found: dict[tuple[int | None, int | None], tuple[Paired, bool]] = {}
    sums = task_sums(board.suite, measured, metric.id) if known else None
    if sums is not None:
        tasks = tasks_of(board, measured)
        if metric.ranked and board.method is not None:
            ranges = board.method.of.of_ranked
        else:
            ranges = rank_ranges(tasks, sums.rising, bounded=sums.scale.bounded)
        results = paired(tasks, sums.rising, known, sums.scale)
        if metric.better == "lower":
            results = [turned(one) for one in results]
        apart = separable(tasks, sums.rising, known, ranges)
        found.update(zip(known, zip(results, apart, strict=True), strict=True))
    return [
        Comparison(
            suite=board.suite.name,
            version=board.suite.version,
            class_=board.class_,
            a=a.label,
            b=b.label,
            against=against,
            metric=metric.id,
            better=metric.better,
            decimals=metric.decimals,
            score_a=printed(metric, a),
            score_b=printed(metric, b),
            counted_a=counted(a, metric) or UNSET,
            counted_b=counted(b, metric) or UNSET,
            paired=found[place][0] if place in found else None,
            separable=found[place][1] if place in found else None,
        )
        for (a, b), place in zip(pairs, rows, strict=True)
    ]


def printed(metric: Metric, entry: Entry) -> float | None:
    """Return the value of *metric* in *entry* as it is printed."""
    value = entry.value(metric.id)
    return None if value is None else metric.printed(value)


def turned(one: Paired) -> Paired:
    """Return a comparison of which less is better, made as if more were, with its own signs."""
    low = None if one.high is None else -one.high
    high = None if one.low is None else -one.low
    return replace(one, difference=-one.difference, low=low, high=high)


def neighbours(board: Board, entry: Entry) -> list[Entry]:
    """Return the ranked entries just above and just below *entry*, two on each side."""
    ranked = board.ranked
    at = next(n for n, other in enumerate(ranked) if other.result_id == entry.result_id)
    return [ranked[n] for n in range(max(at - 2, 0), min(at + 3, len(ranked))) if n != at]


def comparable(board: Board) -> dict[str, Metric]:
    """Return the metrics that steps have scores of, by id: those that models are compared by."""
    return {metric.id: metric for metric in board.suite.metrics if sums_key(metric) is not None}


def chosen(boards: Sequence[Board], metric: str | None) -> list[tuple[Board, Metric]]:
    """Return those of *boards* whose steps have scores of *metric*, with that metric.

    All of them, each with the one that it is ranked by, where none is named. Raises `UsageError`
    with the known ones where no board has it.
    """
    if metric is None:
        return [(board, board.suite.ranked) for board in boards]
    found = [(board, has[metric]) for board in boards if metric in (has := comparable(board))]
    if boards and not found:
        known = dict.fromkeys(name for board in boards for name in comparable(board))
        raise UsageError(
            f"no steps here have scores of the metric {metric!r}",
            remedy=f"Known: {', '.join(known)}." if known else "None has any.",
        )
    return found


def family_tree(boards: Boards, metric: str | None = None) -> Iterator[Comparison]:
    """Compare every fine-tune with its base model and its sibling epochs, as models.toml has them.

    An epoch is compared with the one before it in its series. A base that has no ranked result on
    the same suite gives nothing.
    """
    for board, measure in chosen(boards.boards, metric):
        ranked = {entry.model.lower(): entry for entry in board.ranked}
        bases = [
            (entry, ranked[base.lower()])
            for entry in board.ranked
            if (base := entry.profile.base_model) and base.lower() in ranked
        ]
        yield from compare(board, bases, "base", measure)
        yield from compare(board, _siblings(board), "sibling", measure)


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


def by_metric(
    pairs: Sequence[tuple[Board, Entry, Entry]], metric: str | None
) -> Iterator[tuple[Board, Entry, Entry, Metric]]:
    """Yield those of *pairs* whose board can compare them by *metric*; see `chosen`."""
    has = {id(board): found for board, found in chosen([pair[0] for pair in pairs], metric)}
    for board, a, b in pairs:
        if id(board) in has:
            yield board, a, b, has[id(board)]


def names(entry: Entry) -> set[str]:
    """Return every name by which a person may mean *entry*, in lower case."""
    return {name.lower() for name in (entry.model, entry.label, entry.slug, entry.result_id)}
