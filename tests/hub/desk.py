"""What a test does to a Hub beside the client's back: fill it, edit it, look into it."""

import hashlib
from collections.abc import Mapping

import msgspec

from . import changes
from .faults import Armed, Fault
from .history import Draft, Files, create_repo, push
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

    def disable(self, repo: str) -> None:
        """Disable a repo, as the Hub does with one that breaks its rules."""
        self.state.store.record(changes.RepoSet(repo=self.repo(repo).key, disabled=True))

    def gate(self, repo: str) -> None:
        """Let only members, and who was let in, have the files of a repo."""
        self.state.store.record(changes.RepoSet(repo=self.repo(repo).key, gated="manual"))

    def move(self, repo: str, to: str) -> None:
        """Give a repo another name, or another owner; the old name leads to it."""
        self.state.store.record(changes.RepoMoved(repo=self.repo(repo).key, to=_key(to)))

    def store_large(self, repo: str, path: str, pattern: str = "") -> None:
        """Put a file of a repo into large file storage, as a rule in .gitattributes would have."""
        content = self.read(repo, path)
        assert content is not None
        sha256 = hashlib.sha256(content).hexdigest()
        store, found = self.state.store, self.repo(repo)
        store.record(changes.Uploaded(sha256=sha256, content=content))
        rule = (
            self.read(repo, ".gitattributes") or b""
        ) + f"{pattern or path} filter=lfs\n".encode()
        files: Files = {
            path: changes.LfsFile(sha256=sha256, size=len(content)),
            ".gitattributes": rule,
        }
        at = self.state.now()
        draft = Draft(files=files, title="Store it large", message="", by="ana", at=at)
        push(store, found, MAIN, None, draft)

    def trust(self, repo: str, **claims: str) -> None:
        """Let a repo have a trusted publisher: runs with just these *claims*."""
        self.state.publishers[_key(repo)] = claims

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
