"""Episodes played by rules that know the scenarios: real baselines, without a model."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from ....engine import Setting
from ....errors import UsageError
from ..kind import key_of
from .rows import ShellRow

End = Literal["exit", "panic"]

NOISE = 0.3
"""Share of commands that the noisy oracle spoils, where nobody says another."""

_GIVES_UP: Mapping[str, str] = {"en": "I cannot do this.", "ko": "이 일은 할 수 없습니다."}


class Answer(NamedTuple):
    """What is typed in one turn, and whether the episode ends behind it."""

    commands: tuple[str, ...] = ()
    duration: float = 0.5
    end: End | None = None
    reason: str = ""
    """Why it gives up; only with `panic`."""


Player = Callable[[ShellRow, int, str], Answer]
"""A scenario, the number of the turn from 0 and the screen to what is answered."""

Settings = Mapping[str, Setting]


def oracle(rows: Sequence[ShellRow], settings: Settings) -> Player:
    """Return the rule that does what the reference does, and ends as it does."""
    return lambda row, turn, screen: _right(row, turn)


def nothing(rows: Sequence[ShellRow], settings: Settings) -> Player:
    """Return the rule that exits at once."""
    return lambda row, turn, screen: Answer(end="exit")


def claims_done(rows: Sequence[ShellRow], settings: Settings) -> Player:
    """Return the rule that looks around, and then says that the job is done."""
    return lambda row, turn, screen: (
        Answer(("ls -A\n",)) if turn == 0 else Answer(("echo done\n",), end="exit")
    )


def loops(rows: Sequence[ShellRow], settings: Settings) -> Player:
    """Return the rule that looks around again and again, and never ends."""
    return lambda row, turn, screen: Answer(("ls\n",))


def gives_up(rows: Sequence[ShellRow], settings: Settings) -> Player:
    """Return the rule that gives up at once."""
    return lambda row, turn, screen: Answer(
        end="panic", reason=_GIVES_UP.get(row.language, _GIVES_UP["en"])
    )


def noisy_oracle(rows: Sequence[ShellRow], settings: Settings) -> Player:
    """Return the rule that plays as the reference does, but for a share `noise` of its commands.

    Each command is spoilt with that chance: left out, one word of it changed, or another scenario's
    typed instead. A third as often the wrong end is chosen. What happens in a turn depends on
    `seed`, the scenario and the turn alone. Raises UsageError where noise is not a share.
    """
    noise, seed = settings.get("noise", NOISE), settings.get("seed", 0)
    if isinstance(noise, str | None) or not 0 <= noise <= 1:
        raise UsageError(f"{noise} is not a share between 0 and 1", key="--noise")
    strange = sorted({one for row in rows for turn in row.oracle for one in turn.commands})

    def played(row: ShellRow, turn: int, screen: str) -> Answer:
        chance = random.Random(f"{seed}/{key_of(row)}/{turn}")
        right = _right(row, turn)
        typed: list[str] = []
        for command in right.commands:
            typed += _spoilt(command, strange, chance) if chance.random() < noise else [command]
        answer = right._replace(commands=tuple(typed))
        if right.end is None or chance.random() >= noise / 3:
            return answer
        if right.end == "panic":
            return answer._replace(end="exit", reason="")
        return answer._replace(end="panic", reason=_GIVES_UP.get(row.language, _GIVES_UP["en"]))

    return played


PLAYERS: Mapping[str, Callable[[Sequence[ShellRow], Settings], Player]] = {
    "oracle": oracle,
    "noisy-oracle": noisy_oracle,
    "claims-done": claims_done,
    "loops": loops,
    "gives-up": gives_up,
    "nothing": nothing,
}


def _right(row: ShellRow, turn: int) -> Answer:
    """Return the reference's answer: with its last commands it ends, and behind them it did."""
    end: End = "panic" if row.reason else "exit"
    if turn >= len(row.oracle):
        return Answer(end=end, reason=row.reason)
    commands, duration = row.oracle[turn].commands, row.oracle[turn].duration
    if turn < len(row.oracle) - 1:
        return Answer(commands, duration)
    return Answer(commands, duration, end, row.reason)


def _spoilt(command: str, strange: Sequence[str], chance: random.Random) -> list[str]:
    way = chance.randrange(3)
    if way == 0:
        return []
    if way == 1:
        return [chance.choice(strange)]
    words = command.split(" ")
    words[chance.randrange(len(words))] = "something"
    return [" ".join(words).rstrip("\n") + "\n"]
