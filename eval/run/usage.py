"""What a run uses: seconds, tokens a second, memory, and energy where codecarbon is installed."""

import logging
import resource
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from statistics import quantiles
from types import TracebackType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ..engine import Backend, Gauged
from ..records import Machine, Quartiles, Step, StepTiming, Timing
from .machine import machine, torch_in_use

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_JOULES = 3.6e6
"""Of a kilowatt-hour."""


class Usage:
    """A gauge that runs while a backend answers; what it read is there afterwards."""

    def __init__(self, backend: Backend) -> None:
        """Gauge what *backend* uses, in this process or in one of its own."""
        self._backend = backend
        self._here = backend.account.backend not in ("scripted", "openai")
        self._meter: Any = None
        self.energy: float | None = None
        """Joules; `None` where nobody measures."""
        self.energy_source: str | None = None
        self.machine = Machine()

    def __enter__(self) -> "Usage":
        """Begin to gauge."""
        with suppress(OSError):  # where it is not allowed, the peak is that of the whole process
            _CLEAR.write_text("5")
        if (torch := torch_in_use()) is not None:
            torch.cuda.reset_peak_memory_stats()
        if self._here:
            self._meter = _meter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Read what was used."""
        if self._meter is not None:
            self._meter.stop()
            self.energy, self.energy_source = _energy(self._meter)
        found = machine()
        peak = self._backend.peak_memory() if isinstance(self._backend, Gauged) else None
        if peak is None and self._here and not isinstance(self._backend, Gauged):
            peak = _peak()
        torch = torch_in_use()
        self.machine = replace(
            found,
            peak_memory_bytes=peak,
            peak_accelerator_bytes=UNSET if torch is None else torch.cuda.max_memory_reserved(),
        )

    def timed(self, timing: Timing, *, whole: bool) -> Timing:
        """Return *timing* with the energy, if the *whole* run was gauged here."""
        if not whole or self.energy is None:
            return timing
        source = self.energy_source or UNSET
        return replace(timing, energy_joules=self.energy, energy_source=source)


def with_speeds(timing: Timing, steps: Iterable[Step]) -> Timing:
    """Return *timing* with how fast *steps* were read and written, as far as they tell."""
    told = [(step, step.timing) for step in steps if isinstance(step.timing, StepTiming)]
    first = [one.first_token_seconds for _, one in told if one.first_token_seconds is not None]
    cached = [one.cached_tokens for _, one in told if one.cached_tokens is not None]
    return replace(
        timing,
        prompt_tokens_per_second=_rate(
            (step.prompt_tokens - (one.cached_tokens or 0), one.prompt_seconds)
            for step, one in told
            if step.prompt_tokens is not None and one.prompt_seconds
        ),
        answer_tokens_per_second=_rate(
            (step.output_tokens - 1, one.answer_seconds)
            for step, one in told
            if step.output_tokens is not None and one.answer_seconds
        ),
        first_token_seconds=_quartiles(first),
        cached_tokens=sum(cached) if cached else UNSET,
    )


def _rate(pairs: Iterable[tuple[int, float]]) -> float | None:
    known = [(tokens, seconds) for tokens, seconds in pairs if tokens > 0]
    total = sum(seconds for _, seconds in known)
    return round(sum(tokens for tokens, _ in known) / total, 2) if total else None


def _quartiles(values: list[float]) -> Quartiles | None:
    if not values:
        return None
    low, median, high = quantiles(values, n=4, method="inclusive") if values[1:] else values * 3
    return Quartiles(low=round(low, 4), median=round(median, 4), high=round(high, 4))


def _peak() -> int | None:
    """Return the most memory of this process since the gauge began, pages of files included."""
    with suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def _meter() -> Any:
    """Start codecarbon's tracker, if it is installed: offline, without a file or a word."""
    try:
        from codecarbon import OfflineEmissionsTracker
    except ImportError:
        return None
    logging.getLogger("codecarbon").disabled = True  # it speaks before it reads its level
    tracker = OfflineEmissionsTracker(
        country_iso_code="USA",  # for emissions, which nobody asks for here
        save_to_file=False,
        log_level="critical",
        allow_multiple_runs=True,
    )
    tracker.start()
    return tracker


def _energy(tracker: Any) -> tuple[float | None, str | None]:
    """Return the joules that *tracker* read, and how each part of them came to be known."""
    found = tracker.final_emissions_data
    if found is None:
        return None, None
    import codecarbon

    told = []
    for part in getattr(tracker, "_hardware", ()):
        # Memory has no counter, and a processor only where the system lets us read it.
        way = getattr(part, "_mode", "" if type(part).__name__ == "GPU" else "estimate")
        known = "estimated" if way in _ESTIMATES else "measured"
        told.append(f"{type(part).__name__} {known}")
    source = f"codecarbon {codecarbon.__version__}: {', '.join(dict.fromkeys(told)) or 'estimated'}"
    return round(found.energy_consumed * _JOULES, 1), source


_ESTIMATES = ("constant", "cpu_load", "estimate")
