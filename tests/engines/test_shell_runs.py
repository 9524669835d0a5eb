"""Episodes in real rooms: a run that is killed at any moment goes on as if it had never died."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cardboard.eval.records import Result
from cardboard.eval.suites.kinds.shell import transcript

from .killed_episodes import ROWS

ROOT = Path(__file__).parents[2]
ROUNDS = 20

pytestmark = pytest.mark.engines


def start(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a process that plays, or goes on."""
    command = [sys.executable, "-m", "tests.engines.killed_episodes", str(folder), str(log)]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)


def kept(folder: Path) -> list[str]:
    """Return the keys of the episodes that the journal holds."""
    keys = []
    for journal in folder.glob("*.journal"):
        for line in journal.read_bytes().split(b"\n")[:-1]:
            keys += [json.loads(line)["answer"]["key"]] if b'"answer"' in line[:20] else []
    return keys


def played(folder: Path) -> list[tuple[Any, ...]]:
    """Return what was played in *folder*, without what took time."""
    (path,) = folder.glob("*.json")
    result = msgspec.json.decode(path.read_bytes(), type=Result)
    assert result.status == "complete"
    found = []
    for step in result.steps:
        told = transcript.decode(step.answer)
        assert told is not None
        seen = [(one.message, one.observation) for one in told.steps]
        found.append((step.task_id, step.finish_reason, step.scores["clean"], seen))
    return found


def test_killed_at_20_moments_no_episode_is_lost_or_doubled(tmp_path: Path) -> None:
    assert start(tmp_path / "whole", tmp_path / "whole.log").wait(300) == 0
    questions = len((tmp_path / "whole.log").read_text().split())
    whole = played(tmp_path / "whole")
    assert [one[2] for one in whole] == [1.0] * len(ROWS)
    chance, moments = random.Random(7), set[int]()
    for number in range(ROUNDS):
        folder, log = tmp_path / str(number), tmp_path / f"{number}.log"
        log.touch()
        process = start(folder, log)
        reached = questions * (number + chance.random()) / ROUNDS
        while len(log.read_text().split()) < reached and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.05 * chance.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = kept(folder)
        asked = len(log.read_text().split())
        assert len(before) == len(set(before))
        moments.add(len(before))
        assert start(folder, log).wait(300) == 0
        after = {key.rpartition("/")[0] for key in log.read_text().split()[asked:]}
        assert not after & set(before), "what was over is not played again"
        assert played(folder) == whole
        assert not list(folder.glob("*.journal"))
    print(moments)
    assert len(moments) > 2, "the moments really differed"
