"""Where a site is read from: one server, few redirects, bounded files, and nothing outside."""

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cardboard.eval.errors import UsageError
from cardboard.site.verify import origins
from cardboard.site.verify.origins import Refused, origin_of


@contextmanager
def answering(answer):
    """Serve what *answer* writes for a path, and give the address and the paths asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sending(body, status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def refusal(answer, most):
    """Return what is told where a server's *answer* is not taken."""
    with (
        answering(answer) as (url, _),
        origin_of(url) as origin,
        pytest.raises(Refused) as caught,
    ):
        origin.read("a", most)
    return caught.value.what


def test_a_file_is_read_below_the_address():
    with answering(sending(b"content")) as (url, asked), origin_of(f"{url}sub?x=1#y") as origin:
        assert origin.read("data/board.json", 100) == b"content"
    assert asked == ["/sub/data/board.json"]


def test_a_redirect_on_the_same_server_is_followed():
    def answer(handler):
        if handler.path == "/b":
            sending(b"there")(handler)
        else:
            sending(b"", 301, Location="/b")(handler)

    with answering(answer) as (url, asked), origin_of(url) as origin:
        assert origin.read("a", 100) == b"there"
    assert asked == ["/a", "/b"]


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:1/x",
        "//example.org/x",
        "http://127.0.0.1.example.org/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1@example.org/",
        "http://[",
    ],
)
def test_a_redirect_to_elsewhere_is_refused(location):
    answer = sending(b"", 302, Location=location)
    with answering(answer) as (url, asked), origin_of(url) as origin:
        with pytest.raises(Refused, match="is sent on to"):
            origin.read("a", 100)
        assert asked == ["/a"]


def test_a_circle_of_redirects_ends():
    with answering(sending(b"", 302, Location="/a")) as (url, asked), origin_of(url) as origin:
        with pytest.raises(Refused, match="more than 5 times"):
            origin.read("a", 100)
        assert len(asked) == origins.MOST_REDIRECTS + 1


def test_more_bytes_than_expected_are_not_taken():
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass

    assert "has more than 1000 bytes" in refusal(answer, 1000)


def test_packed_content_is_not_unpacked_beyond_the_bound():
    import gzip

    packed = gzip.compress(b"x" * 10_000_000)
    answer = sending(packed, Content_Encoding="gzip")
    assert "has more than 1000 bytes" in refusal(answer, 1000)


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_answer_that_is_no_file_is_told(status):
    assert f"the server answers {status}" in refusal(sending(b"words", status), 100)


def test_an_answer_that_ends_early_is_told():
    assert "cannot be fetched" in refusal(sending(b"wor", Content_Length="10"), 100)


def test_a_server_that_takes_too_long_in_all_is_left(monkeypatch):
    monkeypatch.setattr(origins, "LONGEST", -1.0)
    assert "took more than" in refusal(sending(b"words"), 100)


def test_a_pipe_and_a_folder_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with origin_of(str(tmp_path)) as origin:
        for name in ("pipe", "folder"):
            with pytest.raises(Refused):
                origin.read(name, 100)


@pytest.mark.parametrize("place", ["http://", "https://[", "http://h:x/", "gopher://h/", "://"])
def test_what_is_no_address_is_wrong_use(place):
    with pytest.raises(UsageError), origin_of(place):
        pass
