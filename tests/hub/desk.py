"""What a test does to a Hub beside the client's back: fill it, edit it, look into it."""

from collections.abc import Mapping

import msgspec

from . import changes
from .faults import Armed, Fault
from .history import Draft, create_repo, push
from .refusals import Refusal
from .repo import MAIN, Commit, Repo
from .state import State


class Desk:
    """Direct access to a Hub's state; a repo is named `acme/tiny`, or `datasets/acme/bench`."""

    def __init__(self, state: State) -> None:
        """Sit at the desk of one Hub."""
        self.state = state
        self.faults = state.faults
        self.log = state.log

    def arm(self, fault: Fault, **but: object) -> Armed:
        """Arm a fault, with some of its fields replaced."""
        return self.faults.arm(msgspec.structs.replace(fault, **but))

    def write(
        self,
        repo: str,
        files: Mapping[str, str | bytes | None] | None = None,
        *,
        by: str = "ana",
        title: str = "Edit by hand",
        private: bool = False,
    ) -> str:
        """Commit files as somebody, into a new repo if need be; return the head's id."""
        store, key = self.state.store, _key(repo)
        content = {
            path: text.encode() if isinstance(text, str) else text
            for path, text in (files or {}).items()
        }
        with store.lock:
            if key not in store.repos:
                create_repo(store, key, self.state.now(), private=private)
            found = store.repos[key]
            if content:
                at = self.state.now()
                draft = Draft(files=content, title=title, message="", by=by, at=at)
                push(store, found, MAIN, None, draft)
            return found.refs[MAIN]

    def restrict(self, repo: str, writers: list[str]) -> None:
        """Let only these users write to a repo."""
        change = changes.RepoSet(repo=self.repo(repo).key, writers=writers)
        self.state.store.record(change)

    def repo(self, repo: str) -> Repo:
        """Return a repo; raise KeyError if there is none."""
        return self.state.store.repos[_key(repo)]

    def heads(self) -> dict[str, str]:
        """Return the head of main of every repo, by type and id."""
        with self.state.store.lock:
            return {key: repo.refs[MAIN] for key, repo in self.state.store.repos.items()}

    def history(self, repo: str, revision: str = "main") -> list[Commit]:
        """Return the commits of a revision, newest first; the last is the Hub's own."""
        return list(self.repo(repo).history(revision))

    def read(self, repo: str, path: str, revision: str = "main") -> bytes | None:
        """Return a file, None if the revision lacks it."""
        try:
            _, entry = self.repo(repo).entry(revision, path)
        except Refusal:
            return None
        return self.state.store.content(entry)


def _key(repo: str) -> str:
    return repo if repo.count("/") == 2 else f"models/{repo}"
