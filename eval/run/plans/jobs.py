"""The work of one process: a model's runs on its suites, finished ones left alone."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...errors import CardboardError, RecordError, UsageError
from ...records import Result
from ...suites.suite import Suite
from ..loaded import Loaded
from ..outcomes import Outcome, at, called, failed, unfinished
from ..progress import Watch
from ..request import Request, result_name
from ..result import write
from ..run import Mode, evaluate, status_of
from .merge import merge
from .parts import Part
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
    passed: tuple[Path, ...] = ()
    """Results that had their turn already, in an earlier process."""
    anew: tuple[Path, ...] = ()
    """Complete results that are measured once more, from the beginning."""

    @property
    def left(self) -> list[Path]:
        """Return the paths of the results that are not there or not complete."""
        return [
            path for path in paths_of(self) if path in self.anew or status_of(path) != "complete"
        ]


class Report(Struct, frozen=True, kw_only=True):
    """What came of an order."""

    outcomes: tuple[Outcome, ...] = ()
    lost: str | None = None
    """Why the process ended that worked on it, where it did not end by itself."""
    stopped: bool = False
    """Whether somebody stopped it before a step was asked."""
    spent: bool = False
    """Whether a new process may load what this one could not load any more."""

    @property
    def whole(self) -> bool:
        """Tell whether every result is complete."""
        ended = self.lost is None and not self.stopped
        return ended and all(one.status == "complete" for one in self.outcomes)

    @property
    def error(self) -> str | None:
        """Return what went wrong first."""
        return self.lost or next((one.error for one in unfinished(self.outcomes)), None)

    @property
    def hopeless(self) -> bool:
        """Tell whether it would end so again."""
        bad = unfinished(self.outcomes)
        return self.lost is None and bool(bad) and all(one.hopeless for one in bad)

    @property
    def interrupted(self) -> bool:
        """Tell whether somebody stopped it."""
        return self.stopped or any(one.interrupted for one in self.outcomes)


def aims_of(order: Order) -> list[tuple[Path, Request, Sheet]]:
    """Return the path of each result of *order* with what is asked, in the order of the work."""
    return [
        (sheet.folder / result_name(request, sheet.suite), request, sheet)
        for sheet in order.sheets
        for request in order.job.requests
    ]


def paths_of(order: Order) -> list[Path]:
    """Return the paths of all results of *order*."""
    return [path for path, _, _ in aims_of(order)]


def readable(order: Order, watch: Watch) -> tuple[Order, list[Outcome]]:
    """Return *order* without what cannot be told from others, as its weights cannot be read."""
    requests: list[Request] = []
    lost: list[Outcome] = []
    for request in order.job.requests:
        try:
            with at("telling it from others"):
                request.identity  # noqa: B018  # it reads what tells the model from others
        except OSError as error:
            lost += [failed(request, sheet.folder, error, watch) for sheet in order.sheets]
        else:
            requests.append(request)
    return replace(order, job=replace(order.job, requests=tuple(requests))), lost


def check_distinct(orders: Sequence[Order]) -> None:
    """Raise UsageError, naming both, where two of *orders* would write one result file."""
    owners: dict[Path, str] = {}
    for order in orders:
        for path, request, sheet in aims_of(order):
            if path in owners:
                raise UsageError(
                    f"{owners[path]} and {request.asked} ({order.job.backend}) come to one "
                    f"result of {sheet.suite.name}",
                    file=path.name,
                    remedy="They are the same model under the same settings: name one of them.",
                )
            owners[path] = f"{request.asked} ({order.job.backend})"


def work(order: Order, watch: Watch, tell: Callable[[Outcome], None] | None = None) -> Report:
    """Measure what *order* asks for and is not complete; the model is loaded once.

    *tell* is told of each outcome as it comes.
    """
    outcomes: list[Outcome] = []

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if tell is not None:
            tell(outcome)

    loaded = Loaded()
    try:
        for sheet in order.sheets:
            aims = [aim for aim in aims_of(order) if aim[2] == sheet and aim[0] not in order.passed]
            if not aims:
                continue
            if order.job.backend == "scripted":  # a rule is of one suite
                loaded = Loaded()
            watch.say(f"{order.job.name} on {sheet.suite.name}")
            anew = [aim for aim in aims if aim[0] in order.anew]
            rest = [aim for aim in aims if aim[0] not in order.anew]
            ways: tuple[tuple[Mode, list[tuple[Path, Request, Sheet]]], ...]
            ways = (("restart", anew), ("resume", rest))
            for mode, some in ways:
                if some and not (outcomes and outcomes[-1].interrupted):
                    _measure(mode, sheet, some, loaded, watch, note)
            if outcomes[-1].interrupted:
                break
    finally:
        loaded.close()
    return Report(outcomes=tuple(outcomes), spent=loaded.spent)


def _measure(
    mode: Mode,
    sheet: Sheet,
    aims: Sequence[tuple[Path, Request, Sheet]],
    loaded: Loaded,
    watch: Watch,
    note: Callable[[Outcome], None],
) -> None:
    """Measure *aims*, all of one *sheet*; what is wrong with all of them is the outcome of each."""
    requests = [request for _, request, _ in aims]
    try:
        sheet.folder.mkdir(parents=True, exist_ok=True)
        evaluate(
            requests, sheet.suite, sheet.folder, mode=mode, watch=watch, backend=loaded,
            tell=note,
        )  # fmt: skip
    except (CardboardError, OSError) as error:
        for path, request, _ in aims:
            note(failed(request, path, error, watch))


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
            status = status_of(path) or "failed"
            outcomes.append(Outcome(path=path, status=status, asked=called(request)))
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
