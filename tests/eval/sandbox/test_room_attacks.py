"""What a room withstands, whoever started it: root, and a user with no rights at all."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .intruder import CALLS, CHECK_MARK, SETUP_MARK

ROOT = Path(__file__).parents[3]
NOBODY_ELSE = 42137
"""A user id that no other test and no sandbox uses."""
STARTED_BY = ["root", "user"] if os.geteuid() == 0 else ["user"]


@pytest.fixture(scope="module", params=STARTED_BY)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Yield what came of every attack, with what the attacker was to find on this machine."""
    secret = tmp_path_factory.mktemp("machine") / "secret"
    secret.write_text("the secret of this machine\n")
    uid = NOBODY_ELSE if request.param == "user" and os.geteuid() == 0 else os.geteuid()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        victim = subprocess.Popen(["sleep", "600"], user=uid if os.geteuid() == 0 else None)
        try:
            command = [sys.executable, "-m", "tests.eval.sandbox.intruder"]
            done = subprocess.run(
                [*command, str(secret), str(port), str(victim.pid), str(uid)],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": "/", "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            yield {**json.loads(done.stdout), "alive": victim.poll() is None}
        finally:
            victim.kill()
            victim.wait()


def test_no_connection_leaves_the_room(played: dict[str, Any]) -> None:
    screen = played["quiet"]["network"]["screen"]
    assert "127.0.0.1" in screen
    assert "refused" in screen
    assert "192.0.2.1/53: Network is unreachable" in screen


def test_files_of_the_machine_are_not_there(played: dict[str, Any]) -> None:
    screen = played["quiet"]["files"]["screen"]
    assert screen.count("No such file") == 5
    assert "the secret of this machine" not in json.dumps(played)


def test_the_room_is_on_a_machine_that_is_always_the_same(played: dict[str, Any]) -> None:
    screen = played["quiet"]["machine"]["screen"]
    assert "Processor of a room" in screen
    assert "Linux version 6.1.0 (room)" in screen
    assert "\nbox\n" in screen
    assert re.search(r"^Mem: +1024 +128 ", screen, re.MULTILINE)


def test_other_processes_can_neither_be_seen_nor_be_killed(played: dict[str, Any]) -> None:
    screen = played["quiet"]["processes"]["screen"]
    assert "No such process" in screen
    assert screen.count("No such") == 2
    assert screen.endswith("\nbash\nbwrap\nps\nsleep\nsort\ndev@box:~/work$ ")
    assert played["alive"]


def test_only_home_and_temporary_folders_can_be_written_to(played: dict[str, Any]) -> None:
    """Every touch fails, and so no folder is printed alone on its line."""
    lines = played["quiet"]["written"]["screen"].splitlines()
    assert len([line for line in lines if line.startswith("touch: cannot touch")]) == 7
    assert [line for line in lines if line.startswith("/")] == []


@pytest.mark.parametrize("call", [*CALLS, "clone", "tiocsti", "tiocsti-wide", "shared"])
def test_the_kernel_refuses_what_a_shell_does_not_need(played: dict[str, Any], call: str) -> None:
    assert f"\n{call} EPERM\n" in played["quiet"]["calls"]["screen"]


def test_what_a_filter_cannot_look_into_does_not_exist(played: dict[str, Any]) -> None:
    screen = played["quiet"]["calls"]["screen"]
    for line in ("clone3 ENOSYS", "newer ENOSYS", "vsock EAFNOSUPPORT", "packet EAFNOSUPPORT"):
        assert f"\n{line}\n" in screen
    assert "\nprivate ok\n" in screen


def test_no_room_is_made_inside_the_room(played: dict[str, Any]) -> None:
    screen = played["quiet"]["namespaces"]["screen"]
    assert screen.count("unshare failed: Operation not permitted") == 2
    assert "bwrap: No permissions to create" in screen or "bwrap: Creating new" in screen


def test_neither_setup_nor_check_can_be_read_while_somebody_types(played: dict[str, Any]) -> None:
    assert played["quiet"]["hidden"]["screen"].splitlines()[-2:] == ["0", "dev@box:~/work$ "]
    assert SETUP_MARK not in json.dumps({**played["quiet"], "check": ""})
    assert CHECK_MARK not in json.dumps(played)


def test_each_folder_holds_so_much_and_no_more(played: dict[str, Any]) -> None:
    assert played["quiet"]["disk"]["screen"].count("No space left on device") == 3


def test_what_is_printed_does_nothing_to_whoever_reads_it(played: dict[str, Any]) -> None:
    for group in ("quiet", "floods", "memory"):
        for name, seen in played[group].items():
            if isinstance(seen, dict):
                odd = re.findall(r"[^\n\t\x20-\x7e\ufffd가-힣]", seen["screen"])
                assert not odd, (group, name, odd)
    assert played["quiet"]["escapes"]["screen"].splitlines()[-2].startswith("red ")


def test_a_prompt_that_somebody_prints_costs_him_only_his_own_screen(
    played: dict[str, Any],
) -> None:
    assert played["quiet"]["prompt"]["screen"].endswith("dev@box:~$ ")
    assert "\nstill here\ndev@box:~/work$ " in played["quiet"]["link"]["screen"]


def test_a_check_sees_the_home_from_outside(played: dict[str, Any]) -> None:
    """Its programs are those of the system, links lead nowhere, it writes nothing, it is alone."""
    state, why, output = played["quiet"]["check"]
    assert (state, why) == ("failed", "it ended with status 1")
    assert "\nsymbolic link\n" in output
    assert "caught" not in output
    assert re.search(r"\n[345]\n", output), "bubblewrap, bash, ls and grep"
    assert "touch: cannot touch '/job/home/x': Read-only file system" in output
    assert "cat: out: No such file or directory" in output


def test_a_flood_is_stopped_and_the_shell_is_there_again(played: dict[str, Any]) -> None:
    flood = played["floods"]["flood"]
    assert flood["state"] == "flooded"
    assert len(flood["screen"]) < 2 << 20
    assert played["floods"]["after"]["screen"] == (
        "dev@box:~/work$ echo here\nhere\ndev@box:~/work$ "
    )


def test_a_program_that_ignores_every_polite_signal_is_killed(played: dict[str, Any]) -> None:
    assert played["floods"]["deaf"]["state"] == "running"
    assert played["floods"]["freed"]["state"] == "prompt"


def test_every_other_end_of_a_turn_is_defined(played: dict[str, Any]) -> None:
    states = {name: seen["state"] for name, seen in played["floods"].items()}
    assert (states["stopped"], states["reads"], states["read"]) == ("prompt", "running", "running")
    assert (states["broken"], states["long"]) == ("prompt", "prompt")
    assert (states["gone"], states["nobody"]) == ("ended", "ended")
    assert played["floods"]["nobody"]["screen"] == ""


def test_a_fork_bomb_is_over_when_its_room_is_checked(played: dict[str, Any]) -> None:
    assert played["forks"]["check"][0] == "passed"


def test_many_processes_together_hold_no_more_than_the_limit(played: dict[str, Any]) -> None:
    """Each of eight takes 100 MiB, all have 320: five are killed, and the shell is not."""
    bomb = played["memory"]["bomb"]
    assert "\nfive were killed\n" in bomb["screen"]
    assert bomb["killed"] >= 5
    assert bomb["state"] == "prompt"
    assert bomb["check"][0] == "passed"


def test_memory_that_belongs_to_no_process_counts_as_well(played: dict[str, Any]) -> None:
    hide, inodes = played["memory"]["hide"], played["memory"]["inodes"]
    assert "\nKilled\n" in hide["screen"]
    assert inodes["killed"] >= 1
    assert "No space left" not in inodes["screen"]


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize("mark", ["65.25", "66.25", "67.25"])
def test_no_process_outlives_its_room(mark: str) -> None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            assert mark.encode() not in (process / "cmdline").read_bytes()
        except OSError:
            continue
