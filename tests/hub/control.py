"""`/_hub/...`: the desk of a Hub in another process; never logged, never hit by a fault."""

from urllib.parse import parse_qs

import msgspec

from .desk import Desk
from .exchange import Request
from .faults import Armed, Fault
from .messages import Reply, json_reply, refusal_reply
from .refusals import Refusal, bad, typical
from .state import State
from .views import commit_line


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /_hub/write`; see `Desk.write`."""

    repo: str
    files: dict[str, str | None] = {}
    by: str = "ana"
    title: str = "Edit by hand"
    private: bool = False


class Restricted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /_hub/restrict`; see `Desk.restrict`."""

    repo: str
    writers: list[str]


def control(state: State, request: Request) -> Reply:
    """Answer a request to the desk."""
    desk = Desk(state)
    try:
        return json_reply(_done(desk, request))
    except msgspec.MsgspecError as error:
        return refusal_reply(bad(str(error)))
    except KeyError as error:
        return refusal_reply(Refusal(404, f"no repo {error}"))
    except Refusal as refusal:
        return refusal_reply(refusal)


def _done(desk: Desk, request: Request) -> object:
    asked = {name: values[0] for name, values in parse_qs(request.query).items()}
    match request.method, request.path.removeprefix("/_hub").strip("/"):
        case "GET", "":
            return {"repos": len(desk.heads()), "requests": desk.log.kinds()}
        case "GET", "heads":
            return desk.heads()
        case "GET", "history":
            commits = desk.history(asked["repo"], asked.get("revision", "main"))
            return [commit_line(commit) for commit in commits]
        case "GET", "read":
            return desk.read(asked["repo"], asked["path"], asked.get("revision", "main"))
        case "POST", "write":
            body = msgspec.json.decode(request.body, type=Written)
            return {"sha": desk.write(**msgspec.structs.asdict(body))}
        case "POST", "restrict":
            desk.restrict(
                **msgspec.structs.asdict(msgspec.json.decode(request.body, type=Restricted))
            )
            return {}
    return _watched(desk, request, asked)


def _watched(desk: Desk, request: Request, asked: dict[str, str]) -> object:
    match request.method, request.path.removeprefix("/_hub").strip("/"):
        case "GET", "log":
            status = int(asked["status"]) if "status" in asked else None
            since = int(asked.get("since", "0"))
            return desk.log.lines(asked.get("kind"), asked.get("repo"), status, since)
        case "DELETE", "log":
            desk.log.clear()
        case "GET", "faults":
            return [_told(armed) for armed in desk.faults.all()]
        case "POST", "faults":
            return _told(desk.arm(msgspec.json.decode(request.body, type=Fault)))
        case "DELETE", "faults":
            desk.faults.clear()
        case _:
            raise typical(404)
    return {}


def _told(armed: Armed) -> dict[str, object]:
    return {"fault": armed.fault, "seen": armed.seen, "fired": armed.fired}
