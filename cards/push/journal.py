"""What was pushed: an append-only file that makes every stop resumable and spares requests."""

import os
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from ...eval.errors import CardboardError, UsageError

_HOUR = 3600.0


What = Literal["sent", "made", "seen", "failed", "foreign", "ignored", "over", "closed", "judged"]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: a commit that is about to be sent, or what became of it."""

    what: What
    """`seen`: read back and found as wanted, without a commit of ours. `foreign`: read, and found
    to hold nothing of ours. `ignored`: the Hub would leave our README out of a commit. `over`: our
    pull request is not needed any more. `closed`: it was closed. `judged`: what the Hub says of
    our results file."""
    hub: str
    repo: str
    at: float
    """Seconds since 1970, UTC."""
    digest: str = ""
    """Of all that decides what we write; the same as `Wanted.digest`."""
    head: str = ""
    front: str = ""
    """SHA-256 of the front matter, where it holds nothing but ours."""
    pull: int | None = None
    """The pull request that holds the card, where the main branch does not."""
    id: str = ""
    """What the Hub itself calls the repository, where that is not `repo`."""
    keys: str = ""
    """By key, short hashes of what we wrote in the front matter."""
    left: bool = False
    """What was written says that the model has left the board."""
    proposed: bool = False
    """What was written are results, proposed to somebody else's model."""
    plain: tuple[str, ...] = ()
    """Files that the Hub takes as text at `head`, where it left none of them out."""
    told: tuple[str, ...] | None = None
    """Why the Hub rejects our results file, nothing where it takes it; `None` if nobody asked."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a repository without asking."""

    head: str
    digest: str
    front: str
    pull: int | None
    id: str = ""
    keys: str = ""
    left: bool = False
    proposed: bool = False


