"""`cardboard try` as it is called: what it opens, what it prints, how it ends."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

from cardboard.cli import main
from cardboard.tests.cards.tryout.conftest import speaker
from cardboard.tests.eval.speaking import Speaker, speaking

KEY = "sk-0123456789abcdef"


@pytest.fixture
def alpha() -> Iterator[Speaker]:
    """Give a server that has one model."""
    with speaking(speaker("alpha", ["Yes."])) as one:
        yield one


@contextmanager
def running(folder: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run `cardboard try`, and give the process and the line that says where the page is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cardboard", "-C", str(folder), "try", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OPENAI_API_KEY": KEY},
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Open "):
                break
        yield process, "".join(said)
    finally:
        process.kill()
        process.wait()


def test_it_serves_a_page_until_ctrl_c_and_names_its_logs(alpha: Speaker, tmp_path: Path) -> None:
    with running(tmp_path, alpha.url) as (process, said):
        found = re.search(r"Open (http://127\.0\.0\.1:\d+/); Ctrl-C ends it", said)
        assert found is not None, said
        assert "alpha" in httpx.get(found[1], timeout=60).text
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    [lines] = (tmp_path / "home").glob("*-alpha.jsonl")
    assert f"cardboard add {lines}" in rest
    assert lines.stat().st_mode & 0o077 == 0
    assert f"Bearer {KEY}" in {call.headers.get("Authorization") for call in alpha.calls}
    assert KEY not in said + rest + lines.read_text(encoding="utf-8")


def tried(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(folder), "try", "--port", "0", *words])


def test_a_server_with_several_models_wants_a_name_behind_its_address(tmp_path: Path) -> None:
    several = speaker("alpha", [])
    several.pages["/v1/models"] = {"data": [{"id": "alpha"}, {"id": "beta"}]}
    with speaking(several) as one:
        done = tried(tmp_path, one.url)
    assert done.exit_code != 0
    assert "the server names 2 models (alpha, beta)" in done.output
    assert f"Name one of them behind a #: {one.url}#NAME." in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a.gguf", "b.gguf", "c.gguf"), "Two models at most are compared."),
        (("a.gguf", "b.gguf", "--against", "c.gguf"), "Two models at most are compared."),
        (("alpha", "--backend", "openai"), "Missing address"),
        (("absent.gguf",), "there is no such file: absent.gguf"),
        ((), "Missing argument"),
    ],
)
def test_what_cannot_be_opened_is_told(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = tried(tmp_path, *words)
    assert done.exit_code != 0
    assert message in done.output
    assert not (tmp_path / "home").exists()


def test_two_logs_of_a_day_have_two_names(tmp_path: Path) -> None:
    from cardboard.cards.tryout.log import Log
    from cardboard.tests.cards.tryout.conftest import DAY

    names = [Log(tmp_path, ["org/model one"], DAY).lines.name for _ in range(2)]
    assert names == ["2026-11-30-org__model-one.jsonl", "2026-11-30-org__model-one-2.jsonl"]


def test_a_folder_that_cannot_be_written_is_told(alpha: Speaker, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    done = tried(tmp_path, alpha.url)
    assert done.exit_code != 0
    assert "--output" in done.output
