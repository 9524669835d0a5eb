"""Serve a built site on this machine, and notice when what it was made from changes."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import as_file, files
from pathlib import Path

from ...board.workspace.audits import FOLDER as AUDITS
from ...board.workspace.settings import Workspace
from ...eval.errors import CardboardError

LOOPBACK = "127.0.0.1"
_BUILDING = "The site is being built. 사이트를 만드는 중입니다.\n".encode()

Signature = frozenset[tuple[str, int, int]]
"""Path, size and time of every file that a site depends on."""


def signature(workspace: Workspace) -> Signature:
    """Return what tells one state of results, configuration, templates and pages from another."""
    with as_file(files("cardboard")) as package:
        places = [
            workspace.results,
            workspace.history,
            workspace.root / AUDITS,
            workspace.root / "board.toml",
            workspace.root / "models.toml",
            workspace.root / "imports.toml",
            package / "mkdocs.yml",
            package / "site" / "docs",
            package / "site" / "assets",
            package / "templates",
        ]
        return frozenset(seen for place in places for seen in _seen(Path(place)))


def _seen(place: Path) -> Iterator[tuple[str, int, int]]:
    paths = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue  # Gone in between: the next look will tell.
        yield str(path), status.st_size, status.st_mtime_ns


class _Handler(SimpleHTTPRequestHandler):
    """Serve files and nothing else: no listings, no log, no copies kept by the browser."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        pass

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a missing page with the site's own page for it, and wait for a first site."""
        page = Path(self.directory) / "404.html"
        if code == HTTPStatus.NOT_FOUND and not Path(self.directory).is_dir():
            self._wait()
            return
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _wait(self) -> None:
        """Let the browser ask again in a second: the first site is being built."""
        self.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Refresh", "1")
        self.send_header("Content-Length", str(len(_BUILDING)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(_BUILDING)


@contextmanager
def serving(folder: Path, port: int) -> Iterator[str]:
    """Serve *folder* on loopback while the block runs, and give its URL; port 0 picks a free one.

    Raises `CardboardError` where the port is taken.
    """
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise CardboardError(
            f"cannot listen on port {port}: {error.strerror}",
            remedy="Choose another one with --port; 0 takes any that is free.",
        ) from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="serve", daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
