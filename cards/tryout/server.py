"""The server of the page: on loopback, or in the network for whoever has its one-time address."""

import hmac
import ipaddress
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta, Struct

from ...board.words.catalogue import CatalogueError, Words, languages
from ...eval.errors import CardboardError
from ...eval.run.result import presentable
from .conversations import Note, Refused, Settings, Side, Text
from .page import POLICY, assets, chosen, page, refusal
from .tryout import Tryout

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
MOST_BODY = 512 * 1024
"""Bytes of a request's body: a question and a system text, in any script."""
MOST_CONNECTIONS = 64
"""At a time; those beyond are closed at once."""
IDLE_SECONDS = 30.0
"""That a client may take to send its request."""
_PATIENCE = 10.0
"""Seconds that a client may take to read what it is sent."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

Name = Annotated[str, Meta(max_length=40)]


class _Open(Struct, forbid_unknown_fields=True):
    language: Annotated[str, Meta(max_length=10)]


class _Which(Struct, forbid_unknown_fields=True):
    conversation: Name


class _Ask(Struct, forbid_unknown_fields=True):
    conversation: Name
    settings: Settings
    text: Text | None = None
    question: int | None = None


class _Judge(Struct, forbid_unknown_fields=True):
    conversation: Name
    answer: int
    accepted: bool | None
    note: Note = ""


class _Prefer(Struct, forbid_unknown_fields=True):
    conversation: Name
    question: int
    preferred: Side | Literal["tie"]
    note: Note = ""


class _Prompt(Struct, forbid_unknown_fields=True):
    conversation: Name
    answer: int


_BODIES: dict[str, type[Struct]] = {
    "/api/open": _Open,
    "/api/state": _Which,
    "/api/ask": _Ask,
    "/api/stop": _Which,
    "/api/clear": _Which,
    "/api/judge": _Judge,
    "/api/prefer": _Prefer,
    "/api/reveal": _Which,
    "/api/prompt": _Prompt,
}


class Doorkeeper:
    """Who may come in: everybody on loopback, in the network whoever came with a token once."""

    def __init__(self, *, open_to_network: bool, tell: Callable[[str], None]) -> None:
        """Make a token where the network may come in; *tell* is told each, for a person to use."""
        self.closed = open_to_network
        self._tell, self._lock = tell, threading.Lock()
        self._tickets = set[str]()
        self._token = secrets.token_urlsafe(24)

    @property
    def token(self) -> str:
        """Return the token that nobody has used yet."""
        return self._token

    def enter(self, token: str) -> str | None:
        """Return a ticket for a *token* that nobody has used, and make the next one."""
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token, ticket = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
            self._tickets.add(ticket)
        self._tell(self._token)
        return ticket

    def knows(self, ticket: str) -> bool:
        """Tell whether *ticket* is one of those that were given out."""
        known = list(self._tickets)
        return any(hmac.compare_digest(ticket.encode(), one.encode()) for one in known)


class _Server(ThreadingHTTPServer):
    """A thread a connection, and no more of them than there is need for."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that are gone; of ourselves, tell."""
        import sys

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request. Nothing of it is logged: an address may hold a token."""

    server_version, sys_version = "cardboard", ""
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def __init__(self, tryout: Tryout, door: Doorkeeper, *arguments: Any) -> None:
        self._tryout, self._door = tryout, door
        super().__init__(*arguments)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if not self._is_ours():
            return
        if self._door.closed and parts.path == "/" and (query := parse_qs(parts.query)):
            self._enter(query.get("token", [""])[0])
        elif not self._may_enter():
            self._refuse(HTTPStatus.FORBIDDEN, "try.refused.token")
        elif found := assets().get(parts.path):
            self._send(HTTPStatus.OK, found.kind, found.body)
        elif parts.path == "/":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", self._page(self._words()))
        elif (language := parts.path.strip("/")) in languages():
            self._send(
                HTTPStatus.OK, "text/html; charset=utf-8", self._page(self._tryout.words(language))
            )
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "try.refused.nothing")

    def do_POST(self) -> None:
        self.close_connection = True  # whatever was not read of the body goes with it
        if not self._is_ours():
            return
        # A page of another origin can send neither this type nor our origin without asking first.
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if self.headers.get("Origin") is None or kind != "application/json":
            self._fail(HTTPStatus.FORBIDDEN, "try.refused.origin")
        elif not self._may_enter():
            self._fail(HTTPStatus.FORBIDDEN, "try.refused.token")
        elif (body := self._body()) is not None:
            self._answer(body)

    def _is_ours(self) -> bool:
        """Tell whether the request was meant for us by a page of ours; answer it if not.

        A name that a stranger's name server turned to this machine is no name of ours, whatever
        address it leads to.
        """
        hosts, origin = self.headers.get_all("Host") or [], self.headers.get("Origin")
        host = hosts[0].strip().lower() if len(hosts) == 1 else ""
        foreign = origin is not None and origin.lower() != f"http://{host}"
        foreign |= self.command == "POST" and self.headers.get("Sec-Fetch-Site") == "cross-site"
        if host not in self._hosts():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "try.refused.host")
        elif foreign:
            self._refuse(HTTPStatus.FORBIDDEN, "try.refused.origin")
        else:
            return True
        return False

    def _hosts(self) -> set[str]:
        """Return how a browser here may name us: the address that it has reached, or loopback."""
        address, port = self.connection.getsockname()[:2]
        names = {address} | ({"localhost"} if ipaddress.ip_address(address).is_loopback else set())
        return {f"{name}:{port}" for name in names} | (names if port == 80 else set())

    def _may_enter(self) -> bool:
        if not self._door.closed:
            return True
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")[:4096]).get(self._cookie)
        except CookieError:
            return False
        return found is not None and self._door.knows(found.value)

    @property
    def _cookie(self) -> str:
        """Return the cookie's name: cookies are shared by all ports of a machine."""
        return f"cardboard-{self.connection.getsockname()[1]}"

    def _enter(self, token: str) -> None:
        """Exchange the token for a cookie, and lead to the address without it."""
        ticket = self._door.enter(token)
        if ticket is None:
            self._refuse(HTTPStatus.FORBIDDEN, "try.refused.token")
            return
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Set-Cookie", f"{self._cookie}={ticket}; HttpOnly; SameSite=Lax; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> Struct | None:
        kind = _BODIES.get(self.path)
        if kind is None:
            self._fail(HTTPStatus.NOT_FOUND, "try.refused.nothing")
            return None
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or "Transfer-Encoding" in self.headers:
            self._fail(HTTPStatus.LENGTH_REQUIRED, "try.refused.body")
            return None
        if len(length) > 9 or int(length) > MOST_BODY:
            self._fail(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "try.refused.body")
            return None
        try:
            return msgspec.json.decode(self.rfile.read(int(length)), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._fail(HTTPStatus.BAD_REQUEST, "try.refused.body")
            return None

    def _answer(self, body: Struct) -> None:
        try:
            if isinstance(body, _Ask):
                self._ask(body)
            else:
                self._json(HTTPStatus.OK, self._done(body))
        except Refused as error:
            self._fail(HTTPStatus.CONFLICT, str(error))
        except CardboardError as error:
            self._json(HTTPStatus.CONFLICT, {"error": presentable(str(error))})

    def _done(self, body: Struct) -> dict[str, Any]:
        tryout = self._tryout
        match body:
            case _Open(language):
                try:
                    words = tryout.words(language)
                except CatalogueError:
                    words = tryout.words("en")
                name = tryout.open(words)
                return {"conversation": name, **tryout.state(name)}
            case _Judge(name, answer, accepted, note):
                return tryout.judge(name, answer, accepted, note)
            case _Prefer(name, question, preferred, note):
                return tryout.prefer(name, question, preferred, note)
            case _Prompt(name, answer):
                return {"prompt": tryout.rendered(name, answer)}
            case _Which(name):
                act = {
                    "/api/stop": tryout.stop,
                    "/api/clear": tryout.clear,
                    "/api/reveal": tryout.reveal,
                }
                if self.path in act:
                    act[self.path](name)
                return tryout.state(name)
        raise AssertionError(body)

    def _ask(self, body: _Ask) -> None:
        """Tell what comes of a question, a line of JSON for each event, until the last of them."""
        begun = False

        def tell(event: dict[str, Any]) -> None:
            nonlocal begun
            if not begun:
                begun = True
                self.connection.settimeout(_PATIENCE)
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", "application/x-ndjson; charset=utf-8")
                self.send_header("Connection", "close")
                self.end_headers()
            self.wfile.write(msgspec.json.encode(event) + b"\n")
            self.wfile.flush()

        try:
            self._tryout.ask(
                body.conversation, body.settings, text=body.text, again=body.question, tell=tell
            )
            tell({"event": "end"})
        except Refused as error:
            if not begun:
                raise
            tell({"event": "failed", "error": self._words().text(str(error))})
        except CardboardError as error:
            tell({"event": "failed", "error": presentable(str(error))})

    def _page(self, words: Words) -> bytes:
        tryout = self._tryout
        told = () if tryout.hidden else tryout.models
        names = [(one.name, one.sha256) for one in told]
        # A log is called after both models; which is which it does not tell.
        return page(words, blind=tryout.blind, names=names, log=tryout.log.lines.name)

    def _language(self) -> str:
        return chosen(self.headers.get("Accept-Language", ""))

    def _words(self) -> Words:
        return self._tryout.words(self._language())

    def _refuse(self, status: HTTPStatus, key: str) -> None:
        """Answer with a page, or with JSON what a script asked."""
        if self.command == "POST":
            self._fail(status, key)
        else:
            self._send(status, "text/html; charset=utf-8", refusal(self._words(), key))

    def _fail(self, status: HTTPStatus, key: str) -> None:
        self._json(status, {"error": self._words().text(key)})

    def _json(self, status: HTTPStatus, told: dict[str, Any]) -> None:
        self._send(status, "application/json; charset=utf-8", msgspec.json.encode(told))

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()


@contextmanager
def serving(
    tryout: Tryout, port: int, *, lan: bool = False, tell: Callable[[str], None] = lambda text: None
) -> Iterator[str]:
    """Serve the page of *tryout* while the block runs, and give its address; port 0 picks one.

    With *lan* the network may come in by the address that is given, once; *tell* is told the next
    one each time. Raises CardboardError where the port is taken.
    """
    host = f"{own_address() if lan else LOOPBACK}"
    door: Doorkeeper

    def address(token: str) -> str:
        return f"http://{host}:{server.server_port}/" + (f"?token={token}" if lan else "")

    door = Doorkeeper(open_to_network=lan, tell=lambda token: tell(address(token)))
    try:
        handler = partial(_Handler, tryout, door)
        server = _Server((EVERYWHERE if lan else LOOPBACK, port), handler)
    except OSError as error:
        raise CardboardError(
            f"cannot listen on port {port}: {error.strerror}",
            remedy="Choose another one with --port; 0 takes any that is free.",
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="try", daemon=True)
    thread.start()
    try:
        yield address(door.token)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def own_address() -> str:
    """Return the address that this machine has in its network; loopback's where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, suppress(OSError):
        one.connect(("192.0.2.1", 9))  # of a range for examples: nothing is sent to it
        address: str = one.getsockname()[0]
        return address
    return LOOPBACK
