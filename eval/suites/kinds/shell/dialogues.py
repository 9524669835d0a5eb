"""Dialogues with a shell: what a model is told, how its answers are read, and how it ends one.

- `terminus-json`: the JSON object of the replay suites. `task_complete` ends the episode at once.
- `terminus-json-confirm`: the same, but a model is asked whether it is sure, and says it twice.
- `shell`: all that a model answers, without its thoughts, is typed as it is.

In each of them a line `exit` ends the episode, and a line `panic REASON` gives up, where the shell
waits for a command; what comes after it is not typed. Inside a here-document both are text.
"""

import json
import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from ....engine import Message
from ...conversations import without_thoughts
from ..kind import Row
from ..replay.answers import keystrokes, typed_lines
from .rows import ShellRow

Dialogue = Literal["terminus-json", "terminus-json-confirm", "shell"]
End = Literal["exit", "panic"]

JSON, CONFIRM, SHELL = DIALOGUES = ("terminus-json", "terminus-json-confirm", "shell")

TURNS = 20
"""The most answers of an episode."""

_ENDS = re.compile(r"\s*(?:(exit)(?:\s+\d{1,3})?|(panic)(?:\s+(.*))?)\s*;?\s*", re.DOTALL)


class Read(Struct, frozen=True, kw_only=True):
    """What an answer says."""

    lines: tuple[str, ...]
    """What it types, line by line, without line ends."""
    complete: bool = False
    """Whether it calls the job done."""
    valid: bool = True
    """Whether it has the form that the dialogue asks for."""


def ending(line: str) -> tuple[End, str] | None:
    """Return how *line* ends an episode, and the reason that it gives; `None` where it does not."""
    found = _ENDS.fullmatch(line)
    if found is None:
        return None
    return ("exit", "") if found[1] else ("panic", _unquoted((found[3] or "").strip()))


def _unquoted(reason: str) -> str:
    """Take off the quotes around a whole reason."""
    pair = reason[:1]
    return reason[1:-1] if len(reason) > 1 and pair in "\"'" and reason.endswith(pair) else reason


def read(dialogue: str, text: str) -> Read:
    """Read an answer as *dialogue* asks for it."""
    if dialogue == SHELL:
        said = without_thoughts(text).strip("\r\n")
        return Read(lines=typed_lines(said), valid=bool(said.strip()))
    found = keystrokes(text)
    return Read(lines=found.lines, complete=found.complete, valid=found.valid)


def opening(row: Row, dialogue: str) -> tuple[Message, ...]:
    """Return what is asked first: the rules of *dialogue*, then the job and the screen."""
    assert isinstance(row, ShellRow)
    return (Message("system", system(row, dialogue)), *row.conversation)


def system(row: ShellRow, dialogue: str) -> str:
    """Return the rules of *dialogue*, in the language of *row*."""
    korean, told = row.language == "ko", row.directive == "told"
    words = _KOREAN if korean else _ENGLISH
    form = "shell" if dialogue == SHELL else "json"
    return "\n\n".join(
        (words["told" if told else "discover"] + words[form], words["care"], words[f"{form}-end"])
    )


def shown(screen: str) -> str:
    """Return *screen* as it is shown to a model."""
    return f"<terminal>\n{screen}\n</terminal>"


def asked_again(screen: str, language: str) -> str:
    """Return what is asked where an answer calls the job done, and must say so twice."""
    return f"{shown(screen)}\n\n{_SURE['ko' if language == 'ko' else 'en']}"


def unread(screen: str, language: str) -> str:
    """Return what is said to an answer of which nothing could be read."""
    return f"{_UNREAD['ko' if language == 'ko' else 'en']}\n\n{shown(screen)}"


def answered(dialogue: str, commands: Sequence[str], end: End | None, reason: str) -> str:
    """Return the answer that types *commands* and then ends as *end* says."""
    typed = [command if command.endswith("\n") else f"{command}\n" for command in commands]
    last = f"panic {reason}\n" if end == "panic" else ""
    if dialogue == SHELL:
        return "".join([*typed, last or ("exit\n" if end else "")]) or "true\n"
    lines = [*typed, last] if last else typed
    return json.dumps(
        {
            "analysis": "",
            "plan": "",
            "commands": [{"keystrokes": line, "duration": 0.5} for line in lines],
            "task_complete": end == "exit",
        },
        ensure_ascii=False,
    )


