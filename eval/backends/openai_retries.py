"""When a call to a server is worth another try, and how long to wait before it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try."""

LONGEST = 600.0
"""A server that wants more patience, in seconds, does not want the call."""

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses of a server that may answer the same call later."""

NEVER = frozenset({401, 402, 403, 404, 405, 407})
"""Statuses that no other call of the same run would escape."""


def wait_before(attempt: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait before the try after number *attempt*, which counts from 0.

    What the server asks for in `Retry-After` comes first. `None` where it is no use to go on.
    """
    if attempt >= len(WAITS):
        return None
    asked = retry_after(headers.get("retry-after"), now)
    wait = WAITS[attempt] if asked is None else asked
    return wait if wait <= LONGEST else None


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, as a number or a date."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if seconds == seconds else None
