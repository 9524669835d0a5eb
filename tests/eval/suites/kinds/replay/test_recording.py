"""Recording: tasks are really played, the screens are true, and the same every time."""

import json
from pathlib import Path

import msgspec
import pytest

from cardboard.eval.errors import ConfigError
from cardboard.eval.sandbox.sandbox import Isolation, usable
from cardboard.eval.sandbox.walls.isolation import Limits
from cardboard.eval.suites.kinds.replay.answers import parse_answer
from cardboard.eval.suites.kinds.replay.definitions import (
    Definition,
    Group,
    StepPlan,
    Task,
    Text,
    read,
)
from cardboard.eval.suites.kinds.replay.recording import RecordingError, play, record, rows_of
from cardboard.eval.suites.kinds.replay.rows import ReplayRow
from cardboard.eval.suites.source import load
from cardboard.eval.suites.suite import PACKAGED, encode

MODES: list[Isolation] = ["bubblewrap", "plain"] if usable() == "bubblewrap" else ["plain"]
LIMITS = Limits()
SHELL_MINI = PACKAGED / "shell-mini"


def step(*commands: str, fails: bool = False) -> StepPlan:
    return StepPlan(analysis="Looked.", plan="Do it.", commands=commands, fails=fails)


def task(*steps: StepPlan, setup: str = "", check: str = "true", language: str = "en") -> Task:
    return Task(
        id="try",
        language="ko" if language == "ko" else "en",
        folder="work",
        text=Text(en="Do the job.", ko="일을 하세요."),
        setup=setup,
        steps=steps,
        check=check,
    )


def suite_of(one: Task) -> Definition:
    system = Text(en="Answer in JSON.", ko="JSON으로 답하세요.")
    group = Group(group="trials", tasks=(one,))
    return Definition(name="tiny", version="1", system=system, groups=(group,))


SMALL = task(
    step("pwd", "ls -l --time-style=long-iso"),
    step("cat > b.txt <<'EOF'\n안녕\n\tb\nEOF", 'count=$(wc -l < b.txt); echo "$count"'),
    step('echo "still $count"', "sleep 5 &", "kill %1; wait %1", fails=True),
    step("mkdir sub && cd sub", "for f in ../*; do\n  echo $f\ndone"),
    setup="echo a > a.txt; touch -d 2024-02-03T04:05Z a.txt",
    check="test \"$(cat b.txt)\" = $'안녕\\n\\tb'",
)


@pytest.mark.parametrize("isolation", MODES)
def test_a_task_recorded_twice_gives_the_same_bytes(isolation: Isolation) -> None:
    once = encode(record(suite_of(SMALL), isolation=isolation))
    assert encode(record(suite_of(SMALL), isolation=isolation)) == once
    assert b"/tmp/cardboard" not in once


@pytest.mark.parametrize("isolation", MODES)
def test_the_screens_show_what_a_terminal_shows(isolation: Isolation) -> None:
    first, listing, written, kept, moved = play(SMALL, isolation=isolation, limits=LIMITS)
    assert first == "dev@box:~/work$"
    assert listing.splitlines()[:2] == ["dev@box:~/work$ pwd", "/home/dev/work"]
    assert " 2024-02-03 04:05 a.txt" in listing
    assert written == (
        "dev@box:~/work$ cat > b.txt <<'EOF'\n> 안녕\n> \tb\n> EOF\n"
        'dev@box:~/work$ count=$(wc -l < b.txt); echo "$count"\n2\n'
        "dev@box:~/work$"
    )
    assert kept.splitlines()[:4] == [
        'dev@box:~/work$ echo "still $count"',
        "still 2",
        "dev@box:~/work$ sleep 5 &",
        "[1] 2001",
    ]
    assert moved.endswith("../a.txt\n../b.txt\n../sub\ndev@box:~/work/sub$")


