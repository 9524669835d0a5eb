"""`cardboard site` and `cardboard serve`, as somebody types them."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cardboard.cli import main
from cardboard.eval.errors import CardboardError
from cardboard.eval.records import encode
from cardboard.site import commands
from cardboard.site.assembly.write import Outcome
from cardboard.site.data.exports import amount
from cardboard.tests.making import a_result

BOARD = """
[board]
title = { en = "A board", ko = "보드" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
"""


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")
    add(tmp_path, "org/first")
    return tmp_path


def add(workspace, name):
    file = workspace / "results" / f"{name.replace('/', '-')}.json"
    aside = file.with_suffix(".new")
    aside.write_bytes(encode(a_result(name)))
    aside.replace(file)


def test_site_says_what_it_wrote_and_where(workspace):
    done = CliRunner().invoke(main, ["-C", str(workspace), "site"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{workspace / 'build' / 'site'}: ")
    files = [path for path in (workspace / "build" / "site").rglob("*") if path.is_file()]
    size = amount(sum(path.stat().st_size for path in files))
    assert done.output.endswith(f"pages (en, ko), {size} in {len(files)} files, written\n")
    assert (workspace / "build" / "site" / "ko" / "models" / "org__first").is_dir()


def test_site_says_when_nothing_has_changed(workspace):
    CliRunner().invoke(main, ["-C", str(workspace), "site"])
    done = CliRunner().invoke(main, ["-C", str(workspace), "site"])
    assert done.output.endswith("nothing has changed\n")


@pytest.mark.parametrize(("size", "warned"), [(799_999_999, False), (800_000_000, True)])
def test_a_site_that_comes_near_the_limit_of_its_host_is_warned_of(size, warned):
    outcome = Outcome(
        folder=Path("site"), pages=9, languages=("en",), changed=True, files=9, bytes=size
    )
    told = commands._said(outcome)
    assert told.startswith("site: 9 pages (en), 800.0 MB in 9 files, written")
    assert ("Warning: GitHub Pages takes sites of up to 1 GB, and this one has 0.80" in told) is (
        warned
    )


def test_both_have_a_help_with_an_example():
    for command in ("site", "serve"):
        done = CliRunner().invoke(main, [command, "--help"])
        assert f"Example: cardboard {command}" in done.output


@pytest.mark.parametrize(
    "trouble", [FileNotFoundError(2, "No such file", "results/a.json"), CardboardError("a reason")]
)
def test_what_cannot_be_built_anew_is_told_and_does_not_end_serve(
    trouble, workspace, monkeypatch, capsys
):
    """A file may go while it is read; the next look builds again."""

    def fail(*_):
        raise trouble

    monkeypatch.setattr(commands, "_build", fail)
    context = click.Context(main)
    context.params["workspace"] = workspace
    commands._rebuild(context)
    assert capsys.readouterr().err.startswith("Error: ")


def wait_for(condition, seconds=60):
    for _ in range(seconds * 10):
        if (found := condition()) is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("it never happened")


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError:
        return None


def test_serve_builds_serves_builds_anew_and_ends_cleanly(workspace):
    """A broken configuration is told, and the last site goes on being served."""
    command = [
        sys.executable,
        "-u",
        "-m",
        "cardboard",
        "-C",
        str(workspace),
        "serve",
        "--port",
        "0",
    ]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parent,
    ) as running:
        try:
            lines = iter(running.stdout.readline, "")
            url = next(line.split()[1] for line in lines if line.startswith("Serving "))
            assert "org/" in wait_for(lambda: fetch(url)), "it speaks before there is a site"
            assert fetch(f"{url}models/org__second/") is None
            add(workspace, "org/second")
            wait_for(lambda: fetch(f"{url}models/org__second/"))
            (workspace / "board.toml").write_text("nonsense", encoding="utf-8")
            assert any("board.toml" in line for line in iter(running.stdout.readline, ""))
            assert fetch(url) is not None
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=300) == 0
            assert running.stdout.read().endswith("Stopped.\n")
        finally:
            running.kill()
