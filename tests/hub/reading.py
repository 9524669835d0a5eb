"""The requests that only read: who am I, repos, files and history."""

from urllib.parse import parse_qs, urlencode

from .accounts import check_files, check_token, has_write, may_read
from .messages import Call, Reply, json_reply
from .refusals import bad, no_account, no_rights
from .repo import Repo
from .state import State
from .views import BRIEF, FULL, ONLY_ALONE, WHOLE, Json, View, commit_line, describe, nodes, tree


def whoami(state: State, call: Call) -> Reply:
    """Tell whose token it is, and its role."""
    if call.account is None:
        raise no_account()
    role = "fineGrained" if call.account.role == "none" else call.account.role
    organisations = [
        {"type": "org", "name": name, "fullname": name, "roleInOrg": "write"}
        for name in call.account.organisations
    ]
    token = {"displayName": "test", "role": role}
    user = {"type": "user", "name": call.account.user, "fullname": call.account.user.title()}
    auth = {"type": "access_token", "accessToken": token}
    return json_reply({**user, "orgs": organisations, "auth": auth})


def info(state: State, call: Call) -> Reply:
    """Describe one repo at a revision, whole or by `expand`."""
    repo = state.readable(call.account, call.route.repo)
    revision = call.route.rest[0] if call.route.rest else "main"
    commit = repo.at_revision(revision, call.behind)
    view = View(state=state, repo=repo, commit=commit, blobs=call.flag("blobs"))
    return json_reply(describe(view, call.query.get("expand", WHOLE)))


def listing(state: State, call: Call) -> Reply:
    """List repos in the order they were made, a page at a time.

    As on the Hub, siblings have names only: the ids of their blobs are told of one repo at a time.
    """
    if "benchmark:official" in call.query.get("filter", []):
        return json_reply([{"_id": name, "id": name} for name in state.settings.benchmarks or ()])
    with state.store.lock:
        repos = [repo for repo in state.store.repos.values() if _listed(state, call, repo)]
    if call.asked("sort") == "lastModified":
        repos.sort(key=lambda repo: repo.at_revision("main").at, reverse=True)
    wanted = call.query.get("expand", [])
    if alone := sorted(ONLY_ALONE.intersection(wanted)):
        raise bad(f'"expand" cannot be {alone[0]} in a listing')
    plain = FULL if call.flag("full") else BRIEF
    properties = wanted or (*plain, *(("cardData",) if call.flag("cardData") else ()))
    first, size = call.whole("cursor", 0), call.whole("limit", state.settings.page_size)
    size = max(1, min(size, state.settings.page_size))
    page: list[Json] = []
    for repo in repos[first : first + size]:
        commit = repo.at_revision("main", call.behind)
        page.append(describe(View(state=state, repo=repo, commit=commit), properties))
    headers = {}
    if first + size < len(repos):
        query = urlencode({**call.query, "cursor": [first + size]}, doseq=True)
        headers["Link"] = f'<{call.base}/api/{call.route.rest[0]}?{query}>; rel="next"'
    return json_reply(page, headers)


def _listed(state: State, call: Call, repo: Repo) -> bool:
    if not repo.key.startswith(f"{call.route.rest[0]}/") or not may_read(call.account, repo):
        return False
    if call.asked("author", repo.namespace) != repo.namespace:
        return False
    if call.asked("search").lower() not in repo.id.lower():
        return False
    tags = call.query.get("filter", [])
    if not tags:
        return True
    view = View(state=state, repo=repo, commit=repo.at_revision("main"))
    return set(tags) <= {str(tag) for tag in view.tags()}


def resolve(state: State, call: Call) -> Reply:
    """Give a file, and for HEAD only what its headers tell."""
    repo = state.readable(call.account, call.route.repo)
    check_files(call.account, repo)
    revision, path = call.route.rest
    commit, entry = repo.entry(revision, path, call.behind)
    if state.settings.resolve_cache and not entry.sha256:
        place = f"/api/resolve-cache/{repo.key}/{commit.oid}/{path}"
        linked = {"X-Linked-Etag": f'"{entry.etag}"', "X-Linked-Size": str(entry.size)}
        found = {"Location": place, "X-Repo-Commit": commit.oid, **linked}
        return Reply(status=307, headers=found)
    headers = {
        "X-Repo-Commit": commit.oid,
        "ETag": f'"{entry.etag}"',
        "Content-Type": "text/plain; charset=utf-8",
    }
    if entry.sha256:
        headers |= {"X-Linked-Etag": f'"{entry.sha256}"', "X-Linked-Size": str(entry.size)}
    return Reply(body=state.store.content(entry), headers=headers)


def cached(state: State, call: Call) -> Reply:
    """Give a small file from where `/resolve/` led to."""
    repo = state.readable(call.account, call.route.repo)
    check_files(call.account, repo)
    oid, path = call.route.rest
    _, entry = repo.entry(oid, path)
    return Reply(body=state.store.content(entry), headers={"X-Repo-Commit": oid})


def folder(state: State, call: Call) -> Reply:
    """List a folder of a revision."""
    repo = state.readable(call.account, call.route.repo)
    commit = repo.at_revision(call.route.rest[0], call.behind)
    path = "/".join(call.route.rest[1:])
    return json_reply(tree(commit, path, recursive=call.flag("recursive")))


def paths(state: State, call: Call) -> Reply:
    """Describe the asked paths that exist; the body is a form."""
    repo = state.readable(call.account, call.route.repo)
    known = nodes(repo.at_revision(call.route.rest[0], call.behind))
    asked = parse_qs(call.body.decode()).get("paths", [])
    return json_reply([known[path] for path in asked if path in known])


def refs(state: State, call: Call) -> Reply:
    """List branches, tags and, if asked, pull request refs."""
    repo = state.readable(call.account, call.route.repo)
    found: dict[str, list[Json]] = {"branches": [], "converts": [], "tags": [], "pullRequests": []}
    starts = {"branches": "refs/heads/", "tags": "refs/tags/", "pullRequests": "refs/pr/"}
    for kind, start in starts.items():
        for ref, oid in sorted(repo.refs.items()):
            if ref.startswith(start):
                line: Json = {"name": ref.removeprefix(start), "ref": ref, "targetCommit": oid}
                found[kind].append(line)
    if not call.flag("include_prs"):
        del found["pullRequests"]
    return json_reply(found)


def commits(state: State, call: Call) -> Reply:
    """List the history of a revision, newest first."""
    repo = state.readable(call.account, call.route.repo)
    return json_reply([commit_line(commit) for commit in repo.history(call.route.rest[0])])


def auth_check(state: State, call: Call) -> Reply:
    """Answer 200 if the account may read the repo or, under `/write`, write to it."""
    repo = state.readable(call.account, call.route.repo)
    check_files(call.account, repo)
    if call.route.rest == ("write",) and not has_write(check_token(call.account), repo):
        raise no_rights("You don't have write access to this repository.")
    return json_reply({})
