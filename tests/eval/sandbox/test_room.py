"""The room in which a model types: setup, terminal, check, and what its result may say of it."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cardboard.eval.errors import UsageError
from cardboard.eval.sandbox import room as rooms
from cardboard.eval.sandbox import sandbox
from cardboard.eval.sandbox.room import Room, RoomFailed
from cardboard.eval.sandbox.sandbox import Isolation
from cardboard.eval.sandbox.walls import groups, syscalls
from cardboard.eval.sandbox.walls.isolation import Limits

LIMITS = Limits(disk_bytes=16 << 20)
MODES: list[Isolation] = ["bubblewrap", "plain"]
every_mode = pytest.mark.parametrize("isolation", MODES)


@every_mode
def test_a_room_goes_from_setup_to_check(isolation: Isolation) -> None:
    with Room(LIMITS, folder="job", profile="greet() { echo hello; }", isolation=isolation) as room:
        first = room.run_setup("echo one > note; test ! -t 0")
        assert (first.screen, first.state) == ("dev@box:~/job$ ", "prompt")
        seen = room.terminal.type("greet; cat note\nfalse\n", 60)
        assert seen.screen == (
            "dev@box:~/job$ greet; cat note\nhello\none\ndev@box:~/job$ false\ndev@box:~/job$ "
        )
        assert (seen.status, seen.folder) == (1, "~/job")
        assert room.peek('test "$(cat note)" = two').state == "failed"
        room.terminal.type("cd; echo two > job/note\n", 60)
        assert room.peek('test "$(cat note)" = two').state == "passed"
        verdict = room.check('test "$(cat note)" = two; pwd')
        assert (verdict.state, verdict.why) == ("passed", "")
        assert verdict.output.endswith("+ pwd\n/home/dev/job\n")
        assert room.terminal.type("echo still here\n", 60).state == "ended"
        assert room.killed == 0


@every_mode
def test_keys_come_as_they_are(isolation: Isolation) -> None:
    with Room(LIMITS, isolation=isolation) as room:
        room.run_setup("")
        assert room.terminal.type("ec", 60).screen == "dev@box:~/work$ ec"
        assert room.terminal.type("ho 안녕\n", 60).screen == (
            "dev@box:~/work$ echo 안녕\n안녕\ndev@box:~/work$ "
        )
        assert room.terminal.type("for i in 1 2\ndo echo $i\n", 60).state == "continues"
        assert room.terminal.type("done\n", 60).screen == "> done\n1\n2\ndev@box:~/work$ "
        assert room.terminal.type("read -r x\nwords\n", 60).state == "prompt"
        assert room.terminal.type('echo "<$x>"\n', 60).screen.splitlines()[-2] == "<words>"
        assert room.terminal.type("sleep 1000\n", 0.2).state == "running"
        assert room.terminal.type("\x03", 60).status == 130
        assert room.terminal.type("exit 7\n", 60).status == 7


@every_mode
def test_every_check_begins_anew(isolation: Isolation) -> None:
    with Room(LIMITS, isolation=isolation) as room:
        room.run_setup("mkdir ~/bin")
        room.terminal.type("cd ..; rm -r work; alias test=false\n", 60)
        verdict = room.check("true")
        assert (verdict.state, verdict.why) == ("failed", "it ended with status 1")


def test_a_check_that_does_not_end_has_failed_after_a_second_try() -> None:
    with Room(LIMITS) as room:
        room.run_setup("printf 'sleep 1000\\n' > run.sh")
        verdict = room.check("sh run.sh", seconds=0.5)
        assert (verdict.state, verdict.why) == ("failed", "it did not end in 0.5 s")


def test_a_check_that_cannot_be_made_says_nothing_about_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Room(LIMITS) as room:
        room.run_setup("")
        tries: list[str] = []

        def broken(files: dict[str, str], *_: object) -> tuple[list[str], list[int]]:
            tries.append(files["check"])
            return ["false"], []

        monkeypatch.setattr(sandbox, "walls", broken)
        assert room.check("true").state == "broken"
        assert tries == ["true", "true"]


def test_without_its_watch_a_room_is_broken() -> None:
    with Room(LIMITS) as room:
        room.run_setup("")
        assert room._watch is not None
        room._watch.kill()
        room._watch.wait()
        verdict = room.check("true")
        assert (verdict.state, verdict.why) == ("broken", "nothing watches its memory any more")


@every_mode
def test_a_setup_that_fails_is_no_fault_of_the_model(isolation: Isolation) -> None:
    with Room(LIMITS, isolation=isolation) as room, pytest.raises(RoomFailed) as raised:
        room.run_setup("ls missing")
    assert "ls: cannot access 'missing'" in raised.value.remedy


def test_rooms_stand_beside_one_another() -> None:
    with Room(LIMITS) as one, Room(LIMITS) as other:
        one.run_setup("echo one > who")
        other.run_setup("echo other > who")
        assert "\none\n" in one.terminal.type("cat who\n", 60).screen
        assert "\nother\n" in other.terminal.type("cat who\n", 60).screen
        one.check("true")
        assert other.check("grep other who").state == "passed"


def test_many_rooms_open_at_once() -> None:
    """None is entered before its walls stand, however long that takes."""

    def played(number: int) -> str:
        with Room(LIMITS) as room:
            room.run_setup(f"echo {number} > mine")
            room.terminal.type("cat mine\n", 60)
            return room.check(f"grep -qx {number} mine").state

    with ThreadPoolExecutor(12) as pool:
        assert [*pool.map(played, range(24))] == ["passed"] * 24


def test_a_result_can_say_what_closed_the_room() -> None:
    evidence = Room(LIMITS).evidence
    assert evidence.isolation == "bubblewrap"
    assert evidence.bubblewrap is not None
    assert evidence.bubblewrap[0].isdigit()
    assert evidence.filter_sha256 == syscalls.sha256()
    assert (evidence.memory, evidence.limits) == (groups.usable() or "watchdog", LIMITS)


def test_a_plain_room_claims_nothing() -> None:
    evidence = Room(LIMITS, isolation="plain").evidence
    assert (evidence.bubblewrap, evidence.filter_sha256, evidence.memory) == (None, None, None)


def test_no_model_types_where_no_room_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    sandbox.usable.cache_clear()
    try:
        with pytest.raises(UsageError, match="must not type anywhere else") as raised:
            Room(LIMITS)
        assert "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" in str(raised.value)
        assert "--security-opt seccomp=unconfined" in str(raised.value)
        assert Room(LIMITS, isolation="plain").evidence.isolation == "plain"
    finally:
        sandbox.usable.cache_clear()


def test_nothing_stays_when_a_room_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """What should hold its home says nothing, and stays behind."""
    started = "exec 3>&- 4>&-; sleep 1601.5 & sleep 1601.5"
    monkeypatch.setattr(rooms, "limited", lambda *_, **__: ["sh", "-c", started])
    with pytest.raises(RoomFailed, match="did not open"):
        Room(LIMITS).__enter__()
    assert [path for path in Path("/proc").glob("[0-9]*/cmdline") if _sleeps(path)] == []


def _sleeps(path: Path) -> bool:
    try:
        return b"sleep\0001601.5" in path.read_bytes()
    except OSError:
        return False
