"""The forms in which answers say what to type: a JSON object, calls of a shell tool, shell text.

References and the answers of models are read by the same functions.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args

from ....engine import well_formed
from ...shapes.calls import calls_in
from ...shapes.conversation import Call
from .answers import Answer, lines
from .units import WAIT

Form = Literal["json", "calls", "shell"]
FORMS: tuple[Form, ...] = get_args(Form)
"""A conversation has the first of these that any of its answers has."""

SHELLS = frozenset(
    {
        "bash", "sh", "shell", "zsh", "terminal", "console", "execute", "exec", "run", "command",
        "bash_command", "bash_tool", "execute_bash", "execute_command", "execute_shell",
        "execute_shell_command", "exec_command", "local_shell", "local_shell_call", "run_bash",
        "run_command", "run_in_terminal", "run_shell", "run_shell_command", "run_terminal_cmd",
        "run_terminal_command", "shell_command", "shell_exec", "terminal_command",
        "container.exec", "computer.bash",
    }
)  # fmt: skip
"""Tools that type what they are given into a shell, by their names in small letters."""
ARGUMENTS = ("command", "cmd", "keystrokes", "commands", "script", "input", "code", "0")
"""Under which argument they take it."""

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})([^`]*)\Z")
_LANGUAGE = re.compile(r"(?:mswea_)?(?:bash|sh|shell|zsh|console|terminal)(?:[-_]\w+)?\Z")
_PROMPTED = re.compile(r"^[$#] ", re.MULTILINE)
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=\S*\Z")
_PATH = re.compile(r"(?:\.{1,2}|~)?/[\w.@+~/-]+\Z")
_SENTENCE = re.compile(r"[^\W\d_]{2,}[.!?:]\Z")
MOST_LINES = 20
"""Of a text without a fence that is taken for commands."""

_FIRST_WORDS = """
    . : [ alias apt apt-get awk base64 basename bash bc break bunzip2 bzip2 cargo cat cd chgrp chmod
    chown clear cmake cmp comm cp crontab curl cut date dd df diff dig dirname dnf docker du echo
    ed emacs env eval exec exit export expr false fg file find fold free gcc gdb git go grep groups
    gunzip gzip head hexdump history hostname htop id ifconfig ip java javac jobs jq kill killall
    kubectl less ln ls lsof make man md5sum mkdir mktemp mount mv mvn nano nc node npm npx od
    openssl passwd paste patch perl pg_dump ping pip pip3 pkill popd printf ps psql pushd pwd pytest
    python python3 readlink realpath rg rm rmdir rsync ruby rustc scp screen sed seq set sh shuf
    sha256sum
    sleep sort source split sqlite3 ssh stat strace strings su sudo sync systemctl tac tail tar tee
    test time timeout tmux top touch tr tree true truncate type ulimit umask umount uname uniq unset
    unxz unzip uv vi vim vmstat wait watch wc wget which while whoami xargs xxd xz yes zcat zip
"""
_COMMANDS = frozenset(_FIRST_WORDS.split())
"""First words by which a line without a fence is taken for a command."""


def read_form(form: Form, text: str) -> Answer:
    """Read what an answer types in a suite whose answers are no JSON; *text* has no thoughts."""
    text = well_formed(text)
    if form == "calls":
        return Answer(command_units=tuple(called(calls_in(text))))
    return Answer(command_units=tuple(shell_units(text)))


def called(calls: Sequence[Call]) -> Iterator[str]:
    """Yield the units that *calls* of a shell type; a call that types nothing waits."""
    for call in calls:
        for keys in keystrokes(call) or ():
            yield from lines(keys) or (WAIT,)


def keystrokes(call: Call) -> tuple[str, ...] | None:
    """Return what *call* gives a shell to type; `None` where it calls no shell."""
    if call.name.casefold() not in SHELLS and call.name.casefold().split(".")[-1] not in SHELLS:
        return None
    if isinstance(call.arguments, str):
        return (call.arguments,) if call.arguments.strip() else None
    said = next((call.arguments[key] for key in ARGUMENTS if key in call.arguments), None)
    if isinstance(said, str):
        return (said,)
    if not isinstance(said, list) or not said:
        return None
    if all(isinstance(one, str) for one in said):
        return (_joined(said),) if "commands" not in call.arguments else tuple(said)
    found = tuple(_inner(one) for one in said)
    return tuple(one for one in found if one is not None) or None


def _joined(words: list[str]) -> str:
    """Return the line that a list of words is, `bash -lc LINE` being the line itself."""
    shell = words[0].rsplit("/", 1)[-1] in ("bash", "sh", "zsh")
    return words[2] if shell and words[1:-1] in (["-c"], ["-lc"]) else shlex.join(words)


def _inner(one: Any) -> str | None:
    if not isinstance(one, dict):
        return None
    said = next((one[key] for key in ("keystrokes", "command", "cmd") if key in one), None)
    return said if isinstance(said, str) else None


def shell_units(text: str) -> Iterator[str]:
    """Yield what shell text types: its fenced blocks of shell code, or all of its lines."""
    blocks = fenced(text)
    if blocks is None:
        yield from lines(text)
        return
    for block in blocks:
        yield from lines(block)


def fenced(text: str) -> tuple[str, ...] | None:
    """Return the fenced blocks of shell code in *text*; `None` where there is no fence at all.

    Blocks that name no language count where none names a shell's.
    """
    blocks = list(_blocks(text))
    if not blocks:
        return None
    shells = [body for language, body in blocks if _LANGUAGE.match(language.split(" ")[0])]
    chosen = shells or [body for language, body in blocks if not language]
    return tuple(_without_prompts(body) for body in chosen)


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield language and body of each fenced block; one that nobody closes goes to the end."""
    language, fence, body = "", "", list[str]()
    for line in text.split("\n"):
        if fence and line.strip() == fence:
            yield language, "\n".join(body)
            fence = ""
        elif fence:
            body.append(line)
        elif opened := _FENCE.match(line):
            fence, language, body = opened[1], opened[2].strip().casefold(), []
    if fence:
        yield language, "\n".join(body)


def _without_prompts(block: str) -> str:
    """Return what is typed in a *block* that shows prompts and output; any other as it is."""
    if not _PROMPTED.search(block):
        return block
    typed = [line[2:] for line in block.split("\n") if line.startswith("$ ")]
    return "\n".join(typed) if typed else block


def looks_typed(text: str) -> bool:
    """Tell whether a text without a fence can be nothing but commands.

    Its lines begin with a known command or with a path, and none reads like a sentence.
    """
    typed = lines(text)
    return 0 < len(typed) <= MOST_LINES and all(map(_is_command, typed))


def _is_command(line: str) -> bool:
    words = line.split()
    while len(words) > 1 and _ASSIGNED.match(words[0]):
        words = words[1:]
    first = words[0]
    if len(words) > 2 and _SENTENCE.search(words[-1][-40:]):
        return False
    return first in _COMMANDS or bool(_PATH.match(first))
