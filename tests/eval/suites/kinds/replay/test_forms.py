"""Answers that are no JSON: calls of a shell tool, and shell text; references are read alike."""

from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.eval.records import Step
from cardboard.eval.suites.kinds.replay.baselines import BASELINES
from cardboard.eval.suites.kinds.replay.forms import (
    Form,
    fenced,
    keystrokes,
    looks_typed,
    read_form,
)
from cardboard.eval.suites.kinds.replay.kind import recount, score
from cardboard.eval.suites.shapes.calls import printed
from cardboard.eval.suites.shapes.conversation import Call

from .....replays import a_row

LS = Call(name="bash", arguments={"command": "ls"})


@pytest.mark.parametrize(
    ("name", "arguments", "keys"),
    [
        ("bash", {"command": "ls"}, ("ls",)),
        ("Bash", {"command": "ls", "timeout": 3}, ("ls",)),
        ("functions.shell", {"cmd": "ls"}, ("ls",)),
        ("bash_command", {"keystrokes": "ls\n", "duration": 0.1}, ("ls\n",)),
        ("bash", {"0": "ls"}, ("ls",)),
        ("bash", "ls", ("ls",)),
        ("shell", {"command": ["bash", "-lc", "ls | wc"]}, ("ls | wc",)),
        ("shell", {"command": ["ls", "a b"]}, ("ls 'a b'",)),
        ("execute", {"commands": ["cd a", "ls"]}, ("cd a", "ls")),
        ("terminal", {"commands": [{"keystrokes": "ls\n"}, {"keystrokes": ""}]}, ("ls\n", "")),
        ("bash", {"restart": True}, None),
        ("bash", {"command": 3}, None),
        ("bash", {"command": []}, None),
        ("bash", "", None),
        ("python", {"code": "print(1)"}, None),
        ("get_status", {"command": "ls"}, None),
    ],
)
def test_a_call_of_a_shell_gives_what_is_typed(name: str, arguments: Any, keys: Any) -> None:
    assert keystrokes(Call(name=name, arguments=arguments)) == keys


@pytest.mark.parametrize(
    ("form", "text", "units"),
    [
        ("calls", f"Looking.\n{printed((LS,))}", ["ls"]),
        (
            "calls",
            '<|tool_call_start|>[bash(command="cd a\\nls")]<|tool_call_end|>',
            ["cd a", "ls"],
        ),
        ("calls", printed((Call(name="bash", arguments={"command": ""}),)), ["<WAIT>"]),
        ("calls", printed((Call(name="other", arguments={"command": "ls"}),)), []),
        ("calls", "ls", []),
        ("shell", "ls\npwd\n", ["ls", "pwd"]),
        ("shell", "I look.\n```bash\nls -l\n\npwd\n```\nThen more.", ["ls -l", "pwd"]),
        ("shell", "```\nls\n```", ["ls"]),
        ("shell", "```mswea_bash_command\nls\n```", ["ls"]),
        ("shell", "```python\nprint(1)\n```", []),
        ("shell", "```python\nprint(1)\n```\n```sh\nls\n```\n```\nout\n```", ["ls"]),
        ("shell", "```console\n$ ls\na\n$ pwd\n/\n```", ["ls", "pwd"]),
        ("shell", "", []),
    ],
)
def test_commands_are_read_from_each_form(form: Form, text: str, units: list[str]) -> None:
    assert list(read_form(form, text).command_units) == units


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("exit", True), ("ls -l\ncat a.txt", True), ("./run.sh --all", True), ("A=1 make", True),
        ("find .", True), ("/usr/bin/env python3 x.py", True), ("sudo apt-get update", True),
        ("done", False), ("Make sure that it works.", False), ("make sure that it works.", False),
        ("It is ok.", False), ("", False), ('{"commands": []}', False), ("ls\n" * 21, False),
    ],
)  # fmt: skip
def test_lines_without_a_fence_are_commands_where_they_can_be_nothing_else(
    text: str, typed: bool
) -> None:
    assert looks_typed(text) is typed


def test_a_fence_that_never_ends_goes_to_the_end() -> None:
    assert fenced("```bash\nls") == ("ls",)
    assert fenced("```bash\n" * 50_000) == ("```bash\n" * 49_999,)


@pytest.mark.parametrize("form", ["calls", "shell"])
def test_an_answer_in_its_form_is_scored_and_what_only_json_tells_is_not(form: Form) -> None:
    raw = printed((LS,)) if form == "calls" else "```bash\nls\n```"
    row = a_row("t", 0, "ls", form=form, ref_raw=raw)
    assert row.reference == {"command_units": ["ls"], "form": form}
    right = score(row.reference, f"<think>rm x</think>{raw}", None)
    assert right.scores["command_f1"] == right.scores["first_cmd_exact"] == 1.0
    assert "valid_json" not in right.scores
    assert right.parsed == {"command_units": ["ls"]}
    wrong = score(row.reference, '{"commands": [{"keystrokes": "pwd"}]}', None)
    assert wrong.scores["command_f1"] == 0.0


@pytest.mark.parametrize("form", ["calls", "shell"])
def test_stored_answers_are_read_again_in_their_form(form: Form) -> None:
    raw = printed((LS,)) if form == "calls" else "```bash\nls\n```"
    row = a_row("t", 0, "ls", form=form, ref_raw=raw)
    found = score(row.reference, raw, None)
    scores = dict(found.scores)
    step = Step(
        task_id="t", step_idx=0, reference=row.reference, answer=raw, parsed=found.parsed,
        scores=scores, scored=True,
    )  # fmt: skip
    assert recount([step]) == (1, (), 1, (), 1, *recount([step])[5:])
    lying = replace(step, parsed={"command_units": ["pwd"]})
    assert recount([lying]).misread == ("t/0",)


@pytest.mark.parametrize("form", ["calls", "shell"])
def test_baselines_answer_in_the_form_of_their_suite(form: Form) -> None:
    raw = printed((LS,)) if form == "calls" else "```bash\nls\n```"
    rows = [a_row("t", 0, "ls", form=form, ref_raw=raw)]
    worth = {}
    for name, baseline in BASELINES.items():
        rule = baseline(rows, {"noise": 0.0})
        worth[name] = score(rows[0].reference, rule(rows[0]), None).scores["command_f1"]
    assert worth == {
        "oracle": 1.0, "noisy-oracle": 1.0, "most-frequent": 1.0, "echo-previous": 0.0,
    }  # fmt: skip
