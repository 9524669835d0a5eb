"""When a run ends by itself with what is done: read from words, kept by a clock or an alarm."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from types import FrameType
from typing import Any

import click

_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Reached(KeyboardInterrupt):
    """The deadline has come, and the run ends as Ctrl-C ends it."""


class Deadline:
    """A moment after which nothing more is begun."""

    def __init__(self, seconds: float) -> None:
        """Be *seconds* from now."""
        self._moment = monotonic() + seconds

    @property
    def left(self) -> float:
        """Return the seconds that are left, 0 where none are."""
        return max(0.0, self._moment - monotonic())


def seconds_until(text: str, now: datetime) -> float:
    """Return the seconds from *now*, with an offset, to what *text* says.

    A length: `8h`, `1h30m`, `90s` or `90`. A time of this day or the next: `07:00`. A moment:
    `2026-12-01T07:00`, by the offset of *now* unless it has its own. Raises ValueError for another.
    """
    found = _LENGTH.fullmatch(text)
    if text and found:
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if clock := _CLOCK.fullmatch(text):
        moment = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return (moment - now + timedelta(days=moment <= now)).total_seconds()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=now.tzinfo)
    if moment <= now:
        raise ValueError(f"{text} is past")
    return (moment - now).total_seconds()


class WhenType(click.ParamType[Deadline]):
    """The moment that an option names."""

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Deadline:
        """Return the deadline; fail with the forms that can be read."""
        if isinstance(value, Deadline):
            return value
        try:
            return Deadline(seconds_until(str(value), datetime.now().astimezone()))
        except (ValueError, OverflowError) as error:
            self.fail(f"{error}: say 8h, 90m, 07:00 or 2026-12-01T07:00", param, ctx)


@contextmanager
def ending(deadline: Deadline | None) -> Iterator[None]:
    """Raise `Reached` in the main thread when *deadline* comes, unless it is left before."""
    if deadline is None:
        yield
        return
    before = signal.signal(signal.SIGALRM, _reached)
    signal.setitimer(signal.ITIMER_REAL, max(deadline.left, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _reached(number: int, frame: FrameType | None) -> None:
    raise Reached
