"""How discussions and pull requests go: opened, talked about, closed or merged."""

from . import changes
from .history import Draft, Files, checked, commit
from .refusals import Refusal, bad
from .repo import MAIN, Commit, Entry, Repo, Thread
from .store import Store


def open_thread(
    store: Store, repo: Repo, *, title: str, text: str, by: str, at: int, base: Commit | None = None
) -> Thread:
    """Open a discussion or, from the commit `base`, a draft pull request."""
    with store.lock:
        num = len(repo.threads) + 1
        opened = changes.ThreadOpened(
            repo=repo.key, num=num, title=title, by=by, at=at, is_pull_request=base is not None
        )
        store.record(opened)
        thread = repo.threads[num]
        if base is not None:
            store.record(changes.RefSet(repo=repo.key, ref=thread.ref, oid=base.oid))
        note(store, repo, thread, "comment", by, at, {"text": text})
        return thread


def propose(store: Store, repo: Repo, base: Commit, draft: Draft) -> tuple[Thread, Commit]:
    """Open a pull request with one commit on `base`."""
    with store.lock:
        ready = checked(repo, base, draft)
        thread = open_thread(
            store, repo, title=draft.title, text=draft.message, by=draft.by, at=draft.at, base=base
        )
        made = commit(store, repo, thread.ref, base, ready)
        note_commit(store, repo, thread, made)
        note(store, repo, thread, "status-change", draft.by, draft.at, {"status": "open"})
        return thread, made


def note(
    store: Store, repo: Repo, thread: Thread, kind: str, by: str, at: int, data: dict[str, str]
) -> changes.ThreadNoted:
    """Record something said or done in a thread."""
    noted = changes.ThreadNoted(repo=repo.key, num=thread.num, kind=kind, by=by, at=at, data=data)
    store.record(noted)
    return noted


def note_commit(store: Store, repo: Repo, thread: Thread, made: Commit) -> None:
    """Record a commit in the thread of its pull request."""
    data = {"subject": made.title, "oid": made.oid}
    note(store, repo, thread, "commit", made.by, made.at, data)


def difference(before: Commit, after: Commit) -> dict[str, Entry | None]:
    """Return the files that changed between two commits, null for a deleted one."""
    paths = sorted(before.files.keys() | after.files.keys())
    return {
        path: after.files.get(path)
        for path in paths
        if before.files.get(path) != after.files.get(path)
    }


def proposed(repo: Repo, thread: Thread) -> tuple[dict[str, Entry | None], list[str]]:
    """Return what a pull request changes, and the paths that main changed otherwise since."""
    main = {each.oid for each in repo.history("main")}
    base = next(each for each in repo.history(thread.ref) if each.oid in main)
    head = repo.at_revision(thread.ref)
    theirs = difference(base, head)
    ours = difference(base, repo.at_revision("main"))
    return theirs, [path for path in theirs if path in ours and ours[path] != theirs[path]]


def merge(store: Store, repo: Repo, thread: Thread, by: str, at: int) -> None:
    """Put an open pull request onto main as one commit, or refuse it for its conflicts."""
    with store.lock:
        if not thread.is_pull_request or thread.status != "open":
            raise bad(f"This pull request cannot be merged: it is {thread.status}")
        wanted, clashing = proposed(repo, thread)
        if clashing:
            raise Refusal(409, f"This pull request has conflicts in {', '.join(clashing)}")
        files: Files = {path: _content(store, entry) for path, entry in wanted.items()}
        title = f"{thread.title} (#{thread.num})"
        draft = Draft(files=files, title=title, message="", by=by, at=at)
        made = commit(store, repo, MAIN, repo.at_revision("main"), draft)
        data = {"status": "merged", "oid": made.oid}
        note(store, repo, thread, "status-change", by, at, data)


def _content(store: Store, entry: Entry | None) -> bytes | changes.LfsFile | None:
    if entry is None:
        return None
    if entry.sha256:
        return changes.LfsFile(sha256=entry.sha256, size=entry.size)
    return store.content(entry)