def dialogue_of(messages: Sequence[Message]) -> str:
    """Return the dialogue whose rules stand at the beginning of *messages*."""
    rules = messages[0].content
    return SHELL if any(words["shell"] in rules for words in (_ENGLISH, _KOREAN)) else JSON


def is_doubt(text: str) -> bool:
    """Tell whether a turn of the user asks whether the job is really done."""
    return any(text.endswith(words) for words in _SURE.values())


# The rules of the JSON object are those of shell-mini, to the letter, and how to give up.
_ENGLISH = {
    "told": "You operate a Linux terminal (bash). The user names a job and shows the terminal "
    "between <terminal> tags. After each of your answers you see what your commands printed.",
    "discover": "You operate a Linux terminal (bash). The user shows the terminal between "
    "<terminal> tags. After each of your answers you see what your commands printed.",
    "json": """

Answer with one JSON object and nothing around it:
{
  "analysis": "what the terminal shows, and what is left to do",
  "plan": "what the next commands are for",
  "commands": [{"keystrokes": "text to type, with its newline", "duration": seconds to wait}],
  "task_complete": true once the whole job is done, otherwise false
}""",
    "shell": "\n\nAll that you answer is typed into the terminal as it is.",
    "care": "Look before you change anything, and send only a few commands at a time. There is no "
    "access to the internet. Do not start anything that waits for a key, such as an editor or a "
    "pager.",
    "json-end": "If the job cannot be done, type panic and the reason as the last command.",
    "shell-end": "Type exit on a line of its own once the whole job is done. If it cannot be done, "
    "type panic and the reason on a line of its own.",
}
_KOREAN = {
    "told": "당신은 리눅스 터미널(bash)을 조작합니다. 사용자가 할 일을 알려 주고 <terminal> 태그 "
    "사이에 터미널 화면을 보여 줍니다. 답을 보낼 때마다 명령이 출력한 내용을 볼 수 있습니다.",
    "discover": "당신은 리눅스 터미널(bash)을 조작합니다. 사용자가 <terminal> 태그 사이에 터미널 "
    "화면을 보여 줍니다. 답을 보낼 때마다 명령이 출력한 내용을 볼 수 있습니다.",
    "json": """

앞뒤에 다른 글 없이 JSON 객체 하나로만 답하세요.
{
  "analysis": "화면에서 알 수 있는 것과 남은 일",
  "plan": "다음 명령을 실행하는 이유",
  "commands": [{"keystrokes": "줄바꿈까지 포함한 입력", "duration": 기다릴 시간(초)}],
  "task_complete": 모든 일이 끝났으면 true, 아니면 false
}""",
    "shell": "\n\n답한 내용은 모두 그대로 터미널에 입력됩니다.",
    "care": "무언가를 바꾸기 전에 먼저 확인하고, 한 번에 명령을 몇 개씩만 보내세요. 인터넷에는 "
    "연결되지 않습니다. 편집기나 페이저처럼 키 입력을 기다리는 프로그램은 실행하지 마세요.",
    "json-end": "할 수 없는 일이라면 마지막 명령으로 panic과 그 이유를 입력하세요.",
    "shell-end": "모든 일이 끝나면 한 줄에 exit만 입력하세요. 할 수 없는 일이라면 한 줄에 panic과 "
    "그 이유를 입력하세요.",
}
_SURE = {
    "en": "You call the job done. Nothing can be changed afterwards. If you are sure, answer once "
    "more with task_complete true; otherwise go on.",
    "ko": "모든 일이 끝났다고 답했습니다. 끝낸 뒤에는 아무것도 바꿀 수 없습니다. 확실하면 "
    "task_complete를 true로 하여 한 번 더 답하고, 아니면 계속하세요.",
}
_UNREAD = {
    "en": "Nothing was typed: no command could be read from your answer.",
    "ko": "답에서 명령을 읽을 수 없어 아무것도 입력하지 않았습니다.",
}
