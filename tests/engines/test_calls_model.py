"""A real small model is given tools: what it answers is read, scored, judged and shown."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.cli import main
from cardboard.eval.records import Result
from cardboard.eval.suites.kinds.calls.scoring import recount
from cardboard.eval.suites.source import load
from cardboard.eval.suites.suite import encode

from ..smol import NAME, smol

pytestmark = pytest.mark.engines

TASKS = ("weather-three-days", "seven-times-eight", "tell-the-tide")
"""A call, words, and words with what a tool has answered."""

BOARD = """[board]
title = { en = "Tools", ko = "도구" }

"""


def typed(folder: Path, *words: str, code: int = 0) -> str:
    """Return what the command prints, which ends with *code*."""
    ran = CliRunner().invoke(main, ["-C", str(folder), *words])
    assert ran.exit_code == code, ran.output
    return ran.output


def evaluation(*more: str) -> list[str]:
    words = ["eval", str(smol()), "--suite", "few", "--backend", "llama", "--name", NAME]
    return [*words, "--max-tokens", "24", "--set", "n_threads=1", *more]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace in which the model has answered three tasks in two languages."""
    folder = tmp_path_factory.mktemp("tools")
    chosen = [
        msgspec.structs.replace(row, suite="few")
        for row in load("calls-mini").rows
        if row.task_id in TASKS and row.groups["language"] in ("en", "ko")
    ]
    (folder / "suites").mkdir()
    (folder / "suites" / "few.jsonl").write_bytes(encode(chosen))
    (folder / "board.toml").write_text("", encoding="utf-8")
    rows = str(folder / "suites" / "few.jsonl")
    block = typed(folder, "suite", "info", rows, "--format", "toml")
    (folder / "board.toml").write_text(BOARD + block, encoding="utf-8")
    typed(folder, *evaluation("--tools", "prompted"))
    return folder


def test_every_answer_is_scored_and_every_prompt_named_the_tools(workspace: Path) -> None:
    (file,) = (workspace / "results").rglob("*.json")
    result = msgspec.json.decode(file.read_bytes(), type=Result)
    assert result.status == "complete"
    assert (result.protocol.tools, result.prompts.tools_named) == ("prompted", True)
    assert result.protocol.extra["call_format"] == "json-list"
    assert {step.groups["language"] for step in result.steps} == {"en", "ko"}
    assert all((step.parsed or {})["family"] == "json-list" for step in result.steps)
    again = recount(result.steps)
    assert (again.read, again.differs, again.misread) == (6, (), ())


def test_it_stands_on_the_board_with_its_rank(workspace: Path) -> None:
    assert "few 1 (models): 1 ranked, 0 unranked" in typed(workspace, "check")


def test_a_template_that_drops_tools_without_a_word_is_refused(workspace: Path) -> None:
    told = typed(workspace, *evaluation(), code=2)
    assert "does not name the tool" in told
    assert "--tools prompted" in told
