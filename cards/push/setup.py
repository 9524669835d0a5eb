"""A push put together: the command line as destination, journal, budget and console."""

import os
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
from ..hub.oidc import Publisher, login
from ..hub.responses import Scrubber, scrubber
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
    oidc: bool = False
    """Write as a trusted publisher of each repository."""
    workers: int | None = None


@contextmanager
def opened(options: Options, quotas: Quotas, state: Path, build: Path) -> Iterator[Push]:
    """Yield a push as *options* say: to the Hub or, without a token, to a folder.

    *state* is the folder of the lock and the journal; *build* takes the place of the Hub.
    """
    token = None if options.to else login()
    scrub = scrubber(token)
    console = Console(scrub)
    with nullcontext() if options.only_look else push_lock(state / "push.lock"):
        destination = _destination(options, token, build, console, scrub)
        past = state / "push.jsonl" if destination.remote else None
        push = _push(
            options, quotas, destination, Journal(past, destination.name, time.time), console
        )
        with _requests(push):
            yield push


def _destination(
    options: Options, token: str | None, build: Path, console: Console, scrub: Scrubber
) -> Destination:
    if options.oidc and (options.propose or options.to is not None):
        raise UsageError(
            "does not go with --to, --pr or --propose",
            key="--oidc",
            remedy="A trusted publisher writes to the Hub itself; pull requests need a token.",
        )
    if token or options.oidc or (options.anonymous and options.to is None):
        from huggingface_hub import HfApi

        from ..hub.hub import Hub

        api = HfApi(token=token or False)
        if not options.oidc:
            return Hub(api, scrub)
        publisher = Publisher(api.endpoint, scrub, os.environ, time.time)
        reader = "your token reads" if token else "nobody is logged in to read"
        console.err(f"Trusted publishers write, each repository by its own token; {reader}.")
        return Hub(api, scrub, publisher)
    if options.propose:
        raise UsageError(
            "pull requests are opened on the Hub only",
            key="--pr",
            remedy="Log in with: hf auth login",
        )
    if options.to is None and not options.only_look and _in_ci():
        raise UsageError(
            "nobody is logged in to the Hub, so nothing would be published",
            key="HF_TOKEN",
            remedy="Set the secret, use --oidc, or ask for a trial: --dry-run, or --to DIR.",
        )
    if options.to is None:
        console.err("Nobody is logged in to the Hub (hf auth login): this goes to build/hub.")
    return Folder(options.to or build)


def _in_ci() -> bool:
    """Tell whether this runs where nobody would read a remark: CI services all set `CI`."""
    return os.environ.get("CI", "").lower() in ("true", "1")


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
        takes={**quotas.take, **takes},
    )


def _requests(push: Push) -> AbstractContextManager[None]:
    """Return what every request to the Hub is made inside of; a folder needs none."""
    if not push.destination.remote:
        return nullcontext()
    from ..hub.session import session

    return session(push.budget, push.console.scrub, push.console.no_answer)


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
