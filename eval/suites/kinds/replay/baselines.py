"""Answers to replays by rules that know the references: real baselines, without a model."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ....engine import Setting
from ....errors import UsageError
from ...conversations import without_thoughts
from ...shapes.calls import printed
from ...shapes.conversation import Call
from ..kind import Row, Rule, key_of
from .forms import Form
from .rows import ReplayRow
from .units import WAIT

Settings = Mapping[str, Setting]


def oracle(rows: Sequence[Row], settings: Settings) -> Rule:
    """Return the rule that answers as the reference does."""
    return right


def echo_previous(rows: Sequence[Row], settings: Settings) -> Rule:
    """Return the rule that repeats the last answer in the conversation, and does nothing before."""
    return repeated


def most_frequent(rows: Sequence[Row], settings: Settings) -> Rule:
    """Return the rule that always types the command which references hold most often."""
    counts = Counter(unit for row in _replays(rows) for unit in row.ref_command_units)
    unit = min(counts, key=lambda unit: (-counts[unit], unit))
    return lambda row: answer((unit,), complete=False, form=_form(row))


def noisy_oracle(rows: Sequence[Row], settings: Settings) -> Rule:
    """Return the rule that answers as the reference does, but for a share `noise` of its parts.

    Each command is spoilt with that chance: left out, one word of it changed, or another task's
    typed instead. So is the word on completion, and a fifth as often the end of the answer is cut
    off. What happens to a step depends on `seed` and its key alone. Raises UsageError where noise
    is not a share.
    """
    noise, seed = settings.get("noise", 0.3), settings.get("seed", 0)
    if isinstance(noise, str | None) or not 0 <= noise <= 1:
        raise UsageError(f"{noise} is not a share between 0 and 1", key="--noise")
    strange = tuple(sorted({unit for row in _replays(rows) for unit in row.ref_command_units}))

    def answered(row: Row) -> str:
        chance = random.Random(f"{seed}/{key_of(row)}")
        (replay,) = _replays([row])
        units: list[str] = []
        for unit in replay.ref_command_units:
            units += _spoilt(unit, strange, chance) if chance.random() < noise else [unit]
        complete = replay.ref_task_complete != (chance.random() < noise)
        text = answer(units, complete=complete, row=replay, form=_form(row))
        if chance.random() < noise / 5:
            return text[: chance.randrange(1, len(text))]
        return text

    return answered


BASELINES = {
    "oracle": oracle,
    "noisy-oracle": noisy_oracle,
    "most-frequent": most_frequent,
    "echo-previous": echo_previous,
}


def right(row: Row) -> str:
    """Answer as the reference does."""
    (replay,) = _replays([row])
    if _form(row) != "json":
        return without_thoughts(replay.ref_raw)
    return answer(replay.ref_command_units, complete=replay.ref_task_complete, row=replay)


def repeated(row: Row) -> str:
    """Answer as the assistant did last in the conversation; at its beginning, do nothing."""
    (replay,) = _replays([row])
    said = [turn for turn in replay.messages if turn.role == "assistant"]
    if said:
        return "\n".join(filter(None, [said[-1].text, printed(said[-1].tool_calls)]))
    return answer((), complete=False, form=_form(row))


def answer(
    units: Sequence[str], *, complete: bool, row: ReplayRow | None = None, form: Form = "json"
) -> str:
    """Return an answer in the *form* that a suite asks for, which types *units*."""
    if form == "shell":
        return "\n".join(["```bash", *(unit for unit in units if unit != WAIT), "```"])
    if form == "calls":
        typed = ("" if unit == WAIT else unit for unit in units)
        return printed(tuple(Call(name="bash", arguments={"command": one}) for one in typed))
    commands = [{"keystrokes": "" if unit == WAIT else f"{unit}\n"} for unit in units]
    return json.dumps(
        {
            "analysis": row.ref_analysis if row else "",
            "plan": row.ref_plan if row else "",
            "commands": commands,
            "task_complete": complete,
        },
        ensure_ascii=False,
    )


def _form(row: Row) -> Form:
    (replay,) = _replays([row])
    return replay.form or "json"


def _replays(rows: Iterable[Row]) -> list[ReplayRow]:
    """Return *rows* as what they are: no other kind's come here."""
    return [row for row in rows if isinstance(row, ReplayRow)]


def _spoilt(unit: str, strange: Sequence[str], chance: random.Random) -> list[str]:
    way = chance.randrange(3)
    if way == 0:
        return []
    if way == 1:
        return [chance.choice(strange)]
    words = unit.split()
    words[chance.randrange(len(words))] = "something"
    return [" ".join(words)]
