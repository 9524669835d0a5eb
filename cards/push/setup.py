"""A push put together: the command line as destination, journal, budget and console."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from msgspec import Struct

from ...board.workspace.settings import Hub as Quotas
from ...eval.errors import UsageError
from ..hub.budget import Budget
from ..hub.destination import Destination
from ..hub.errors import Stopped
from ..hub.folder import Folder
from ..hub.responses import scrubber
from ..readme.readme import Take
from .console import Console
from .journal import Journal, push_lock
from .push import Push

WAYS: tuple[Take, ...] = ("ours", "theirs", "append")


class Options(Struct, frozen=True, kw_only=True):
    """What the command line says of a push."""

    to: Path | None = None
    repos: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    propose: bool = False
    only_look: bool = False
    anonymous: bool = False
    """Look at the Hub even without a token."""
    workers: int | None = None


@contextmanager
def opened(options: Options, quotas: Quotas, state: Path, build: Path) -> Iterator[Push]:
    """Yield a push as *options* say: to the Hub or, without a token, to a folder.

    *state* is the folder of the lock and the journal; *build* takes the place of the Hub.
    """
    from huggingface_hub import get_token

    token = None if options.to else get_token()
    console = Console(scrubber(token))
    with nullcontext() if options.only_look else push_lock(state / "push.lock"):
        destination = _destination(options, token, build, console)
        past = state / "push.jsonl" if destination.remote else None
        push = _push(
            options, quotas, destination, Journal(past, destination.name, time.time), console
        )
        with _requests(push):
            yield push


def _destination(options: Options, token: str | None, build: Path, console: Console) -> Destination:
    if token or (options.anonymous and options.to is None):
        from huggingface_hub import HfApi

        from ..hub.hub import Hub

        return Hub(HfApi(token=token or False), console.scrub)
    if options.propose:
        raise UsageError(
            "pull requests are opened on the Hub only",
            key="--pr",
            remedy="Log in with: hf auth login",
        )
    if options.to is None:
        console.err("Nobody is logged in to the Hub (hf auth login): this goes to build/hub.")
    return Folder(options.to or build)


def _push(
    options: Options, quotas: Quotas, destination: Destination, journal: Journal, console: Console
) -> Push:
    stop = threading.Event()

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopped

    take, takes = choices(options.takes)
    return Push(
        destination=destination,
        journal=journal,
        budget=Budget(
            commits_per_hour=quotas.commits_per_hour if destination.remote else 10**9,
            requests_per_window=quotas.requests_per_window,
            clock=time.time,
            wait=wait,
            say=console.waiting,
            past=journal.commits_sent(),
        ),
        console=console,
        stop=stop,
        workers=options.workers or quotas.workers,
        propose=options.propose,
        only_look=options.only_look,
        take=take,
        takes=takes,
    )


def _requests(push: Push) -> AbstractContextManager[None]:
    """Return what every request to the Hub is made inside of; a folder needs none."""
    if not push.destination.remote:
        return nullcontext()
    from ..hub.session import session

    return session(push.budget, push.console.scrub)


def choices(texts: Sequence[str]) -> tuple[Take | None, dict[str, Take]]:
    """Return the choice for all repositories and those for single ones, `REPO=WAY`.

    Raises `UsageError` for a way that there is not.
    """
    general: Take | None = None
    single: dict[str, Take] = {}
    for text in texts:
        repo, _, word = text.rpartition("=")
        way = next((way for way in WAYS if way == word), None)
        if way is None:
            raise UsageError(
                f"{word!r} is no choice",
                key="--take",
                remedy=f"Choose {', '.join(WAYS)}; for one repository: --take REPO=WAY",
            )
        if repo:
            single[repo] = way
        else:
            general = way
    return general, single
