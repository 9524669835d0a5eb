"""Trusted publishers: a token of an hour for one repository, had for what CI says of a run."""

import json
import threading
from collections.abc import Callable, Mapping

from ...eval.errors import UsageError
from .errors import NoPublisher
from .responses import Scrubber, hub_errors

MARGIN = 300.0
"""Seconds before its end from which a token is not used for anything new."""
_ABORTED = "aborted"
"""In what the Hub says where it was the Hub that failed."""


def login() -> str | None:
    """Return the token that the client finds, `None` where there is none.

    Raises `UsageError` where the environment asks for keyless login and none can be had.
    """
    from huggingface_hub import get_token
    from huggingface_hub.errors import HfHubHTTPError, OIDCError

    try:
        return get_token()
    except (OIDCError, HfHubHTTPError, KeyError, ValueError) as error:
        raise UsageError(
            f"cannot be used here ({type(error).__name__})",
            key="HF_OIDC_RESOURCE",
            remedy="Unset it, or run in a job of GitHub Actions with `id-token: write`.",
        ) from None


class Publisher:
    """Hold a token for each repository that is written to; use inside `session`."""

    def __init__(
        self,
        endpoint: str,
        scrub: Scrubber,
        environment: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        """Raise `UsageError` where *environment* is none in which CI says who runs."""
        own = environment.get("HF_OIDC_ID_TOKEN")
        asked = all(
            environment.get(f"ACTIONS_ID_TOKEN_REQUEST_{name}") for name in ("URL", "TOKEN")
        )
        if not own and environment.get("GITHUB_ACTIONS") != "true":
            raise UsageError(
                "trusted publishers are for runs of CI, and this is none",
                key="--oidc",
                remedy="Log in with `hf auth login` here, and keep --oidc for GitHub Actions.",
            )
        if not own and not asked:
            raise UsageError(
                "this job may not ask GitHub who runs it",
                key="--oidc",
                remedy="Give the job `permissions: id-token: write`.",
            )
        self._endpoint, self._scrub, self._clock = endpoint, scrub, clock
        self._own = own
        self._claims = _claims(environment)
        self._lock = threading.Lock()
        self._held: dict[str, tuple[str, float]] = {}

    def token(self, repo: str) -> str:
        """Return a token that may write to *repo*, exchanged anew where the held one ends soon.

        Raises `NoPublisher` where the repository trusts no such run, and other kinds of `HubError`.
        """
        with self._lock:
            token, until = self._held.get(repo, ("", 0.0))
        if token and self._clock() < until:
            return token
        try:
            token, seconds = self._exchanged(repo)
        except NoPublisher as error:
            if _ABORTED not in error.why:
                raise
            token, seconds = self._exchanged(repo)  # the Hub calls its own outages so, too
        margin = min(MARGIN, seconds / 2)
        with self._lock:
            self._held[repo] = token, self._clock() + seconds - margin
        return token

    def _exchanged(self, repo: str) -> tuple[str, float]:
        """Return a fresh token for *repo*, and for how many seconds it holds."""
        from huggingface_hub._oidc import exchange_oidc_token, get_oidc_token
        from huggingface_hub.errors import HfHubHTTPError

        with hub_errors(self._scrub):
            # One for each exchange: that the Hub takes the same twice is written nowhere.
            said = self._own or get_oidc_token(audience=self._endpoint)
            self._scrub.hide(said)
            try:
                answer = exchange_oidc_token(
                    subject_token=said, resource=repo, endpoint=self._endpoint
                )
            except HfHubHTTPError as error:
                if error.response.status_code == 400:
                    raise self._refused(repo, error.response.text) from None
                raise
            token, seconds = str(answer["access_token"]), float(answer.get("expires_in", 0.0))
            self._scrub.hide(token)
        return token, seconds

    def _refused(self, repo: str, body: str) -> NoPublisher:
        try:
            told = json.loads(body)
            why = f"{told['error']}: {told.get('error_description', '')}"
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            why = "400: no reason given"
        return NoPublisher(
            self._scrub(" ".join(why.split())[:400].rstrip(": ")),
            f"Let {repo} trust this workflow: {self._endpoint}/{repo}/settings, Trusted Publishers,"
            f" with {self._claims}.",
        )


def _claims(environment: Mapping[str, str]) -> str:
    """Return what a publisher of this run must state, all of it just so."""
    workflow = environment.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].rpartition("/")[2]
    told = {
        "repository": environment.get("GITHUB_REPOSITORY", ""),
        "branch": environment.get("GITHUB_REF_NAME", ""),
        "workflow": workflow,
    }
    named = ", ".join(f"{name}={value}" for name, value in told.items() if value)
    return named or "the claims of this run"
