"""Memory limited by the kernel: in a scope of systemd or a group of our own, where there is one.

No machine that tests run on need have either. So a program and a folder stand in for systemd and
for the tree of control groups; what is tested is what they are told, and that rooms work in there.
"""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cardboard.eval.sandbox.room import Room, RoomFailed
from cardboard.eval.sandbox.walls import groups
from cardboard.eval.sandbox.walls.isolation import Limits

LIMITS = Limits(total_bytes=320 << 20, disk_bytes=16 << 20, processes=40)

_SYSTEMD = """#!/bin/sh
echo $* >> "{log}"
for word; do
    shift
    case $word in
        MemoryMax=*) echo "${{word#*=}}" > "{limit}" ;;
        --) exec "$@" ;;
    esac
done
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder that stands in for the tree, with a group in it that is this process's own."""
    tmp_path.chmod(0o755)
    folder = tmp_path / "tree"
    folder.mkdir()
    found = re.search(r"^0::/(.*)$", Path("/proc/self/cgroup").read_text(), re.MULTILINE)
    own = folder / (found[1] if found else "")
    own.mkdir(parents=True, exist_ok=True)
    (own / "memory.max").touch()
    monkeypatch.setattr(groups, "TREE", folder)
    usable = groups.usable
    usable.cache_clear()
    yield own
    usable.cache_clear()


@pytest.fixture
def systemd(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the log of a program that limits what it starts as `systemd-run` would say it does."""
    program, log = tmp_path / "bin" / "systemd-run", tmp_path / "log"
    program.parent.mkdir()
    program.write_text(_SYSTEMD.format(log=log, limit=tree / "memory.max"))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    scope = groups._scope
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(
        groups,
        "_scope",
        lambda *limits: [
            str(program) if word == "systemd-run" else word for word in scope(*limits)
        ],
    )
    return log


def test_a_room_is_a_scope_of_systemd_where_that_limits_memory(systemd: Path) -> None:
    with Room(LIMITS) as room:
        room.run_setup("echo one > note")
        assert room.terminal.type("cat note; env | grep -c XDG\n", 60).screen == (
            "dev@box:~/work$ cat note; env | grep -c XDG\none\n0\ndev@box:~/work$ "
        )
        assert room.check("grep one note").state == "passed"
        assert room.evidence.memory == "systemd"
    probe, shell, check = systemd.read_text().splitlines()
    limits = f"-p MemoryMax={320 << 20} -p MemorySwapMax=0 -p TasksMax=56"
    assert "MemoryMax=67108864" in probe
    for told in (shell, check):
        assert f"--scope --quiet --collect {limits} " in told
        assert "bwrap" in told


def test_somebody_without_rights_asks_the_systemd_that_is_his(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    with ExitStack() as stack:
        command = groups.grouped("systemd", 1 << 20, 4, stack)
    assert command[:3] == ["env", "XDG_RUNTIME_DIR=/run/user/1000", "systemd-run"]
    assert command[-5:] == ["--user", "--", "env", "-u", "XDG_RUNTIME_DIR"]


def test_a_scope_that_limits_nothing_is_none(systemd: Path, tree: Path) -> None:
    (tree / "memory.max").unlink()
    (tree / "memory.max").mkdir()
    assert groups.usable() is None
    assert systemd.exists(), "it was tried"


def test_without_systemd_a_group_of_our_own_is_made_below_one_that_shares_memory_out(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (tree / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (tree / "cgroup.procs").touch()
    (tree / "memory.max").write_text(f"{64 << 20}\n")
    assert groups.usable() == "cgroup"
    made: list[Path] = []
    monkeypatch.setattr(groups, "_remove", made.append)
    with Room(LIMITS) as room:
        room.run_setup("")
        assert room.evidence.memory == "cgroup"
        assert room.check("true").state == "passed"
    check, shell = made
    for group in (shell, check):
        assert (group / "memory.max").read_text() == f"{320 << 20}\n"
        assert (group / "pids.max").read_text() == "56\n"
        assert int((group / "cgroup.procs").read_text()) > 1, "it went there before all else"


def test_a_group_that_shares_no_memory_out_is_no_place_for_others(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (tree / "cgroup.subtree_control").write_text("cpu pids\n")
    (tree / "cgroup.procs").touch()
    assert groups.usable() is None


@pytest.mark.usefixtures("tree")
def test_a_room_whose_group_cannot_be_made_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "usable", lambda: "cgroup")
    with Room(LIMITS) as room, pytest.raises(RoomFailed, match="its memory cannot be limited"):
        room.run_setup("")
