"""The work of one process: a model's runs on its suites, finished ones left alone."""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...backends.registry import open_backend
from ...errors import CardboardError, DeadEngine, RecordError, UsageError
from ...records import Result
from ...suites.suite import Suite
from ..merge import Part, merge
from ..progress import Watch
from ..request import Request, result_name
from ..result import write
from ..run import Outcome, evaluate, status_of
from .plan import Job

PARTS = ".parts"
"""Folder of a split run's parts, below that of its result; readers of results pass it over."""


class Sheet(Struct, frozen=True, kw_only=True):
    """A suite of a job, and where its results go."""

    suite: Suite
    folder: Path


class Order(Struct, frozen=True, kw_only=True):
    """What one process is asked to do: a job, or one part of a job that was split."""

    job: Job
    sheets: tuple[Sheet, ...]

    @property
    def left(self) -> list[Path]:
        """Return the paths of the results that are not there or not complete."""
        return [path for path in paths_of(self) if status_of(path) != "complete"]


class Report(Struct, frozen=True, kw_only=True):
    """What came of an order."""

    outcomes: tuple[Outcome, ...] = ()
    error: str | None = None
    """Why it ended early."""
    hopeless: bool = False
    """Whether it would end so again."""
    stopped: bool = False
    """Whether somebody stopped it before a step was asked."""

    @property
    def whole(self) -> bool:
        """Tell whether every result is complete."""
        return self.error is None and all(one.status == "complete" for one in self.outcomes)

    @property
    def interrupted(self) -> bool:
        """Tell whether somebody stopped it."""
        return self.stopped or any(one.interrupted for one in self.outcomes)


def paths_of(order: Order) -> list[Path]:
    """Return the paths of all results of *order*."""
    return [
        sheet.folder / result_name(request, sheet.suite)
        for sheet in order.sheets
        for request in order.job.requests
    ]


def check_distinct(orders: Sequence[Order]) -> None:
    """Raise UsageError, naming both, where two of *orders* would write one result file."""
    owners: dict[Path, str] = {}
    for order in orders:
        for sheet in order.sheets:
            for request in order.job.requests:
                path = sheet.folder / result_name(request, sheet.suite)
                if path in owners:
                    raise UsageError(
                        f"{owners[path]} and {request.asked} ({order.job.backend}) come to one "
                        f"result of {sheet.suite.name}",
                        file=path.name,
                        remedy="They are the same model under the same settings: name one of them.",
                    )
                owners[path] = f"{request.asked} ({order.job.backend})"


def work(order: Order, watch: Watch) -> Report:
    """Measure what *order* asks for and is not complete; the model is loaded once."""
    if not order.left:
        return Report(outcomes=tuple(Outcome(path=p, status="complete") for p in paths_of(order)))
    outcomes: list[Outcome] = []
    first, requests = order.sheets[0].suite, order.job.requests
    with ExitStack() as stack:
        try:
            backend = None
            if order.job.backend != "scripted":  # a rule is of one suite
                watch.say(f"Loading {order.job.name}")
                with suppress(DeadEngine):  # which the run tells in a result of its own
                    backend = open_backend(
                        order.job.backend, requests[0].options, first.of_kind, first.rows
                    )
                    stack.callback(backend.close)
            for sheet in order.sheets:
                sheet.folder.mkdir(parents=True, exist_ok=True)
                watch.say(f"{order.job.name} on {sheet.suite.name}")
                outcomes += evaluate(
                    requests, sheet.suite, sheet.folder, mode="resume", watch=watch, backend=backend
                )
                if any(one.interrupted or one.status == "failed" for one in outcomes):
                    break
        except CardboardError as error:
            told = error.format_message()
            return Report(outcomes=tuple(outcomes), error=told, hopeless=True)
    failed = next((one.error for one in outcomes if one.status == "failed"), None)
    return Report(outcomes=tuple(outcomes), error=failed)


def split(order: Order) -> list[Order]:
    """Return *order* in as many parts as its job wants; one that is not to be split as it is.

    No part is without tasks.
    """
    count = min(order.job.shards, *(sheet.suite.tasks for sheet in order.sheets))
    if count < 2:
        return [order]
    sheets = tuple(replace(sheet, folder=sheet.folder / PARTS) for sheet in order.sheets)
    return [
        Order(
            job=replace(order.job, requests=_part(order.job.requests, index, count)), sheets=sheets
        )
        for index in range(count)
    ]


def join(order: Order) -> Report:
    """Merge the parts of *order*, which are all there, and write its results in their place.

    Raises RecordError where the parts are not of one run.
    """
    parts, outcomes = split(order), []
    for sheet in order.sheets:
        for number, request in enumerate(order.job.requests):
            path = sheet.folder / result_name(request, sheet.suite)
            files = [
                sheet.folder / PARTS / result_name(part.job.requests[number], sheet.suite)
                for part in parts
            ]
            if status_of(path) != "complete":
                write(path, merge([_read(file) for file in files]))
            for file in files:
                file.unlink(missing_ok=True)
            outcomes.append(Outcome(path=path, status=status_of(path) or "failed"))
        with suppress(OSError):  # others may have parts there
            (sheet.folder / PARTS).rmdir()
    return Report(outcomes=tuple(outcomes))


def _part(requests: Sequence[Request], index: int, count: int) -> tuple[Request, ...]:
    return tuple(replace(request, shard=(index, count)) for request in requests)


def _read(path: Path) -> Part:
    data = path.read_bytes()
    try:
        result = msgspec.json.decode(data, type=Result)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(
            f"is not a version-2 result: {error}",
            file=path.name,
            remedy="Remove it; its part of the run is measured again then.",
        ) from error
    return Part(path.name, hashlib.sha256(data).hexdigest(), result)
