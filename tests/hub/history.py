"""How a repo grows: its first commit and those that follow, each checked and recorded."""

from collections.abc import Mapping
from dataclasses import dataclass

from . import changes, git
from .cards import validate
from .changes import LfsFile
from .refusals import LOCKED, STALE, Refusal, bad, no_entry
from .repo import MAIN, Commit, Repo
from .store import Store

Files = Mapping[str, bytes | LfsFile | None]
GITATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A commit to be: content by path, null for what it deletes."""

    files: Files
    title: str
    message: str
    by: str
    at: int


def create_repo(store: Store, key: str, at: int, *, private: bool = False) -> Repo:
    """Create a repo with the Hub's own first commit."""
    with store.lock:
        if key in store.repos:
            raise Refusal(409, f"You already created this {key.partition('/')[0][:-1]} repo")
        store.record(changes.RepoCreated(repo=key, at=at, private=private))
        repo = store.repos[key]
        files = {".gitattributes": GITATTRIBUTES}
        draft = Draft(files=files, title="initial commit", message="", by="system", at=at)
        commit(store, repo, MAIN, None, draft)
        return repo


def commit(store: Store, repo: Repo, ref: str, parent: Commit | None, draft: Draft) -> Commit:
    """Record a commit on a ref and return it."""
    after = dict(parent.files) if parent else {}
    for path, content in draft.files.items():
        if content is None:
            del after[path]
        else:
            after[path] = store.keep(content)
    tree = git.folder_oids({path: entry.oid for path, entry in after.items()})[""]
    parents = [parent.oid] if parent else []
    text = f"{draft.title}\n\n{draft.message}" if draft.message else draft.title
    oid = git.commit_oid(tree, parents, draft.by, draft.at, text + "\n")
    store.record(
        changes.Committed(
            repo=repo.key,
            ref=ref,
            oid=oid,
            parents=parents,
            title=draft.title,
            message=draft.message,
            by=draft.by,
            at=draft.at,
            files=dict(draft.files),
        )
    )
    return repo.commits[oid]


def push(store: Store, repo: Repo, ref: str, parent_oid: str | None, draft: Draft) -> Commit:
    """Commit onto a branch or pull request, if `parent_oid` (when given) is still its head."""
    with store.lock:
        head = repo.commits[repo.refs[ref]]
        if parent_oid is not None and not head.oid.startswith(parent_oid.lower()):
            raise Refusal(412, STALE)
        return commit(store, repo, ref, head, checked(repo, head, draft))


def checked(repo: Repo, parent: Commit, draft: Draft) -> Draft:
    """Return the draft with its folders spelled out; refuse what cannot be committed."""
    files: dict[str, bytes | LfsFile | None] = {}
    for path, content in draft.files.items():
        if content is None and path.endswith("/"):
            inside = [each for each in parent.files if each.startswith(path)]
            if not inside:
                raise no_entry(path, parent.oid)
            files.update(dict.fromkeys(inside))
        elif content is None and path not in parent.files:
            text = f"A file with this name doesn't exist: {path}"
            raise Refusal(404, text, "EntryNotFound")
        else:
            files[path] = content
    readme = files.get("README.md")
    if repo.type == "model" and isinstance(readme, bytes):
        errors, _ = validate(readme.decode(errors="replace"))
        if errors:
            raise bad("Invalid metadata in README.md: " + "; ".join(errors))
    return Draft(files=files, title=draft.title, message=draft.message, by=draft.by, at=draft.at)


class Committing:
    """Hold a repo's commit lock, or refuse with the Hub's 409 if another commit holds it."""

    def __init__(self, repo: Repo) -> None:
        """Name the repo."""
        self._lock = repo.committing

    def __enter__(self) -> None:
        """Take the lock at once or not at all."""
        if not self._lock.acquire(blocking=False):
            raise Refusal(409, LOCKED)

    def __exit__(self, *_: object) -> None:
        """Free the lock."""
        self._lock.release()
