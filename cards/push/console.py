"""How a push speaks: everything that is printed passes one scrubber, and waiting is announced."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from ..hub.responses import Scrub

if TYPE_CHECKING:
    from rich.progress import Progress

R = TypeVar("R")

_SHORT = 3.0
"""Seconds of waiting that nobody needs to be told of."""


class Console:
    """Print text that may come from outside: results to stdout, remarks to stderr."""

    def __init__(self, scrub: Scrub) -> None:
        self.scrub = scrub
        self._bar: Progress | None = None

    def out(self, text: str) -> None:
        """Print a result."""
        click.echo(self.scrub(text))

    def err(self, text: str) -> None:
        """Print a remark, above the bar if there is one."""
        if self._bar is None:
            click.echo(self.scrub(text), err=True)
        else:
            self._bar.console.out(self.scrub(text), highlight=False)

    def waiting(self, why: str, seconds: float) -> None:
        """Say why nothing happens, and when it goes on."""
        if seconds < _SHORT:
            return
        until = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
        length = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        self.err(
            f"Waiting: {why}. Going on at {until} (in {length}). "
            "Ctrl-C stops; the next push goes on from here."
        )

    def no_answer(self) -> None:
        """Say that an answer is late."""
        self.err("No answer from the Hub yet: still waiting.")

    def trying(self, why: str) -> None:
        """Say that something is asked for again."""
        self.err(f"{why[0].upper()}{why[1:]}: trying again.")

    def stopping(self) -> None:
        """Say that the user's interrupt was heard."""
        self.err("Stopping: what is on its way to the Hub ends first.")

    def progress(self, title: str, total: int, work: Callable[[Callable[[], None]], R]) -> R:
        """Return what *work* gives, with a bar on a terminal that its argument moves on."""
        from rich import console, progress

        terminal = console.Console(stderr=True)
        if not terminal.is_terminal:
            return work(lambda: None)
        with progress.Progress(console=terminal, transient=True) as bar:
            task = bar.add_task(title, total=total)
            self._bar = bar
            try:
                return work(lambda: bar.advance(task))
            finally:
                self._bar = None
