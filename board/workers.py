"""This machine's processors and memory: work shared out, and the garbage collector paused."""

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST = 8
_CHUNK = 16


def processors() -> int:
    """Return how many processes this one may start with profit."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(len(allowed(0)) if allowed else os.cpu_count() or 1, MOST)


def each(work: Callable[[T], R], things: Sequence[T], *, workers: int) -> Iterator[R]:
    """Yield what *work* makes of each of *things*, in their order.

    *work* and what it takes and gives must be picklable. Where processes cannot be started, or
    one of them is killed, the rest is done here.
    """
    done = 0
    if workers > 1:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from concurrent.futures.process import BrokenProcessPool

        # A forked process would inherit the locks of whatever threads there are.
        context = multiprocessing.get_context("spawn")
        try:
            with ProcessPoolExecutor(workers, context, initializer=_leave_signals) as pool:
                for made in pool.map(work, things, chunksize=_CHUNK):
                    yield made
                    done += 1
        except (BrokenProcessPool, OSError):
            pass
    for thing in things[done:]:
        yield work(thing)


def _leave_signals() -> None:
    """Let Ctrl-C be the business of the process that a person sees."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python from looking for garbage again and again where there is none to find."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
