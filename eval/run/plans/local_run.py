"""Orders done one after another on this machine, each in a process that may die alone."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Timer
from types import FrameType

from msgspec.structs import replace

from ..deadline import Deadline, Reached
from ..outcomes import Outcome, called
from ..progress import Shown
from ..request import Request
from .jobs import Order, Report, aims_of, work

LOOK = 0.5
"""Seconds between two looks at the clock."""
GRACE = 60.0
"""Seconds that a process has to end with what is done, before it is killed."""

Line = Outcome | Report


def run(
    orders: Sequence[Order],
    tell: Callable[[Outcome], None],
    deadline: Deadline | None = None,
) -> Iterator[tuple[Order, Report]]:
    """Do *orders*, and give each with what came of it; *tell* is told of each outcome as it comes.

    A process of its own gives all memory back, and what kills it stops no other order: the result
    that it was at has failed, and a new process goes on with the rest. Ctrl-C and *deadline* end
    the present one cleanly, and the others are not begun.
    """
    for order in orders:
        if deadline is not None and not deadline.left:
            return
        report = _persevered(order, tell, deadline)
        yield order, report
        if report.interrupted:
            return


def _persevered(order: Order, tell: Callable[[Outcome], None], deadline: Deadline | None) -> Report:
    """Do *order* in as many processes as it takes, as long as they come further."""
    outcomes: list[Outcome] = []
    barren = 0
    while True:
        begun = replace(order, passed=tuple(one.path for one in outcomes))
        part = _apart(begun, tell, deadline)
        came = [one for one in part.outcomes if not (part.spent and one.stage == _LOADING)]
        outcomes += came or part.outcomes
        left = [aim for aim in aims_of(order) if aim[0] not in {one.path for one in outcomes}]
        barren = 0 if came else barren + 1
        if part.lost is not None and not part.stopped and left:
            again = barren < _BARREN
            for path, request, _ in left[:1] if again else left:
                why = part.lost if again or path == left[0][0] else f"not begun: {part.lost} before"
                outcomes.append(_lost(path, request, why))
                tell(outcomes[-1])
            left = left[1:] if again else []
        if part.interrupted or not left or not (part.lost or part.spent):
            stopped = part.stopped and not any(one.interrupted for one in outcomes)
            return Report(outcomes=tuple(outcomes), stopped=stopped)


_LOADING = "loading the model"
_BARREN = 2
"""Processes that may die one after another without a single outcome."""


def _lost(path: Path, request: Request, why: str) -> Outcome:
    return Outcome(
        path=path,
        status="failed",
        error=why,
        asked=called(request),
        stage="answering",
        remedy="What was answered is kept: the same command goes on.",
    )


def _apart(order: Order, tell: Callable[[Outcome], None], deadline: Deadline | None) -> Report:
    """Do *order* in a new process; what came of it before it died is in the report too."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_begin, args=(order, sender))
    process.start()
    sender.close()
    outcomes: list[Outcome] = []
    report: Report | None = None
    patience: Timer | None = None
    stopped = False
    while report is None:
        try:
            if not receiver.poll(LOOK):
                if not stopped and deadline is not None and not deadline.left:
                    raise Reached
                continue
            line = receiver.recv()
            if isinstance(line, Report):
                report = line
            else:
                outcomes.append(line)
                tell(line)
        except EOFError:
            break
        except KeyboardInterrupt:
            if stopped:  # a second time: there is no more patience
                _kill(process)
            stopped = True
            process.terminate()
            patience = Timer(GRACE, _kill, (process,))
            patience.daemon = True
            patience.start()
    process.join()
    if patience is not None:
        patience.cancel()
    receiver.close()
    if report is not None:  # which may not know, where the engine made something else of the stop
        return replace(report, stopped=stopped)
    ended = f"the process was ended ({_ending(process.exitcode)})"
    return Report(outcomes=tuple(outcomes), lost=ended, stopped=stopped)


def _kill(process: SpawnProcess) -> None:
    """Kill *process* and all that it started: its journal holds what was answered."""
    if process.pid is not None and process.is_alive():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()


def _begin(order: Order, sender: "Connection[Line, Line]") -> None:
    """Work on *order*, out of reach of the terminal's Ctrl-C, which reaches engines unready."""
    os.setsid()
    signal.signal(signal.SIGTERM, _stop)
    with suppress(KeyboardInterrupt), Shown() as watch:
        sender.send(work(order, watch, sender.send))


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
