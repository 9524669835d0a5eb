"""Token probabilities of two files: the bound, what a server is asked, and a real model."""

import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.read.reader import read_results
from cardboard.cli import main
from cardboard.eval.backends.gguf.distance import Seen, divergence, passages, text_sha256
from cardboard.eval.backends.gguf.figures import FileFigures
from cardboard.tests.smol import FILE, smol

VOCABULARY = 12


def spread(weights: list[float]) -> list[float]:
    whole = sum(weights)
    return [weight / whole for weight in weights]


def most(probabilities: list[float], count: int) -> Seen:
    """Return what a server shows of *probabilities*: the first tokens of the most probable ones."""
    order = sorted(range(len(probabilities)), key=lambda token: -probabilities[token])
    return Seen({token: math.log(probabilities[token]) for token in order[:count]})


WEIGHTS = st.lists(st.floats(0.01, 10.0), min_size=VOCABULARY, max_size=VOCABULARY).map(spread)


@given(WEIGHTS, WEIGHTS, st.integers(1, VOCABULARY))
def test_what_is_seen_is_never_more_than_the_divergence_itself(
    ours: list[float], theirs: list[float], count: int
) -> None:
    true = sum(p * math.log(p / q) for p, q in zip(ours, theirs, strict=True))
    bound = divergence(most(ours, count), most(theirs, count))
    assert 0 <= bound <= true + 1e-6


@given(WEIGHTS, WEIGHTS)
def test_where_every_token_is_seen_the_bound_is_the_divergence(
    ours: list[float], theirs: list[float]
) -> None:
    true = sum(p * math.log(p / q) for p, q in zip(ours, theirs, strict=True))
    assert divergence(most(ours, VOCABULARY), most(theirs, VOCABULARY)) == pytest.approx(
        max(true, 0.0), abs=1e-6
    )


@given(WEIGHTS, st.integers(1, VOCABULARY))
def test_the_same_probabilities_have_no_divergence(ours: list[float], count: int) -> None:
    assert divergence(most(ours, count), most(ours, count)) == pytest.approx(0.0, abs=1e-9)


def test_the_text_is_ours_in_two_languages_and_its_hash_knows_how_much_of_it_is_read() -> None:
    languages = [language for language, _ in passages()]
    assert languages.count("en") == languages.count("ko") >= 6
    assert text_sha256(None) != text_sha256(8)


class Talker(BaseHTTPRequestHandler):
    """A server of llama.cpp with a vocabulary of letters, and tastes of its own."""

    taste = 1.0
    vocabulary = 50
    asked: list[dict[str, Any]] = []  # noqa: RUF012  # one for all

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Tell the file's name."""
        self._say({"model_path": "/srv/models/tiny-F16.gguf", "build_info": "b1"})

    def do_POST(self) -> None:
        """Turn letters into tokens, or tell three tokens with their probabilities."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            self._say({"tokens": [ord(one) % self.vocabulary for one in body["content"]]})
            return
        self.asked.append(body)
        weights = spread([1.0 + (len(body["prompt"]) % 3), 2.0 * self.taste, 1.0, 0.5])
        shown = [{"id": token, "logprob": math.log(weight)} for token, weight in enumerate(weights)]
        shown.sort(key=lambda one: -one["logprob"])
        self._say({"completion_probabilities": [{"top_logprobs": shown[: body["n_probs"]]}]})

    def _say(self, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def talkers() -> Iterator[Any]:
    """Give a function that starts a server and returns its address and its class."""
    running = []

    def start(**about: Any) -> tuple[str, type[Talker]]:
        kind = type("Talker", (Talker,), {"asked": [], **about})
        server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1", kind

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["compare-files", *map(str, words)])


def test_two_servers_are_compared_and_the_figures_are_read_as_results(
    talkers: Any, tmp_path: Path
) -> None:
    (one, kind), (other, _) = talkers(), talkers(taste=1.5)
    done = run(one, other, "--limit", 4, "--probabilities", 3, "--output", tmp_path)
    assert done.exit_code == 0, done.output
    assert "tiny-F16.gguf: divergence at least 0.0" in done.stdout
    first = kind.asked[0]
    assert (first["n_predict"], first["n_probs"], first["cache_prompt"]) == (1, 3, True)
    assert first["logit_bias"] == [[ord("a") % 50, 1000.0]], "a token that is a whole letter"
    assert len(kind.asked) == 4 * len(passages())
    (reading,) = read_results(tmp_path)
    (figures,) = reading.measures
    assert figures.distance is not None and figures.distance.lower_bound
    assert figures.distance.positions == 4 * len(passages())
    assert set(figures.distance.languages) == {"en", "ko"}
    assert figures.distance.divergence.value > 0
    assert figures.distance.reference.name == "tiny-F16.gguf", "without the server's folder"


def test_files_with_other_tokens_are_not_compared(talkers: Any, tmp_path: Path) -> None:
    (one, _), (other, _) = talkers(), talkers(vocabulary=49)
    done = run(one, other, "--limit", 2, "--output", tmp_path)
    assert done.exit_code != 0
    assert "has other tokens than the reference" in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_tells_no_probabilities_is_no_server_of_llama_cpp(
    talkers: Any, tmp_path: Path
) -> None:
    def silent(self: Talker, body: object) -> None:
        Talker._say(self, {"tokens": [1, 2]} if "completion" not in self.path else {})

    one, _ = talkers(_say=silent)
    done = run(one, one, "--output", tmp_path)
    assert "does not tell tokens with their probabilities" in done.output


def test_without_a_workspace_somebody_has_to_name_a_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["-C", str(tmp_path), "compare-files", "a.gguf", "b.gguf"])
    assert "there is no workspace here for the figures" in done.output


def test_a_real_file_is_as_near_to_itself_as_can_be(tmp_path: Path) -> None:
    done = run(smol(), smol(), "--limit", 2, "--threads", 1, "--output", tmp_path)
    assert done.exit_code == 0, done.output
    (path,) = tmp_path.iterdir()
    figures = msgspec.json.decode(path.read_bytes(), type=FileFigures)
    assert (figures.file.name, figures.type) == (FILE, "Q4_1")
    assert figures.distance is not None
    assert figures.distance.divergence.value == pytest.approx(0.0, abs=1e-4)
    assert figures.distance.same_top.value == 1.0
    assert figures.distance.positions == 2 * len(passages())
