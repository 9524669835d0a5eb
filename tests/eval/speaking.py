"""A server of the OpenAI API on loopback that replies what a test wants, and keeps what came in."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Reply:
    """One reply: what is not JSON yet is made so; `cut` ends the connection without one.

    An iterator of bytes is sent piece by piece, and then the connection ends.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Call:
    """One request that came in."""

    path: str
    headers: Mapping[str, str]
    body: Any


def said(text: Any, finish: str | None = "stop", **differs: Any) -> dict[str, Any]:
    """Return the body of an ordinary reply."""
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    message = {"role": "assistant", "content": text, **differs}
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": usage}


STREAM = {"Content-Type": "text/event-stream"}


def pieces(
    texts: Iterable[str], *, finish: str | None = "stop", tokens: int = 3
) -> Iterator[bytes]:
    """Yield a reply as a stream, an event for each of *texts*; without *finish* it breaks off."""
    for text in texts:
        yield _event({"choices": [{"delta": {"content": text}}]})
    if finish is not None:
        yield _event({"choices": [{"delta": {}, "finish_reason": finish}]})
        yield _event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": tokens}})
        yield b"data: [DONE]\n\n"


def _event(told: Any) -> bytes:
    return b"data: " + json.dumps(told).encode() + b"\n\n"


@dataclass
class Speaker:
    """The server's side of a test."""

    chat: Callable[[Call], Reply]
    pages: dict[str, Any] = field(default_factory=dict)
    """What other paths reply; the rest is not found."""
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    @property
    def asked(self) -> list[Any]:
        """Return the bodies of the calls for answers."""
        return [call.body for call in self.calls if call.path == CHAT]

    def reply(self, call: Call) -> Reply:
        """Return what *call* gets."""
        if call.path == CHAT:
            return self.chat(call)
        if call.path in self.pages:
            page = self.pages[call.path]
            return page if isinstance(page, Reply) else Reply(page)
        return Reply({"error": "not found"}, 404)


@contextmanager
def speaking(speaker: Speaker) -> Iterator[Speaker]:
    """Serve *speaker* on loopback for the time of a test."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve(None)

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            self._serve(json.loads(self.rfile.read(size)))

        def _serve(self, body: Any) -> None:
            call = Call(self.path, dict(self.headers.items()), body)
            with lock:
                speaker.calls.append(call)
            reply = speaker.reply(call)
            if reply.cut:
                self.close_connection = True
                return
            if isinstance(reply.body, Iterator):
                self._send(reply)
                return
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _send(self, reply: Reply) -> None:
            self.close_connection = True
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # whoever asked is gone
                for piece in reply.body:
                    self.wfile.write(piece)
                    self.wfile.flush()

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        speaker.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield speaker
        finally:
            server.shutdown()
            thread.join()
