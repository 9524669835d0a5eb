"""Who may speak with the server of the page, and what it tells: asked without a browser."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from cardboard.cards.tryout import server
from cardboard.cards.tryout.server import MOST_BODY
from cardboard.eval.errors import CardboardError
from cardboard.tests.eval.speaking import Reply

from .conftest import Held, Trial, Try

SETTINGS = {"temperature": 0, "top_p": 1, "max_tokens": 9, "turns": 0, "system": "", "seed": 0}


class Client:
    """Somebody who speaks HTTP, and says of themselves whatever they like."""

    def __init__(self, trial: Trial) -> None:
        self.host = urlsplit(trial.url).netloc
        self.port = int(self.host.rpartition(":")[2])

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> tuple[int, dict[str, str], str]:
        """Return status, headers and body of a reply; *headers* of `None` are not sent."""
        given: dict[str, str | None] = {"host": self.host}
        if method == "POST":
            given |= {"origin": f"http://{self.host}", "content_type": "application/json"}
            given["content_length"] = str(len(body or b""))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {**given, **headers}.items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        response = connection.getresponse()
        found = response.status, dict(response.headers.items()), response.read().decode()
        connection.close()
        return found

    def get(self, path: str = "/", **headers: str | None) -> tuple[int, dict[str, str], str]:
        return self.send("GET", path, None, **headers)

    def post(self, path: str, told: Any, **headers: str | None) -> tuple[int, Any]:
        """Return status and what the JSON of the reply says."""
        status, _, text = self.send("POST", f"/api/{path}", json.dumps(told).encode(), **headers)
        return status, json.loads(text)

    def open(self, **headers: str | None) -> str:
        """Begin a conversation and return its name."""
        name: str = self.post("open", {"language": "en"}, **headers)[1]["conversation"]
        return name

    def ask(self, name: str, text: str) -> str:
        """Return all that is told of a question, as it is sent."""
        told = {"conversation": name, "text": text, "settings": SETTINGS}
        return self.send("POST", "/api/ask", json.dumps(told).encode())[2]


@pytest.fixture
def alpha(trial: Try) -> Trial:
    """Return a try of one model that has not been asked yet."""
    return trial({"alpha": ["Yes."]})


def test_every_reply_says_what_a_browser_may_do_with_it(alpha: Trial) -> None:
    client = Client(alpha)
    for path in ("/", "/en", "/page.js", "/page.css", "/nothing"):
        _, headers, _ = client.get(path)
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1", "", None]
)
def test_a_strangers_name_that_leads_here_is_refused(alpha: Trial, host: str | None) -> None:
    """DNS rebinding: the browser believes that it speaks with the stranger's own server."""
    client = Client(alpha)
    assert client.get("/", host=host)[0] == 421
    origin = f"http://{host}"
    assert client.post("open", {"language": "en"}, host=host, origin=origin)[0] == 421


def test_both_names_of_loopback_are_ours(alpha: Trial) -> None:
    client = Client(alpha)
    for host in (f"127.0.0.1:{client.port}", f"localhost:{client.port}"):
        assert client.get("/", host=host)[0] == 200
        assert client.post("open", {"language": "en"}, host=host, origin=f"http://{host}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": None},
        {"origin": "https://127.0.0.1"},
        {"sec_fetch_site": "cross-site"},
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": None},
    ],
)
def test_what_another_site_can_send_is_refused(
    alpha: Trial, headers: dict[str, str | None]
) -> None:
    client = Client(alpha)
    name = client.open()
    told = {"conversation": name, "text": "Hello", "settings": SETTINGS}
    for path in ("open", "ask", "clear", "judge", "prefer", "reveal", "prompt", "state", "stop"):
        assert client.post(path, told, **headers)[0] == 403
    assert alpha.speakers[0].asked == []


