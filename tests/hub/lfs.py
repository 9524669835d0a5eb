"""Large file storage: where to put objects, and taking them."""

import hashlib

from . import changes
from .accounts import check_token
from .bodies import Batch, LargeObject
from .messages import Call, Reply, json_reply
from .refusals import Refusal, bad
from .state import State
from .views import Json


def batch(state: State, call: Call) -> Reply:
    """Tell where to put the objects that large file storage lacks."""
    repo = state.readable(call.account, call.route.repo)
    check_token(call.account)
    objects: list[Json] = []
    for each in call.json(Batch).objects:
        answer: Json = {"oid": each.oid, "size": each.size}
        if not state.store.has_large(each.oid):
            place = f"{call.base}/_lfs/{repo.key}/{each.oid}"
            verify = {"href": f"{place}/verify"}
            answer["actions"] = {"upload": {"href": place}, "verify": verify}
        objects.append(answer)
    return json_reply({"transfer": "basic", "objects": objects})


def put(state: State, call: Call) -> Reply:
    """Take an object; like a signed URL, this asks for no token."""
    sha256 = hashlib.sha256(call.body).hexdigest()
    if sha256 != call.route.rest[0]:
        raise bad("The content does not match its SHA-256")
    state.store.record(changes.Uploaded(sha256=sha256, content=call.body))
    return Reply()


def verify(state: State, call: Call) -> Reply:
    """Confirm that an object has arrived whole."""
    asked = call.json(LargeObject)
    if not state.store.has_large(asked.oid) or state.store.large_size(asked.oid) != asked.size:
        raise Refusal(404, "Object not found")
    return json_reply({})
