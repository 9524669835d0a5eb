"""A board's rows: for people with few columns, for programs with every figure; and its summary."""

from collections.abc import Sequence

from ...eval.metrics import Metric
from ..model import Board, Entry
from ..words.findings import Finding
from ..workspace.settings import Suite
from .tables import Cell, Table

RESOLVED = ("95 %", "rank range", "level with")


def columns(board: Board) -> tuple[str, ...]:
    """Return the columns of a board's table; a metric's is named after it."""
    metrics = (field_of(metric) for metric in beside(board.suite))
    resolved: tuple[str, ...] = RESOLVED if board.method is not None else ()
    if board.method is None:
        known = any(uncertain(entry, board) for entry in board.entries), board.alone is not None
        resolved = tuple(name for name, there in zip(RESOLVED, known, strict=False) if there)
    return (
        "rank", "model", "score", *resolved, *metrics, "seconds_per_step", "evidence",
        "template_status", "result_id", "reasons",
    )  # fmt: skip


def beside(suite: Suite) -> list[Metric]:
    """Return the metrics that boards show beside the score, in their order."""
    return [metric for metric in suite.metrics if metric.shown == "board" and not metric.ranked]


OF_ENTRIES = (
    "suite",
    "version",
    "class",
    "rank",
    "rank_text",
    "model",
    "label",
    "score",
    "score_low_95",
    "score_high_95",
    "score_standard_error",
    "rank_low",
    "rank_high",
    "rank_own_low",
    "rank_own_high",
    "level_with",
)
OF_RUNS = (
    "seconds_per_step",
    "load_seconds",
    "steps",
    "evidence",
    "template_status",
    "reasons",
    "result_id",
    "file",
    "sha256",
)


_OF_ALL = frozenset((*OF_ENTRIES, *OF_RUNS))


def field_of(metric: Metric) -> str:
    """Return the field of *metric*: its id, unless that is the name of another field."""
    return f"metric_{metric.id}" if metric.id in _OF_ALL else metric.id


def field_names(boards: Sequence[Board]) -> tuple[str, ...]:
    """Return the fields of *boards*: those of every entry, and each metric of any suite once."""
    metrics = dict.fromkeys(field_of(one) for board in boards for one in board.suite.metrics)
    return (*OF_ENTRIES, *metrics, *OF_RUNS)


NO_STEPS = "no per-step data"


def table(board: Board) -> Table:
    """Return *board* as rows for people, ranked entries first; `reasons` are what unranks.

    The columns of intervals and rank ranges are there where any entry has them.
    """
    names = columns(board)
    shown = beside(board.suite)
    rows = []
    for entry in board.entries:
        cells = dict(zip(RESOLVED, _resolved(entry, board), strict=True))
        cells |= {field_of(metric): _printed(metric, entry.value(metric.id)) for metric in shown}
        cells |= {
            "rank": entry.rank_text if entry.rank is not None else None,
            "model": entry.label,
            "score": None if entry.score is None else _number(board.suite.ranked, entry.score),
            "seconds_per_step": entry.result.timing.seconds_per_step,
            "evidence": entry.evidence,
            "template_status": entry.template_status,
            "result_id": entry.result_id,
            "reasons": _reasons(entry, board),
        }
        rows.append(tuple(cells[name] for name in names))
    return Table(names, rows, frozenset({"score", *map(field_of, shown)}))


def _printed(metric: Metric, value: float | None) -> Cell:
    return None if value is None else _number(metric, metric.scale * value)


def _number(metric: Metric, printed: float) -> str:
    return f"{printed:.{metric.decimals}f}"


def fields(board: Board, names: Sequence[str] | None = None) -> Table:
    """Return *board* as rows for programs: one figure a field, in its own unit, unknown empty.

    *names* are those of `field_names`, where several boards share their columns.
    """
    wanted = tuple(names or field_names([board]))
    return Table(wanted, [_fields(entry, board, wanted) for entry in board.entries])


def summary(board: Board) -> str:
    """Say how many are ranked, and what the intervals and rank ranges rest on."""
    counted = f"{len(board.ranked)} ranked, {len(board.unranked)} unranked"
    method = board.method
    if method is None:
        stated = any(uncertain(entry, board) for entry in board.ranked)
        sure = "standard errors are as reported" if stated else "so no intervals"
        alone = board.alone
        if alone is None:
            return f"{counted}; {NO_STEPS}, {sure}, and no rank ranges"
        return (
            f"{counted}; {NO_STEPS}, {sure}. By scores alone, in the worst case, a difference below"
            f" about {blind_spot(board)} on {alone.effective:.0f} tasks may be chance:"
            f" {alone.separable} of {alone.pairs} pairs can be told apart"
        )
    missing = len(board.ranked) - method.measured
    if method.critical is None and method.enough:
        return f"{counted}. 95 % intervals, from {method.tasks} tasks; nothing to compare"
    if method.critical is None:
        return f"{counted}. {method.tasks} tasks are too few for intervals and rank ranges"
    sure = "95 % intervals" if method.enough else "no intervals, as a task holds too many steps"
    # Any two that differ do so in one task, so that says nothing.
    least = method.fewest or 0
    fewest = f", none with fewer than {least} tasks that differ" if least > 1 else ""
    return (
        f"{counted}. {sure}, from {method.tasks} tasks; rank ranges hold together with 95 %:"
        f" {method.separable} of {method.pairs} pairs can be told apart"
        + fewest
        + (f"; {missing} of {len(board.ranked)} ranked entries have {NO_STEPS}" if missing else "")
    )