def test_another_server_of_this_machine_is_another_site(alpha: Trial) -> None:
    client = Client(alpha)
    assert client.post("open", {"language": "en"}, origin="http://127.0.0.1:1")[0] == 403
    assert client.get("/", origin="http://127.0.0.1:1")[0] == 403


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 400),
        (b"[" * 5000, {}, 400),
        (b'{"language": "en", "more": 1}', {}, 400),
        (b"\xff", {}, 400),
        (b"", {"content_length": None}, 411),
        (b"", {"content_length": "-1"}, 411),
        (b"", {"content_length": "1e3"}, 411),
        (b"", {"content_length": str(MOST_BODY + 1)}, 413),
        (b"", {"content_length": "9" * 500}, 413),
        (b"", {"transfer_encoding": "chunked"}, 411),
    ],
)
def test_bodies_that_are_none_or_too_large_are_refused(
    alpha: Trial, body: bytes, headers: dict[str, str | None], status: int
) -> None:
    assert Client(alpha).send("POST", "/api/open", body, **headers)[0] == status


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": -1},
        {"temperature": "hot"},
        {"top_p": 0},
        {"max_tokens": 0},
        {"max_tokens": 1 << 40},
        {"turns": 51},
        {"seed": 1 << 31},
        {"model": "another"},
    ],
)
def test_settings_have_limits(alpha: Trial, settings: dict[str, Any]) -> None:
    client = Client(alpha)
    told = {"conversation": client.open(), "text": "Hello", "settings": SETTINGS | settings}
    assert client.post("ask", told)[0] == 400
    assert alpha.speakers[0].asked == []


