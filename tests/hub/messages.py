"""Requests and replies as the handlers see them, free of sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from .accounts import Account
from .refusals import Refusal, bad

T = TypeVar("T")

PAGE = (
    "<!DOCTYPE html>\n<html><head><title>{status}</title></head>"
    "<body><h1>{status}</h1><p>{text}</p></body></html>\n"
)


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a request is about: its kind, its repo (`models/acme/tiny`) and what follows that."""

    kind: str
    repo: str = ""
    rest: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that has been routed and whose token is known.

    `behind` is how many commits the branches lag in what it reads.
    """

    method: str
    base: str
    route: Route
    query: Mapping[str, list[str]]
    body: bytes
    account: Account | None
    behind: int = 0

    def asked(self, name: str, default: str = "") -> str:
        """Return a query parameter."""
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        """Tell whether a query parameter is set."""
        return self.asked(name).lower() in ("1", "true")

    def whole(self, name: str, default: int) -> int:
        """Return a query parameter that must be a whole number, 0 or more."""
        value = self.asked(name, str(default))
        if not value.isdecimal():
            raise bad(f'"{name}" must be a number')
        return int(value)

    def json(self, shape: type[T]) -> T:
        """Return the JSON body in a shape, or refuse it."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=shape)
        except msgspec.MsgspecError as error:
            raise bad(str(error)) from error


@dataclass(kw_only=True)
class Reply:
    """An answer; the server adds its length."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(value: object, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer 200 with a JSON value."""
    fields = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Reply(body=msgspec.json.encode(value), headers=fields)


def refusal_reply(refusal: Refusal) -> Reply:
    """Answer with an error as the Hub's API words it."""
    reply = json_reply(refusal.body, refusal.headers)
    reply.status = refusal.status
    return reply


def page_reply(status: int, text: str) -> Reply:
    """Answer with a web page, as gateways and captive portals do."""
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return Reply(
        status=status, body=PAGE.format(status=status, text=text).encode(), headers=headers
    )
