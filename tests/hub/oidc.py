"""Trusted publishers: who runs, as GitHub says it, and the tokens that the Hub gives for it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from itertools import count

import msgspec

from .accounts import Account
from .messages import Call, Reply, json_reply
from .refusals import Refusal, no_account
from .state import State

REQUEST_TOKEN = "ghs_asks_who_runs"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
RUN = {"repository": "acme/board", "branch": "main", "workflow": "publish.yml"}
"""What GitHub says of the runs of the tests."""
_NUMBERS = count(1)


class Exchange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /oauth/token`."""

    grant_type: str
    subject_token_type: str
    subject_token: str
    resource: str


def environment(url: str, **but: str) -> dict[str, str]:
    """Return what a job of GitHub Actions with `id-token: write` has in its environment."""
    return {
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GITHUB_REPOSITORY": RUN["repository"],
        "GITHUB_REF_NAME": RUN["branch"],
        "GITHUB_WORKFLOW_REF": "acme/board/.github/workflows/publish.yml@refs/heads/main",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/_actions/id-token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    } | but


def id_token(state: State, call: Call) -> Reply:
    """Say who runs, in a JWT that is good once; in the place of GitHub."""
    if call.account is None or call.account.user != "github":
        raise no_account()
    claims = {**RUN, "aud": call.asked("audience"), "jti": str(next(_NUMBERS))}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims, {"signed": "by GitHub"})
    return json_reply({"value": ".".join(map(_encoded, parts))})


def exchange(state: State, call: Call) -> Reply:
    """Give a token for one repository for an hour, where it trusts who runs."""
    asked = call.json(Exchange)
    if (asked.grant_type, asked.subject_token_type) != (GRANT, ID_TOKEN):
        raise _no("invalid_request", "unknown grant")
    claims = _claims(asked.subject_token)
    if claims.get("aud") != call.base or claims["jti"] in state.spent:
        raise _no("invalid_grant", "the audience differs, or the token was used before")
    state.spent.add(claims["jti"])
    key = asked.resource if asked.resource.count("/") == 2 else f"models/{asked.resource}"
    trusted = state.publishers.get(key)
    if trusted is None:
        raise _no("invalid_grant", "no trusted publisher matches")
    if any(claims.get(name) != value for name, value in trusted.items()):
        raise _no("invalid_grant", "the claims differ")
    token, seconds = f"hf_jwt_{next(_NUMBERS)}_of_an_hour", 3600
    until = state.settings.clock() + seconds
    state.accounts[token] = Account(user="[OIDC]", role="write", only=key, until=until)
    return json_reply(
        {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": seconds,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }
    )


def resource_of(body: bytes) -> str:
    """Return the key of the repository that a body asks a token for."""
    try:
        return f"models/{msgspec.json.decode(body, type=Exchange).resource}"
    except msgspec.MsgspecError:
        return ""


def _no(error: str, why: str) -> Refusal:
    return Refusal(400, error, body={"error": error, "error_description": why})


def _encoded(part: Mapping[str, str]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _claims(token: str) -> dict[str, str]:
    try:
        part = token.split(".")[1]
        found: dict[str, str] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError):
        raise _no("invalid_grant", "no token of GitHub's") from None
    return found
