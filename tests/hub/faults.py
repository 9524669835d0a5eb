"""Faults: what can be made to go wrong, for which requests, and how often."""

import threading
from typing import Literal

import msgspec

KINDS = (
    "whoami",
    "create",
    "delete",
    "settings",
    "auth-check",
    "validate",
    "preupload",
    "commit",
    "info",
    "list",
    "head",
    "resolve",
    "cached",
    "tree",
    "paths",
    "refs",
    "commits",
    "ref",
    "discussions",
    "discussion",
    "discussion-new",
    "comment",
    "status",
    "title",
    "merge",
    "lfs-batch",
    "lfs-put",
    "lfs-verify",
    "exchange",
    "id-token",
    "agent",
    "unknown",
)


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong, for `times` requests of a kind after `skip` good ones.

    `kind` "*" means every request but the client's own background one ("agent"). `when` says
    whether the Hub has acted: a commit that fails "after" was made. The ways to fail:

    - "status": answer `status` with `text` (the Hub's own words if empty) and `headers`, as JSON
      or, with `html`, as the page of a gateway; 200 with `html` is a captive portal.
    - "drop": close the connection without an answer.
    - "stall": wait `seconds`, or until it is let go, then go on; clearing the faults drops what is
      waiting.
    - "lag": read branches as they were one commit ago, as a stale cache does.
    """

    kind: str = "*"
    how: Literal["status", "drop", "stall", "lag"] = "status"
    when: Literal["before", "after"] = "before"
    status: int = 500
    text: str = ""
    html: bool = False
    headers: dict[str, str] = {}
    seconds: float = 3600.0
    repo: str | None = None
    skip: int = 0
    times: int | None = 1

    def __post_init__(self) -> None:
        """Refuse a kind that no request has."""
        if self.kind != "*" and self.kind not in KINDS:
            raise ValueError(f"no request is of kind {self.kind!r}; kinds: {', '.join(KINDS)}")

    def concerns(self, kind: str, repo: str) -> bool:
        """Tell whether a request is one of those this fault counts.

        `repo` is an id such as `acme/tiny`, with or without its type in front.
        """
        if self.kind != kind and (self.kind != "*" or kind == "agent"):
            return False
        return self.repo is None or self.repo in (repo, repo.partition("/")[2])


# Every way in which a request can fail, by a name that reads well in a test's id.
NAMED = {
    "error-500": Fault(status=500),
    "gateway-502": Fault(status=502, html=True),
    "captive-portal": Fault(status=200, html=True),
    "unauthorized-401": Fault(status=401),
    "forbidden-403": Fault(status=403),
    "locked-409": Fault(status=409),
    "stale-412": Fault(status=412),
    "commit-quota-429": Fault(status=429, headers={"Retry-After": "0"}),
    "window-429": Fault(
        status=429, text="We had to rate limit you.", headers={"ratelimit": '"api";r=0;t=0'}
    ),
    "dropped": Fault(how="drop"),
    "slow": Fault(how="stall", seconds=0.2),
    "done-but-500": Fault(status=500, when="after"),
    "done-but-504": Fault(status=504, html=True, when="after"),
    "done-but-html": Fault(status=200, html=True, when="after"),
    "done-but-dropped": Fault(how="drop", when="after"),
    "done-but-slow": Fault(how="stall", seconds=0.2, when="after"),
}


class Armed:
    """A fault that waits for its requests, and how many it has met."""

    def __init__(self, fault: Fault) -> None:
        """Arm a fault."""
        self.fault = fault
        self.seen = 0
        self.fired = 0
        self._over = threading.Event()
        self._dropped = False
        self._struck = threading.Condition()

    def strikes(self, kind: str, repo: str) -> bool:
        """Count a request if it is concerned; tell whether it shall fail."""
        if not self.fault.concerns(kind, repo):
            return False
        with self._struck:
            self.seen += 1
            times = self.fault.times
            past_skip = self.seen > self.fault.skip
            if not past_skip or (times is not None and self.fired >= times):
                return False
            self.fired += 1
            self._struck.notify_all()
            return True

    def wait(self, fired: int = 1, seconds: float = 300.0) -> bool:
        """Wait until the fault has struck `fired` times; tell whether it has."""
        with self._struck:
            return self._struck.wait_for(lambda: self.fired >= fired, seconds)

    def stall(self) -> bool:
        """Wait as long as the fault says; tell whether to go on (False: it was dropped)."""
        self._over.wait(self.fault.seconds)
        return not self._dropped

    def let_go(self) -> None:
        """End the stall of what is waiting, and of all that comes."""
        self._over.set()

    def drop(self) -> None:
        """Drop what is waiting."""
        self._dropped = True
        self._over.set()


class Faults:
    """The faults armed on one Hub; for each request the first one armed that strikes counts."""

    def __init__(self) -> None:
        """Start with a Hub that works."""
        self._lock = threading.Lock()
        self._armed: list[Armed] = []

    def arm(self, fault: Fault) -> Armed:
        """Add a fault behind those already armed."""
        armed = Armed(fault)
        with self._lock:
            self._armed.append(armed)
        return armed

    def strike(self, kind: str, repo: str) -> Armed | None:
        """Return the fault that this request shall meet, if any."""
        with self._lock:
            return next((armed for armed in self._armed if armed.strikes(kind, repo)), None)

    def all(self) -> list[Armed]:
        """Return the faults in the order they were armed."""
        with self._lock:
            return list(self._armed)

    def clear(self) -> None:
        """Disarm every fault and drop the requests that are waiting in a stall."""
        with self._lock:
            armed, self._armed = self._armed, []
        for each in armed:
            each.drop()
