"""One episode: a model types in a closed room, turn by turn, until it ends it or a limit does."""

import shlex
from collections.abc import Generator
from contextlib import AbstractContextManager
from functools import cache
from time import monotonic
from typing import Any

from msgspec.structs import replace

from ..... import __version__
from ....engine import Answer, Message, Setting
from ....sandbox.console import Seen
from ....sandbox.room import Room, RoomFailed
from ....sandbox.sandbox import Isolation
from ....sandbox.terminal import stable
from ..kind import Play, Played, Row, Terms, key_of
from . import dialogues, transcript
from .dialogues import CONFIRM, TURNS, Read, ending, opening, shown
from .programs import lacking
from .rows import ShellRow, found
from .transcript import Agent, End, Episode, Facts, Transcript, Typed

COMMAND_SECONDS = 15.0
"""That one command may run, before it is stopped."""
EPISODE_SECONDS = 180.0
"""That the room may be at work in an episode. What the engine takes is not counted: it tells of the
machine, and not of the model."""
CHECK_SECONDS = 60.0
LINE_BYTES = 4000
"""Of a line that is typed: a terminal takes no more."""
MOST_SHOWN = 6000
"""Characters of a screen that a model is shown."""
CUT_ANSWERS = 3
"""Answers in a row that were cut off at their limit of tokens; with the last of them it is over."""
ROOMS = 2
"""In which an episode is begun, before it is given up as nobody's."""


def play(row: Row, terms: Terms) -> Play:
    """Play *row*; where a room fails, begin again in another one, and then give it up unscored."""
    assert isinstance(row, ShellRow)
    if missing := lacking(row):
        return Played(text=None, ended="room", error=f"this machine lacks {', '.join(missing)}")
    failed = ""
    for _ in range(ROOMS):
        try:
            with _room(row, terms) as room:
                return (yield from _played(row, terms, room))
        except RoomFailed as error:
            failed = error.what
    return Played(text=None, ended="room", error=f"the room failed: {failed}")


def _room(row: ShellRow, terms: Terms) -> AbstractContextManager[Room]:
    start = shlex.quote(row.start) if row.start else ""
    profile = f"cd ~/{start}\n"
    return Room(folder=row.folder, profile=profile, isolation=_walls(terms.isolation))


def _walls(isolation: str) -> Isolation | None:
    """Return what `--isolation` means to a room: nothing, unless somebody says that it be open."""
    return "plain" if isolation == "plain" else None


@cache
def account(isolation: str) -> dict[str, Setting]:
    """Return what closes rooms on this machine; raise UsageError where none can be made."""
    return transcript.settings(Room(isolation=_walls(isolation)).evidence)


def _played(row: ShellRow, terms: Terms, room: Room) -> Generator[Any, Answer, Played]:
    began = monotonic()
    room.run_setup(row.setup)
    spent, thought = monotonic() - began, 0.0
    messages = list(opening(row, terms.dialogue))
    steps, screens = transcript.begun(messages), [row.screen]
    hands = _Hands(room, row.screen)
    end: End | None = None
    sure, cut = False, 0
    while end is None:
        answer: Answer = yield tuple(messages)
        thought += answer.seconds or 0.0
        if answer.text is None:
            if answer.finish_reason != "context":
                return Played(text=None, ended="call", error=answer.error or "no answer")
            end = "context"
            break
        read, began = dialogues.read(terms.dialogue, answer.text), monotonic()
        facts, screen = hands.type(read, EPISODE_SECONDS - spent)
        took = monotonic() - began
        spent += took
        complete = read.complete and facts.end is None
        doubted = complete and terms.dialogue == CONFIRM and not sure
        if complete and not doubted:
            facts = replace(facts, end="exit")
        facts = replace(facts, asked_again=doubted, seconds=round(took, 3))
        steps.append(transcript.turn(len(steps) + 1, answer, screen, facts))
        screens.append(screen)
        sure, cut = doubted, cut + 1 if answer.finish_reason == "length" else 0
        messages.append(Message("assistant", answer.text))
        messages.append(Message("user", _next(row, read, screen, doubted=doubted)))
        end = facts.end or _limit(spent, cut, len(screens) - 1)
    began = monotonic()
    verdict = room.check(row.check, seconds=CHECK_SECONDS)
    if verdict.state == "broken":
        raise RoomFailed(f"the check could not be run: {verdict.why}")
    whole = Transcript(
        session_id=key_of(row),
        agent=Agent(name=transcript.AGENT, version=__version__),
        steps=tuple(steps),
        extra=Episode(
            dialogue=terms.dialogue,
            end=end,
            found=found(row.markers, screens),
            passed=verdict.state == "passed",
            why="" if verdict.state == "passed" else _tail(verdict.output),
            killed=room.killed,
            model_seconds=round(thought, 3),
            room_seconds=round(spent + monotonic() - began, 3),
            room=transcript.settings(room.evidence),
        ),
    )
    return Played(text=transcript.encode(whole), ended=end)