class Journal:
    """Remember pushes to one Hub in `push.jsonl`; each line is on disk before the next step."""

    def __init__(self, path: Path | None, hub: str, clock: Callable[[], float]) -> None:
        """Read the file at *path* if there is one; without a path nothing outlives the process.

        Half a last line is what a crash left of it.
        """
        self._path, self._hub, self._clock = path, hub, clock
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}
        self._open: set[str] = set()
        self._foreign: dict[str, str] = {}
        self._ignored: dict[str, str] = {}
        self._own: dict[str, tuple[str, frozenset[str]]] = {}
        self._over: dict[str, int] = {}
        self._judged: dict[str, tuple[str, ...]] = {}
        self._sent: list[float] = []
        with _on_disk():
            data = path.read_bytes() if path and path.exists() else b""
        self._torn = bool(data) and not data.endswith(b"\n")
        for event in _events(data):
            self._learn(event)

    def record(self, repo: str) -> Record | None:
        """Return what is known of *repo*; nothing while it is unsure what became of a commit."""
        return None if repo in self._open else self._records.get(repo)

    def pushed(self, repo: str) -> bool:
        """Tell whether a card of ours was ever on *repo*."""
        return repo in self._records

    def written(self) -> dict[str, Record]:
        """Return what is known of every repository with a card of ours that may stand there still.

        A card that was withdrawn is not among them, once that is on the main branch and no pull
        request of ours is needless.
        """
        unfinished = self._open | self._over.keys()
        return {
            repo: record
            for repo, record in sorted(self._records.items())
            if not record.proposed
            and (not record.left or record.pull is not None or repo in unfinished)
        }

    def id_of(self, repo: str) -> str:
        """Return what the Hub calls *repo*, as far as we know."""
        record = self._records.get(repo)
        return (record.id if record else "") or repo

    def is_foreign(self, repo: str, head: str) -> bool:
        """Tell whether *repo* was found at *head* to hold nothing of ours."""
        return self._foreign.get(repo) == head

    def is_ignored(self, repo: str, head: str) -> bool:
        """Tell whether the Hub left our README out of a commit onto *head*."""
        return self._ignored.get(repo) == head

    def is_own(self, repo: str, head: str) -> bool:
        """Tell whether the commit *head* of the main branch of *repo* is ours."""
        return bool(head) and self._own.get(repo, ("", None))[0] == head

    def plain(self, repo: str, head: str) -> frozenset[str]:
        """Return the files that *repo* surely takes as text at *head*; none if that is not ours."""
        return self._own[repo][1] if self.is_own(repo, head) else frozenset()

    @property
    def unsure(self) -> frozenset[str]:
        """Return the repositories with a commit that was sent and never heard of again."""
        return frozenset(self._open)

    def commits_sent(self) -> list[float]:
        """Return when the commits of the last hour were sent, oldest first."""
        now = self._clock()
        # A clock that was wrong once, on this machine or another, must not hold us for years.
        return sorted(at for at in self._sent if now - _HOUR < at <= now)

    def sent(self, repo: str, digest: str, head: str) -> None:
        """Note that a commit onto *head* is about to be sent."""
        self._write(self._event("sent", repo, digest=digest, head=head))

    def failed(self, repo: str) -> None:
        """Note that the Hub surely did not make the commit."""
        self._write(self._event("failed", repo))

    def foreign(self, repo: str, head: str) -> None:
        """Note that *repo* holds nothing of ours at *head*."""
        self._write(self._event("foreign", repo, head=head))

    def ignored(self, repo: str, head: str) -> None:
        """Note that the Hub would leave our README out of a commit onto *head*."""
        self._write(self._event("ignored", repo, head=head))

    def made(self, repo: str, record: Record, plain: Collection[str] = ()) -> None:
        """Note that *repo* holds what *record* tells by a commit of ours; *plain* files as text."""
        told = msgspec.structs.asdict(record)
        self._write(self._event("made", repo, **told, plain=tuple(sorted(plain))))

    def seen(self, repo: str, record: Record) -> None:
        """Note that *repo* was found to hold what *record* tells; says nothing twice."""
        if self.record(repo) != record:
            self._write(self._event("seen", repo, **msgspec.structs.asdict(record)))

    def over(self, repo: str) -> int | None:
        """Return the number of our pull request that a direct push made needless."""
        return self._over.get(repo)

    def is_over(self, repo: str, pull: int) -> None:
        """Note that our pull request *pull* is needless once the main branch holds the card."""
        self._write(self._event("over", repo, pull=pull))

    def closed(self, repo: str) -> None:
        """Note that no needless pull request of ours is open."""
        self._write(self._event("closed", repo))

    def verdict(self, repo: str) -> tuple[str, ...] | None:
        """Return why the Hub rejects our results file; `None` where it was not asked."""
        return self._judged.get(repo)

    def judged(self, repo: str, told: tuple[str, ...] | None) -> None:
        """Note what the Hub says of our results file; says nothing twice."""
        if self.verdict(repo) != told:
            self._write(self._event("judged", repo, told=told))

    def _event(self, what: What, repo: str, **told: Any) -> Event:
        return Event(what=what, hub=self._hub, repo=repo, at=self._clock(), **told)

    def _write(self, event: Event) -> None:
        with self._lock:
            if self._path is not None:
                with _on_disk():
                    self._append(self._path, msgspec.json.encode(event) + b"\n")
            self._learn(event)

    def _append(self, path: Path, line: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write((b"\n" if self._torn else b"") + line)
            file.flush()
            os.fsync(file.fileno())
        self._torn = False

    def _learn(self, event: Event) -> None:
        if event.what == "sent":
            self._sent.append(event.at)
        if event.hub != self._hub:
            return
        if event.what == "sent":
            self._open.add(event.repo)
            return
        if event.what == "foreign":
            self._foreign[event.repo] = event.head
            return
        if event.what == "over" and event.pull is not None:
            self._over[event.repo] = event.pull
        if event.what == "closed":
            self._over.pop(event.repo, None)
        if event.what == "judged" and event.told is None:
            self._judged.pop(event.repo, None)
        elif event.what == "judged" and event.told is not None:
            self._judged[event.repo] = event.told
        if event.what in ("over", "closed", "judged"):
            return
        self._open.discard(event.repo)
        if event.what == "ignored":
            self._ignored[event.repo] = event.head
        elif event.what in ("made", "seen"):
            self._learn_state(event)

    def _learn_state(self, event: Event) -> None:
        known = {name: getattr(event, name) for name in Record.__struct_fields__}
        self._records[event.repo] = Record(**known)
        if event.what == "made" and event.pull is None:
            self._own[event.repo] = (event.head, frozenset(event.plain))


def _events(data: bytes) -> Iterator[Event]:
    decoder = msgspec.json.Decoder(Event)
    for line in data.splitlines():
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError:
            continue  # half a line; what it told is found out by reading the repository


@contextmanager
def _on_disk() -> Iterator[None]:
    """Raise `CardboardError` where the disk refuses."""
    try:
        yield
    except OSError as error:
        raise CardboardError(
            f"the journal of pushes cannot be kept: {error.strerror}",
            file=error.filename,
            remedy="Let the file be read and written, then push again: nothing is done twice.",
        ) from None


@contextmanager
def push_lock(path: Path) -> Iterator[None]:
    """Hold the lock file at *path*; raise `UsageError` while another push holds it."""
    import fcntl

    with _on_disk():
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                "another push of this workspace is running",
                file=str(path),
                remedy="Wait until it has ended; it goes on by itself when its budget is spent.",
            ) from None
        yield
