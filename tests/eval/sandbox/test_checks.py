"""What a check of a room sees: a copy of the home, to try what was written in it, and what ran."""

from collections.abc import Iterator

import pytest

from cardboard.eval.sandbox.room import Room


@pytest.fixture
def room() -> Iterator[Room]:
    """Yield a room with a script in its folder, whose shell waits."""
    with Room(folder="work") as room:
        room.run_setup(
            "printf '#!/bin/sh\\necho ran > /home/dev/work/out\\n' > s.sh; chmod 755 s.sh"
        )
        yield room


def typed(room: Room, *lines: str) -> None:
    """Type *lines*, one after the other."""
    for line in lines:
        assert room.terminal.type(f"{line}\n", 15).state == "prompt"


def passed(room: Room, script: str) -> bool:
    """Tell whether a check that begins now passes, the room's processes being left alone."""
    verdict = room.peek(script)
    assert verdict.state in ("passed", "failed"), verdict
    return verdict.state == "passed"


def test_a_check_may_run_what_was_written_and_the_next_one_begins_anew(room: Room) -> None:
    ran = "test ! -e out; ./s.sh; test $(cat ~/work/out) = ran; chmod 600 s.sh; echo > /tmp/x"
    assert passed(room, ran)
    assert passed(room, f"test ! -e /tmp/x; {ran}")
    assert room.terminal.type("ls\n", 15).screen.splitlines()[1] == "s.sh"


def test_its_copy_has_the_modes_times_and_links_of_the_home(room: Room) -> None:
    typed(
        room, "touch -d 2025-01-01 old; chmod 2770 .; chmod 640 old; ln -s s.sh link; ln old hard"
    )
    assert passed(room, 'test "$(stat -c "%a %Y %h" old)" = "640 1735689600 2"; test -L link')
    assert passed(room, 'test "$(stat -c %a .)" = 2770; test "$(stat -c %U s.sh)" = dev')


def test_it_cannot_change_the_home_itself(room: Room) -> None:
    assert passed(room, "! touch /job/home/work/x 2> /dev/null; test -e /job/home/work/s.sh")


def test_what_nobody_can_read_does_not_keep_it_from_running(room: Room) -> None:
    typed(room, "mkdir closed; touch closed/x; chmod 000 closed; mkfifo pipe; touch later")
    assert passed(room, "test -p pipe; test -e later; test ! -e closed/x")


def test_it_is_told_what_ran_when_the_shell_was_ended(room: Room) -> None:
    typed(room, "sleep 1234 & setsid sleep 2345 & sleep 0.1")
    script = "grep -qx 'sleep 1234' /job/processes; grep -qx 'sleep 2345' /job/processes"
    assert passed(room, script)
    assert room.check(script).state == "passed"
    assert room.check("test ! -s /job/processes").state == "passed", "now they are gone"


def test_one_process_is_one_line_of_it(room: Room) -> None:
    typed(room, "bash -c 'exec -a \"$1\" sleep 3456' x $'two\\nlines' & sleep 0.3")
    assert passed(room, "grep -qx 'two lines 3456' /job/processes")


def test_the_shell_sees_neither_setup_nor_check_nor_what_is_told_to_it(room: Room) -> None:
    assert room.terminal.type("ls -A /job\n", 15).screen.splitlines()[1:-1] == ["settings"]
    assert passed(room, 'test "$(ls -A /job | tr "\\n" " ")" = "check home processes "')


def test_a_script_that_is_missing_or_never_ends_is_no_fault_of_the_room(room: Room) -> None:
    assert room.peek("./none.sh").state == "failed"
    assert room.peek("sleep 60", seconds=0.5).state == "failed"
