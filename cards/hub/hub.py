"""The Hub as a destination of cards: every request that is made of it; slow to import."""

import re
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from urllib.parse import unquote, urlsplit

import msgspec
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    Discussion,
    DiscussionComment,
    HfApi,
    get_session,
    hf_hub_url,
    hf_raise_for_status,
)
from msgspec import Struct

from ... import __version__
from ...eval.errors import UsageError
from ...eval.records import is_hub_id
from ..plan.description import MARK, OURS, description, title_of
from ..plan.plan import IGNORED, README, Item, Present
from ..plan.withdrawal import Listed
from ..readme.model_index import sources_of
from ..text.eval_results import PATH
from .destination import Made
from .errors import Denied, Gone, Ignored, Large, Rejected, Unclear, Unfit
from .oidc import Publisher
from .responses import Scrub, error_of, hub_errors, warnings_heard

LONGEST_FILE = 5_000_000
MOST_PULLS = 20
"""Of pull requests with our title that are looked into, the newest: strangers may open many."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAMED = re.compile(r"/(?:api/resolve-cache/models/)?([^/]+/[^/]+)/(?:resolve/|[0-9a-f]{40}/)")
_CHANGED = re.compile(r"^diff --git a/.+? b/(.+)$", re.MULTILINE)
_LARGE = re.compile(r'(?:W/)?"?[0-9a-f]{64}"?')
"""What names content in large file storage: its SHA-256, where git's ids are shorter."""
_MAY_WRITE = ("write", "admin")
_OUR_FILE = (PATH, PATH.rpartition("/")[2])
"""The format's documentation does not say whether an answer names the folder too."""


class _Namespace(Struct, frozen=True):
    name: str = ""
    role: str = msgspec.field(name="roleInOrg", default="")


class _Token(Struct, frozen=True):
    role: str = ""


class _Auth(Struct, frozen=True):
    token: _Token = msgspec.field(name="accessToken", default=_Token())


class _Me(Struct, frozen=True):
    name: str
    orgs: tuple[_Namespace, ...] = ()
    auth: _Auth = _Auth()


class _EvalFile(Struct, frozen=True):
    filename: str = ""
    error: str | None = None


class _EvalFiles(Struct, frozen=True):
    files: tuple[_EvalFile, ...] = msgspec.field(name="evalResults", default=())


def address_of(endpoint: str) -> str:
    """Return *endpoint* without what may be secret in it; raise `UsageError` if it is none."""
    try:
        address = urlsplit(endpoint)
        port = f":{address.port}" if address.port else ""
        if address.scheme in ("http", "https") and address.hostname:
            return f"{address.scheme}://{address.hostname}{port}"
    except ValueError:
        pass
    raise UsageError(
        "is not the address of a server",
        key="HF_ENDPOINT",
        remedy="Unset it, or write it as https://huggingface.co is written.",
    )


def _name_in(paths: Sequence[str], asked: str) -> str:
    """Return how the last of *paths* names the repository, nothing where it is as *asked*.

    Small files are answered from another path of the same repository, so a redirect alone tells
    nothing; one to another name tells of a repository that was renamed or moved.
    """
    for path in reversed(paths):
        found = _NAMED.match(path)
        name = unquote(found[1]) if found else ""
        if is_hub_id(name):
            return "" if name == asked else name
    return ""


