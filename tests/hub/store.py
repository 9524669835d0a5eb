"""The Hub's memory: every change is applied and appended to a file that the next start replays."""

import threading
from pathlib import Path

import msgspec

from . import changes, git
from .changes import Change, LfsFile
from .repo import Commit, Entry, Repo, Thread

_DECODER = msgspec.json.Decoder(Change)


class Store:
    """All repos and all content, in memory; the state file makes a new process the same Hub.

    Whoever writes holds `lock` from its last look until `record` returns.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Replay `folder/hub.jsonl` if there is one; without a folder nothing is kept."""
        self.lock = threading.RLock()
        self.repos: dict[str, Repo] = {}
        self.moved: dict[str, str] = {}
        """Where repos are now, by the keys that they had."""
        self._blobs: dict[str, bytes] = {}
        self._large: dict[str, bytes] = {}
        self._file = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / "hub.jsonl"
            self._replay(path)
            self._file = path.open("ab")

    def _replay(self, path: Path) -> None:
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]  # a process killed while writing leaves half a line
        for line in whole.splitlines():
            self._apply(_DECODER.decode(line))
        if len(whole) < len(data):
            path.write_bytes(whole)

    def close(self) -> None:
        """Close the state file."""
        if self._file is not None:
            self._file.close()

    def record(self, change: Change) -> None:
        """Apply a change and append it to the state file."""
        with self.lock:
            self._apply(change)
            if self._file is not None:
                self._file.write(msgspec.json.encode(change) + b"\n")
                self._file.flush()

    def content(self, entry: Entry) -> bytes:
        """Return the bytes of a file."""
        return self._large[entry.sha256] if entry.sha256 else self._blobs[entry.oid]

    def has_large(self, sha256: str) -> bool:
        """Tell whether large file storage holds this content."""
        return sha256 in self._large

    def large_size(self, sha256: str) -> int:
        """Return the size in bytes of content in large file storage."""
        return len(self._large[sha256])

    def _apply(self, change: Change) -> None:
        match change:
            case changes.RepoCreated():
                self.repos[change.repo] = Repo(
                    key=change.repo, at=change.at, private=change.private
                )
            case changes.RepoDeleted():
                del self.repos[change.repo]
            case changes.RepoMoved():
                repo = self.repos.pop(change.repo)
                repo.key = change.to
                self.repos[change.to] = repo
                for old, now in self.moved.items():
                    self.moved[old] = change.to if now == change.repo else now
                self.moved[change.repo] = change.to
                self.moved.pop(change.to, None)
            case changes.Uploaded():
                self._large[change.sha256] = change.content
            case changes.RepoSet():
                _set(self.repos[change.repo], change)
            case changes.Committed():
                self._commit(self.repos[change.repo], change)
            case changes.RefSet():
                _point(self.repos[change.repo], change)
            case changes.ThreadOpened():
                self.repos[change.repo].threads[change.num] = _opened(change)
            case changes.ThreadNoted():
                _note(self.repos[change.repo].threads[change.num], change)

    def _commit(self, repo: Repo, change: changes.Committed) -> None:
        files = dict(repo.commits[change.parents[0]].files) if change.parents else {}
        for path, content in change.files.items():
            if content is None:
                del files[path]
            else:
                files[path] = self.keep(content)
        repo.commits[change.oid] = Commit(
            oid=change.oid,
            parents=tuple(change.parents),
            title=change.title,
            message=change.message,
            by=change.by,
            at=change.at,
            files=files,
        )
        repo.refs[change.ref] = change.oid

    def keep(self, content: bytes | LfsFile) -> Entry:
        """Keep the bytes of a file and return how a commit lists it."""
        if isinstance(content, LfsFile):
            oid = git.blob_oid(git.pointer(content.sha256, content.size))
            return Entry(oid=oid, size=content.size, sha256=content.sha256)
        oid = git.blob_oid(content)
        self._blobs[oid] = content
        return Entry(oid=oid, size=len(content))


def _set(repo: Repo, change: changes.RepoSet) -> None:
    if change.private is not None:
        repo.private = change.private
    if change.gated is not None:
        repo.gated = change.gated
    if change.writers is not None:
        repo.writers = change.writers
    if change.disabled is not None:
        repo.disabled = change.disabled


def _point(repo: Repo, change: changes.RefSet) -> None:
    if change.oid is None:
        del repo.refs[change.ref]
    else:
        repo.refs[change.ref] = change.oid


def _opened(change: changes.ThreadOpened) -> Thread:
    return Thread(
        num=change.num,
        title=change.title,
        by=change.by,
        at=change.at,
        is_pull_request=change.is_pull_request,
        status="draft" if change.is_pull_request else "open",
    )


def _note(thread: Thread, change: changes.ThreadNoted) -> None:
    thread.notes.append(change)
    if change.kind == "status-change":
        thread.status = change.data["status"]
        thread.merged_as = change.data.get("oid", thread.merged_as)
    elif change.kind == "title-change":
        thread.title = change.data["to"]