def blind_spot(board: Board) -> str | None:
    """Return the difference of scores, as printed, that may be chance where no rows are known."""
    metric, alone = board.suite.ranked, board.alone
    low, high = metric.bounds
    if alone is None or low is None or high is None:
        return None
    size = alone.blind * abs(metric.scale) * (high - low)
    return f"{size:.{0 if size >= 10 else 1 if size >= 1 else metric.decimals}f}"


def _span(board: Board, entry: Entry) -> str | None:
    found = board.open_ranks(entry)
    return None if found is None else f"{found[0]}–{found[1]}"


def reasons(entry: Entry, policy: dict[str, str]) -> list[Finding]:
    """Return the findings that keep *entry* from being ranked."""
    return [finding for finding in entry.findings if policy.get(finding.code) == "unranked"]


def _reasons(entry: Entry, board: Board) -> str | None:
    codes = dict.fromkeys(finding.code for finding in reasons(entry, board.policy))
    return ", ".join(codes) or None


def _resolved(entry: Entry, board: Board) -> tuple[Cell, Cell, Cell]:
    """Return interval, rank range, and how many entries no test tells from this one."""
    found, metric = entry.resolution, board.suite.ranked
    if found is None:
        return (
            uncertain(entry, board) or (NO_STEPS if entry.rank is not None else None),
            _span(board, entry),
            None,
        )
    span = found.score
    return (
        f"{_number(metric, span.low)}–{_number(metric, span.high)}" if span else "too few tasks",
        _span(board, entry),
        found.level_with,
    )


def uncertain(entry: Entry, board: Board) -> str | None:
    """Return how sure a score without rows is: as the file states it, or by its items alone."""
    metric = board.suite.ranked
    measured = entry.metrics.get(metric.id)
    if measured is not None and measured.stderr is not None:
        width = _number(metric, abs(metric.scale) * measured.stderr)
        return f"± {width} as reported ({measured.stderr_method or 'method unstated'})"
    found = independent(entry, board.suite)
    if found is None:
        return None
    low, high, items = found
    return f"{_number(metric, low)}–{_number(metric, high)} if {items} items are independent"


def independent(entry: Entry, suite: Suite) -> tuple[float, float, int] | None:
    """Return Wilson's 95 % interval of a share of items as it is printed, and their number.

    It takes items for independent, which nobody can check without rows. `None` where there are
    rows, where somebody reported a standard error, and where the score is no share of items.
    """
    metric, counts = suite.ranked, entry.result.counts
    measured = entry.metrics.get(metric.id)
    if entry.facts is not None or measured is None or measured.value is None:
        return None
    items, share = measured.n or counts.scored, measured.value / metric.factor
    once = (entry.result.protocol.trials or 1) == 1 and metric.aggregate == "mean"
    if measured.stderr is not None or not (metric.binary and once and items and 0 <= share <= 1):
        return None
    from ..statistics.intervals import wilson
    from ..statistics.tasks import PRINTED

    times = metric.scale * metric.factor / PRINTED
    low, high = sorted(times * end for end in wilson(share, items))
    return low, high, items


def _fields(entry: Entry, board: Board, names: Sequence[str]) -> tuple[Cell, ...]:
    timing, found = entry.result.timing, entry.resolution
    spans = board.open_ranks(entry) or (None, None)
    span = found.score if found else None
    metrics = board.suite.metrics
    cells: dict[str, Cell] = {field_of(metric): entry.value(metric.id) for metric in metrics}
    cells |= {
        "suite": board.suite.name,
        "version": board.suite.version,
        "class": board.class_,
        "rank": entry.rank,
        "rank_text": entry.rank_text if entry.rank is not None else None,
        "model": entry.model,
        "label": entry.label,
        "score": entry.score,
        "score_low_95": span.low if span else None,
        "score_high_95": span.high if span else None,
        "score_standard_error": span.standard_error if span else None,
        "rank_low": spans[0],
        "rank_high": spans[1],
        "rank_own_low": found.own_low if found else None,
        "rank_own_high": found.own_high if found else None,
        "level_with": found.level_with if found else None,
        "seconds_per_step": timing.seconds_per_step,
        "load_seconds": timing.load_seconds,
        "steps": entry.result.counts.scored,
        "evidence": entry.evidence,
        "template_status": entry.template_status,
        "reasons": _reasons(entry, board),
        "result_id": entry.result_id,
        "file": entry.file,
        "sha256": entry.sha256,
    }
    return tuple(cells.get(name) for name in names)
