"""One repo as it stands: its commits, its refs and its threads."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from .changes import ThreadNoted
from .refusals import Refusal, no_entry, no_revision

MAIN = "refs/heads/main"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file at a commit: its blob id and size, and its SHA-256 if it is in LFS."""

    oid: str
    size: int
    sha256: str | None = None

    @property
    def etag(self) -> str:
        """The name of the content: what `ETag` carries and `preupload` compares."""
        return self.sha256 or self.oid


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit with all files that its tree holds."""

    oid: str
    parents: tuple[str, ...]
    title: str
    message: str
    by: str
    at: int
    files: dict[str, Entry]


@dataclass(kw_only=True)
class Thread:
    """A discussion or pull request and what was said in it."""

    num: int
    title: str
    by: str
    at: int
    is_pull_request: bool
    status: str
    merged_as: str | None = None
    notes: list[ThreadNoted] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """The git ref of the pull request."""
        return f"refs/pr/{self.num}"


@dataclass(kw_only=True)
class Repo:
    """A repo: `key` is its type and id, as in `models/acme/tiny`."""

    key: str
    at: int
    private: bool = False
    gated: str | bool = False
    disabled: bool = False
    writers: list[str] | None = None
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    committing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def type(self) -> str:
        """The repo's type as the client names it: model, dataset or space."""
        return self.key.partition("/")[0].removesuffix("s")

    @property
    def id(self) -> str:
        """The repo's id: namespace and name."""
        return self.key.partition("/")[2]

    @property
    def namespace(self) -> str:
        """The user or organisation that owns the repo."""
        return self.id.partition("/")[0]

    def ref(self, revision: str) -> str | None:
        """Return the full name of a branch, tag or pull request ref, if the repo has it."""
        names = (f"refs/heads/{revision}", f"refs/tags/{revision}", revision)
        return next((name for name in names if name in self.refs), None)

    def at_revision(self, revision: str, behind: int = 0) -> Commit:
        """Return the commit that a revision names, or one `behind` steps before it.

        A branch that lags (`behind=1`) is how a cached answer of the Hub looks. A commit may be
        named by 7 or more of its first digits.
        """
        if ref := self.ref(revision):
            commit = self.commits[self.refs[ref]]
            for _ in range(behind):
                commit = self.commits[commit.parents[0]] if commit.parents else commit
            return commit
        if revision in self.commits:
            return self.commits[revision]
        if len(revision) >= 7:
            for oid, commit in self.commits.items():
                if oid.startswith(revision):
                    return commit
        raise no_revision(revision)

    def history(self, revision: str = "main") -> Iterator[Commit]:
        """Yield the commits of a revision, newest first, along first parents."""
        commit: Commit | None = self.at_revision(revision)
        while commit:
            yield commit
            commit = self.commits[commit.parents[0]] if commit.parents else None

    def entry(self, revision: str, path: str, behind: int = 0) -> tuple[Commit, Entry]:
        """Return the commit of a revision and one file of it."""
        commit = self.at_revision(revision, behind)
        if path not in commit.files:
            raise no_entry(path, commit.oid)
        return commit, commit.files[path]

    def thread(self, num: int) -> Thread:
        """Return a discussion or pull request."""
        if num not in self.threads:
            raise Refusal(404, f"Discussion {num} not found")
        return self.threads[num]
