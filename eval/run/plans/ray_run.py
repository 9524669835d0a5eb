"""Orders done on a Ray cluster: as many at a time as it has room for, failed ones tried again."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...errors import CardboardError, MissingExtra, UsageError
from ...records import Result
from ..deadline import Deadline
from ..outcomes import DEBUG, Outcome, failed
from ..progress import Several, Silent
from ..result import write
from ..run import journal_of, status_of
from .jobs import PARTS, Order, Report, aims_of, join, paths_of, split, work
from .reporting import Reporting, Said, keep

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

try:
    import ray
except ImportError as missing:
    raise MissingExtra("ray", "ray") from missing

TRIES = 3
"""Times that an order is begun; what it finished is not repeated."""
LOOK = 1.0
"""Seconds between two looks at what workers say, and at the clock."""
PATIENCE = 30.0
"""Seconds that workers have to end with what is done."""


class Sent(Struct, frozen=True, kw_only=True):
    """What a worker is given: a part of an order, and what is known of it here."""

    number: int
    order: Order
    mark: str
    """Name of a file in our folders, by which a worker knows that it sees the same disk."""
    kept: tuple[tuple[int, str, bytes], ...] = ()
    """Journals of earlier workers, by the place of their suite, for one that does not."""


def run(
    orders: Sequence[Order],
    address: str,
    tell: Callable[[Outcome], None],
    deadline: Deadline | None = None,
) -> Iterator[tuple[Order, Report]]:
    """Do *orders* on the cluster at *address*, `local` for one of this machine alone.

    Gives each with what came of it as they finish; one that was done in parts is merged. *tell* is
    told of each outcome. How far all workers are is shown together. The results of workers that do
    not share our disk are written here, and so are their journals while they grow: whoever takes
    over from a lost one goes on where it was. At *deadline* all end with what is done. Raises
    UsageError where no node has what an order needs.
    """
    if not orders:
        return
    ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="warning")
    try:
        _check(orders, [node["Resources"] for node in ray.nodes() if node["Alive"]])
        parts = [split(order) for order in orders]
        reports: list[list[Report]] = [[] for _ in orders]
        pairs = [(index, part) for index, some in enumerate(parts) for part in some]
        for index, report in _done(pairs, deadline):
            reports[index].append(report)
            if len(reports[index]) == len(parts[index]):
                report = _together(orders[index], reports[index])
                for outcome in report.outcomes:
                    tell(outcome)
                yield orders[index], report
    finally:
        ray.shutdown()


def _done(
    parts: Sequence[tuple[int, Order]], deadline: Deadline | None
) -> Iterator[tuple[int, Report]]:
    """Do *parts*, those that are not complete, and give what came of each under its number."""
    waiting: dict[Any, tuple[int, Sent, int]] = {}
    wire = ray.remote(num_cpus=0)(_Wire).remote()
    with Several() as shown, _marked([part for _, part in parts]) as mark:
        try:
            for place, (number, part) in enumerate(parts):
                if part.left:
                    sent = _sent(place, part, mark)
                    waiting[_begin(sent, wire)] = number, sent, 1
                else:
                    yield number, Report()
            while waiting and (deadline is None or deadline.left):
                done, _ = ray.wait(list(waiting), num_returns=1, timeout=LOOK)
                _hear(wire, [sent for _, sent, _ in waiting.values()], shown)
                for one in done:
                    number, sent, tried = waiting.pop(one)
                    report = _report(one, sent.order)
                    if not report.whole and not report.hopeless and tried < TRIES:
                        again = _sent(sent.number, sent.order, mark)
                        waiting[_begin(again, wire)] = number, again, tried + 1
                        continue
                    shown.end(_label(sent.order))
                    yield number, report
        finally:
            for one in waiting:
                ray.cancel(one)
            if waiting:
                ray.wait(list(waiting), num_returns=len(waiting), timeout=PATIENCE)
                _hear(wire, [sent for _, sent, _ in waiting.values()], shown)
        for number, _, _ in waiting.values():
            yield number, Report(stopped=True)


class _Wire:
    """Where workers put what they say, on whatever node, and we take it."""

    def __init__(self) -> None:
        self._said: list[Said] = []

    def put(self, said: Said) -> None:
        """Keep what a worker *said*."""
        self._said.append(said)

    def take(self) -> list[Said]:
        """Return all that was said since the last time."""
        said, self._said = self._said, []
        return said


def _hear(wire: Any, parts: Sequence[Sent], shown: Several) -> None:
    """Show how far the workers are, and write what they copied of their journals."""
    known = {sent.number: sent.order for sent in parts}
    with suppress(ray.exceptions.RayError):
        for said in ray.get(wire.take.remote(), timeout=PATIENCE):
            order = known.get(said.number)
            if order is None:
                continue
            if said.count is not None:
                shown.update(_label(order), said.count)
            if said.journal is not None:
                keep(order, said.journal)


def _label(order: Order) -> str:
    """Return what a display calls *order*, which may be a part of another."""
    shard = order.job.requests[0].shard
    return order.job.name + (f" {shard[0] + 1}/{shard[1]}" if shard else "")


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


def _needs(order: Order) -> dict[str, float]:
    return {"GPU": order.job.gpus, "CPU": order.job.cpus, **order.job.resources}


def _check(orders: Sequence[Order], nodes: Sequence[dict[str, float]]) -> None:
    """Raise UsageError for an order that would wait for ever: it runs on one of *nodes*."""
    for order in orders:
        needs = _needs(order)
        if any(all(node.get(name, 0) >= need for name, need in needs.items()) for node in nodes):
            continue
        most = {name: max((node.get(name, 0) for node in nodes), default=0) for name in needs}
        short = [name for name, need in needs.items() if need > most[name]]
        wanted = ", ".join(f"{needs[name]:g} {name}" for name in short or needs)
        there = ", ".join(f"{most[name]:g} {name}" for name in short or needs)
        raise UsageError(
            f"{order.job.name} needs {wanted} on one node, and "
            + (f"the most that one has is {there}" if short else "no node has all of it"),
            remedy="Say in the plan what it needs: gpus = ..., cpus = ..., resources = {...}.",
        )


def _marked(parts: Sequence[Order]) -> "_Mark":
    return _Mark([sheet.folder for part in parts for sheet in part.sheets])


class _Mark:
    """A file in each of our folders for as long as workers may look for it."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._paths = [folder / f".here-{os.getpid()}-{monotonic():.0f}" for folder in folders]

    def __enter__(self) -> str:
        for path in self._paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return self._paths[0].name

    def __exit__(self, *raised: object) -> None:
        for path in self._paths:
            path.unlink(missing_ok=True)
            if path.parent.name == PARTS:  # whoever joined the parts could not remove it yet
                with suppress(OSError):
                    path.parent.rmdir()


