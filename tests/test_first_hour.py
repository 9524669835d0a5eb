"""The first hour: whoever has nothing but the README comes from own files to a published board."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cardboard.cli import main
from cardboard.tests.imports import write_lm_eval

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## Your own board\n")[2].partition("\n## ")[0]
WALKS = [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)]
MOST = 6


def three_runs(folder: Path) -> None:
    (folder / "lm-eval-results").mkdir()
    for number, model in enumerate(("lab/Small-1B", "lab/Middle-3B", "lab/Large-8B")):
        scores = [1.0] * (number + 1) + [0.0]
        write_lm_eval(folder / "lm-eval-results" / model.replace("/", "__"), model, scores)


def a_table(folder: Path) -> None:
    rows = "model,accuracy,n\nlab/Small-1B,0.71,200\nlab/Large-8B,0.82,200\n"
    (folder / "scores.csv").write_text(rows)


def conversations(folder: Path) -> None:
    asked = {"files": ("List the files here.", "ls"), "where": ("Which folder is this?", "pwd")}
    rows = [
        {
            "task_id": task,
            "conversations": [
                {"from": "human", "value": question},
                {
                    "from": "gpt",
                    "value": json.dumps({"commands": [{"keystrokes": f"{command}\n"}]}),
                },
            ],
        }
        for task, (question, command) in asked.items()
    ]
    (folder / "talks.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def typed(line: str) -> Result:
    """Run a command line of the README, which may add what it prints to a file."""
    command, _, file = line.partition(" >> ")
    program, *words = shlex.split(command)
    assert program == "cardboard"
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, f"{line}\n{done.output}"
    if file:
        with Path(file).open("a", encoding="utf-8") as added:
            added.write(done.stdout)
    return done


@pytest.mark.parametrize(
    ("walk", "given", "cards", "planned"),
    [
        (WALKS[0], three_runs, 3, "lab/Large-8B"),
        (WALKS[1], a_table, 2, "lab/Small-1B"),
        (WALKS[2], conversations, 1, "no repositories"),
    ],
    ids=["lm-eval", "a table", "an own suite"],
)
def test_own_files_become_a_published_carded_board_with_a_plan_in_few_commands(
    walk: list[str],
    given: Callable[[Path], None],
    cards: int,
    planned: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    given(tmp_path)
    assert len(walk) <= MOST
    *_, last = [typed(line) for line in walk]
    assert planned in last.stdout
    built = tmp_path / "my-board" / "build"
    assert len(list((built / "cards").glob("*/README.md"))) == cards
    assert (built / "site" / "index.html").is_file()
    assert not list((tmp_path / "build" / "hub").glob("**/README.md")), "a plan writes nothing"
