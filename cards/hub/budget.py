"""Commits an hour and requests a window: what all workers share, and how long they must wait."""

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping

HOUR = 3600.0
WINDOW = 300.0
RESOLVERS = 5
"""The Hub gives file reads a bucket of their own, several times as large."""

_RATELIMIT = re.compile(r'"(\w+)"\s*;\s*r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,9})')
_ABOUT = re.compile(
    r"retry this action in (?:about )?(\d{1,3}) (second|minute|hour)", re.IGNORECASE
)
_UNITS = {"second": 1.0, "minute": 60.0, "hour": HOUR}


class Budget:
    """Let requests and commits pass as the quotas allow; safe to share between threads.

    *wait* sleeps for some seconds, and raises if the user wants to stop. *say* is told once for
    each pause why it is made and for how many seconds. *past* are commits of the last hour.
    """

    def __init__(
        self,
        *,
        commits_per_hour: int,
        requests_per_window: int,
        clock: Callable[[], float],
        wait: Callable[[float], None],
        say: Callable[[str, float], None],
        past: Iterable[float] = (),
    ) -> None:
        self._clock, self._wait, self._say = clock, wait, say
        self._lock = threading.Lock()
        self._commits = deque(past)
        self._commit_quota = commits_per_hour
        self._quotas = {
            "api": requests_per_window,
            "resolvers": RESOLVERS * requests_per_window,
        }
        self._windows: dict[str, tuple[float, int]] = {}
        """When a bucket's window ends, and how many requests are left until then."""
        self._paused_until = 0.0
        self._pause_reason = ""
        self._told_until = 0.0

    def request(self, bucket: str) -> None:
        """Count a request of *bucket*, after waiting until it may be made."""
        self._pass(lambda now: self._take_request(bucket, now))

    def commit(self) -> None:
        """Count a commit, after waiting until it may be made."""
        self._pass(self._take_commit)

    @property
    def commits_per_hour(self) -> int:
        """Return how many commits may pass in an hour."""
        return self._commit_quota

    def held(self, commits: int) -> float:
        """Return after how many seconds the last of so many more *commits* may pass."""
        with self._lock:
            now, quota = self._clock(), self._commit_quota
            times = [at for at in self._commits if at > now - HOUR]
            for _ in range(commits):
                times.append(now if len(times) < quota else max(now, times[-quota] + HOUR))
        return times[-1] - now if commits else 0.0

    def answered(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer's `ratelimit` header what the Hub has left for us."""
        found = _RATELIMIT.search(headers.get("ratelimit", ""))
        if found is None:
            return
        bucket, left, seconds = found[1], int(found[2]), float(found[3])
        with self._lock:
            now = self._clock()
            _, mine = self._window(bucket, now)
            # Answers overtake each other: within one window only the smaller number is news.
            self._windows[bucket] = (now + seconds, min(mine, left))

    def pause(self, seconds: float, why: str) -> None:
        """Let nobody pass for some seconds."""
        with self._lock:
            until = self._clock() + seconds
            if until > self._paused_until:
                self._paused_until, self._pause_reason = until, why

    def _pass(self, take: Callable[[float], tuple[float, str] | None]) -> None:
        while True:
            with self._lock:
                now = self._clock()
                held = take(now) if now >= self._paused_until else None
                if now < self._paused_until:
                    held = self._paused_until, self._pause_reason
                if held is None:
                    return
                until, why = held
                tell = until > self._told_until + 1.0
                if tell:
                    self._told_until = until
            if tell:
                self._say(why, until - now)
            self._wait(until - now)

    def _take_request(self, bucket: str, now: float) -> tuple[float, str] | None:
        ends, left = self._window(bucket, now)
        if left <= 0:
            return ends, "the requests of this window are spent"
        self._windows[bucket] = (ends, left - 1)
        return None

    def _take_commit(self, now: float) -> tuple[float, str] | None:
        while self._commits and self._commits[0] <= now - HOUR:
            self._commits.popleft()
        if len(self._commits) >= self._commit_quota:
            why = f"the budget of {self._commit_quota} commits an hour is spent"
            return self._commits[0] + HOUR, why
        self._commits.append(now)
        return None

    def _window(self, bucket: str, now: float) -> tuple[float, int]:
        """Return when the present window of *bucket* ends and what it has left."""
        ends, left = self._windows.get(bucket, (0.0, 0))
        return (ends, left) if now < ends else (now + WINDOW, self._quotas.get(bucket, 1_000_000))


def told_wait(headers: Mapping[str, str], text: str) -> float | None:
    """Return for how many seconds a 429 asks us to wait, an hour at most; `None` if it does not.

    A spent `ratelimit` counts first; one with requests left does not concern us, and then the Hub
    has another quota in mind. `Retry-After` may be missing; the text then often says about when.
    """
    found = _RATELIMIT.search(headers.get("ratelimit", ""))
    after = headers.get("retry-after", "").strip()
    about = _ABOUT.search(text)
    if found and int(found[2]) == 0:
        seconds = float(found[3])
    elif re.fullmatch(r"\d{1,9}", after):
        seconds = float(after)
    elif about:
        seconds = float(about[1]) * _UNITS[about[2].lower()]
    else:
        return None
    return min(seconds, HOUR)