@pytest.mark.parametrize("isolation", MODES)
def test_file_times_follow_the_clock_of_the_recording(isolation: Isolation) -> None:
    """Newer is newer, one minute a prompt, whatever the time of day is."""
    stat = "stat -c '%y %n' *"
    clocked = task(step("touch b"), step("touch a"), step(stat), setup="touch a b")
    screen = play(clocked, isolation=isolation, limits=LIMITS)[-1]
    times = [line.split()[1] for line in screen.splitlines() if line.startswith("2025-06-02 ")]
    assert times == ["09:04:00.000000000", "09:03:00.000000000"]


def test_rows_hold_the_conversation_so_far_and_the_reference() -> None:
    definition = suite_of(SMALL)
    rows = rows_of(definition, "trials", 7, SMALL, ("p0", "p1", "p2", "p3", "p4"))
    assert [row.key for row in rows] == [("try", 7, n) for n in range(4)]
    assert [row.is_final_step for row in rows] == [False, False, False, True]
    assert [len(row.messages) for row in rows] == [2, 4, 6, 8]
    assert rows[0].messages[0].content == "Answer in JSON."
    assert rows[0].messages[1].content == "Do the job.\n\n<terminal>\np0\n</terminal>"
    assert rows[1].messages[2].content == rows[0].ref_raw
    assert rows[1].messages[3].content == "<terminal>\np1\n</terminal>"
    assert rows[1].ref_command_units == (
        "cat > b.txt <<'EOF'",
        "안녕",
        "b",
        "EOF",
        'count=$(wc -l < b.txt); echo "$count"',
    )
    answer = json.loads(rows[3].ref_raw)
    assert list(answer) == ["analysis", "plan", "commands", "task_complete"]
    assert answer["task_complete"] is True
    assert answer["commands"][0] == {"keystrokes": "mkdir sub && cd sub\n", "duration": 0.5}


def test_a_korean_task_is_asked_in_korean() -> None:
    korean = task(step("ls"), language="ko")
    (row,) = rows_of(suite_of(korean), "trials", 0, korean, ("p0", "p1"))
    assert row.messages[0].content == "JSON으로 답하세요."
    assert row.messages[1].text.startswith("일을 하세요.\n")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (task(step("false")), "try, step 1: a command ended with status 1"),
        (task(step("true"), step("true", fails=True)), "try, step 2: no command failed"),
        (task(step("cat <<'EOF'\nx")), "try, step 1: the shell waits for the rest of a command"),
        (task(step("exit")), "try, step 1: the shell ended"),
        (task(step("ls"), setup="nonsense-command"), "try, setup: the shell ended"),
        (task(step("ls"), check="test -e gone"), "try, check: the final check is not met"),
        (task(step("seq 5000")), "try, step 1: shows 2"),
        (task(step("echo " + "x" * 5000)), "try, step 1: a line of 5005 bytes cannot be typed"),
    ],
)
def test_a_task_that_does_not_play_as_written_is_refused(broken: Task, message: str) -> None:
    with pytest.raises(RecordingError) as caught:
        record(suite_of(broken))
    assert message in caught.value.format_message()


@pytest.mark.parametrize(
    ("command", "seconds", "message"),
    [("cat", 0.5, "no prompt came back in 0.5 s"), ("yes", 60, "bytes were printed")],
)
def test_a_command_that_waits_or_floods_is_ended(
    command: str, seconds: float, message: str
) -> None:
    with pytest.raises(RecordingError, match=message):
        record(suite_of(task(step(command))), limits=Limits(wall_seconds=seconds))


