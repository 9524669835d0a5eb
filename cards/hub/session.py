"""The client's HTTP session: each request passes our budget, and none waits for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .budget import Budget
from .responses import Scrub, error_of, hear_warnings

if TYPE_CHECKING:
    from httpx2 import Request, Response

TIMEOUT = 60.0
"""Seconds; the client itself sets no limit."""


@contextmanager
def session(budget: Budget, scrub: Scrub) -> Iterator[None]:
    """Send all requests of `huggingface_hub` through *budget* while this is open."""
    import logging
    import warnings

    from huggingface_hub import close_session, get_session, set_client_factory

    plain = get_session()
    client, hooks = type(plain), list(plain.event_hooks["request"])

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
        lambda: client(
            event_hooks={"request": [*hooks, before], "response": [after]},
            follow_redirects=True,
            timeout=TIMEOUT,
        )
    )
    try:
        yield
    finally:
        close_session()
        log.setLevel(level)
        set_client_factory(
            lambda: client(event_hooks={"request": hooks}, follow_redirects=True, timeout=None)
        )
