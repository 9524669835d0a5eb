"""Which request is which: from method and path to a kind, a repo and the rest."""

from urllib.parse import unquote

import msgspec

from .bodies import Named
from .messages import Route

_FIXED = {
    ("GET", "api/whoami-v2"): "whoami",
    ("GET", "api/agent-harnesses"): "agent",
    ("POST", "api/repos/create"): "create",
    ("DELETE", "api/repos/delete"): "delete",
    ("POST", "api/validate-yaml"): "validate",
    ("POST", "oauth/token"): "exchange",
    ("GET", "_actions/id-token"): "id-token",
}
_VERBS = {
    ("GET", ""): "info",
    ("GET", "revision"): "info",
    ("GET", "tree"): "tree",
    ("GET", "refs"): "refs",
    ("GET", "commits"): "commits",
    ("GET", "auth-check"): "auth-check",
    ("GET", "discussions"): "discussions",
    ("POST", "discussions"): "discussion-new",
    ("POST", "preupload"): "preupload",
    ("POST", "commit"): "commit",
    ("POST", "paths-info"): "paths",
    ("POST", "branch"): "ref",
    ("DELETE", "branch"): "ref",
    ("POST", "tag"): "ref",
    ("DELETE", "tag"): "ref",
    ("PUT", "settings"): "settings",
}
_IN_THREAD = ("comment", "status", "title", "merge")
_TYPES = ("models", "datasets", "spaces")
_UNKNOWN = Route(kind="unknown")


def route(method: str, path: str) -> Route:
    """Return what a request is about; what no Hub knows is of kind "unknown".

    The path is split before it is unquoted: a revision such as `refs%2Fpr%2F1` is one part.
    """
    bare = path.strip("/")
    if kind := _FIXED.get((method, bare)):
        return Route(kind=kind)
    parts = tuple(unquote(part) for part in bare.split("/"))
    if parts[0] == "api":
        return _api(method, parts[1:])
    return _files(method, parts)


def _api(method: str, parts: tuple[str, ...]) -> Route:
    if parts[0] == "resolve-cache" and len(parts) > 5 and method == "GET":
        return Route(kind="cached", repo="/".join(parts[1:4]), rest=(parts[4], "/".join(parts[5:])))
    if not parts or parts[0] not in _TYPES or len(parts) == 2:
        return _UNKNOWN
    if len(parts) == 1:
        return Route(kind="list", rest=parts) if method == "GET" else _UNKNOWN
    repo, verb, rest = "/".join(parts[:3]), "".join(parts[3:4]), parts[4:]
    if verb == "discussions" and rest:
        return _thread(method, repo, rest)
    kind = _VERBS.get((method, verb), "unknown")
    return Route(kind=kind, repo=repo, rest=(verb, *rest) if kind == "ref" else rest)


def _thread(method: str, repo: str, rest: tuple[str, ...]) -> Route:
    if not rest[0].isdecimal():
        return _UNKNOWN
    if method == "GET" and len(rest) == 1:
        return Route(kind="discussion", repo=repo, rest=rest)
    if method == "POST" and len(rest) == 2 and rest[1] in _IN_THREAD:
        return Route(kind=rest[1], repo=repo, rest=rest)
    return _UNKNOWN


def _files(method: str, parts: tuple[str, ...]) -> Route:
    if parts[0] == "_lfs" and len(parts) >= 5:
        kind = "lfs-put" if method == "PUT" else "lfs-verify"
        return Route(kind=kind, repo="/".join(parts[1:4]), rest=parts[4:])
    if parts[0] not in _TYPES:
        parts = ("models", *parts)
    match parts:
        case (kind, space, name, "resolve", revision, *path) if path and method in ("GET", "HEAD"):
            named = "head" if method == "HEAD" else "resolve"
            rest = (revision, "/".join(path))
            return Route(kind=named, repo=f"{kind}/{space}/{name}", rest=rest)
        case (kind, space, name, "info", "lfs", "objects", "batch") if method == "POST":
            return Route(kind="lfs-batch", repo=f"{kind}/{space}/{name.removesuffix('.git')}")
    return _UNKNOWN


def named_in(body: bytes) -> str:
    """Return the key of the repo that a body names, if it can be read."""
    try:
        return msgspec.json.decode(body, type=Named).key("")
    except msgspec.MsgspecError:
        return ""
