"""Play episodes, or go on with them: `python -m tests.engines.killed_episodes FOLDER LOG`."""

import sys
import time
from pathlib import Path

from msgspec.structs import replace

from cardboard.eval.engine import Prompt
from cardboard.eval.run.run import evaluate
from cardboard.eval.suites.kinds.shell.dialogues import SHELL, answered
from cardboard.eval.suites.kinds.shell.rows import ShellRow
from cardboard.eval.suites.suite import Suite

from ..eval.suites.kinds.shell.episodes import a_scenario
from ..replays import Spelled, a_request

ROWS = tuple(a_scenario(task_id=f"count-{number}") for number in range(5))
SUITE = Suite(name="paper", version="1", kind="shell", rows=ROWS)


def main(folder: Path, log: Path) -> None:
    """Answer as the reference does, and add each prompt to *log* before it is answered."""
    rows: dict[str, ShellRow] = {row.task_id: row for row in ROWS}

    def say(prompt: Prompt) -> str:
        with log.open("a") as file:
            file.write(f"{prompt.key}\n")
        time.sleep(0.05)  # as a model would: there are moments in between to be killed at
        row = rows[prompt.key.partition("/")[0]]
        # Each looks about a turn longer than the one before, so that they end one after another.
        turn = int(prompt.key.rpartition("/")[2]) - ROWS.index(row)
        if turn < 0:
            return answered(SHELL, ("true",), None, "")
        last = turn == len(row.oracle) - 1
        return answered(SHELL, row.oracle[turn].commands, "exit" if last else None, "")

    request = replace(a_request(), dialogue=SHELL)
    evaluate([request], SUITE, folder, mode="resume", backend=Spelled(say))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
