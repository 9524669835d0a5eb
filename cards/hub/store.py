"""A store of results on the Hub: a data set that is read at one commit, and gets pull requests."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, HfApi, get_session, hf_hub_url
from huggingface_hub.hf_api import RepoFile

from ... import __version__
from ...board.read.decoding.files import MAX_BYTES, MOST_BESIDE, READ, ROWS, ending_of
from ...board.workspace.store import MOST_BYTES, MOST_FILES, Locked, Source, is_safe
from .errors import Rejected, Unclear
from .hub import address_of
from .responses import Scrub, error_of, hub_errors

KIND = "dataset"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Offered(NamedTuple):
    """A file of the store, as the Hub lists it."""

    path: str
    """Below the folder of results."""
    size: int
    blob: str
    sha256: str | None
    """Where the Hub knows it: of large files."""


class Listing(NamedTuple):
    """What a store holds at one commit."""

    files: tuple[Offered, ...]
    unsafe: int
    """Files whose names would lead out of the folder, or mean something to some system."""
    other: int
    """Files of kinds that nobody reads."""


class Store:
    """Speak to the Hub about one data set; use inside `session`."""

    def __init__(self, api: HfApi, scrub: Scrub, source: Source) -> None:
        """Take the client and the *source* that board.toml names."""
        self._api, self._scrub, self._source = api, scrub, source
        self._address = f"{address_of(api.endpoint)}/datasets/{source.repo}/discussions"
        self._headers = {"user-agent": f"cardboard/{__version__}"}
        if api.token:
            self._headers["authorization"] = f"Bearer {api.token}"

    def commit_of(self, revision: str) -> str:
        """Return the commit that *revision* is at now."""
        with hub_errors(self._scrub):
            found = self._api.repo_info(self._source.repo, repo_type=KIND, revision=revision).sha
        if found is None or not _COMMIT.fullmatch(found):
            raise Unclear("an answer that is none of the Hub's")
        return found

    def listing(self, commit: str) -> Listing:
        """Return the files that may hold results, in the order of their names."""
        folder = self._source.folder
        found: dict[str, Offered] = {}
        unsafe = other = 0
        with hub_errors(self._scrub):
            tree = self._api.list_repo_tree(
                self._source.repo, folder or None, recursive=True, revision=commit, repo_type=KIND
            )
            for number, one in enumerate(tree):
                if number >= MOST_FILES:
                    raise Rejected(f"the store holds more than {MOST_FILES} files")
                if not isinstance(one, RepoFile):
                    continue
                path = one.path.removeprefix(f"{folder}/") if folder else one.path
                if ending_of(path) not in READ | ROWS:
                    other += 1
                elif not is_safe(path) or not _COMMIT.fullmatch(one.blob_id):
                    unsafe += 1
                else:
                    digest = one.lfs.sha256 if one.lfs else None
                    found[path] = Offered(path, one.size, one.blob_id, digest)
        if sum(one.size for one in found.values()) > MOST_BYTES:
            raise Rejected(f"the store's files have more than {MOST_BYTES} bytes together")
        kept = dict(_apart(found))
        return Listing(
            tuple(one for _, one in sorted(kept.items())), unsafe + len(found) - len(kept), other
        )

    def fetch(self, one: Offered, commit: str, target: Path) -> Locked:
        """Download a file to *target*; raise `Unclear` where it is not what was listed."""
        limit = MAX_BYTES if ending_of(one.path) in READ else MOST_BESIDE
        if one.size > limit:
            raise Rejected(f"{one.path} is larger than {limit} bytes")
        full = f"{self._source.folder}/{one.path}".lstrip("/")
        url = hf_hub_url(
            self._source.repo,
            full,
            repo_type=KIND,
            revision=commit,
            endpoint=self._api.endpoint,
        )
        content, history, size = hashlib.sha256(), _history(one.size), 0
        with (
            hub_errors(self._scrub),
            get_session().stream("GET", url, headers=self._headers) as answer,
            target.open("wb") as file,
        ):
            if answer.status_code >= 400:
                answer.read()
                raise error_of(answer, self._scrub)
            for part in answer.iter_bytes():
                size += len(part)
                if size > one.size:
                    break
                content.update(part)
                history.update(part)
                file.write(part)
        sha256 = content.hexdigest()
        right = (history.hexdigest() == one.blob) if one.sha256 is None else sha256 == one.sha256
        if size != one.size or not right:
            raise Unclear(f"{one.path} came with other bytes than the Hub lists")
        return Locked(path=one.path, sha256=sha256, size=size, blob=one.blob)

    def propose(self, files: Mapping[str, Path], title: str) -> tuple[str, bool]:
        """Open a pull request with *files*, by their path below the results.

        Return its address, and whether it was opened now: one of the same title that is open stays.
        """
        repo, prefix = self._source.repo, f"{self._source.folder}/".lstrip("/")
        with hub_errors(self._scrub):
            me = self._api.whoami()["name"]
            known = self._api.get_repo_discussions(
                repo,
                repo_type=KIND,
                author=me,
                discussion_type="pull_request",
                discussion_status="open",
            )
            for pull in known:
                if pull.title == title:
                    return f"{self._address}/{pull.num}", False
            made = self._api.create_commit(
                repo,
                [CommitOperationAdd(f"{prefix}{name}", path) for name, path in files.items()],
                repo_type=KIND,
                commit_message=title,
                create_pr=True,
            )
            number = made.pr_num
        if number is None:
            raise Unclear("an answer that is none of the Hub's")
        return f"{self._address}/{number}", True


def _apart(found: Mapping[str, Offered]) -> Iterator[tuple[str, Offered]]:
    """Yield the files that can lie side by side on every system: no two differ in case alone."""
    taken: set[str] = set()
    for path, one in sorted(found.items()):
        folded = path.casefold()
        above = {folded[:at] for at, sign in enumerate(folded) if sign == "/"}
        if folded not in taken and not above & taken:
            taken.add(folded)
            yield path, one


def _history(size: int) -> "hashlib._Hash":
    """Return the hash by which a repository's history calls a content of *size* bytes."""
    return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
