"""Orders done one after another on this machine, each in a process that may die alone."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from types import FrameType

from ..progress import Shown
from .jobs import Order, Report, work


def run(orders: Sequence[Order]) -> Iterator[tuple[Order, Report]]:
    """Do *orders*, and give each with what came of it.

    A process of its own gives all memory back, and what kills it stops no other order. Ctrl-C ends
    the present one cleanly, and the others are not begun.
    """
    for order in orders:
        report = _apart(order)
        yield order, report
        if report.interrupted:
            return


def _apart(order: Order) -> Report:
    """Do *order* in a new process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_begin, args=(order, sender))
    process.start()
    sender.close()
    report: Report | None = None
    stopped = False
    while True:
        try:
            report = report or _received(receiver)
            process.join()
            break
        except KeyboardInterrupt:
            stopped = True
            process.terminate()
    receiver.close()
    ended = f"the process was ended ({_ending(process.exitcode)})"
    return report or Report(error=ended, stopped=stopped)


def _received(receiver: "Connection[Report, Report]") -> Report | None:
    try:
        return receiver.recv()
    except EOFError:
        return None


def _begin(order: Order, sender: "Connection[Report, Report]") -> None:
    """Work on *order*, out of reach of the terminal's Ctrl-C, which reaches engines unready."""
    os.setsid()
    signal.signal(signal.SIGTERM, _stop)
    with suppress(KeyboardInterrupt), Shown() as watch:
        sender.send(work(order, watch))


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
