"""A program is killed while it opens, uses and closes a room, and nothing of the room stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MARK = 12345671
"""Bytes that a file in these rooms may have: by it their processes are known."""
MOMENTS = 15
STARTED_BY = [0, 42138] if os.geteuid() == 0 else [os.geteuid()]

_PLAYER = f"""
import os, sys, time
from cardboard.eval.sandbox.room import Room, require
from cardboard.eval.sandbox.walls.isolation import Limits
uid = int(sys.argv[1])
if uid != os.geteuid():
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
require()
limits = Limits(file_bytes={MARK}, disk_bytes=1 << 20)
began = time.monotonic()
for moment in range(-1, {MOMENTS}):
    player = os.fork()
    if not player:
        with Room(limits) as room:
            room.run_setup("trap '' HUP TERM; sleep 1000 > /dev/null 2>&1 & disown")
            room.terminal.type("trap '' HUP; nohup sleep 1000 > /dev/null 2>&1 &\\n", 10)
            room.check("true")
        os._exit(0)
    if moment < 0:
        os.waitpid(player, 0)
        whole = time.monotonic() - began
        continue
    time.sleep(whole * moment / {MOMENTS})
    os.kill(player, 9)
    print(os.WTERMSIG(os.waitpid(player, 0)[1]))
"""


def left() -> list[str]:
    """Return what runs with the limit of these rooms, command line by command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(MARK) in (process / "limits").read_text():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("uid", STARTED_BY)
def test_whenever_its_program_is_killed_nothing_of_a_room_stays(uid: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PLAYER, str(uid)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= {str(signal.SIGKILL), "0"}
    until = time.monotonic() + 60
    while left() and time.monotonic() < until:
        time.sleep(0.1)
    assert left() == []
