"""What a model is told, how its answers are read, and how it ends an episode."""

import json
from pathlib import Path

import msgspec
import pytest

from cardboard.eval.engine import Message
from cardboard.eval.suites.kinds.shell import dialogues
from cardboard.eval.suites.kinds.shell.dialogues import CONFIRM, DIALOGUES, JSON, SHELL, Read

from .episodes import a_scenario

MINI = Path(__file__).parents[5] / "eval/suites/data/shell-mini/shell-mini.jsonl"


def said(*commands: object, complete: object = False) -> str:
    """Return an answer as the JSON object."""
    typed = [{"keystrokes": one, "duration": 0.5} for one in commands]
    return json.dumps({"analysis": "", "plan": "", "commands": typed, "task_complete": complete})


class TestAnAnswerInJson:
    @pytest.mark.parametrize("dialogue", [JSON, CONFIRM])
    def test_types_its_keystrokes_line_by_line_with_their_indentation(self, dialogue: str) -> None:
        text = said("cat > a <<'E'\n  x\n\ty\nE\n", "ls\n")
        assert dialogues.read(dialogue, text).lines == ("cat > a <<'E'", "  x", "\ty", "E", "ls")

    def test_may_leave_out_the_last_line_end(self) -> None:
        assert dialogues.read(JSON, said("ls")).lines == ("ls",)

    @pytest.mark.parametrize(
        ("complete", "told"), [(True, True), (False, False), ("true", False), (None, False)]
    )
    def test_calls_the_job_done_only_by_true(self, complete: object, told: bool) -> None:
        assert dialogues.read(JSON, said(complete=complete)).complete is told

    def test_is_read_without_what_was_thought_before_it(self) -> None:
        text = "<think>rm -rf / would be wrong</think>" + said("ls\n")
        assert dialogues.read(JSON, text) == Read(lines=("ls",))

    def test_that_is_no_json_is_told_so_and_typed_as_far_as_it_can_be_read(self) -> None:
        cut = said("ls -la\n", "pwd\n")[:-40]
        assert dialogues.read(JSON, cut) == Read(lines=("ls -la", "pwd"), valid=False)

    @pytest.mark.parametrize("text", ["", "I would list the files.", "[]", '{"commands": 3}', "{"])
    def test_of_which_nothing_can_be_read_types_nothing(self, text: str) -> None:
        assert dialogues.read(JSON, text).lines == ()

    def test_holds_commands_of_any_kind_without_a_crash(self) -> None:
        text = json.dumps({"commands": [1, None, {"keystrokes": 2}, {"keystrokes": "ls\n"}, {}]})
        assert dialogues.read(JSON, text).lines == ("ls",)


class TestAnAnswerThatIsTyped:
    def test_is_typed_as_it_is(self) -> None:
        text = "```bash\nls\n```\n"
        assert dialogues.read(SHELL, text).lines == ("```bash", "ls", "```")

    def test_is_typed_without_its_thoughts(self) -> None:
        assert dialogues.read(SHELL, "<think>so\nmany</think>\nls\n").lines == ("ls",)

    def test_is_of_no_use_where_nothing_is_left(self) -> None:
        assert dialogues.read(SHELL, "<think>hm</think> \n") == Read(lines=(), valid=False)


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("exit", ("exit", "")),
        ("  exit 0 ;", ("exit", "")),
        ("panic no such host", ("panic", "no such host")),
        ("panic 'no such host'", ("panic", "no such host")),
        ('panic "', ("panic", '"')),
        ("panic", ("panic", "")),
        ("exit now", None),
        ("exits", None),
        ("echo panic", None),
        ("panicked", None),
        ("cd x && exit", None),
        ("", None),
    ],
)
def test_a_line_ends_an_episode(line: str, ends: tuple[str, str] | None) -> None:
    assert dialogues.ending(line) == ends


class TestWhatIsAskedFirst:
    def test_in_json_it_begins_as_shell_mini_does_to_the_letter(self) -> None:
        rows = map(msgspec.json.decode, MINI.read_bytes().splitlines())
        found = {row["messages"][0]["content"] for row in rows}
        assert len(found) == 2
        ours = [
            dialogues.system(a_scenario(language=one), dialogue)
            for one in ("en", "ko")
            for dialogue in (JSON, CONFIRM)
        ]
        assert all(any(text.startswith(one + "\n\n") for one in found) for text in ours)

    @pytest.mark.parametrize("language", ["en", "ko"])
    @pytest.mark.parametrize("dialogue", DIALOGUES)
    def test_says_how_to_end_and_how_to_give_up(self, dialogue: str, language: str) -> None:
        text = dialogues.system(a_scenario(language=language), dialogue)
        assert "panic" in text
        assert ("exit" if dialogue == SHELL else "task_complete") in text

    @pytest.mark.parametrize("language", ["en", "ko"])
    @pytest.mark.parametrize("dialogue", DIALOGUES)
    def test_promises_no_job_where_it_must_be_found(self, dialogue: str, language: str) -> None:
        row = a_scenario(language=language, text="", directive="discover", markers=("count",))
        first, user = dialogues.opening(row, dialogue)
        assert user == Message("user", "<terminal>\ndev@box:~/work$\n</terminal>")
        for words in ("names a job", "할 일을 알려"):
            assert words not in first.content

    @pytest.mark.parametrize("language", ["en", "ko"])
    @pytest.mark.parametrize("dialogue", DIALOGUES)
    def test_tells_which_dialogue_it_is(self, dialogue: str, language: str) -> None:
        asked = dialogues.opening(a_scenario(language=language), dialogue)
        assert dialogues.dialogue_of(asked) == (SHELL if dialogue == SHELL else JSON)


@pytest.mark.parametrize("dialogue", DIALOGUES)
@pytest.mark.parametrize("end", [None, "exit", "panic"])
def test_an_answer_that_is_written_is_read_as_it_was_meant(
    dialogue: str, end: dialogues.End | None
) -> None:
    text = dialogues.answered(dialogue, ("ls\n", "cat <<E\nx\nE\n"), end, "no key")
    read = dialogues.read(dialogue, text)
    ends = end == "panic" or (end is not None and dialogue == SHELL)
    *typed, last = read.lines if ends else (*read.lines, "")
    assert typed == ["ls", "cat <<E", "x", "E"]
    assert dialogues.ending(last) == {"panic": ("panic", "no key")}.get(
        end or "", ("exit", "") if last else None
    )
    assert read.complete is (end == "exit" and dialogue != SHELL)
    assert read.valid
