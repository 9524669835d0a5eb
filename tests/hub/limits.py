"""The Hub's quotas: commits an hour, and requests in fixed windows, both per user."""

import math
import threading
from collections.abc import Callable

from .refusals import Refusal, commit_quota

Clock = Callable[[], float]


class Quota:
    """Count how often each user did something in the present window of `seconds`.

    A quota of 0 has no limit. A user's window is fixed: it begins with the first use.
    """

    def __init__(self, quota: int, seconds: float, clock: Clock) -> None:
        """Start with nothing used."""
        self.quota = quota
        self.seconds = seconds
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def _window(self, user: str) -> tuple[float, int]:
        now = self._clock()
        began, used = self._windows.get(user, (now, 0))
        return (began, used) if now < began + self.seconds else (now, 0)

    def take(self, user: str) -> bool:
        """Count one use; answer False, and count nothing, if the quota is spent."""
        if self.quota <= 0:
            return True
        with self._lock:
            began, used = self._window(user)
            if used >= self.quota:
                return False
            self._windows[user] = (began, used + 1)
            return True

    def left(self, user: str) -> int:
        """Return how much of the quota is left to a user."""
        with self._lock:
            return self.quota - self._window(user)[1]

    def resets_in(self, user: str) -> int:
        """Return the whole seconds until the user's window ends, rounded up."""
        with self._lock:
            return math.ceil(self._window(user)[0] + self.seconds - self._clock())


# Files are read in a bucket of their own, which is larger on the Hub.
RESOLVERS = ("head", "resolve", "cached")


class Limits:
    """Hold the quotas of one Hub and write their headers."""

    def __init__(
        self, *, commits: int, requests: int, hour: float, window: float, clock: Clock
    ) -> None:
        """Set the quotas; 0 means no limit and, for requests, no headers."""
        self.commits = Quota(commits, hour, clock)
        self._buckets = {
            "api": Quota(requests, window, clock),
            "resolvers": Quota(5 * requests, window, clock),
        }

    def check_request(self, kind: str, user: str) -> dict[str, str]:
        """Count a request and return the headers its answer carries, or refuse it with 429."""
        name = "resolvers" if kind in RESOLVERS else "api"
        bucket = self._buckets[name]
        if bucket.quota <= 0:
            return {}
        taken = bucket.take(user)
        headers = self._headers(name, bucket, user)
        if not taken:
            headers["Retry-After"] = str(bucket.resets_in(user))
            text = f"We had to rate limit you, you hit the quota of {bucket.quota} {name} requests"
            raise Refusal(429, f"{text} per {bucket.seconds:g} seconds period.", headers=headers)
        return headers

    def check_commit(self, user: str) -> None:
        """Count a commit, or refuse it with the hourly text.

        As on the Hub, the `ratelimit` header then still shows requests left.
        """
        if not self.commits.take(user):
            headers = {"Retry-After": str(self.commits.resets_in(user))}
            raise Refusal(429, commit_quota(self.commits.quota), headers=headers)

    def _headers(self, name: str, bucket: Quota, user: str) -> dict[str, str]:
        left = bucket.left(user)
        return {
            "ratelimit": f'"{name}";r={left};t={bucket.resets_in(user)}',
            "ratelimit-policy": f'"fixed window";"{name}";q={bucket.quota};w={bucket.seconds:g}',
        }
