"""The Hub itself: an HTTP/1.1 server on loopback, and what a test may do with it directly."""

import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import cast

from .control import control
from .desk import Desk
from .exchange import Request, exchange
from .messages import Reply
from .state import Settings, State


class _Connection(BaseHTTPRequestHandler):
    """One connection, kept alive over many requests; every reply leaves in a single send."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # A client that was killed leaves its connection in the middle of anything.
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing: the Hub's own log has it all."""

    def answer(self) -> None:
        """Answer one request."""
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=query,
            authorization=self.headers.get("authorization", ""),
            body=self._body(),
            base=f"http://{self.headers.get('host', '127.0.0.1')}",
        )
        state = cast(_Server, self.server).state
        is_control = path == "/_hub" or path.startswith("/_hub/")
        reply = control(state, request) if is_control else exchange(state, request)
        if reply is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            length = int(self.headers.get("content-length", "0"))
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionError("the client went away in the middle of its request")
            return body
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, reply: Reply) -> None:
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        headers = {**reply.headers, "Content-Length": str(len(reply.body))}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self.wfile.write(head if self.command == "HEAD" else head + reply.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, state: State) -> None:
        self.state = state
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Connection)

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Note the connection before its thread starts, so that `hang_up` misses none."""
        self._connections.add(cast(socket.socket, request))
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection."""
        self._connections.discard(cast(socket.socket, request))
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close every connection, so that the threads that wait on them end."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Hub(Desk):
    """A Hub that serves from a thread of this process while it is open (`with Hub() as hub:`).

    The ways to look into it and to prepare it are those of `Desk`; the state behind them is
    `hub.state`, its faults `hub.faults` and its request log `hub.log`.
    """

    def __init__(self, settings: Settings | None = None, *, port: int = 0) -> None:
        """Bind a port of 127.0.0.1 (0: a free one)."""
        super().__init__(State(settings or Settings()))
        self._server = _Server(port, self.state)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Hub":
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up and stop."""
        self.faults.clear()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
        self.state.store.close()

    def wait(self) -> None:
        """Serve until the process is interrupted."""
        self._thread.join()
