"""The Hub as a destination of cards: every request that is made of it; slow to import."""

import re
import threading
from collections import defaultdict
from collections.abc import Collection
from urllib.parse import urlsplit

import msgspec
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    get_session,
    hf_hub_url,
    hf_raise_for_status,
)
from msgspec import Struct

from ... import __version__
from ...eval.errors import UsageError
from ..plan.plan import README, Item, Present
from ..text.eval_results import PATH
from .destination import TITLE, Made
from .errors import Denied, Rejected, Unclear, Unfit
from .responses import Scrub, error_of, hub_errors

LONGEST_FILE = 5_000_000
_COMMIT = re.compile(r"[0-9a-f]{40}")
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


class Hub:
    """Speak to the Hub as the user whose token `huggingface_hub` knows; use inside `session`."""

    remote = True

    def __init__(self, api: HfApi, scrub: Scrub) -> None:
        self._api, self._scrub = api, scrub
        self.name = address_of(api.endpoint)
        self._headers = {"user-agent": f"cardboard/{__version__}"}
        if api.token:
            self._headers["authorization"] = f"Bearer {api.token}"
        self._lock = threading.Lock()
        self._me: _Me | Denied | None = None

    def me(self) -> _Me:
        """Return whose token it is, asked once: the Hub counts these requests strictly."""
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

    def heads(self, repos: Collection[str]) -> dict[str, str]:
        """Return the heads that listings tell; a namespace with one repository is not listed."""
        spaces: dict[str, set[str]] = defaultdict(set)
        for repo in repos:
            spaces[repo.partition("/")[0]].add(repo)
        found: dict[str, str] = {}
        for space, names in sorted(spaces.items()):
            if len(names) > 1:
                found |= self._listed(space, names)
        return found

    def _listed(self, space: str, names: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        with hub_errors(self._scrub):
            # A page holds a thousand: never more pages than asking one by one would take.
            listing = self._api.list_models(author=space, expand=["sha"], limit=1000 * len(names))
            for info in listing:
                if info.id in names and info.sha is not None and _COMMIT.fullmatch(info.sha):
                    found[info.id] = info.sha
                if len(found) == len(names):
                    break
        return found

    def read(self, repo: str, *, evals: bool, pull: int | None = None) -> Present:
        """Return the README and, if asked, the results file of one commit."""
        head, readme = self._file(repo, README, f"refs/pr/{pull}" if pull else "main")
        results = self._file(repo, PATH, head)[1] if evals else None
        return Present(head=head, readme=readme, evals=results)

    def _file(self, repo: str, path: str, revision: str) -> tuple[str, bytes | None]:
        """Return the commit that *revision* is at, and the file if it is there: one request."""
        url = hf_hub_url(repo, path, revision=revision, endpoint=self._api.endpoint)
        with (
            hub_errors(self._scrub),
            get_session().stream("GET", url, headers=self._headers) as answer,
        ):
            hops = (*answer.history, answer)
            head = next((h for hop in hops if (h := hop.headers.get("x-repo-commit"))), "")
            code = answer.headers.get("x-error-code", "")
            if answer.status_code >= 400 and code != "EntryNotFound":
                answer.read()
                raise error_of(answer, self._scrub)
            if not _COMMIT.fullmatch(head):
                raise Unclear("an answer that is none of the Hub's")
            if answer.status_code >= 400:
                return head, None
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > LONGEST_FILE:
                    raise Rejected(f"{path} is larger than {LONGEST_FILE} bytes")
        return head, content

    def check_write(self, repo: str) -> None:
        """Raise `Denied` where the token may not write; asks only if the account does not tell."""
        me = self.me()
        if me.auth.token.role == "read":
            raise Unfit("the token may only read")
        spaces = {me.name, *(space.name for space in me.orgs if space.role in _MAY_WRITE)}
        if me.auth.token.role == "write" and repo.partition("/")[0] in spaces:
            return
        with hub_errors(self._scrub):
            self._api.auth_check(repo, write=True)

    def commit(self, item: Item, *, propose: bool) -> Made:
        """Make one commit with all files of *item*, onto the head that was read and no other."""
        assert item.present is not None
        with hub_errors(self._scrub):
            made = self._api.create_commit(
                item.repo,
                [
                    CommitOperationDelete(path)
                    if content is None
                    else CommitOperationAdd(path, content)
                    for path, content in item.files.items()
                ],
                commit_message=TITLE,
                commit_description="Text outside the cardboard markers is as it was.",
                parent_commit=item.present.head,
                revision=f"refs/pr/{item.pull}" if item.pull else None,
                create_pr=propose,
            )
            return Made(head=made.oid, url=made.commit_url, pull=made.pr_num or item.pull)

    def open_pull(self, repo: str, known: int | None) -> int | None:
        """Return the number of our open pull request to *repo*, *known* or found by its title."""
        me = self.me()
        with hub_errors(self._scrub):
            pulls = self._api.get_repo_discussions(
                repo,
                author=me.name,
                discussion_type="pull_request",
                discussion_status="open",
            )
            ours = [pull.num for pull in pulls if pull.num == known or pull.title == TITLE]
        return known if known in ours else max(ours, default=None)

    def rejected(self, repo: str) -> tuple[str, ...]:
        """Return what the Hub found wrong with our results file; its client would pass over it."""
        url = f"{self._api.endpoint}/api/models/{repo}"
        with hub_errors(self._scrub):
            answer = get_session().get(
                url,
                params={"expand": "evalResults"},
                headers=self._headers,
            )
            hf_raise_for_status(answer)
            told = msgspec.json.decode(answer.content, type=_EvalFiles, strict=False)
        return tuple(
            self._scrub(file.error)
            for file in told.files
            if file.error and file.filename in _OUR_FILE
        )
