"""The shipped scenarios: what is told, what must be found, and what cannot be done."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cardboard.eval.errors import ConfigError
from cardboard.eval.suites.kinds.replay.definitions import read
from cardboard.eval.suites.kinds.shell.build import Blocks, build, sentences
from cardboard.eval.suites.kinds.shell.rows import ShellRow, Turn, found
from cardboard.eval.suites.mistakes import read_table
from cardboard.eval.suites.source import load
from cardboard.eval.suites.suite import PACKAGED, encode

FOLDER = PACKAGED / "shell-live"
ROWS = build(FOLDER)
TASKS = {task.id: task for _, task in read(PACKAGED / "shell-mini").tasks}
TOLD = [row for row in ROWS if row.directive == "told" and row.outcome == "done"]
DISCOVER = [row for row in ROWS if row.directive == "discover"]
BLOCKED = [row for row in ROWS if row.outcome == "blocked"]


def test_fifty_jobs_are_told_twenty_must_be_found_and_ten_cannot_be_done() -> None:
    assert (len(TOLD), len(DISCOVER), len(BLOCKED)) == (50, 20, 10)
    assert len({row.task_id for row in ROWS}) == len(ROWS) == 80
    assert len({row.group for row in ROWS}) == len({row.group for row in DISCOVER}) == 13


def test_the_rows_are_what_the_definitions_build(request: pytest.FixtureRequest) -> None:
    file = FOLDER / "shell-live.jsonl"
    if request.config.getoption("--refresh"):
        file.write_bytes(encode(ROWS))
    assert file.read_bytes() == encode(ROWS)
    assert load("shell-live").rows == ROWS


def test_either_language_asks_about_half_of_them() -> None:
    count = Counter(row.language for row in ROWS)
    assert set(count) == {"en", "ko"}
    assert min(count.values()) >= 36


def test_a_told_job_is_the_task_of_the_replay() -> None:
    for row in TOLD:
        task = TASKS[row.task_id]
        assert (row.job, row.setup, row.language) == (task.id, task.setup, task.language)
        assert row.text == task.text.in_(task.language)
        assert [len(turn.commands) for turn in row.oracle] == [len(s.commands) for s in task.steps]


def test_no_check_compares_with_what_lies_in_the_room_or_waits_for_what_was_ended() -> None:
    other = {row.task_id for row in TOLD if row.check != TASKS[row.task_id].check}
    kept_in_the_room = re.compile(r"--check --quiet /tmp/|pgrep -f (worker|ticker)|curl .*:710")
    assert other == {"networking-static-server"} | {
        name for name, task in TASKS.items() if kept_in_the_room.search(task.check)
    }
    own = {row.task_id: row.check.rpartition("END_OF_SETUP")[2] for row in ROWS}
    assert not [name for name, check in own.items() if kept_in_the_room.search(check)]


def test_the_model_is_asked_the_job_and_the_prompt_of_its_folder() -> None:
    (row,) = (row for row in ROWS if row.task_id == "text-access-log")
    (user,) = row.conversation
    assert user.content == f"{row.text}\n\n<terminal>\ndev@box:~/logs$\n</terminal>"


def test_of_a_job_that_must_be_found_the_model_sees_the_prompt_and_nothing_else() -> None:
    for row in DISCOVER:
        (user,) = row.conversation
        assert user.content == "<terminal>\ndev@box:~$\n</terminal>"


def test_it_stands_in_the_room_in_the_language_in_which_it_is_not_told() -> None:
    for row in DISCOVER:
        task = TASKS[row.job or ""]
        text, other = (task.text.ko, "ko") if task.language == "en" else (task.text.en, "en")
        assert (row.language, list(row.markers)) == (other, sentences(text))
        assert all(row.setup.count(f"\n{line}\n") == 1 for line in row.markers)


def test_it_stands_in_a_list_a_notice_a_mailbox_or_the_help_of_a_program_of_its_own() -> None:
    places = [re.findall(r"^cat > (~/\S+) <<'END_OF_FILE'", row.setup, re.M)[0] for row in DISCOVER]
    programs = [place for place in places if place.startswith("~/bin/")]
    assert Counter(place for place in places if place not in programs) == {
        "~/TODO.md": 5,
        "~/motd": 5,
        "~/Mail/inbox": 5,
    }
    assert len(programs) == len(set(programs)) == 5
    assert not [path for path in programs if shutil.which(Path(path).name)]


def test_a_blocked_job_names_the_same_files_in_both_languages() -> None:
    word = re.compile(r"[\w/]*[./_][\w./]*\w", re.ASCII)
    for one in read_table(FOLDER / "blocked.toml", Blocks).scenarios:
        english, korean = (set(word.findall(text)) for text in (one.text.en, one.text.ko))
        assert english == korean, one.id


def test_a_blocked_job_is_given_up_with_a_reason_in_its_language() -> None:
    for row in BLOCKED:
        assert row.text
        assert bool(re.search("[가-힣]", row.reason)) == (row.language == "ko")
    assert not [row for row in ROWS if row.reason and row.outcome == "done"]


@pytest.mark.parametrize(
    ("screens", "told"),
    [
        (["$ cat TODO\nSort the list.\nKeep the\n  heading.\n$"], True),
        (["$ head -1 TODO\nSort the list.\n$", "$ tail -1 TODO\n> Keep the heading.\n$"], True),
        (["$ head -1 TODO\nSort the list.\n$"], False),
        (["$ ls\nTODO\n$"], False),
    ],
)
def test_a_job_is_found_when_all_of_its_lines_have_been_on_the_screen(
    screens: list[str], told: bool
) -> None:
    assert found(("Sort the list.", "Keep the heading."), screens) is told


def test_what_is_told_cannot_be_found() -> None:
    assert found((), ["$ cat TODO\nSort the list.\n$"]) is None


def row(**changes: object) -> ShellRow:
    """Return a small scenario with *changes*."""
    fields: dict[str, object] = {
        "task_id": "t",
        "step_idx": 0,
        "language": "en",
        "group": "text",
        "directive": "told",
        "outcome": "done",
        "folder": "work",
        "text": "Write x.",
        "setup": "",
        "check": "test -e x\n",
        "oracle": (Turn(commands=("touch x\n",)),),
    }
    return ShellRow(**{**fields, **changes})  # type: ignore[arg-type]  # fields of a row


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"markers": ("Write x.",)},
        {"directive": "discover", "text": ""},
        {"directive": "discover", "markers": ("Write x.",)},
        {"outcome": "blocked"},
        {"reason": "There is no x."},
    ],
)
def test_a_scenario_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"it is there|they are there"):
        row(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"setup": "touch y\n"},
        {"check": "test -s x\n"},
        {"start": "work"},
        {"oracle": (Turn(commands=("echo > x\n",)),)},
    ],
)
def test_the_reference_tells_one_room_and_check_from_another(changes: dict[str, object]) -> None:
    assert row().reference != row(**changes).reference
    assert row().reference == row(language="ko").reference


def suite(folder: Path, edit: Callable[[str, str], str]) -> Path:
    """Return a copy of the shipped suite, each of whose files *edit* made from name and text."""
    shutil.copytree(PACKAGED / "shell-mini", folder / "shell-mini")
    (folder / "shell-live").mkdir()
    for file in FOLDER.glob("*.toml"):
        text = edit(file.name, file.read_text(encoding="utf-8"))
        (folder / "shell-live" / file.name).write_text(text, encoding="utf-8")
    return folder / "shell-live"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'job = "text-clean-csv"',
            'job = "text-clean"',
            r"discover.toml: scenarios.job: .*text-clean",
        ),
        ('place = "todo"', 'place = "fridge"', r"discover.toml: scenarios.place: .*fridge"),
        ("data-shop-sqlite = '''", "data-shop = '''", r"suite.toml: checks: .*data-shop"),
        ('id = "text-twelve-names"', 'id = "text-clean-csv"', r"text-clean-csv: two scenarios"),
        ('group = "text"\n', 'groups = "text"\n', r"blocked.toml: .*groups"),
    ],
)
def test_a_definition_that_cannot_be_built_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        build(suite(tmp_path, lambda name, text: text.replace(old, new)))
