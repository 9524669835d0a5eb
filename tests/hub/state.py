"""Everything one Hub knows and is set to: what each request handler is given."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .accounts import Account, check_read, default_accounts
from .evals import Benchmarks
from .faults import Faults
from .limits import Limits
from .log import Log
from .repo import Repo
from .store import Store


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a Hub behaves; quotas of 0 are no quotas.

    `latency` is waited before every request, in seconds; `committing` is called while a commit
    holds its repo's lock. With `resolve_cache` small files come by way of a redirect, as
    they mostly do on the Hub. `benchmarks` maps registered datasets to their task ids (None: any
    dataset will do). `warnings` are said against every card.
    """

    organisations: tuple[str, ...] = ("acme",)
    folder: Path | None = None
    latency: float = 0.0
    committing: Callable[[], object] = bool
    commits_per_hour: int = 0
    hour_seconds: float = 3600.0
    requests_per_window: int = 0
    window_seconds: float = 300.0
    page_size: int = 1000
    benchmarks: Benchmarks | None = None
    resolve_cache: bool = False
    warnings: tuple[str, ...] = ()
    clock: Callable[[], float] = field(default=time.time)


class State:
    """The settings, memory, accounts, faults, quotas and log of one Hub."""

    def __init__(self, settings: Settings) -> None:
        """Start from the settings and what the state folder holds."""
        self.settings = settings
        self.store = Store(settings.folder)
        self.publishers: dict[str, dict[str, str]] = {}
        """What a run must be for a repo to trust it, by the repo's key."""
        self.spent: set[str] = set()
        self.accounts = default_accounts(settings.organisations)
        self.faults = Faults()
        self.log = Log()
        self.limits = Limits(
            commits=settings.commits_per_hour,
            requests=settings.requests_per_window,
            hour=settings.hour_seconds,
            window=settings.window_seconds,
            clock=settings.clock,
        )

    def now(self) -> int:
        """Return the time of a commit or a note: whole seconds, as git keeps it."""
        return int(self.settings.clock())

    def readable(self, account: Account | None, key: str) -> Repo:
        """Return a repo that this account can see, or refuse it as missing."""
        return check_read(account, self.store.repos.get(key))
