"""Orders done on a Ray cluster: as many at a time as it has room for, failed ones tried again."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from msgspec.structs import replace

from ...errors import CardboardError, MissingExtra, UsageError
from ...records import Result
from ..deadline import Deadline
from ..outcomes import Outcome, failed
from ..progress import Silent
from ..result import write
from ..run import status_of
from .jobs import Order, Report, aims_of, join, paths_of, split, work

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

try:
    import ray
except ImportError as missing:
    raise MissingExtra("ray", "ray") from missing

TRIES = 3
"""Times that an order is begun; what it finished is not repeated."""


def run(
    orders: Sequence[Order],
    address: str,
    tell: Callable[[Outcome], None],
    deadline: Deadline | None = None,
) -> Iterator[tuple[Order, Report]]:
    """Do *orders* on the cluster at *address*, `local` for one of this machine alone.

    Gives each with what came of it as they finish; one that was done in parts is merged. *tell* is
    told of each outcome. The
    results of workers that do not share our disk are written here. Raises UsageError where the
    cluster lacks what an order needs.
    """
    if not orders:
        return
    ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="warning")
    try:
        _check(orders, ray.cluster_resources())
        parts = [split(order) for order in orders]
        reports: list[list[Report]] = [[] for _ in orders]
        pairs = [(index, part) for index, some in enumerate(parts) for part in some]
        for index, report in _done(pairs):
            reports[index].append(report)
            if len(reports[index]) == len(parts[index]):
                report = _together(orders[index], reports[index])
                for outcome in report.outcomes:
                    tell(outcome)
                yield orders[index], report
    finally:
        ray.shutdown()


def _done(parts: Sequence[tuple[int, Order]]) -> Iterator[tuple[int, Report]]:
    """Do *parts*, those that are not complete, and give what came of each under its number."""
    waiting: dict[Any, tuple[int, Order, int]] = {}
    try:
        for number, part in parts:
            if part.left:
                waiting[_begin(part)] = number, part, 1
            else:
                yield number, Report()
        while waiting:
            (done,), _ = ray.wait(list(waiting), num_returns=1)
            number, part, tried = waiting.pop(done)
            report = _report(done, part)
            if not report.whole and not report.hopeless and tried < TRIES:
                waiting[_begin(part)] = number, part, tried + 1
                continue
            yield number, report
    finally:
        for one in waiting:
            ray.cancel(one)
        if waiting:
            ray.wait(list(waiting), num_returns=len(waiting), timeout=30)


def _together(order: Order, reports: Sequence[Report]) -> Report:
    """Return what came of *order* by what came of its parts; all whole, they are merged."""
    short = next((report for report in reports if not report.whole), None)
    if short is not None or len(reports) == 1:
        return short or reports[0]
    try:
        return join(order)
    except CardboardError as error:
        aims, watch = aims_of(order), Silent()
        return Report(outcomes=tuple(failed(one, path, error, watch) for path, one, _ in aims))


def _check(orders: Sequence[Order], there: dict[str, float]) -> None:
    """Raise UsageError for an order that would wait for ever."""
    for order in orders:
        for need, name in ((order.job.gpus, "GPU"), (order.job.cpus, "CPU")):
            if need > there.get(name, 0):
                raise UsageError(
                    f"{order.job.name} needs {need:g} {name}, the cluster has "
                    f"{there.get(name, 0):g}",
                    remedy=f"Say in the plan how many it needs: {name.lower()}s = ...",
                )


def _begin(order: Order) -> Any:
    """Start *order*; the worker ends with it, so that the GPU's memory is free."""
    for sheet in order.sheets:
        sheet.folder.mkdir(parents=True, exist_ok=True)
    task = ray.remote(max_calls=1, max_retries=0)(_work)
    needs = {"num_cpus": order.job.cpus, "num_gpus": order.job.gpus}
    return task.options(name=order.job.name, **needs).remote(order)


def _work(order: Order) -> tuple[Report, list[bytes | None]]:
    """Do *order* in a worker; return the result files too, for whoever does not see our disk."""
    if all(sheet.folder.is_dir() for sheet in order.sheets):
        return work(order, Silent()), _contents(order)
    with TemporaryDirectory() as folder:
        sheets = tuple(
            replace(sheet, folder=Path(folder) / str(n)) for n, sheet in enumerate(order.sheets)
        )
        order = replace(order, sheets=sheets)
        return work(order, Silent()), _contents(order)


def _contents(order: Order) -> list[bytes | None]:
    return [path.read_bytes() if path.exists() else None for path in paths_of(order)]


def _report(done: Any, order: Order) -> Report:
    """Return what came of *order*, its files in their place."""
    try:
        found: tuple[Report, list[bytes | None]] = ray.get(done)
    except ray.exceptions.RayError as error:
        words = str(error).strip().splitlines() or [type(error).__name__]
        return Report(lost=f"the worker was lost: {words[-1]}")
    (report, files), paths = found, paths_of(order)
    for path, data in zip(paths, files, strict=True):
        if data is not None and status_of(path) != "complete":
            write(path, msgspec.json.decode(data, type=Result))
    outcomes = [replace(one, path=path) for one, path in zip(report.outcomes, paths, strict=False)]
    return replace(report, outcomes=tuple(outcomes))
