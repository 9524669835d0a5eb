"""Recordings of asciinema: what was typed, what was shown, and what nobody can know."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.suites.shapes import screen as screens
from cardboard.eval.suites.shapes.casts import INSTRUCTION
from cardboard.eval.suites.shapes.conversation import Conversation, Unreadable
from cardboard.eval.suites.shapes.files import Document, documents
from cardboard.eval.suites.shapes.registry import conversation
from cardboard.eval.suites.shapes.screen import Screen

Event = tuple[str, str]


def cast(*events: Event, version: int = 2, **header: Any) -> Conversation:
    """Read a recording of *events*, pairs of code and text."""
    if version == 1:
        value = {
            "version": 1,
            "width": 80,
            "height": 24,
            "stdout": [[0.1, text] for _, text in events],
        }
    else:
        told = [[0.1, code, text] for code, text in events]
        value = {"version": version, "width": 80, "height": 24, "events": told}
    return conversation(Document(value=value | header, place="f"))


def typed(found: Conversation) -> list[str]:
    return [turn.text for turn in found.turns if turn.role == "assistant"]


def shown(found: Conversation) -> list[str]:
    texts = [turn.text for turn in found.turns if turn.role == "user"]
    return [text.split("<terminal>\n")[1].removesuffix("\n</terminal>") for text in texts]


def session(prompt: str, *steps: tuple[str, str]) -> list[Event]:
    """Return the events of a terminal that echoes what is typed and then shows something."""
    events: list[Event] = [("o", prompt)]
    for keys, output in steps:
        for key in keys:
            events += [("i", key), ("o", key)]
        events += [("i", "\r"), ("o", f"\r\n{output}{prompt}")]
    return events


def test_what_was_typed_and_shown_becomes_turns() -> None:
    found = cast(*session("$ ", ("ls", "a\r\n"), ("cat a", "hello\r\n")), title="Look around.")
    assert found.turns[0].text == INSTRUCTION
    assert found.turns[1].text == "Look around.\n\n<terminal>\n$\n</terminal>"
    assert typed(found) == ["ls", "cat a"]
    assert shown(found) == ["$", "$ ls\na\n$", "$ cat a\nhello\n$"]
    assert (found.typed, found.notes) == (True, {"typed": 2})


def test_a_recording_without_a_title_names_no_task() -> None:
    assert cast(*session("$ ", ("ls", ""))).notes["instruction"] == 1


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("lss\x7f", "ls"),
        ("rm x\x15ls", "ls"),
        ("ls foo\x17bar", "ls bar"),
        ("rm x\x03ls", "ls"),
        ("\x1b[200~ls -l\x1b[201~", "ls -l"),
        ("\x1b[?1;2cls\x1b[24;80R", "ls"),
        ("\x04ls", "ls"),
    ],
)
def test_a_line_is_what_was_left_of_it_at_enter(keys: str, line: str) -> None:
    events = [("o", "$ "), ("i", keys), ("o", line), ("i", "\r"), ("o", "\r\n$ ")]
    assert typed(cast(*events)) == [line]


@pytest.mark.parametrize("keys", ["ca\t", "\x1b[A", "\x1bOA", "\x12ca", "\x10"])
def test_what_the_shell_completed_is_taken_from_the_screen(keys: str) -> None:
    events = [("o", "$ "), ("i", keys), ("o", "cat file"), ("i", "\r"), ("o", "\r\nhello\r\n$ ")]
    found = cast(*events)
    assert typed(found) == ["cat file"]
    assert found.notes["completed"] == 1


def test_a_password_never_leaves_the_recording() -> None:
    events = session("$ ", ("sudo ls", ""))[:-1]
    events += [("o", "\r\n[sudo] password for me: "), ("i", "hunter2\r"), ("o", "\r\na\r\n$ ")]
    found = cast(*events)
    assert typed(found) == ["sudo ls"]
    assert found.notes["unseen"] == 1
    assert "hunter2" not in repr(found)


def test_a_password_that_is_shown_by_chance_is_still_no_command() -> None:
    events = session("$ ", ("sudo ls", ""))[:-1]
    events += [("o", "\r\npassword: "), ("i", "abc\r"), ("o", "\r\nabc\r\n$ ")]
    found = cast(*events)
    assert typed(found) == ["sudo ls"]
    assert found.notes["elsewhere"] == 1


def test_lines_for_other_programs_are_counted_and_left_out() -> None:
    python = [("o", ">>> "), ("i", "1+1\r"), ("o", "1+1\r\n2\r\n>>> ")]
    vi = [("o", "\x1b[?1049h~"), ("i", ":q\r"), ("o", "\x1b[?1049l$ ")]
    found = cast(*session("$ ", ("python", ""))[:-1], ("o", "\r\n"), *python, *vi)
    assert typed(found) == ["python"]
    assert (found.notes["elsewhere"], found.notes["full-screen"]) == (1, 1)


@pytest.mark.parametrize(
    ("command", "lines"),
    [(None, ["vim", "ls"]), ("/bin/fish -l", ["vim", "ls"]), ("python3", [])],
)
def test_a_prompt_may_look_like_anything_where_a_shell_was_recorded(
    command: str | None, lines: list[str]
) -> None:
    events = session("~/c/a (main +) ", ("vim", ""), ("ls", "a\r\n"))
    if lines:
        assert typed(cast(*events, command=command)) == lines
    else:
        with pytest.raises(Unreadable):
            cast(*events, command=command)


def test_lines_that_are_pasted_at_once_are_one_answer() -> None:
    found = cast(("o", "$ "), ("i", "cd a\rls\r"), ("o", "cd a\r\n$ ls\r\nf\r\n$ "))
    assert typed(found) == ["cd a\nls"]


def test_no_prompt_holds_what_is_typed_next() -> None:
    """The screen before a command ends where the command begins, whatever was echoed when."""
    found = cast(*session("$ ", ("ls", "a\r\n"), ("cat a", "b\r\n"), ("exit", "")))
    for text, after in zip(shown(found), typed(found), strict=False):
        assert not text.endswith(after)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_without_keys_commands_follow_the_prompt_by_which_the_recording_begins(
    version: int,
) -> None:
    events = [event for event in session(
        "\x1b[1mme@box:~/a$\x1b[0m ", ("ls", "# a note\r\n# another\r\n"), ("cat a", "5 $ each\r\n")
    ) if event[0] == "o"]  # fmt: skip
    found = cast(*events, version=version)
    assert typed(found) == ["ls", "cat a"]
    assert found.notes["inferred"] == 2
    assert shown(found)[1] == "me@box:~/a$ ls\n# a note\n# another\nme@box:~/a$"


def test_a_prompt_stays_the_same_when_its_folder_changes() -> None:
    text = "me@box:~$ cd /tmp\r\nme@box:/tmp$ ls\r\na\r\nme@box:/tmp$ "
    assert typed(cast(("o", text))) == ["cd /tmp", "ls"]


def test_marks_of_the_shell_tell_its_commands() -> None:
    one = "\x1b]133;A\x07% \x1b]133;B\x07{}\r\n\x1b]133;C\x07out\r\n\x1b]133;D;0\x07"
    found = cast(("o", one.format("make")), ("o", one.format("ls \\\r\n> -l")))
    assert typed(found) == ["make", "ls \\\n-l"]
    assert found.notes["marked"] == 2


@pytest.mark.parametrize("events", [[], [("o", "hello\r\nworld\r\n")], [("i", "ls\r")]])
def test_a_recording_that_tells_no_command_is_named_with_the_remedy(events: list[Event]) -> None:
    with pytest.raises(Unreadable) as caught:
        cast(*events)
    assert "tells no command" in caught.value.what
    assert "--capture-input" in caught.value.remedy


def test_damaged_events_are_counted_and_lose_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    lines = [json.dumps([0.1, *event]) for event in session("$ ", ("ls", ""))]
    header = '{"version": 3, "term": {"cols": 80, "rows": 24}}'
    path.write_text("\n".join([header, "# note", "[0.1, ", '["a"]', "7", *lines]))
    (document,) = documents(path)
    assert isinstance(document, Document)
    found = conversation(document)
    assert (typed(found), found.notes["events"]) == (["ls"], 3)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a\r\nb", "a\nb"),
        ("50%\r100%", "100%"),
        ("abc\b\bX", "aXc"),
        ("abc\r\x1b[K", ""),
        ("a\tb", "a       b"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07a\x1bPq...\x1b\\b", "ab"),
        ("old\r\n\x1b[H\x1b[2Jnew", "old\nnew"),
        ("old\r\n\x1b[H\x1b[Jnew", "old\nnew"),
        ("abc\x1b[2D\x1b[P!", "a!"),
        ("abc\x1b[2D\x1b[@!", "a!bc"),
        ("a\r\nb\x1b[A\x1b[GX", "X\nb"),
        ("one\x1b[?1049hfull\x1b[?1049l two", "one two"),
        ("\x1b[3;5Hx", "\n\n    x"),
        ("한글\x9b31m", "한글31m"),
        ("a\x00\x07\x7fb", "ab"),
    ],
)
def test_a_screen_shows_what_a_terminal_would(written: str, text: str) -> None:
    whole, parts = Screen(20, 5), Screen(20, 5)
    whole.write(written)
    for sign in written:
        parts.write(sign)
    assert whole.between((0, 0)) == parts.between((0, 0)) == text


def test_lines_that_left_the_screen_come_back_when_what_follows_is_erased() -> None:
    screen = Screen(20, 2)
    screen.write("a\r\nb\r\nc\r\nd\x1b[A\x1b[J\x1b[A\x1b[2GX")
    assert screen.between((0, 0)) == "a\nbX\nc"


def test_long_lines_wrap_and_endless_ones_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(4, 5)
    screen.write("abcdefg")
    assert screen.between((0, 0)) == "abcd\nefg"
    monkeypatch.setattr(screens, "MOST_LINES", 100)
    with pytest.raises(Unreadable, match="shows more than 100 lines"):
        screen.write("x\n" * 200)


@given(st.text(alphabet="ab\x1b[]?;0159HJKPADGh@\r\n\b\x07") | st.text())
def test_nothing_that_is_written_breaks_the_screen_or_leaves_a_control(text: str) -> None:
    screen = Screen(7, 3)
    screen.write(text)
    for sign in text:
        screen.write(sign)
    told = screen.between((0, 0))
    assert not any(ord(sign) < 32 and sign != "\n" for sign in told)
    assert "\x7f" not in told


@given(
    st.lists(
        st.tuples(st.sampled_from("iomrx"), st.text(alphabet="ls $\r\n\x1b[A\t\x7f\x03?1049h")),
        max_size=12,
    )
)
def test_no_recording_breaks_the_reader(events: list[Event]) -> None:
    try:
        found = cast(*events)
    except Unreadable:
        return
    assert typed(found)
