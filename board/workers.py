"""This machine's processors and memory: work shared out, and the garbage collector paused."""

import gc
import os
import signal
import sys
import threading
import warnings
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


def forks() -> int:
    """Return into how many parts work may be cut for `side_by_side`: one beside other threads.

    A fork inherits the locks that they hold.
    """
    return processors() if threading.active_count() == 1 else 1


def side_by_side(work: Callable[[T], None], things: Sequence[T]) -> None:
    """Do *work* on the first of *things* here, and on each other one in a fork of this process.

    What *work* makes must be files or shared memory: a fork keeps all else to itself. It must also
    be fit to be done twice, since where a fork fails or is killed, or there can be none, the work
    is done here.
    """
    first, *others = things
    if not others or sys.platform != "linux" or processors() == 1:
        for thing in things:
            work(thing)
        return
    gc.freeze()  # To look through all that is there takes long, and copies what is shared.
    forks = [_forked(work, thing) for thing in others]
    try:
        work(first)
        failed = [
            thing
            for thing, fork in zip(others, tuple(forks), strict=True)
            if not _ended(forks, fork)
        ]
    finally:
        gc.unfreeze()
        for fork in forks:
            os.kill(fork, signal.SIGKILL)
            os.waitpid(fork, 0)
    for thing in failed:
        work(thing)


def _forked(work: Callable[[T], None], thing: T) -> int:
    """Return the number of a new process that does *work* on *thing*, in silence, and ends."""
    with warnings.catch_warnings():
        # Python warns of locks that other threads may hold: the work takes none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        fork = os.fork()
    if fork:
        return fork
    status = 1
    try:
        work(thing)
        status = 0
    finally:
        os._exit(status)  # Nothing that this process has begun is the fork's to end.


def _ended(forks: list[int], fork: int) -> bool:
    """Wait for *fork*, take it from *forks*, and tell whether it has done its work."""
    _, status = os.waitpid(fork, 0)
    forks.remove(fork)
    return status == 0


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
