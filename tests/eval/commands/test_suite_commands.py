"""cardboard suite build, record and info, as they are typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cardboard.cli import main
from cardboard.eval.commands.suite_commands import suite
from cardboard.eval.suites.source import load
from cardboard.eval.suites.suite import encode

TALK = {
    "messages": [
        {"role": "user", "content": "list"},
        {"role": "assistant", "content": '{"commands": [{"keystrokes": "ls\\n"}]}'},
    ]
}
TINY = """
name = "tiny"
version = "3"
system.en = "Answer in JSON."
system.ko = "JSON으로 답하세요."
"""
TASK = """
group = "files"
[[tasks]]
id = "make-a-file"
language = "ko"
folder = "work"
text.en = "Make the file a."
text.ko = "파일 a를 만드세요."
check = "test -e a"
steps = [
  { analysis = "파일이 없습니다.", plan = "만듭니다.", commands = ["touch a"] },
  { analysis = "만들었습니다.", plan = "확인합니다.", commands = ["ls"] },
]
"""


def typed(*words: str | Path) -> Result:
    return CliRunner().invoke(suite, [str(word) for word in words])


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "suite.toml").write_text(TINY, encoding="utf-8")
    (tmp_path / "tasks/files.toml").write_text(TASK, encoding="utf-8")
    return tmp_path


def test_info_prints_identity_and_size() -> None:
    told = typed("info", "shell-mini")
    assert told.exit_code == 0
    assert load("shell-mini").fingerprint in told.output
    assert json.loads(typed("info", "shell-mini", "--format", "json").output)["tasks"] == 50


def test_info_finds_a_suite_of_the_workspace_by_name_and_version(tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "mine-2.jsonl").write_bytes(encode(load("shell-mini").rows[:1]))
    told = CliRunner().invoke(main, ["-C", str(tmp_path), "suite", "info", "mine@2"])
    assert told.exit_code == 0
    assert "1 of 1 task" in told.output


def test_info_names_each_bad_row_and_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n[]\n")
    told = typed("info", tmp_path / "rows.jsonl")
    assert told.exit_code == 1
    assert "rows.jsonl:1: " in told.output
    assert "rows.jsonl:2: " in told.output


def test_info_of_nothing_is_a_wrong_use() -> None:
    told = typed("info", "no-such-suite")
    assert told.exit_code == 2
    assert "Packaged suites: calls-mini, home-mini, shell-live, shell-mini." in told.output


def test_build_writes_rows_and_says_what_it_left_out(tmp_path: Path) -> None:
    talks, rows = tmp_path / "talks.jsonl", tmp_path / "rows.jsonl"
    talks.write_text(f"{json.dumps(TALK)}\n\n{json.dumps(TALK)}\n")
    told = typed("build", talks, "--thoughts", "keep", "--name", "mine", "-o", rows)
    assert told.exit_code == 0
    assert "1 step of 1 task" in told.output
    assert "read: 2 conversations, 1 answer" in told.output
    assert "left out: 1 conversation there a second time (repeated)" in told.output
    assert load(str(rows)).name == "mine"


def test_build_writes_nothing_when_there_is_no_step(tmp_path: Path) -> None:
    (tmp_path / "talks.jsonl").write_text('{"messages": []}\n')
    told = typed("build", tmp_path / "talks.jsonl", "--thoughts", "keep", "-o", tmp_path / "rows")
    assert told.exit_code == 1
    assert "talks.jsonl:1: " in told.output
    assert "no answer could be made a step" in told.output
    assert not (tmp_path / "rows").exists()


def test_rows_go_to_a_folder_that_is_made_or_the_reason_is_told(tmp_path: Path) -> None:
    talks = tmp_path / "talks.jsonl"
    talks.write_text(f"{json.dumps(TALK)}\n")
    made = typed("build", talks, "--thoughts", "keep", "-o", tmp_path / "suites" / "rows.jsonl")
    assert made.exit_code == 0, made.output
    told = typed("build", talks, "--thoughts", "keep", "-o", talks / "suites" / "rows.jsonl")
    assert told.exit_code == 1
    assert "rows.jsonl: cannot be written: Not a directory" in told.output


def test_check_says_what_would_become_steps_and_writes_nothing(tmp_path: Path) -> None:
    talks = tmp_path / "talks.jsonl"
    talks.write_text(f"{json.dumps(TALK)}\n")
    told = typed("check", talks)
    assert told.exit_code == 0, told.output
    assert "shapes: messages 1" in told.output
    assert "1 step of 1 task" in told.output
    assert list(tmp_path.iterdir()) == [talks]
    with talks.open("a") as file:
        file.write('{"odd": 1}\n')
    told = typed("check", talks)
    assert told.exit_code == 1
    assert "talks.jsonl:2: no shape fits (its keys: odd)" in told.output
    assert told.output.count("Shapes that are known: messages (") == 1


def test_conversations_without_a_command_are_told_which_kind_would_ask_them(
    tmp_path: Path,
) -> None:
    call = {"function": {"name": "get_weather", "arguments": "{}"}}
    talks = [
        [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Good morning."}],
        [{"role": "user", "content": "rain?"}, {"role": "assistant", "tool_calls": [call]}],
    ]
    path = tmp_path / "talks.json"
    path.write_text(json.dumps([{"messages": talk} for talk in talks]))
    told = typed("check", path)
    assert told.exit_code == 1
    assert "1 conversation with calls of tools that are no shell (get_weather)" in told.output
    assert "1 conversation answered in words alone: the kind home asks" in told.output


def test_two_shapes_that_fit_are_told_with_the_option_that_decides(tmp_path: Path) -> None:
    talks, rows = tmp_path / "talks.jsonl", tmp_path / "rows.jsonl"
    talks.write_text(json.dumps({**TALK, "prompt": "?", "completion": "ls"}))
    told = typed("check", talks)
    assert "two shapes fit, and they say different things" in told.output
    assert "Say which is meant: --shape messages." in told.output
    words = ("--shape", "messages", "--thoughts", "keep", "-o", rows)
    assert typed("build", talks, *words).exit_code == 0


def test_many_conversations_that_cannot_be_read_do_not_fill_the_screen(tmp_path: Path) -> None:
    talks = tmp_path / "talks.jsonl"
    talks.write_text('{"odd": 1}\n' * 5000)
    told = typed("check", talks)
    assert "and 4950 more" in told.output
    assert len(told.output.splitlines()) < 60


def test_build_asks_what_to_do_with_thoughts(tmp_path: Path) -> None:
    (tmp_path / "talks.jsonl").write_text("{}\n")
    told = typed("build", tmp_path / "talks.jsonl", "-o", tmp_path / "rows.jsonl")
    assert told.exit_code == 2
    assert "--thoughts" in told.output


def test_record_writes_the_rows_beside_the_definition(definition: Path) -> None:
    told = typed("record", definition)
    assert told.exit_code == 0, told.output
    rows = load(str(definition / "tiny.jsonl")).rows
    assert [row.key for row in rows] == [("make-a-file", 0, 0), ("make-a-file", 0, 1)]
    assert rows[1].conversation[-1].content == (
        "<terminal>\ndev@box:~/work$ touch a\ndev@box:~/work$\n</terminal>"
    )
    assert sorted(path.name for path in definition.iterdir()) == [
        "suite.toml",
        "tasks",
        "tiny.jsonl",
    ]


def test_record_can_play_one_task_and_write_nothing(definition: Path) -> None:
    told = typed("record", definition, "--only", "make-a-file")
    assert "dev@box:~/work$ touch a" in told.output
    assert not (definition / "tiny.jsonl").exists()


def test_record_warns_where_commands_are_not_shut_in(definition: Path) -> None:
    told = typed("record", definition, "--isolation", "plain")
    assert told.exit_code == 0
    assert "Bubblewrap is not in use" in told.output


def test_record_keeps_the_old_rows_when_a_task_fails(definition: Path) -> None:
    (definition / "tiny.jsonl").write_text("old rows\n")
    text = TASK.replace("test -e a", "test -e b")
    (definition / "tasks/files.toml").write_text(text, encoding="utf-8")
    told = typed("record", definition)
    assert told.exit_code == 1
    assert "make-a-file, check: the final check is not met" in told.output
    assert (definition / "tiny.jsonl").read_text() == "old rows\n"
