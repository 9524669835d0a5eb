"""Recordings of asciinema, versions 1 to 3: what was typed, and what the terminal showed.

Where keys were recorded, a command is what was typed and shown; where the shell marks its prompts
(OSC 133), what stands behind them; else what follows the prompt by which the recording begins. What
none of this tells is left out and counted.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from .conversation import Conversation, Turn, Unreadable, word
from .screen import Place, Screen

INSTRUCTION = (
    "You operate a Linux terminal. What it shows stands between <terminal> tags. "
    "Answer with what you type next, and nothing around it."
)
"""The first turn, which no recording has."""

_KEYS = re.compile(
    r"\x1b\[(?P<args>[0-?]{0,64})[ -/]{0,4}(?P<final>[@-~])"
    r"|\x1b(?:\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[PX^_][^\x1b]{0,4096}\x1b\\)"
    r"|\x1b(?P<alt>O?.)"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    r"|(?P<key>[\x00-\x1f\x7f])",
    re.DOTALL,
)
_HARMLESS = frozenset("\x05\x0b\x0c\x00")
_REPLIES = frozenset("cRntIOuy")
"""What terminals answer to programs: no key was pressed."""
_SHELLS = frozenset(
    {"ash", "bash", "dash", "fish", "ksh", "mksh", "nu", "pwsh", "sh", "tcsh", "zsh"}
)
MOST_COMMANDS = 20_000
"""Typed in one recording."""
_SIGNS = "$#%❯➜»λ"
_PROMPT = re.compile(rf"(?:.*[{_SIGNS}]|.*[~/\w]>|>) ?\Z")
_COMMAND = re.compile(rf"(?P<prompt>.{{0,120}}?(?:[{_SIGNS}]|[~/\w]>) )(?P<typed>\S.*)\Z")
_CONTINUED = re.compile(r"\n> ?")
_VARIES = re.compile(r"[~/][\w.~/+-]*|\d+")


class Command(NamedTuple):
    """What was typed, and where on the screen it begins."""

    place: Place
    text: str


class _Line:
    """A line as it is typed."""

    def __init__(self, place: Place, full_screen: bool, batch: int) -> None:
        self.place, self.full_screen, self.batch = place, full_screen, batch
        self.text = ""
        self.unknown = False
        self.next: Place | None = None
        """Where the first line begins that is typed after the terminal has shown something."""


def is_cast(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a recording of asciinema."""
    version = value.get("version")
    if version == 1:
        return isinstance(value.get("stdout"), list)
    return version in (2, 3) and isinstance(value.get("events"), list)


def cast(value: Mapping[str, Any]) -> Conversation:
    """Read a recording of asciinema. Raises Unreadable where it tells no command."""
    notes = Counter[str]({"events": int(value.get("damaged") or 0)})
    events = _events(value, notes)
    screen = Screen(*_size(value))
    if any(code == "i" for code, _ in events):
        commands = _typed(screen, events, _is_shell(value.get("command")), notes)
    else:
        commands = _seen(screen, events, notes)
    if not commands:
        raise Unreadable(
            "it tells no command: none that was typed and shown, and no prompt that comes again",
            remedy="Record with the keys: asciinema rec --capture-input (--stdin before 3.0).",
        )
    return Conversation(
        turns=_turns(screen, commands, word(value.get("title")), notes),
        shape="asciinema",
        typed=True,
        notes=+notes,
    )


def _is_shell(command: object) -> bool:
    """Tell whether the program that was recorded is a shell; so it is where none is named."""
    if command in (None, ""):
        return True
    words = command.split() if isinstance(command, str) else []
    return bool(words) and words[0].rsplit("/", 1)[-1].lstrip("-") in _SHELLS


def _size(value: Mapping[str, Any]) -> tuple[int, int]:
    """Return columns and rows, as usual where the recording does not tell them."""
    term = value.get("term")
    told = term if isinstance(term, dict) else {}
    columns, rows = told.get("cols", value.get("width")), told.get("rows", value.get("height"))
    return columns if type(columns) is int else 80, rows if type(rows) is int else 24


def _events(value: Mapping[str, Any], notes: Counter[str]) -> list[tuple[str, str]]:
    """Return code and text of each event that is one."""
    found = []
    for one in value["stdout"] if value["version"] == 1 else value["events"]:
        whole = ["", "o", one[1]] if isinstance(one, list) and len(one) == 2 else one
        if (
            isinstance(whole, list)
            and len(whole) == 3
            and isinstance(whole[1], str)
            and isinstance(whole[2], str)
        ):
            found.append((whole[1], whole[2]))
        else:
            notes["events"] += 1
    return found


def _typed(
    screen: Screen, events: list[tuple[str, str]], shell: bool, notes: Counter[str]
) -> list[Command]:
    """Return the lines that were typed at a shell's prompt, and shown there.

    With *shell* the recording begins in one, so that what stands before its first line is a prompt,
    however it looks.
    """
    commands = []
    first: str | None = None if shell else ""
    stretch, shown, bare = None, "", ""
    for line in _lines(screen, events):
        if stretch != (line.place[0], line.next):
            stretch = (line.place[0], line.next)
            shown = screen.between((line.place[0], 0), line.next)
            bare = _bare(shown)
        found = _command(screen, line, shown, bare, notes)
        if found is None:
            continue
        prompt, text = found
        if first is None:
            first = _prompt_of(prompt)
        if prompt and (_prompt_of(prompt) == first or _PROMPT.match(prompt)):
            notes["completed"] += line.unknown
            commands.append(Command(line.place, text))
        else:
            notes["elsewhere"] += 1
    notes["typed"] += len(commands)
    return commands


