"""A model is accepted or not: the sheet says why, in both languages, and so does the exit code."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from cardboard.cli import main
from cardboard.eval.suites.source import load

BOARD = """[board]
title = { en = "Home", ko = "집" }

[[suites]]
name = "home-mini"
version = "1"
kind = "home"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace for home-mini."""
    (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")
    return tmp_path


def accepted(workspace: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(workspace), "accept", *words])


def sheets(workspace: Path) -> dict[str, str]:
    """Return the sheets by language."""
    found = (workspace / "build/acceptance").glob("*.html")
    return {path.name.split(".")[-2]: path.read_text(encoding="utf-8") for path in found}


def test_a_model_of_which_nothing_is_demanded_is_measured(workspace: Path) -> None:
    done = accepted(workspace, "oracle", "--backend", "scripted")
    assert done.exit_code == 0
    assert len(list((workspace / "results/home-mini").glob("*.json"))) == 1
    told = sheets(workspace)
    assert set(told) == {"en", "ko"}
    assert "Measured, nothing demanded" in told["en"]
    assert "측정 완료(합격 기준 없음)" in told["ko"]
    for text in told.values():
        assert text.count('<section class="answer">') == 80
        assert "100.00" in text
        assert "90.72" in text  # the interval's lower end
        assert '<li class="bad">' not in text


def test_every_broken_clause_has_its_reason_in_words(workspace: Path) -> None:
    done = accepted(workspace, "unknown", "--backend", "scripted", "--at-least", "50")
    assert done.exit_code == 1
    told = sheets(workspace)
    assert "Not accepted" in told["en"]
    assert "불합격" in told["ko"]
    assert "Comes to 17" in told["en"]
    assert "the last number is –" in told["en"]
    assert "1부터 번호를 붙인 줄만 4개" in told["ko"]
    assert "1줄 가운데 번호가 맞는 줄은 0개" in told["ko"]


def test_the_words_of_the_workspace_stand_before_the_packages(workspace: Path) -> None:
    (workspace / "locale").mkdir()
    own = 'msgid "sheet.title"\nmsgstr "Our sheet"\n'
    (workspace / "locale" / "en.po").write_text(own, encoding="utf-8")
    accepted(workspace, "oracle", "--backend", "scripted")
    assert "<h1>Our sheet</h1>" in sheets(workspace)["en"]
    assert "Our sheet" not in sheets(workspace)["ko"]


def test_without_a_workspace_there_are_sheets_too(tmp_path: Path) -> None:
    assert accepted(tmp_path, "oracle", "--backend", "scripted").exit_code == 0
    assert set(sheets(tmp_path)) == {"en", "ko"}


def test_a_second_time_nothing_is_asked_again(workspace: Path) -> None:
    accepted(workspace, "oracle", "--backend", "scripted")
    (file,) = (workspace / "results/home-mini").glob("*.json")
    before = file.read_bytes()
    assert accepted(workspace, "oracle", "--backend", "scripted", "--at-least", "99").exit_code == 0
    assert file.read_bytes() == before


def test_limits_of_the_machine_are_told_apart_from_the_score(workspace: Path) -> None:
    with (workspace / "board.toml").open("a", encoding="utf-8") as file:
        file.write("\n[fits]\nfile_gb = 2\n")
    done = accepted(workspace, "oracle", "--backend", "scripted")
    assert done.exit_code == 0  # nobody knows the size of a rule: that is no reason to refuse it
    told = sheets(workspace)["en"]
    assert "Not every limit could be checked." in told
    assert "This is no part of the score." in told


def test_what_a_model_writes_stays_text(workspace: Path) -> None:
    rows = load("home-mini").rows
    answers = workspace / "answers.jsonl"
    attack = "<script>alert(1)</script></pre>{{ 7 * 7 }}"
    lines = [{"task_id": row.task_id, "step_idx": row.step_idx, "text": attack} for row in rows]
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    done = accepted(workspace, str(answers), "--backend", "scripted", "--name", "lab/attack")
    assert done.exit_code == 0, done.output
    for text in sheets(workspace).values():
        assert "<script" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;/pre&gt;{{ 7 * 7 }}" in text


@pytest.fixture
def two_models() -> Iterator[str]:
    """Give the address of a server that has two models."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"data": [{"id": "one"}, {"id": "two"}]}).encode()
            self.send_response(200 if self.path == "/v1/models" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_with_several_models_wants_a_name(workspace: Path, two_models: str) -> None:
    done = accepted(workspace, two_models)
    assert done.exit_code != 0
    assert "the server names 2 models (one, two)" in done.output
    assert "--name" in done.output


def test_what_is_neither_a_file_nor_an_address_wants_a_backend(workspace: Path) -> None:
    done = accepted(workspace, "org/model")
    assert done.exit_code == 2
    assert "MODEL is neither a GGUF file nor an address" in done.output
