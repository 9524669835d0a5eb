"""Processes beside this one: forks that know all that it knows, and one that starts empty."""

import gc
import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from ...board.workers import processors

T = TypeVar("T")


def side_by_side(work: Callable[[T], None], things: Sequence[T]) -> None:
    """Do *work* on the first of *things* here, and on each other one in a fork of this process.

    What *work* makes must be files: a fork keeps all else to itself. It must also be fit to be done
    twice, since where a fork fails or is killed, or there can be none, the work is done here.
    """
    first, *others = things
    if sys.platform != "linux" or processors() == 1:
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


Wait = Callable[[], T]
"""Waits for work that was begun, and gives what came of it."""


class Beside:
    """Begin work elsewhere, and wait for it later."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def begin(self, work: Callable[..., T], *arguments: Any) -> Wait[T]:
        """Begin *work*; it, what it takes and what it gives must be picklable.

        Where the process is killed, the work is done here when somebody waits for it.
        """
        begun = self._pool.submit(work, *arguments)

        def wait() -> T:
            try:
                return begun.result()
            except BrokenProcessPool:
                return work(*arguments)

        return wait


@contextmanager
def beside() -> Iterator[Beside]:
    """Give a process that ends with the block; it starts with the first work."""
    # A forked process would inherit the locks of whatever threads there are.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context, max_tasks_per_child=1) as pool:
        yield Beside(pool)
