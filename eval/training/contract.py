"""The training side: what a model is trained on, against what it will be served with."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from ..audit.findings import CODES, Finding, found
from ..audit.rendering.encoding import Encoded, Text, encode
from ..audit.sources.engines import taken
from ..audit.sources.sources import Source
from ..errors import UsageError
from ..sandbox.rendering import Job, Limits, Program, run
from ..suites.conversations import Rule
from .rows import Row, read_rows
from .rules import Turn, ordered, split, turns_of
from .turns import Sides, Trial, check, cut, jobs_of, trial_of

LIMITS = Limits(
    seconds=20.0,
    seconds_in_all=float("inf"),
    memory_bytes=1 << 30,
    characters=16_000_000,
    output_bytes=1 << 30,
)
"""Real conversations are longer than probes, and there are more of them."""
BATCH_CHARACTERS = 8_000_000
"""Of all renders of one process, about."""


class Conversation(Struct, frozen=True, kw_only=True):
    """One line of the training file; `None` where it could not be counted."""

    line: int
    turns: int
    """Answers of the model."""
    characters: int | None = None
    tokens: int | None = None
    trained: int | None = None
    """Tokens that the mask covers; letters where no tokenizer is at hand."""
    label: bool | None = None
    """Whether it is wanted, where the file is of such as are and such as are not."""
    faults: tuple[str, ...] = ()
    """Codes of its findings."""

    @property
    def broken(self) -> bool:
        """Tell whether one of its findings is an error."""
        return any(CODES[code][1] == "error" for code in self.faults)


class Contract(Struct, frozen=True, kw_only=True):
    """What was found of a training file."""

    conversations: tuple[Conversation, ...]
    findings: tuple[Finding, ...]
    """Each code once, with how often and where first."""

    @property
    def broken(self) -> bool:
        """Tell whether something was found that is an error."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def unwanted(self) -> int:
        """Return how many conversations are marked as not wanted."""
        return sum(one.label is False for one in self.conversations)

    @property
    def figures(self) -> dict[str, float | int | None]:
        """Return how many conversations there are, how long they are, how much is trained."""
        tokens = [one.tokens for one in self.conversations if one.tokens is not None]
        trained = [one.trained for one in self.conversations if one.trained is not None]
        whole = sum(tokens) or sum(one.characters or 0 for one in self.conversations)
        labels = Counter(one.label for one in self.conversations if one.label is not None)
        counts = {"wanted": labels[True], "unwanted": labels[False]} if labels else {}
        return {
            "conversations": len(self.conversations),
            "faulty": sum(_is_faulty(one) for one in self.conversations),
            **counts,
            "turns": sum(one.turns for one in self.conversations),
            "tokens_min": min(tokens, default=None),
            "tokens_median": median(tokens) if tokens else None,
            "tokens_max": max(tokens, default=None),
            "trained_pct": round(100 * sum(trained) / whole, 1) if trained and whole else None,
        }


class Example(Struct, frozen=True, kw_only=True):
    """A conversation as it is trained on."""

    line: int
    text: str
    spans: tuple[tuple[int, int], ...]
    """Where each token begins and ends in the text, in characters."""
    ids: tuple[int, ...]
    mask: frozenset[int]
    """Places of the tokens that are learnt."""


class Terms(Struct, frozen=True, kw_only=True):
    """How conversations are trained and served."""

    rules: tuple[Rule, ...] = ()
    """Changes that are made for training."""
    served_rules: tuple[Rule, ...] | None = None
    """Those that whoever asks the model makes; `None` for the same."""
    each: bool = False
    """Whether each answer is trained as the end of a conversation of its own."""
    derived: bool = False
    """Whether the mask is made here, in the place of marks and labels."""


def terms_of(
    rules: Sequence[str], served: Sequence[str], *, each: bool, derived: bool = False
) -> Terms:
    """Return terms with the *rules* of the training; *served* is `none` alone, or others.

    Raises UsageError where `none` stands beside a rule.
    """
    if "none" in served and set(served) != {"none"}:
        raise UsageError("none stands beside a rule", key="--served-rule")
    chosen = ordered(served) if served else None
    return Terms(rules=ordered(rules), served_rules=chosen, each=each, derived=derived)


def contract(
    file: Path,
    served: Source,
    *,
    trained: Source | None = None,
    terms: Terms | None = None,
    limit: int | None = None,
    limits: Limits = LIMITS,
    take: Callable[[Example], None] | None = None,
) -> Contract:
    """Check that the conversations in *file* are trained as *served* will be asked.

    *trained* is what they are rendered with for training, by default the same. No more than
    *limit* of them are read. *take* is given what is to be trained of each that has no fault which
    is an error. Raises UsageError where there is nothing to render with, or nothing to render.
    """
    terms = terms or Terms()
    sides = Sides(
        trained=_program(trained or served),
        served=_program(served),
        rules=terms.rules,
        served_rules=terms.rules if terms.served_rules is None else terms.served_rules,
        stops=served.tokens.stops,
        derived=terms.derived,
    )
    looked = run([Job(program=sides.trained, inspect=True)], limits)[0].inspection
    sides = replace(sides, marks=looked is not None and looked.marks_generation)
    check = _Check(sides, (trained or served).tokens.file, limits, take)
    lines = _lines(read_rows(file, limit), terms.each)
    judged = [one for batch in _batches(lines, sides) for one in check.judged(batch)]
    if not judged:
        raise UsageError("holds no conversation", file=file.name)
    return Contract(
        conversations=tuple(conversation for conversation, _ in judged),
        findings=tuple(_gathered(judged)),
    )