class Hub:
    """Speak to the Hub as the user whose token `huggingface_hub` knows; use inside `session`.

    A *publisher* has the tokens to write with, and to read what nobody else may see.
    """

    remote = True

    def __init__(self, api: HfApi, scrub: Scrub, publisher: Publisher | None = None) -> None:
        self._api, self._scrub, self._publisher = api, scrub, publisher
        self._private: set[str] = set()
        self.name = address_of(api.endpoint)
        self._headers = {"user-agent": f"cardboard/{__version__}"}
        if api.token:
            self._headers["authorization"] = f"Bearer {api.token}"
        self._lock = threading.Lock()
        self._me: _Me | Denied | None = None

    def me(self) -> _Me:
        """Return whose token it is, asked once: the Hub counts these requests strictly."""
        if not self._api.token:
            raise Unfit("nobody is logged in")
        with self._lock:
            if self._me is None:
                try:
                    with hub_errors(self._scrub):
                        self._me = msgspec.convert(self._api.whoami(), _Me, strict=False)
                except Denied as denied:
                    self._me = denied
            if isinstance(self._me, Denied):
                raise self._me
            return self._me

    def listed(self, space: str, most: int) -> list[Listed]:
        """Return what a listing tells of the repositories of *space*; a page holds a thousand."""
        found: list[Listed] = []
        with hub_errors(self._scrub):
            told = self._api.list_models(
                author=space, expand=["sha", "tags", "model-index"], limit=1000 * most
            )
            for info in told:
                if isinstance(info.sha, str) and _COMMIT.fullmatch(info.sha) and is_hub_id(info.id):
                    tags = info.tags if isinstance(info.tags, list) else []
                    named = frozenset(tag for tag in tags if isinstance(tag, str))
                    sources = frozenset(sources_of(info.model_index))
                    found.append(Listed(info.id, info.sha, named, sources))
        return found

    def read(self, repo: str, *, evals: bool, pull: int | None = None) -> Present:
        """Return the README and, if asked, the results file of one commit."""
        revision = f"refs/pr/{pull}" if pull else "main"
        try:
            head, readme, name = self._file(repo, README, revision)
        except Gone:
            if self._publisher is None or repo in self._private:
                raise
            self._publisher.token(repo)
            self._private.add(repo)
            head, readme, name = self._file(repo, README, revision)
        results = self._file(name or repo, PATH, head)[1] if evals else None
        return Present(head=head, readme=readme, evals=results, id=name)

    def _file(self, repo: str, path: str, revision: str) -> tuple[str, bytes | None, str]:
        """Return the commit that *revision* is at, the file if it is there, and the Hub's own name
        for *repo* where that is another: one request, and those that it leads on to."""
        url = hf_hub_url(repo, path, revision=revision, endpoint=self._api.endpoint)
        with (
            hub_errors(self._scrub),
            get_session().stream("GET", url, headers=self._headers_for(repo)) as answer,
        ):
            hops = (*answer.history, answer)
            head = next((h for hop in hops if (h := hop.headers.get("x-repo-commit"))), "")
            code = answer.headers.get("x-error-code", "")
            if answer.status_code >= 400 and code != "EntryNotFound":
                answer.read()
                raise error_of(answer, self._scrub)
            name = _name_in([hop.url.path for hop in hops], repo)
            if not _COMMIT.fullmatch(head):
                raise Unclear("an answer that is none of the Hub's")
            if answer.status_code >= 400:
                return head, None, name
            if path == README and any(
                _LARGE.fullmatch(hop.headers.get("x-linked-etag", "")) for hop in hops
            ):
                raise Large(self._in_lfs(name or repo, head))
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > LONGEST_FILE:
                    raise Rejected(f"{path} is larger than {LONGEST_FILE} bytes")
        return head, content, name

    def _headers_for(self, repo: str) -> dict[str, str]:
        token = self._token_for(repo)
        return {**self._headers, "authorization": f"Bearer {token}"} if token else self._headers

    def _token_for(self, repo: str) -> str | None:
        """Return the token to read *repo* with; `None` where that is the user's own, or none."""
        if self._publisher is None or repo not in self._private:
            return None
        return self._publisher.token(repo)

    def _in_lfs(self, repo: str, head: str) -> str:
        """Return why a README is in large file storage: the rule in .gitattributes."""
        told = "README.md is kept in large file storage, where the Hub reads no metadata of it"
        rules = (self._file(repo, ".gitattributes", head)[1] or b"").decode("utf-8", "replace")
        for rule in rules.splitlines():
            if " filter=lfs" in rule and fnmatch(README, rule.split()[0]):
                return f"{told}: `{rule}` in .gitattributes"
        return told

    def check_write(self, repo: str) -> None:
        """Raise `Denied` where the token may not write; asks only if the account does not tell."""
        if self._publisher is not None:
            self._publisher.token(repo)
            return
        me = self.me()
        if me.auth.token.role == "read":
            raise Unfit("the token may only read")
        spaces = {me.name, *(space.name for space in me.orgs if space.role in _MAY_WRITE)}
        if me.auth.token.role == "write" and repo.partition("/")[0] in spaces:
            return
        with hub_errors(self._scrub):
            self._api.auth_check(repo, write=True)

    def commit(self, item: Item, *, propose: bool, plain: Collection[str] = ()) -> Made:
        """Make one commit with all files of *item*, onto the head that was read and no other.

        What .gitignore and .gitattributes there say of a file is asked, unless it is *plain*.
        """
        assert item.present is not None
        token = self._publisher.token(item.address) if self._publisher else None
        warnings_heard(self._scrub)  # those of an earlier try are old
        with hub_errors(self._scrub):
            onto = f"refs/pr/{item.pull}" if item.pull else None
            added = [CommitOperationAdd(path, text) for path, text in item.files.items() if text]
            for one in added:
                if one.path_in_repo in plain:  # the client then makes no request of its own
                    one._upload_mode, one._should_ignore = "regular", False
            self._api.preupload_lfs_files(
                item.address, added, revision=onto, create_pr=propose, token=token
            )
            ignored = [one.path_in_repo for one in added if one._should_ignore]
            if README in ignored or (ignored and len(ignored) == len(item.files)):
                raise Ignored(IGNORED)  # the commit would be without our card, or empty
            if any(one._upload_mode == "lfs" for one in added if one.path_in_repo == README):
                raise Large(self._in_lfs(item.address, item.present.head))
            gone = [CommitOperationDelete(path) for path, text in item.files.items() if not text]
            made = self._api.create_commit(
                item.address,
                [*added, *gone],
                commit_message=title_of(item.wanted),
                commit_description=description(item, proposed=propose or item.pull is not None),
                parent_commit=item.present.head,
                revision=onto,
                create_pr=propose,
                token=token,
            )
            return Made(
                head=made.oid,
                url=made.commit_url,
                pull=made.pr_num or item.pull,
                warnings=warnings_heard(self._scrub),
                plain=frozenset(
                    one.path_in_repo
                    for one in added
                    if one._upload_mode == "regular" and not one._should_ignore
                ),
            )

    def open_pull(self, repo: str, known: int | None, title: str) -> int | None:
        """Return the number of our open pull request to *repo*, *known* or found by its *title*."""
        with hub_errors(self._scrub):
            pulls = self._api.get_repo_discussions(
                repo,
                discussion_type="pull_request",
                discussion_status="open",
                token=self._token_for(repo),
            )
            found = [pull for pull in pulls if pull.num == known or pull.title == title]
        found = found[:MOST_PULLS]
        ours = [pull.num for pull in found if pull.num == known or self._is_ours(repo, pull)]
        return known if known in ours else max(ours, default=None)

    def _is_ours(self, repo: str, pull: Discussion) -> bool:
        """Tell whether *pull*, which has our title, is ours: by its account, or by our mark.

        Whoever pushes from elsewhere may have another account. A stranger can write our mark, but
        we go on only with what changes no other file than we do.
        """
        with suppress(Denied):
            if pull.author == self.me().name:
                return True
        with hub_errors(self._scrub):
            told = self._api.get_discussion_details(repo, pull.num, token=self._token_for(repo))
            said = next((one for one in told.events if isinstance(one, DiscussionComment)), None)
        changed = set(_CHANGED.findall(told.diff or ""))
        return said is not None and MARK in said.content and changed <= set(OURS)

    def close(self, repo: str, pull: int, why: str) -> None:
        """Close the pull request of this number, and say *why*."""
        token = self._publisher.token(repo) if self._publisher else None
        with hub_errors(self._scrub):
            self._api.change_discussion_status(repo, pull, "closed", comment=why, token=token)

    def was_refused(self, repo: str, title: str) -> bool:
        """Tell whether a pull request of ours with this *title* was closed without being taken."""
        with hub_errors(self._scrub):
            pulls = self._api.get_repo_discussions(
                repo, discussion_type="pull_request", discussion_status="closed"
            )
            found = [pull for pull in pulls if pull.title == title and pull.status == "closed"]
        return any(self._is_ours(repo, pull) for pull in found[:MOST_PULLS])

    def is_open(self, repo: str, pull: int) -> bool:
        """Tell whether the pull request of this number is open; asks for no token."""
        with hub_errors(self._scrub):
            told = self._api.get_discussion_details(repo, pull, token=self._token_for(repo))
            return told.status in ("open", "draft")

    def benchmarks(self) -> frozenset[str] | None:
        """Return the datasets that the Hub keeps leaderboards of."""
        with hub_errors(self._scrub):
            return frozenset(one.id for one in self._api.list_datasets(benchmark="official"))

    def rejected(self, repo: str) -> tuple[str, ...]:
        """Return what the Hub found wrong with our results file; its client would pass over it."""
        url = f"{self._api.endpoint}/api/models/{repo}"
        with hub_errors(self._scrub):
            answer = get_session().get(
                url,
                params={"expand": "evalResults"},
                headers=self._headers_for(repo),
            )
            hf_raise_for_status(answer)
            told = msgspec.json.decode(answer.content, type=_EvalFiles, strict=False)
        return tuple(
            self._scrub(file.error)
            for file in told.files
            if file.error and file.filename in _OUR_FILE
        )