def test_only_one_task_can_be_played() -> None:
    with pytest.raises(RecordingError, match="another: there is no such task"):
        record(suite_of(SMALL), only="another")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("suite.toml", "name = 'x'", "suite.toml: version is missing"),
        ("suite.toml", "name = [", "suite.toml: "),
        ("tasks/a.toml", "group = 'g'\ntasks = []", "a.toml: tasks: is empty"),
        ("tasks/a.toml", "group = 'g'\nnobody = 1", "a.toml: nobody: no such key"),
        ("tasks/b.toml", "", "b.toml: group is missing"),
    ],
)
def test_a_faulty_definition_names_its_file(
    tmp_path: Path, file: str, text: str, message: str
) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "suite.toml").write_text(
        (SHELL_MINI / "suite.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path)
    assert message in caught.value.format_message()


def test_two_tasks_cannot_share_an_id(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    for name in ("suite.toml", "tasks/text.toml"):
        (tmp_path / name).write_bytes((SHELL_MINI / name).read_bytes())
    (tmp_path / "tasks/again.toml").write_bytes((SHELL_MINI / "tasks/text.toml").read_bytes())
    with pytest.raises(ConfigError, match="text-access-log: two tasks have this id"):
        read(tmp_path)


def test_a_folder_without_tasks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_bytes((SHELL_MINI / "suite.toml").read_bytes())
    with pytest.raises(ConfigError, match="holds no task"):
        read(tmp_path)


class TestShellMini:
    """The committed rows are those of the committed definitions, and what was promised of them."""

    definition = read(SHELL_MINI)
    suite = load("shell-mini")
    rows = tuple(row for row in suite.rows if isinstance(row, ReplayRow))

    def test_its_rows_follow_from_its_definitions_and_screens(self) -> None:
        """Everything but the screens is made again; the screens are taken from the rows."""
        rows = iter(self.rows)
        for index, (group, one) in enumerate(self.definition.tasks):
            stored = [next(rows) for _ in one.steps]
            turns = [turn.text for turn in stored[-1].messages[1::2]]
            screens = [turn.split("<terminal>\n", 1)[1][: -len("\n</terminal>")] for turn in turns]
            made = rows_of(self.definition, group, index, one, (*screens, "never seen"))
            assert made == stored, one.id
        assert next(rows, None) is None

    @pytest.mark.parametrize("isolation", MODES)
    def test_a_task_played_again_shows_what_was_committed(self, isolation: Isolation) -> None:
        """One whose programs are everywhere; all of them are played by `suite record`."""
        name = "text-compare-lists"
        again = record(self.definition, isolation=isolation, only=name)
        assert again == tuple(row for row in self.rows if row.task_id == name)

    def test_it_is_as_large_as_promised(self) -> None:
        assert self.suite.tasks >= 40
        assert len(self.suite.rows) >= 240
        assert len(self.suite.divisions["source_group"]) >= 10
        assert (SHELL_MINI / "shell-mini.jsonl").stat().st_size < 4_000_000

    def test_a_third_of_its_tasks_is_in_korean(self) -> None:
        korean = [one for _, one in self.definition.tasks if one.language == "ko"]
        assert 0.25 <= len(korean) / len(self.definition.tasks) <= 0.45

    def test_every_task_has_its_text_in_both_languages(self) -> None:
        for _, one in self.definition.tasks:
            hangul = [letter for letter in one.text.ko if "가" <= letter <= "힣"]
            assert len(hangul) > 20, one.id
            assert not [letter for letter in one.text.en if "가" <= letter <= "힣"], one.id

    def test_references_are_answers_that_score_full(self) -> None:
        for row in self.rows:
            answer = parse_answer(row.ref_raw)
            assert answer.valid_json
            assert answer.has_analysis
            assert answer.has_plan
            assert answer.command_units == row.ref_command_units != ()
            assert answer.task_complete is row.ref_task_complete is row.is_final_step
        units = sum(len(row.ref_command_units) for row in self.rows)
        assert 2 <= units / len(self.suite.rows) <= 6

    def test_its_screens_show_no_trace_of_the_machine_that_recorded(self) -> None:
        text = msgspec.json.encode(self.suite.rows).decode()
        for trace in ("/tmp/cardboard", "root@", "65534", "/job/", "__tick"):
            assert trace not in text

    def test_its_tasks_take_several_steps(self) -> None:
        assert {len(one.steps) for _, one in self.definition.tasks} <= {5, 6, 7, 8}
