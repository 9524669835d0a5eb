"""One request from its arrival to its answer: routed, hit by a fault or not, and logged."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from . import lfs, oidc, reading, talking, writing
from .accounts import Account, account_for
from .faults import Armed, Fault
from .log import Line
from .messages import Call, Reply, Route, page_reply, refusal_reply
from .refusals import Refusal, typical
from .routes import named_in, route
from .state import State

Handler = Callable[[State, Call], Reply]

HANDLERS: dict[str, Handler] = {
    "whoami": reading.whoami,
    "info": reading.info,
    "list": reading.listing,
    "head": reading.resolve,
    "resolve": reading.resolve,
    "cached": reading.cached,
    "tree": reading.folder,
    "paths": reading.paths,
    "refs": reading.refs,
    "commits": reading.commits,
    "auth-check": reading.auth_check,
    "create": writing.create,
    "delete": writing.delete,
    "settings": writing.settings,
    "validate": writing.validate,
    "preupload": writing.preupload,
    "commit": writing.commit,
    "ref": writing.ref,
    "discussions": talking.discussions,
    "discussion": talking.discussion,
    "discussion-new": talking.open_discussion,
    "comment": talking.comment,
    "status": talking.status,
    "title": talking.title,
    "merge": talking.merge,
    "lfs-batch": lfs.batch,
    "lfs-put": lfs.put,
    "lfs-verify": lfs.verify,
    "exchange": oidc.exchange,
    "id-token": oidc.id_token,
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came over the wire; `base` is the URL that the client knows the Hub by."""

    method: str
    path: str
    query: str
    authorization: str
    body: bytes
    base: str


def exchange(state: State, request: Request) -> Reply | None:
    """Answer a request; None means that the connection is to be closed without an answer."""
    time.sleep(state.settings.latency)
    about = route(request.method, request.path)
    if about.kind in ("create", "delete"):
        about = replace(about, repo=named_in(request.body))
    if about.kind == "exchange":
        about = replace(about, repo=oidc.resource_of(request.body))
    account, armed, reply = None, None, None
    try:
        account = account_for(state.accounts, request.authorization, state.settings.clock())
        armed = state.faults.strike(about.kind, about.repo)
        reply = _struck(armed, state, request, about, account)
    except Refusal as refusal:
        reply = refusal_reply(refusal)
    line = Line(
        kind=about.kind,
        method=request.method,
        repo=about.repo,
        user=account.user if account else "",
        status=reply.status if reply else 0,
        fault=armed.fault.how if armed else "",
    )
    state.log.add(line)
    return reply


def _struck(
    armed: Armed | None, state: State, request: Request, about: Route, account: Account | None
) -> Reply | None:
    """Handle a request whose fault, if any, strikes before or after the Hub acts."""
    if armed is None:
        return _handled(state, request, about, account)
    fault = armed.fault
    if fault.when == "before" and fault.how in ("status", "drop"):
        return _failure(fault)
    if fault.when == "before" and fault.how == "stall" and not armed.stall():
        return None
    behind = 1 if fault.how == "lag" else 0
    reply = _handled(state, request, about, account, behind)
    if fault.when == "before":
        return reply
    if fault.how == "stall":
        return reply if armed.stall() else None
    return _failure(fault)


def _failure(fault: Fault) -> Reply | None:
    if fault.how == "drop":
        return None
    refusal = typical(fault.status)
    text = fault.text or refusal.text
    if fault.html:
        reply = page_reply(fault.status, text)
    else:
        headers = refusal.headers | {"X-Error-Message": text}
        reply = refusal_reply(Refusal(fault.status, text, headers=headers))
    reply.headers |= fault.headers
    return reply


def _elsewhere(key: str, request: Request, about: Route) -> Reply:
    """Lead to where the repo is now; the client sends the same request there."""
    old, new = (name.removeprefix("models/") for name in (about.repo, key))
    place = request.path.replace(old, new, 1) + (f"?{request.query}" if request.query else "")
    return Reply(status=307, headers={"Location": place})


def _handled(
    state: State, request: Request, about: Route, account: Account | None, behind: int = 0
) -> Reply:
    """Let the Hub act; its own refusals are replies too."""
    headers: Mapping[str, str] = {}
    try:
        if about.repo in state.store.moved and about.repo not in state.store.repos:
            return _elsewhere(state.store.moved[about.repo], request, about)
        handler = HANDLERS.get(about.kind)
        if handler is None:
            raise typical(404)
        headers = state.limits.check_request(about.kind, account.user if account else "")
        call = Call(
            method=request.method,
            base=request.base,
            route=about,
            query=parse_qs(request.query, keep_blank_values=True),
            body=request.body,
            account=account,
            behind=behind,
        )
        reply = handler(state, call)
    except Refusal as refusal:
        reply = refusal_reply(refusal)
    reply.headers = {**headers, **reply.headers}
    return reply