def _lines(screen: Screen, events: list[tuple[str, str]]) -> list[_Line]:
    """Show all events on *screen*, and return the lines that were ended with Enter meanwhile."""
    lines: list[_Line] = []
    waiting: list[_Line] = []
    line: _Line | None = None
    batch = 0
    for code, data in events:
        if code == "o":
            screen.write(data)
            batch += 1
        for found in _KEYS.finditer(data if code == "i" else ""):
            if found["final"] and (found["final"] in _REPLIES or found["args"] in ("200", "201")):
                continue
            if line is None:
                line = _Line(screen.place, screen.full_screen, batch)
                if waiting and waiting[0].batch != batch:
                    for earlier in waiting:
                        earlier.next = line.place
                    waiting.clear()
            ended = _key(line, found)
            if ended == "enter":
                lines.append(line)
                waiting.append(line)
                if len(lines) > MOST_COMMANDS:
                    raise Unreadable(
                        f"more than {MOST_COMMANDS} lines are typed",
                        remedy="Cut the recording into shorter ones.",
                    )
            if ended:
                line = None
    return lines


def _key(line: _Line, found: re.Match[str]) -> str:
    """Change *line* as a key does; return how it ended, if it did."""
    if found["text"]:
        line.text += found["text"]
        return ""
    key = found["key"]
    if key in ("\r", "\n"):
        return "enter"
    if key in ("\x03", "\x1a") or (key == "\x04" and not line.text):
        return "given up"
    if key in ("\x7f", "\b"):
        line.text = line.text[:-1]
    elif key == "\x15":
        line.text = ""
    elif key == "\x17":
        line.text = re.sub(r"\S*\s*\Z", "", line.text)
    elif key is None or key not in _HARMLESS:
        line.unknown = True
    return ""


def _command(
    screen: Screen, line: _Line, shown: str, bare: str, notes: Counter[str]
) -> tuple[str, str] | None:
    """Return what stands before a typed line and what it was, if the screen shows it.

    *shown* is what stands on the screen from its row until the next line is typed, *bare* the same
    without blanks. A line that is not shown is counted.
    """
    text = line.text.strip()
    if line.full_screen:
        notes["full-screen"] += 1
        return None
    row = screen.line(line.place[0])
    if line.unknown:
        before, text = row[: line.place[1]], row[line.place[1] :].strip()
        if not before or not text or len(row) >= screen.columns:
            notes["unknown-keys"] += 1
            return None
        return before, text
    if not text:
        return None
    if _bare(text) not in bare:
        notes["unseen"] += 1
        return None
    at = shown.find(text)
    return row[: line.place[1]] or (shown[:at].rsplit("\n", 1)[-1] if at >= 0 else ""), text


def _bare(text: str) -> str:
    return "".join(text.split())


def _seen(screen: Screen, events: list[tuple[str, str]], notes: Counter[str]) -> list[Command]:
    """Return the commands that the screen shows behind its prompts."""
    for code, data in events:
        if code == "o":
            screen.write(data)
    marked = _marked(screen)
    if marked:
        notes["marked"] += len(marked)
        return marked
    rows = [screen.line(row).rstrip() for row in range(len(screen.lines))]
    matches = [(row, _COMMAND.match(text)) for row, text in enumerate(rows)]
    shapes = Counter(_prompt_of(one["prompt"]) for _, one in matches if one)
    shapes.update(_prompt_of(f"{text} ") for text in rows if _PROMPT.match(text))
    wanted = next(
        (shape for _, one in matches if one and shapes[shape := _prompt_of(one["prompt"])] > 1),
        None,
    )
    commands = [
        Command((row, len(one["prompt"])), one["typed"])
        for row, one in matches
        if one and _prompt_of(one["prompt"]) == wanted
    ]
    notes["inferred"] += len(commands)
    return commands


def _prompt_of(text: str) -> str:
    """Return what stays the same in a prompt when folder and number change."""
    return _VARIES.sub("*", text)


def _marked(screen: Screen) -> list[Command]:
    """Return what stands between the marks of a prompt's end (B) and of the output's start (C)."""
    commands, start = [], None
    for mark, place in screen.marks:
        if mark == "B":
            start = place
        elif mark == "C" and start is not None:
            text = _CONTINUED.sub("\n", screen.between(start, place).strip())
            if text:
                commands.append(Command(start, text))
            start = None
    return commands


def _turns(
    screen: Screen, commands: list[Command], title: str, notes: Counter[str]
) -> tuple[Turn, ...]:
    """Return the recording as turns: a task, then commands and what the terminal showed."""
    notes["instruction"] += not title
    turns = [Turn(role="system", content=INSTRUCTION)]
    shown, asked = (0, 0), f"{title}\n\n" if title else ""
    for place, group in _grouped(commands):
        screen_text = screen.between(shown, place)
        turns.append(Turn(role="user", content=f"{asked}<terminal>\n{screen_text}\n</terminal>"))
        turns.append(Turn(role="assistant", content="\n".join(group)))
        shown, asked = (place[0], 0), ""
    last = screen.between(shown)
    turns.append(Turn(role="user", content=f"<terminal>\n{last}\n</terminal>"))
    return tuple(turns)


def _grouped(commands: list[Command]) -> list[tuple[Place, list[str]]]:
    """Return commands with those that were typed before anything was shown between them."""
    groups: list[tuple[Place, list[str]]] = []
    for place, text in commands:
        if groups and groups[-1][0] == place:
            groups[-1][1].append(text)
        else:
            groups.append((place, [text]))
    return groups