def test_questions_and_conversations_have_a_number(
    alpha: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(alpha)
    name = client.open()
    monkeypatch.setattr("cardboard.cards.tryout.tryout.MOST_QUESTIONS", 0)
    monkeypatch.setattr("cardboard.cards.tryout.tryout.MOST_CONVERSATIONS", 1)
    assert "Too many questions" in client.ask(name, "Hello")
    assert client.post("open", {"language": "en"})[1]["error"].startswith("Too many windows")
    assert "There is no question." in client.ask(name, " \n")


def test_what_is_of_another_conversation_cannot_be_judged(alpha: Trial) -> None:
    client = Client(alpha)
    mine, other = client.open(), client.open()
    assert '"event":"end"' in client.ask(mine, "Really?")
    judged = {"answer": 1, "accepted": True, "note": ""}
    assert client.post("judge", {"conversation": other, **judged})[0] == 409
    assert client.post("judge", {"conversation": "guessed", **judged})[0] == 409
    assert client.post("judge", {"conversation": mine, **judged})[0] == 200


def test_nothing_that_is_told_of_a_blind_comparison_names_a_model(trial: Try) -> None:
    refused = Reply({"error": {"message": "beta is full"}}, 400)
    one = trial({"alpha": ["One.", "Two."], "beta": ["Eins.", refused]})
    client = Client(one)
    name = client.open()
    assert not re.search("alpha|beta", client.get("/en")[2])
    told = [client.ask(name, "First?"), client.ask(name, "Second?")]
    told.append(json.dumps(client.post("state", {"conversation": name})))
    which = {"conversation": name, "question": 1, "preferred": "a", "note": ""}
    told.append(json.dumps(client.post("prefer", which)))
    assert client.post("prompt", {"conversation": name, "answer": 1})[0] == 409
    assert client.post("prefer", which | {"question": 2})[0] == 409
    assert not [text for text in told if re.search('alpha|beta|"figures"|"sent":', text)]
    status, ended = client.post("reveal", {"conversation": name})
    assert (status, ended["names"], ended["hidden"]) == (200, ["alpha", "beta"], False)
    assert client.post("prefer", which)[0] == 409  # it is too late


def test_which_model_stands_where_follows_from_the_seed(trial: Try) -> None:
    orders = []
    for seed in (1, 1, 2):
        one = trial({"alpha": ["x"] * 8, "beta": ["x"] * 8}, seed=seed)
        client = Client(one)
        name = client.open()
        for number in range(8):
            client.ask(name, f"Question {number}")
        orders.append([line.model for line in one.lines[1:] if line.side == "a"])
    assert orders[0] == orders[1] != orders[2]
    assert set(orders[0]) == {0, 1}


def test_nothing_of_a_blind_comparison_that_failed_counts(trial: Try) -> None:
    one = trial({"alpha": ["One."], "beta": ["Eins."]})
    client = Client(one)
    name = client.open()
    client.ask(name, "First?")
    _, ended = client.post("reveal", {"conversation": name})
    assert (ended["outcome"]["share"], ended["outcome"]["p"]) == (None, 1.0)


@pytest.fixture
def network(trial: Try, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    """Return a try that the network may come to; here the network is loopback."""
    monkeypatch.setattr(server, "EVERYWHERE", "127.0.0.1")
    monkeypatch.setattr(server, "own_address", lambda: "127.0.0.1")
    yield trial({"alpha": ["Yes."]}, lan=True)


def test_the_network_comes_in_by_an_address_that_works_once(
    network: Trial, capfd: pytest.CaptureFixture[str]
) -> None:
    client = Client(network)
    first = urlsplit(network.url).query
    assert re.fullmatch(r"token=[\w-]{32}", first)
    for path in ("/", "/en", "/page.js", "/?token=wrong", "/?token="):
        assert client.get(path)[0] == 403
    assert client.post("open", {"language": "en"})[0] == 403

    status, headers, _ = client.get(f"/?{first}")
    assert (status, headers["Location"]) == (303, "/")
    cookie, *rules = headers["Set-Cookie"].split("; ")
    assert rules == ["HttpOnly", "SameSite=Lax", "Path=/"]
    assert first.removeprefix("token=") not in cookie
    assert client.get("/", cookie=cookie)[0] == 200
    assert client.open(cookie=cookie)

    assert client.get(f"/?{first}")[0] == 403
    [second] = network.told
    status, headers, _ = client.get(f"/?{urlsplit(second).query}")
    assert status == 303
    assert headers["Set-Cookie"].split("; ")[0] != cookie
    # Nobody but the terminal was told a token.
    files = [path.read_text(encoding="utf-8") for path in network.folder.iterdir()]
    heard = capfd.readouterr()
    tokens = [urlsplit(one).query.removeprefix("token=") for one in (network.url, second)]
    assert not [one for one in tokens if one in "".join((*files, heard.out, heard.err))]


@pytest.mark.parametrize(
    "cookie", ["x=y", "cardboard-{port}=guessed", "cardboard-{port}", "=;=\x01"]
)
def test_cookies_that_nobody_was_given_open_nothing(network: Trial, cookie: str) -> None:
    client = Client(network)
    assert client.get("/", cookie=cookie.format(port=client.port))[0] == 403


def test_without_a_network_the_address_is_loopbacks_and_needs_no_token(alpha: Trial) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", alpha.url)


def test_a_port_that_is_taken_is_told(alpha: Trial) -> None:
    taken = Client(alpha).port
    with (
        pytest.raises(CardboardError, match=f"cannot listen on port {taken}"),
        server.serving(alpha.tryout, taken),
    ):
        pass


def test_connections_beyond_the_most_are_closed_at_once(
    trial: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 1)
    client = Client(trial({"alpha": []}))
    with socket.create_connection(("127.0.0.1", client.port)) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\n")  # and nothing more
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            while True:  # until the first one has been taken in
                client.get("/")


def test_when_the_window_is_closed_the_model_is_stopped(trial: Try) -> None:
    held = Held("Once upon ", "a time")
    one = trial({"alpha": [held]})
    client = Client(one)
    told = {"conversation": client.open(), "text": "A story?", "settings": SETTINGS}
    body = json.dumps(told).encode()
    lines = [
        *("POST /api/ask HTTP/1.1", f"Host: {client.host}", f"Origin: http://{client.host}"),
        *("Content-Type: application/json", f"Content-Length: {len(body)}", "", ""),
    ]
    with socket.create_connection(("127.0.0.1", client.port)) as window:
        window.sendall("\r\n".join(lines).encode() + body)
        heard = b""
        while b"Once upon" not in heard:
            heard += window.recv(4096)
    end = time.monotonic() + 60
    while len(one.lines) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    held.let_go.set()
    assert (one.lines[1].text, one.lines[1].finish_reason) == ("Once upon ", "stopped")


def test_a_log_that_cannot_be_written_is_told(
    alpha: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    client = Client(alpha)
    name = client.open()
    monkeypatch.setattr(alpha.tryout.log, "add", full)
    assert "The log cannot be written" in client.ask(name, "Really?")
    status, told = client.post("clear", {"conversation": name})
    assert status == 409
    assert told["error"].startswith("The log cannot be written")
