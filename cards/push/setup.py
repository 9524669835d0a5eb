"""A push put together: the workspace and the command line as place, budget, journal and voice."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from msgspec import Struct

from ...board.workspace.settings import Hub as Quotas
from ...board.workspace.settings import Workspace
from ...eval.errors import UsageError
from ..hub.answers import scrubber
from ..hub.budget import Budget
from ..hub.errors import Stopped
from ..hub.folder import Folder
from ..hub.place import Place
from ..readme.readme import Take
from .console import Voice
from .journal import Journal, alone
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
def opened(workspace: Workspace, options: Options) -> Iterator[tuple[Push, Voice]]:
    """Yield a push as *options* say: to the Hub or, without a token, to a folder."""
    from huggingface_hub import get_token

    folder = workspace.root / ".cardboard"
    token = None if options.to else get_token()
    voice = Voice(scrubber(token))
    with nullcontext() if options.only_look else alone(folder / "push.lock"):
        if token or (options.anonymous and options.to is None):
            with _to_hub(workspace, options, token, voice) as push:
                yield push, voice
            return
        if options.propose:
            raise UsageError(
                "pull requests are opened on the Hub only",
                key="--pr",
                remedy="Log in with: hf auth login",
            )
        if options.to is None:
            voice.err("Nobody is logged in to the Hub (hf auth login): this goes to build/hub.")
        place = Folder(options.to or workspace.build / "hub")
        journal = Journal(None, place.name, time.time)
        yield _push(place, journal, workspace.settings.hub, options, voice), voice


@contextmanager
def _to_hub(
    workspace: Workspace, options: Options, token: str | None, voice: Voice
) -> Iterator[Push]:
    from huggingface_hub import HfApi

    from ..hub.hub import Hub
    from ..hub.session import session

    hub = Hub(HfApi(token=token or False), voice.scrub)
    journal = Journal(workspace.root / ".cardboard" / "push.jsonl", hub.name, time.time)
    push = _push(hub, journal, workspace.settings.hub, options, voice)
    with session(push.budget, voice.scrub):
        yield push


def _push(place: Place, journal: Journal, quotas: Quotas, options: Options, voice: Voice) -> Push:
    stop = threading.Event()

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopped

    take, takes = choices(options.takes)
    return Push(
        place=place,
        journal=journal,
        budget=Budget(
            commits_per_hour=quotas.commits_per_hour if place.remote else 10**9,
            requests_per_window=quotas.requests_per_window,
            clock=time.time,
            wait=wait,
            say=voice.waiting,
            past=journal.commits_sent(),
        ),
        stop=stop,
        workers=options.workers or quotas.workers,
        propose=options.propose,
        only_look=options.only_look,
        take=take,
        takes=takes,
    )


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
