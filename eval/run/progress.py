"""How far a run is: a bar on a terminal, a line now and then in a log, always on standard error."""

from time import monotonic
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ..engine import Answer
from ..errors import plural

LOG_SECONDS = 30.0


class Count(Struct, frozen=True, kw_only=True):
    """How far one worker is: steps in all, answered, answered before it began, failed; tokens."""

    total: int = 0
    done: int = 0
    before: int = 0
    failed: int = 0
    tokens: int = 0

    def with_answer(self, answer: Answer) -> "Count":
        """Return the count with *answer* in it."""
        return replace(
            self,
            done=self.done + 1,
            failed=self.failed + (answer.error is not None),
            tokens=self.tokens + (answer.output_tokens or 0),
        )


class Watch(Protocol):
    """Somebody who is told how a run goes."""

    def say(self, text: str) -> None:
        """Take note of a stage of the run, or of something odd."""

    def begin(self, total: int, done: int) -> None:
        """Take note that asking begins, with *done* of *total* steps answered before."""

    def add(self, answer: Answer) -> None:
        """Take note of an answer."""


class Silent:
    """Nobody is told."""

    def say(self, text: str) -> None:
        """Say nothing."""

    def begin(self, total: int, done: int) -> None:
        """Show nothing."""

    def add(self, answer: Answer) -> None:
        """Count nothing."""


class Shown:
    """Steps and tokens per second and the time that is left, on standard error."""

    def __init__(self, console: Console | None = None) -> None:
        """Write to *console*, by default standard error."""
        self._console = console or Console(stderr=True)
        self._bar: Progress | None = None
        self._total = self._done = self._before = self._failed = self._tokens = 0
        self._began = self._logged = monotonic()

    def __enter__(self) -> "Shown":
        """Return the display."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave the last state standing."""
        self._stop()

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False)

    def begin(self, total: int, done: int) -> None:
        """Show the bar; on anything but a terminal, the first line."""
        self._stop()
        self._total, self._done, self._before = total, done, done
        self._failed = self._tokens = 0
        self._began = self._logged = monotonic()
        if not self._console.is_terminal:
            self.say(self._line())
            return
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
        )
        self._task = self._bar.add_task("Steps", total=total, completed=done, speed="")
        self._bar.start()

    def add(self, answer: Answer) -> None:
        """Count an answer and show the new state."""
        self._done += 1
        self._failed += answer.error is not None
        self._tokens += answer.output_tokens or 0
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, speed=self._speed())
        elif monotonic() - self._logged > LOG_SECONDS or self._done == self._total:
            self._logged = monotonic()
            self.say(self._line())

    def _speed(self) -> str:
        seconds = monotonic() - self._began
        if seconds <= 0 or self._done == self._before:
            return ""
        steps = (self._done - self._before) / seconds
        said = [f"{steps:.1f} steps/s" if steps >= 1 else f"{1 / steps:.1f} s/step"]
        if self._tokens:
            said.append(f"{self._tokens / seconds:,.0f} tokens/s")
        if self._failed:
            said.append(f"{self._failed} failed")
        return ", ".join(said)

    def _line(self) -> str:
        said = [f"{self._done} of {plural(self._total, 'step')}", self._speed()]
        asked = self._done - self._before
        if asked and self._done < self._total:
            left = (monotonic() - self._began) / asked * (self._total - self._done)
            said.append(f"{left:,.0f} s left")
        return ", ".join(filter(None, said))

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class Several:
    """How far several workers are: a bar for each on a terminal, else one line now and then."""

    def __init__(self, console: Console | None = None) -> None:
        """Write to *console*, by default standard error."""
        self._console = console or Console(stderr=True)
        self._counts: dict[str, Count] = {}
        self._tasks: dict[str, TaskID] = {}
        self._began = self._logged = monotonic()
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> "Several":
        """Return the display."""
        self._bars.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave the last state standing."""
        self._bars.stop()

    def update(self, name: str, count: Count) -> None:
        """Take note that the worker *name* has come as far as *count*."""
        self._counts[name] = count
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name)
        self._bars.update(self._tasks[name], total=count.total, completed=count.done)
        if not self._console.is_terminal and monotonic() - self._logged > LOG_SECONDS:
            self._logged = monotonic()
            self._console.print(self.line(), markup=False, highlight=False)

    def end(self, name: str) -> None:
        """Take the worker *name* off: what came of it is told otherwise."""
        if self._counts.pop(name, None) is not None:
            self._bars.remove_task(self._tasks.pop(name))

    def line(self) -> str:
        """Return what all workers together have done."""
        counts = self._counts.values()
        done, total = (sum(getattr(one, name) for one in counts) for name in ("done", "total"))
        seconds = max(monotonic() - self._began, 1e-9)
        asked = sum(one.done - one.before for one in counts)
        failed = sum(one.failed for one in counts)
        said = [
            f"{len(self._counts)} at work: {done} of {plural(total, 'step')}",
            f"{asked / seconds:.1f} steps/s",
        ]
        return ", ".join([*said, f"{failed} failed"] if failed else said)