_Judged = tuple[Conversation, tuple[Finding, ...]]


class _Line(Struct, frozen=True, kw_only=True):
    """A conversation of the file, or a part of one, or what is wrong with it."""

    number: int
    row: Row | None = None
    turns: tuple[Turn, ...] = ()
    """As they stand in the file."""
    reason: str = ""


def _program(source: Source) -> Program:
    template = taken(source, tools=False)
    if template is None:
        raise UsageError("has no chat template to render with", file=source.name)
    return source.program(template)


def _lines(rows: Iterable[tuple[int, Row | str]], each: bool) -> Iterator[_Line]:
    """Yield each conversation, or where *each* answer is trained by itself, each of its parts."""
    for number, row in rows:
        if isinstance(row, str):
            yield _Line(number=number, reason=row)
            continue
        try:
            turns = turns_of(row.turns, row.untrained)
        except ValueError as error:
            yield _Line(number=number, reason=str(error))
            continue
        if not any(turn.learnt for turn in turns):
            yield _Line(number=number, reason="no answer that is trained")
            continue
        for part in split(turns) if each else (turns,):
            yield _Line(number=number, row=row, turns=part)


def _batches(lines: Iterable[_Line], sides: Sides) -> Iterator[list[tuple[_Line, list[Job]]]]:
    """Yield *lines* with their renders, in batches: each answer means all before it once more."""
    batch: list[tuple[_Line, list[Job]]] = []
    size = 0
    for line in lines:
        jobs: list[Job] = []
        if line.row is not None:
            try:
                jobs = jobs_of(line.row, line.turns, sides)
            except ValueError as error:
                line = _Line(number=line.number, reason=str(error))
        batch.append((line, jobs))
        size += len(str(line.turns)) * len(jobs)
        if size > BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    yield batch


class _Check(NamedTuple):
    """What a conversation is held to."""

    sides: Sides
    tokenizer: Path | None
    limits: Limits
    take: Callable[[Example], None] | None

    def judged(self, batch: list[tuple[_Line, list[Job]]]) -> Iterator[_Judged]:
        """Yield each conversation of *batch* with its findings, in order."""
        renders = iter(run([job for _, jobs in batch for job in jobs], self.limits))
        trials = [
            trial_of(line.number, line.row, line.turns, self.sides, renders) if line.row else None
            for line, _ in batch
        ]
        encoded = iter(self._encoded([trial for trial in trials if trial is not None]))
        for (line, _), trial in zip(batch, trials, strict=True):
            if trial is not None:
                yield self._conversation(trial, *next(encoded))
            else:
                broken = found("audit-contract-row", reason=line.reason)
                conversation = Conversation(line=line.number, turns=0, faults=(broken.code,))
                yield conversation, (broken,)

    def _encoded(
        self, trials: Sequence[Trial]
    ) -> Iterator[tuple[Encoded | None, tuple[Encoded, ...]]]:
        """Yield the tokens of each trial, and of the prompts that begin as it does."""
        texts = [_texts(trial) for trial in trials]
        done: Iterator[Encoded | None] = iter(())
        if self.tokenizer is not None:
            done = iter(encode([Text(one, self.tokenizer) for some in texts for one in some]))
        for some in texts:
            told = [next(done, None) for _ in some]
            known = [one for one in told if one is not None]
            if len(known) == len(told) and known:
                yield known[0], tuple(known[1:])
            else:
                yield None, ()

    def _conversation(
        self, trial: Trial, encoded: Encoded | None, prompts: Sequence[Encoded]
    ) -> _Judged:
        checked = check(trial, encoded, prompts, self.sides)
        text, mask = trial.whole.text, checked.mask
        tokens = encoded
        if tokens is not None and not self.sides.derived:
            tokens = cut(trial.row.made, tokens)
        conversation = Conversation(
            line=trial.line,
            turns=len(trial.asked),
            characters=None if text is None else len(text),
            tokens=len(tokens.ids) if tokens else None,
            trained=None if mask is None else len(mask),
            label=trial.row.wanted,
            faults=tuple(dict.fromkeys(one.code for one in checked.faults)),
        )
        wanted = not conversation.broken and conversation.label is not False
        if self.take and wanted and text is not None and tokens is not None and mask is not None:
            ids, spans = tokens.ids, tokens.spans
            self.take(Example(line=trial.line, text=text, spans=spans, ids=ids, mask=mask))
        return conversation, checked.faults


def _texts(trial: Trial) -> list[str]:
    """Return the texts of which the tokens are to be known: the whole, and each prompt in it."""
    text = trial.whole.text
    if text is None:
        return []
    served = [one.served.text for one in trial.asked]
    if all(one is not None and text.startswith(one) for one in served):
        return [text, *(one for one in served if one is not None)]
    return [text]


def _is_faulty(conversation: Conversation) -> bool:
    return any(CODES[code][1] != "info" for code in conversation.faults)


def _gathered(judged: list[_Judged]) -> Iterator[Finding]:
    """Yield each code once: how many conversations it is of, and what it says of the first."""
    first: dict[str, tuple[int, Finding]] = {}
    for conversation, wrong in judged:
        for finding in wrong:
            first.setdefault(finding.code, (conversation.line, finding))
    for code, (line, finding) in sorted(first.items()):
        count = sum(code in conversation.faults for conversation, _ in judged)
        yield replace(finding, values={**finding.values, "line": line, "count": count})
