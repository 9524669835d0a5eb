"""The client's HTTP session: each request passes our budget, and none waits for ever."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .budget import Budget
from .errors import Unclear
from .responses import Scrub, error_of, hear_warnings, transport_errors

if TYPE_CHECKING:
    from httpx2 import Request, Response

TIMEOUT = 60.0
"""Seconds; the client itself sets no limit."""
SILENCE = 3.0
"""Seconds without an answer after which that is said."""
LOOK = 0.5


class Patience:
    """Say once, for all requests that wait, that no answer has come for three seconds."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say
        self._waiting: dict[int, float] = {}
        self._told = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the requests that are made meanwhile."""
        self._thread.start()
        try:
            yield
        finally:
            self._end.set()
            self._thread.join()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count what is done meanwhile as one request."""
        me = threading.get_ident()
        self._waiting[me] = time.monotonic()
        try:
            yield
        finally:
            self._waiting.pop(me, None)

    def _watch(self) -> None:
        while not self._end.wait(LOOK):
            since = list(self._waiting.values())
            late = any(time.monotonic() - at > SILENCE for at in since)
            if late and not self._told:
                self._say()
            self._told = late


@contextmanager
def session(budget: Budget, scrub: Scrub, say: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Send all requests of `huggingface_hub` through *budget* while this is open.

    A request that gets no answer is not sent again by the client itself, which would do so in
    silence: whoever asked decides. *say* is told where an answer takes more than three seconds.
    """
    import logging
    import warnings

    from huggingface_hub import close_session, get_session, set_client_factory

    plain = get_session()
    client, hooks = type(plain), list(plain.event_hooks["request"])

    patience = Patience(say)

    class Once(client):  # type: ignore[misc, valid-type]  # its library's name is the client's
        """Send each request once."""

        def send(self, request: "Request", **how: Any) -> "Response":
            try:
                with patience.request():
                    response: Response = super().send(request, **how)
                    return response
            except transport_errors() as error:
                raise Unclear(f"no answer ({type(error).__name__})") from None

    def before(request: "Request") -> None:
        budget.request("resolvers" if "/resolve/" in request.url.path else "api")

    def after(response: "Response") -> None:
        budget.answered(response.headers)
        # Raised here, these never reach the client's own retries, which wait where nobody can
        # see it and know nothing of the other workers.
        if response.status_code in (408, 429) or response.status_code >= 500:
            response.read()
            raise error_of(response, scrub)
        if response.request.url.path.endswith("/api/validate-yaml"):
            response.read()
            hear_warnings(response.content)

    # What the client would say on its own comes from the Hub, unscrubbed, and is in our errors.
    log = logging.getLogger("huggingface_hub")
    level = log.level
    log.setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"huggingface_hub\.")
    set_client_factory(
        lambda: Once(
            event_hooks={"request": [*hooks, before], "response": [after]},
            follow_redirects=True,
            timeout=TIMEOUT,
        )
    )
    try:
        with patience.watching():
            yield
    finally:
        close_session()
        log.setLevel(level)
        set_client_factory(
            lambda: client(event_hooks={"request": hooks}, follow_redirects=True, timeout=None)
        )
