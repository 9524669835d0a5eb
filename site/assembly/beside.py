"""A process beside this one, for what needs nothing that this one knows."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


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