def _sent(number: int, order: Order, mark: str) -> Sent:
    """Return *order* with the journals that lie here."""
    kept = []
    for place, sheet in enumerate(order.sheets):
        for path, _, of in aims_of(order):
            journal = journal_of(path)
            if of == sheet and journal.exists():
                kept.append((place, journal.name, journal.read_bytes()))
    return Sent(number=number, order=order, mark=mark, kept=tuple(kept))


def _begin(sent: Sent, wire: Any) -> Any:
    """Start a part; the worker ends with it, so that the GPU's memory is free."""
    job = sent.order.job
    task = ray.remote(max_calls=1, max_retries=0)(_work)
    environment = {DEBUG: "1"} if os.environ.get(DEBUG) else {}
    return task.options(
        name=job.name,
        num_cpus=job.cpus,
        num_gpus=job.gpus,
        resources=dict(job.resources),
        runtime_env={"env_vars": environment},
    ).remote(sent, wire)


def _shares(sent: Sent) -> bool:
    """Tell whether this machine sees the disk that *sent* comes from."""
    return all((sheet.folder / sent.mark).exists() for sheet in sent.order.sheets)


def _work(sent: Sent, wire: Any) -> tuple[Report, list[bytes | None]]:
    """Do a part in a worker; return the result files too, for whoever does not see our disk."""
    order = sent.order
    if _shares(sent):
        with Reporting(sent.number, wire.put.remote) as watch:
            return work(order, watch), _contents(order)
    with TemporaryDirectory() as folder:
        places = [Path(folder) / str(place) for place in range(len(order.sheets))]
        for place in places:
            place.mkdir()
        for number, name, data in sent.kept:
            (places[number] / name).write_bytes(data)
        sheets = tuple(
            replace(sheet, folder=place) for sheet, place in zip(order.sheets, places, strict=True)
        )
        order = replace(order, sheets=sheets)
        with Reporting(sent.number, wire.put.remote, places) as watch:
            return work(order, watch), _contents(order)


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
        if status_of(path) == "complete":
            journal_of(path).unlink(missing_ok=True)
    outcomes = [replace(one, path=path) for one, path in zip(report.outcomes, paths, strict=False)]
    return replace(report, outcomes=tuple(outcomes))
