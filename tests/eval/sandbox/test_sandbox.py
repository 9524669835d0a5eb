"""The closed room: what commands cannot do in it, under bubblewrap and in the plain mode."""

import os
import shutil
import socket
import time
from pathlib import Path
from tempfile import mkdtemp

import pytest

from cardboard.eval.errors import UsageError
from cardboard.eval.sandbox import sandbox
from cardboard.eval.sandbox.sandbox import Isolation, Sandbox, chosen, run, usable
from cardboard.eval.sandbox.walls.isolation import Limits

SMALL = Limits(wall_seconds=10, memory_bytes=400 << 20, processes=24, file_bytes=1 << 20)
MODES: list[Isolation] = ["bubblewrap", "plain"] if usable() == "bubblewrap" else ["plain"]
every_mode = pytest.mark.parametrize("isolation", MODES)
walled = pytest.mark.parametrize("isolation", [mode for mode in MODES if mode == "bubblewrap"])


def _processes_with(mark: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in line:
            found.append(process.name)
    return found


@every_mode
def test_a_script_gives_its_output_and_status(isolation: Isolation) -> None:
    outcome = run("echo one; echo 둘 >&2; exit 3", isolation=isolation)
    assert (outcome.status, outcome.output, outcome.timed_out) == (3, "one\n둘\n", False)


@every_mode
def test_a_script_sees_a_fixed_environment_and_nothing_of_ours(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_not_for_others")
    outcome = run("echo $HOME $PWD $USER $LC_ALL $TZ; env", isolation=isolation)
    assert outcome.output.startswith("/home/dev /home/dev dev C.UTF-8 UTC\n")
    assert "hf_not_for_others" not in outcome.output


@every_mode
def test_memory_is_limited(isolation: Isolation) -> None:
    script = "perl -e '$large = \"x\" x (700 << 20); print 1'"
    outcome = run(script, limits=SMALL, isolation=isolation)
    assert outcome.output.startswith("Out of memory")


@every_mode
def test_file_size_is_limited(isolation: Isolation) -> None:
    script = "head -c 3000000 /dev/zero > big; stat -c %s big"
    assert run(script, limits=SMALL, isolation=isolation).output.endswith("1048576\n")


@every_mode
def test_processor_time_is_limited(isolation: Isolation) -> None:
    limits = Limits(cpu_seconds=1, wall_seconds=30)
    outcome = run("while :; do :; done", limits=limits, isolation=isolation)
    assert outcome.status != 0
    assert not outcome.timed_out


@every_mode
def test_a_script_that_does_not_end_is_ended(isolation: Isolation) -> None:
    started = time.monotonic()
    outcome = run("echo before; sleep 61.25", limits=Limits(wall_seconds=0.5), isolation=isolation)
    assert (outcome.timed_out, outcome.output) == (True, "before\n")
    assert time.monotonic() - started < 10
    assert _processes_with("61.25") == []


@every_mode
def test_a_fork_bomb_is_stopped_and_swept_away(isolation: Isolation) -> None:
    bomb = "for i in $(seq 200); do (sleep 62.25 & echo born) 2>/dev/null; done; wait"
    limits = Limits(wall_seconds=2, processes=24)
    outcome = run(bomb, limits=limits, isolation=isolation)
    assert outcome.output.count("born") < 200
    assert _processes_with("62.25") == []


@every_mode
@pytest.mark.parametrize("how", ["setsid sleep 63.25 &", "nohup sleep 63.25 >/dev/null 2>&1 &"])
def test_no_process_outlives_its_room(isolation: Isolation, how: str) -> None:
    run(f"{how} disown; echo started", isolation=isolation)
    assert _processes_with("63.25") == []


@every_mode
def test_nothing_stays_on_the_disk(isolation: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noted(**options: str) -> str:
        made.append(mkdtemp(**options))
        return made[-1]

    monkeypatch.setattr("tempfile.mkdtemp", noted)
    run("mkdir -p a/b; touch a/b/c; ln -s / a/root; chmod 000 a/b a", isolation=isolation)
    assert len(made) == (isolation == "plain")
    assert [path for path in made if Path(path).exists()] == []
    assert Path("/usr").stat().st_mode & 0o777 == 0o755


@every_mode
def test_given_files_can_be_read(isolation: Isolation) -> None:
    with Sandbox(limits=SMALL, files={"note": "안녕\n"}, isolation=isolation) as room:
        read, write = os.pipe()
        process = room.start(["cat", f"{room.folder}/note"], stdin=read, stdout=write)
        os.close(write)
        assert process.wait(120) == 0
        assert os.read(read, 100).decode() == "안녕\n"
        os.close(read)


@walled
def test_the_system_is_read_only(isolation: Isolation) -> None:
    places = "/ /etc /usr /usr/bin /job /var"
    script = f"for place in {places}; do touch $place/x 2>/dev/null && echo $place; done; true"
    assert run(script, isolation=isolation).output == ""


@walled
def test_files_of_this_machine_are_out_of_sight(isolation: Isolation, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    places = "/tmp /home /proc/1/root$home"
    script = f"home=~root; cat {secret} /etc/shadow $home/.bashrc; ls -A {places}"
    output = run(script, isolation=isolation).output
    assert "No such file" in output
    assert "secret: No such file" in output


@walled
def test_the_network_is_a_private_loopback(isolation: Isolation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = "(exec 3<>/dev/tcp/127.0.0.1/{}) || (exec 3<>/dev/tcp/192.0.2.1/53)"
        assert "refused" in (answer := run(script.format(port), isolation=isolation).output)
        assert "Network is unreachable" in answer
    served = (
        "perl -MIO::Socket::INET -e '"
        '$server = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:8000"); sleep 20'
        "' &"
        "until (exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null; do sleep 0.1; done; echo reached"
    )
    assert run(served, isolation=isolation).output == "reached\n"


@walled
def test_home_is_small(isolation: Isolation) -> None:
    limits = Limits(disk_bytes=1 << 20)
    outcome = run("head -c 5000000 /dev/zero > big", limits=limits, isolation=isolation)
    assert "No space left on device" in outcome.output


@walled
def test_namespaces_cannot_be_made_inside(isolation: Isolation) -> None:
    assert run("unshare --user true", isolation=isolation).status != 0


@every_mode
def test_what_runs_in_one_room_does_not_starve_the_next(isolation: Isolation) -> None:
    """Rooms of one program share a user, and the kernel counts processes by user."""
    many = "for i in $(seq 15); do sleep 64.25 & done; wait"
    with Sandbox(limits=SMALL, isolation=isolation) as first:
        read, write = os.pipe()
        first.start(["bash", "-c", f"{many} & echo; wait"], stdin=read, stdout=write)
        os.read(read, 1)
        few = "for i in $(seq 15); do true & done; wait; echo done"
        assert run(few, limits=SMALL, isolation=isolation).output == "done\n"
        os.close(read)
        os.close(write)


def test_without_bubblewrap_the_plain_mode_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    sandbox.usable.cache_clear()
    try:
        assert usable() == "plain"
        assert chosen("auto") == "plain"
        with pytest.raises(UsageError, match="--isolation: bubblewrap is not usable here"):
            chosen("bubblewrap")
    finally:
        sandbox.usable.cache_clear()


def test_missing_limit_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "limited", lambda limits, rooms: ["prlimit-is-not-here"])
    with pytest.raises(UsageError, match="prlimit-is-not-here is not installed"):
        run("true", isolation="plain")
