"""What the Hub answers when it will not do something, in its own words."""

from collections.abc import Mapping


class Refusal(Exception):
    """Carry one HTTP error: its status, the Hub's sentence, and its `X-Error-Code`."""

    def __init__(
        self,
        status: int,
        text: str,
        code: str = "",
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what the client will be told."""
        self.body = body or {"error": text}
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
        self.headers = {"X-Error-Message": text, **(headers or {})}
        if code:
            self.headers["X-Error-Code"] = code


def no_repo(anonymous: bool) -> Refusal:
    """Refuse a repo that is missing, or private and not this user's: the Hub never says which."""
    if anonymous:
        return Refusal(401, "Invalid username or password.", "RepoNotFound")
    return Refusal(404, "Repository not found", "RepoNotFound")


def no_revision(revision: str) -> Refusal:
    """Refuse a branch, tag, pull request or commit that the repo lacks."""
    return Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def no_entry(path: str, commit: str) -> Refusal:
    """Refuse a path that a commit lacks."""
    headers = {"X-Repo-Commit": commit}
    return Refusal(404, f"Entry not found: {path}", "EntryNotFound", headers)


def no_account() -> Refusal:
    """Refuse what needs a token when none, or an unknown one, came."""
    text = "Invalid credentials in Authorization header"
    return Refusal(401, "Invalid username or password.", headers={"X-Error-Message": text})


def no_rights(text: str) -> Refusal:
    """Refuse what this account may not do."""
    return Refusal(403, text)


def gated(repo: str) -> Refusal:
    """Refuse the files of a gated repo to who was not let in."""
    text = f"Access to model {repo} is restricted and you are not in the authorized list."
    return Refusal(403, text, "GatedRepo")


def bad(text: str) -> Refusal:
    """Refuse a request that cannot be understood or is not valid."""
    return Refusal(400, text)


STALE = "A commit has happened since. Please refresh and try again."
LOCKED = "Another commit operation is in progress for this repository"
READ_TOKEN = "Forbidden: you must use a write token to upload to a repository."
OFFER_PR = "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request"


def commit_quota(quota: int) -> str:
    """Say that the hour's commits are spent, as the Hub does."""
    return (
        f"You have exceeded the rate limit for repository commits ({quota} per hour). You can retry"
        " this action in about 1 hour. To reduce the number of commits, you can upload entire"
        " folders at once using the Hub Python library."
    )


_WORDS = {
    400: "Bad request",
    404: "Not Found",
    408: "Request Timeout",
    409: LOCKED,
    412: STALE,
    429: commit_quota(128),
    500: "Internal Error - We're working hard to fix this as soon as possible!",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}


def typical(status: int) -> Refusal:
    """Return what the Hub mostly means by a status."""
    if status == 401:
        return no_account()
    if status == 403:
        return no_rights(OFFER_PR)
    return Refusal(status, _WORDS.get(status, "Error"))
