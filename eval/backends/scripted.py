"""Answers without a model: from a file, or by a rule that knows the references. Real baselines."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ..engine import Account, Answer, Encoder, Options, Prompt, Sampling, Template
from ..errors import UsageError
from ..score.units import WAIT
from ..suites.conversations import key_of
from ..suites.suite import Row, Suite

VERSION = "scripted/1"
"""Of the rules: another version may answer otherwise."""

RULES = ("oracle", "noisy-oracle", "most-frequent", "echo-previous")

Rule = Callable[[Row], str]


class Told(Struct, frozen=True, kw_only=True):
    """One line of a file of answers: the step by its key, or by its ids, and the text."""

    text: str
    key: str | None = None
    task_id: str | None = None
    sample_idx: int | None = None
    step_idx: Annotated[int, Meta(ge=0)] | None = None


class Scripted:
    """A backend that answers by a rule."""

    takes: Literal["tokens", "messages"] = "messages"
    template: Template | None = None
    encoder: Encoder | None = None

    def __init__(self, account: Account, rule: Rule, suite: Suite) -> None:
        """Answer the steps of *suite* by *rule*."""
        self.account = account
        self._rule, self._rows = rule, {key_of(row): row for row in suite.rows}

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield the answers in order; *sampling* has no meaning for a rule."""
        for prompt in prompts:
            try:
                text = self._rule(self._rows[prompt.key])
            except KeyError:
                yield Answer(key=prompt.key, text=None, error="there is no answer to this step")
            else:
                yield Answer(key=prompt.key, text=text, finish_reason="stop")

    def close(self) -> None:
        """Do nothing: nothing is held."""


def open_backend(options: Options, suite: Suite) -> Scripted:
    """Return the rule or the file of answers that `options.model` names.

    Raises UsageError where it is neither, where the file cannot be read, and where it is told to do
    what only a model can.
    """
    if options.adapter is not None:
        raise UsageError("a rule has no adapters", key="--adapter")
    if unread := sorted(set(options.extra) - {"noise", "seed"}):
        raise UsageError(f"a rule has no setting {unread[0]}", key="--set")
    rule, revision = _rule(options, suite), VERSION
    if options.model not in RULES:
        revision = hashlib.sha256(Path(options.model).read_bytes()).hexdigest()
    account = Account(backend="scripted", versions={}, revision=revision)
    return Scripted(account, rule, suite)


def _rule(options: Options, suite: Suite) -> Rule:
    if options.model == "oracle":
        return oracle
    if options.model == "echo-previous":
        return echo_previous
    if options.model == "most-frequent":
        return most_frequent(suite)
    if options.model == "noisy-oracle":
        noise, seed = options.extra.get("noise", 0.3), options.extra.get("seed", 0)
        if isinstance(noise, str | None) or not 0 <= noise <= 1:
            raise UsageError(f"{noise} is not a share between 0 and 1", key="--noise")
        return noisy_oracle(suite, float(noise), f"{seed}")
    path = Path(options.model)
    if not path.is_file():
        raise UsageError(
            f"there is no such rule or file of answers: {options.model}",
            remedy=f"Rules: {', '.join(RULES)}.",
        )
    return from_file(path)


def oracle(row: Row) -> str:
    """Answer as the reference does."""
    return answer(row.ref_command_units, complete=row.ref_task_complete, row=row)


def echo_previous(row: Row) -> str:
    """Answer as the assistant did last in the conversation; at its beginning, do nothing."""
    said = [turn.content for turn in row.messages if turn.role == "assistant"]
    return said[-1] if said else answer((), complete=False)


def most_frequent(suite: Suite) -> Rule:
    """Return the rule that always types the command which references hold most often."""
    counts = Counter(unit for row in suite.rows for unit in row.ref_command_units)
    unit = min(counts, key=lambda unit: (-counts[unit], unit))
    return lambda row: answer((unit,), complete=False)


def noisy_oracle(suite: Suite, noise: float, seed: str) -> Rule:
    """Return the rule that answers as the reference does, but for a share *noise* of its parts.

    Each command is spoilt with that chance: left out, one word of it changed, or another task's
    typed instead. So is the word on completion, and a fifth as often the end of the answer is cut
    off. What happens to a step depends on *seed* and its key alone.
    """
    strange = tuple(sorted({unit for row in suite.rows for unit in row.ref_command_units}))

    def answered(row: Row) -> str:
        chance = random.Random(f"{seed}/{key_of(row)}")
        units: list[str] = []
        for unit in row.ref_command_units:
            units += _spoilt(unit, strange, chance) if chance.random() < noise else [unit]
        complete = row.ref_task_complete != (chance.random() < noise)
        text = answer(units, complete=complete, row=row)
        if chance.random() < noise / 5:
            return text[: chance.randrange(1, len(text))]
        return text

    return answered


def _spoilt(unit: str, strange: Sequence[str], chance: random.Random) -> list[str]:
    way = chance.randrange(3)
    if way == 0:
        return []
    if way == 1:
        return [chance.choice(strange)]
    words = unit.split()
    words[chance.randrange(len(words))] = "something"
    return [" ".join(words)]


def answer(units: Sequence[str], *, complete: bool, row: Row | None = None) -> str:
    """Return an answer in the form that suites ask for, which types *units*."""
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


def from_file(path: Path) -> Rule:
    """Return the rule that gives each step the text that the JSON lines of *path* have for it.

    Raises UsageError, naming the line, where one is no answer.
    """
    texts: dict[str, str] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            told = msgspec.json.decode(line, type=Told)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(str(error), file=f"{path.name}:{number}") from error
        texts[told.key or _key(told, f"{path.name}:{number}")] = told.text
    return lambda row: texts[key_of(row)]


def _key(told: Told, place: str) -> str:
    if told.task_id is None or told.step_idx is None:
        raise UsageError("names no step", file=place, remedy="Give key, or task_id and step_idx.")
    sample = "" if told.sample_idx is None else f".{told.sample_idx}"
    return f"{told.task_id}{sample}/{told.step_idx}"