def _next(row: ShellRow, read: Read, screen: str, *, doubted: bool) -> str:
    """Return what the model is told after an answer."""
    if doubted:
        return dialogues.asked_again(screen, row.language)
    if not read.lines and not read.valid:
        return dialogues.unread(screen, row.language)
    return shown(screen)


def _limit(spent: float, cut: int, turns: int) -> End | None:
    """Return the limit that an episode has come to."""
    if spent >= EPISODE_SECONDS:
        return "wall"
    if cut >= CUT_ANSWERS:
        return "tokens"
    return "turns" if turns >= TURNS else None


class _Hands:
    """What types the lines of answers, and keeps the screen."""

    def __init__(self, room: Room, screen: str) -> None:
        """Begin at the prompt that *screen* shows."""
        self._terminal, self._screen, self._state = room.terminal, screen, "prompt"

    def type(self, read: Read, seconds: float) -> tuple[Facts, str]:
        """Type what was *read*, as long as *seconds* last; return what came of it, and the screen.

        A command that runs longer than one may is stopped, and so is one whose rest was not typed.
        """
        self._screen = self._screen.rpartition("\n")[2]
        typed: list[Typed] = []
        end, reason, until = None, "", monotonic() + seconds
        for line in read.lines:
            ends = ending(line) if self._state == "prompt" else None
            if ends is not None:
                end, reason = ends
                break
            left = until - monotonic()
            if left <= 0:
                break
            typed.append(self._typed(line, min(COMMAND_SECONDS, left)))
            if self._state == "ended":
                end = "exit"
                break
        if self._state == "continues":
            self._see(self._terminal.interrupt())
            typed[-1] = replace(typed[-1], fault="unfinished")
        screen, cut = _shortened(stable(self._screen).rstrip())
        facts = Facts(
            typed=tuple(typed), valid=read.valid, end=end, reason=reason[:_REASON], cut=cut
        )
        return facts, screen

    def _typed(self, line: str, seconds: float) -> Typed:
        size = len(line.encode("utf-8", "replace"))
        if size > LINE_BYTES:
            self._screen += f"[a line of {size} bytes was not typed: {LINE_BYTES} are the most]\n"
            return Typed(line=line[:MOST_SHOWN], fault="long")
        seen = self._terminal.type(f"{line}\n", seconds)
        self._see(seen)
        fault = seen.state if seen.state in ("running", "flooded") else None
        if fault is not None:
            seen = self._terminal.interrupt()
            self._see(seen)
        status = seen.status if seen.state in ("prompt", "ended") else None
        return Typed(line=line, status=status, fault=fault)

    def _see(self, seen: Seen) -> None:
        """Go on with the screen that was *seen*: behind a program that ran it begins anew, and else
        with the line where the last one ended.
        """
        before, end, line = self._screen.rpartition("\n")
        kept = line if self._state == "running" else ""
        self._screen, self._state = f"{before}{end}{kept}{seen.screen}", seen.state


_REASON = 1000
"""Characters of the reason for which a model gives up."""


def _shortened(screen: str) -> tuple[str, int]:
    """Return *screen* without its middle where it is too long, and how much that was."""
    cut = len(screen) - MOST_SHOWN
    if cut <= 0:
        return screen, 0
    half = MOST_SHOWN // 2
    return f"{screen[:half]}\n[{cut} characters left out]\n{screen[-half:]}", cut


def _tail(output: str) -> str:
    """Return the end of what a check printed: what it was about when it failed."""
    return output.strip()[-500:]
