"""One push: where to, by what rules, and what its workers share."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TypeVar

from ..hub.budget import Budget
from ..hub.destination import Destination
from ..hub.errors import Busy, HubError, Limited, Stopped, Unclear
from ..readme.readme import Take
from .console import Console
from .journal import Journal

T = TypeVar("T")
R = TypeVar("R")

SILENCE = 3.0
"""Seconds of trying again that nobody is told of."""
INTERRUPTED = 130
"""The exit code of a command that the user ended."""
TRIES = 5
PAUSE = 1.0
"""Seconds before the second try; doubled each time, up to `LONGEST_PAUSE`."""
LONGEST_PAUSE = 30.0
UNTOLD_LIMIT = 300.0
"""Seconds to wait for a spent quota that does not say how long."""


@dataclass(frozen=True, kw_only=True)
class Push:
    """What `survey` and `deliver` work with."""

    destination: Destination
    journal: Journal
    budget: Budget
    console: Console
    stop: threading.Event
    """Set when the user ends the push."""
    down: threading.Event = field(default_factory=threading.Event)
    """Set while no answer comes however often one is asked for: then nobody waits for one."""
    told: threading.Event = field(default_factory=threading.Event)
    """Set once somebody was told that no answer comes."""
    clock: Callable[[], float] = time.time
    workers: int = 1
    propose: bool = False
    """Open pull requests, or go on with ours that are open."""
    only_look: bool = False
    """Nothing will be written: no rights are needed, and nothing is noted."""
    take: Take | None = None
    takes: dict[str, Take] = field(default_factory=dict)
    """Choices for single repositories."""

    def choice(self, repo: str) -> Take | None:
        """Return what the user chose for text of people that is in the way."""
        return self.takes.get(repo, self.take)

    def wait(self, seconds: float) -> None:
        """Sleep; raise `Stopped` when the user ends the push."""
        if self.stop.wait(seconds):
            raise Stopped

    def pause(self, tries: int) -> None:
        """Wait before the next try, longer each time and never as long as the other workers."""
        self.wait(min(PAUSE * 2**tries, LONGEST_PAUSE) * random.uniform(0.5, 1.0))

    def tell(self, error: HubError, seconds: float) -> None:
        """Say that we try again, once until there is an answer, after some seconds of *error*."""
        if seconds >= SILENCE and not self.told.is_set():
            self.told.set()
            self.console.trying(error.why)

    def hold(self, error: Limited) -> None:
        """Hold all workers until the quota that *error* tells of is there again."""
        seconds = UNTOLD_LIMIT if error.seconds is None else error.seconds
        self.budget.pause(seconds, f"the Hub's quota is spent ({error.why})")

    def retried(self, ask: Callable[[], T]) -> T:
        """Return what *ask* gives; ask again where waiting can help, a few times."""
        begun = time.monotonic()
        for tries in range(TRIES):
            try:
                return self._heard(ask)
            except Limited as error:
                self.hold(error)
            except (Unclear, Busy) as error:
                if self.down.is_set():
                    raise
                self.tell(error, time.monotonic() - begun)
                self.pause(tries)
        try:
            return self._heard(ask)
        except Unclear:
            self.down.set()
            raise

    def _heard(self, ask: Callable[[], T]) -> T:
        answer = ask()
        self.down.clear()
        self.told.clear()
        return answer

    def each(self, title: str, work: Callable[[T], R], things: Sequence[T]) -> list[R | None]:
        """Return what *work* gives for each thing, in their order, `None` where it was stopped.

        A bar with the *title* moves on meanwhile. The user's interrupt lets what is in flight end.
        """
        return self.console.progress(title, len(things), lambda tell: self._all(work, things, tell))

    def _all(
        self, work: Callable[[T], R], things: Sequence[T], tell: Callable[[], None]
    ) -> list[R | None]:
        def one(thing: T) -> R | None:
            if self.stop.is_set():
                return None
            try:
                return work(thing)
            except Stopped:
                return None

        futures: list[Future[R | None]] = []
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                # The first may be waiting for an hour already while the last is handed over.
                futures.extend(pool.submit(one, thing) for thing in things)
                for future in as_completed(futures):
                    future.result()
                    tell()
            except BaseException as end:
                self.stop.set()
                if not isinstance(end, KeyboardInterrupt):
                    raise
                self.console.stopping()
        never_begun = [None] * (len(things) - len(futures))
        return [*(future.result() for future in futures), *never_begun]
