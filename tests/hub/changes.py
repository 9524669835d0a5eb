"""What can change a Hub: the records that its state file keeps, one a line."""

import msgspec


class LfsFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose content lies in large file storage under its SHA-256."""

    sha256: str
    size: int


class RepoCreated(msgspec.Struct, frozen=True, kw_only=True, tag="repo-created"):
    """A new repo; `repo` is its type and id, as in `models/acme/tiny`."""

    repo: str
    at: int
    private: bool = False


class RepoDeleted(msgspec.Struct, frozen=True, kw_only=True, tag="repo-deleted"):
    """A repo that is gone with all its history."""

    repo: str


class RepoMoved(msgspec.Struct, frozen=True, kw_only=True, tag="repo-moved"):
    """A repo under another name, in its owner's hands or another's; the old one leads there."""

    repo: str
    to: str


class RepoSet(msgspec.Struct, frozen=True, kw_only=True, tag="repo-set"):
    """Settings of a repo; null leaves one as it is.

    `writers` names the only users who may write; an empty list locks everybody out.
    """

    repo: str
    private: bool | None = None
    gated: str | bool | None = None
    writers: list[str] | None = None
    disabled: bool | None = None


class Committed(msgspec.Struct, frozen=True, kw_only=True, tag="committed"):
    """A commit on `ref`: new content by path, null for a deleted file."""

    repo: str
    ref: str
    oid: str
    parents: list[str]
    title: str
    message: str
    by: str
    at: int
    files: dict[str, bytes | LfsFile | None]


class RefSet(msgspec.Struct, frozen=True, kw_only=True, tag="ref-set"):
    """A branch, tag or pull request ref that now points at `oid`; null removes it."""

    repo: str
    ref: str
    oid: str | None


class ThreadOpened(msgspec.Struct, frozen=True, kw_only=True, tag="thread-opened"):
    """A new discussion, or a pull request (a draft at first) on `refs/pr/<num>`."""

    repo: str
    num: int
    title: str
    by: str
    at: int
    is_pull_request: bool


class ThreadNoted(msgspec.Struct, frozen=True, kw_only=True, tag="thread-noted"):
    """Something said or done in a thread: comment, status-change, title-change or commit."""

    repo: str
    num: int
    kind: str
    by: str
    at: int
    data: dict[str, str]


class Uploaded(msgspec.Struct, frozen=True, kw_only=True, tag="uploaded"):
    """Content put into large file storage."""

    sha256: str
    content: bytes


Change = (
    RepoCreated
    | RepoDeleted
    | RepoMoved
    | RepoSet
    | Committed
    | RefSet
    | ThreadOpened
    | ThreadNoted
    | Uploaded
)
