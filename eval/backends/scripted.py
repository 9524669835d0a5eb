"""Answers without a model: from a file, or by a baseline that the suite's kind offers."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ..engine import Account, Answer, Encoder, Options, Prompt, Sampling, Template
from ..errors import UsageError, meant
from ..suites.kinds.kind import Kind, Player, Row, Rule, key_of

VERSION = "scripted/1"
"""Of the rules: another version may answer otherwise."""

SETTINGS = {"noise", "seed"}
"""What baselines may be told."""


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

    def __init__(self, account: Account, rule: Player, rows: Sequence[Row]) -> None:
        """Answer the steps *rows* by *rule*."""
        self.account = account
        self._rule, self._rows = rule, {key_of(row): row for row in rows}

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield the answers in order; *sampling* has no meaning for a rule."""
        for prompt in prompts:
            try:
                text = self._rule(self._rows[prompt.step or prompt.key], prompt.messages)
            except KeyError:
                yield Answer(key=prompt.key, text=None, error="there is no answer to this step")
            else:
                yield Answer(key=prompt.key, text=text, finish_reason="stop")

    def close(self) -> None:
        """Do nothing: nothing is held."""


def open_backend(options: Options, kind: Kind, rows: Sequence[Row]) -> Scripted:
    """Return the baseline of *kind* or the file of answers that `options.model` names.

    Raises UsageError where it is neither, where the file cannot be read, and where it is told to do
    what only a model can.
    """
    if options.adapter is not None:
        raise UsageError("a rule has no adapters", key="--adapter")
    if unread := sorted(set(options.extra) - SETTINGS):
        raise UsageError(f"a rule has no setting {unread[0]}", key="--set")
    revision, path = VERSION, Path(options.model)
    players = kind.staged.players if kind.staged is not None else {}
    if (player := players.get(options.model)) is not None:
        rule = player(rows, options.extra)
    elif (baseline := kind.baselines.get(options.model)) is not None:
        rule = _alike(baseline(rows, options.extra))
    elif path.is_file():
        rule = _alike(from_file(path))
        revision = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        raise _unknown(options.model, kind)
    return Scripted(Account(backend="scripted", versions={}, revision=revision), rule, rows)


def _alike(rule: Rule) -> Player:
    """Return the player that answers a step by *rule*, whatever was said before."""
    return lambda row, said: rule(row)


def _unknown(model: str, kind: Kind) -> UsageError:
    rules = kind.staged.players if kind.staged is not None else kind.baselines
    if not rules:
        return UsageError(
            f"there is no such file of answers: {model}",
            remedy=f"Suites of the kind {kind.name} offer no rules; name a file of answers.",
        )
    return UsageError(
        f"there is no such rule or file of answers: {model}",
        remedy=f"{meant(model, rules)}Rules: {', '.join(rules)}.",
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
