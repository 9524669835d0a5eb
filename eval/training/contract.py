"""The training side: what a model is trained on, against what it will be served with."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from ..audit.findings import Finding, found
from ..audit.rendering.encoding import Encoded, Text, encode
from ..audit.sources.engines import taken
from ..audit.sources.sources import Source
from ..errors import UsageError
from ..sandbox.rendering import Job, Limits, Program, run
from .rows import Row, read_rows
from .turns import Trial, cut, faults, jobs_of, mask_of, trial_of

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
    faults: tuple[str, ...] = ()
    """Codes of its findings."""


class Contract(Struct, frozen=True, kw_only=True):
    """What was found of a training file."""

    conversations: tuple[Conversation, ...]
    findings: tuple[Finding, ...]
    """Each code once, with how often and where first."""

    @property
    def figures(self) -> dict[str, float | int | None]:
        """Return how many conversations there are, how long they are, how much is trained."""
        tokens = [one.tokens for one in self.conversations if one.tokens is not None]
        trained = [one.trained for one in self.conversations if one.trained is not None]
        whole = sum(tokens) or sum(one.characters or 0 for one in self.conversations)
        return {
            "conversations": len(self.conversations),
            "faulty": sum(bool(one.faults) for one in self.conversations),
            "turns": sum(one.turns for one in self.conversations),
            "tokens_min": min(tokens, default=None),
            "tokens_median": median(tokens) if tokens else None,
            "tokens_max": max(tokens, default=None),
            "trained_pct": round(100 * sum(trained) / whole, 1) if trained and whole else None,
        }


def contract(
    file: Path,
    served: Source,
    *,
    trained: Source | None = None,
    limit: int | None = None,
    limits: Limits = LIMITS,
) -> Contract:
    """Check that the conversations in *file* are trained as *served* will be asked.

    *trained* is what they are rendered with for training, by default the same. No more than
    *limit* of them are read. Raises UsageError where there is nothing to render with, or nothing
    to render.
    """
    sides = _Sides(
        trained=_program(trained or served),
        served=_program(served),
        tokenizer=(trained or served).tokens.file,
        limits=limits,
    )
    looked = run([Job(program=sides.trained, inspect=True)], limits)[0].inspection
    sides = replace(sides, marks=looked is not None and looked.marks_generation)
    judged = [one for batch in _batches(read_rows(file, limit)) for one in _judged(batch, sides)]
    if not judged:
        raise UsageError("holds no conversation", file=file.name)
    return Contract(
        conversations=tuple(conversation for conversation, _ in judged),
        findings=tuple(_gathered(judged)),
    )


class _Sides(Struct, frozen=True, kw_only=True):
    """What a conversation is rendered with for training and for serving."""

    trained: Program
    served: Program
    tokenizer: Path | None
    limits: Limits
    marks: bool = False
    """Whether the template of the training marks answers."""


_Judged = tuple[Conversation, tuple[Finding, ...]]


def _program(source: Source) -> Program:
    template = taken(source, tools=False)
    if template is None:
        raise UsageError("has no chat template to render with", file=source.name)
    return source.program(template)


def _batches(rows: Iterable[tuple[int, Row | str]]) -> Iterator[list[tuple[int, Row | str]]]:
    """Yield *rows* in batches, as each answer means that all before it is rendered twice more."""
    batch: list[tuple[int, Row | str]] = []
    size = 0
    for number, row in rows:
        batch.append((number, row))
        if isinstance(row, Row):
            size += len(str(row.turns)) * (1 + 2 * _answers(row))
        if size > BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    yield batch


def _answers(row: Row) -> int:
    return sum(turn["role"] == "assistant" for turn in row.turns)


def _judged(batch: list[tuple[int, Row | str]], sides: _Sides) -> Iterator[_Judged]:
    """Yield each conversation of *batch* with its findings, in order."""
    rows = [(line, row) for line, row in batch if isinstance(row, Row)]
    jobs = [job for _, row in rows for job in jobs_of(row, sides.trained, sides.served)]
    renders = iter(run(jobs, sides.limits))
    trials = {line: trial_of(line, row, renders) for line, row in rows}
    encoded = _encoded(list(trials.values()), sides.tokenizer)
    for line, row in batch:
        if isinstance(row, Row):
            yield _conversation(trials[line], encoded.get(line), sides.marks)
        else:
            broken = found("audit-contract-row", reason=row)
            yield Conversation(line=line, turns=0, faults=(broken.code,)), (broken,)


def _encoded(trials: list[Trial], tokenizer: Path | None) -> dict[int, Encoded]:
    if tokenizer is None:
        return {}
    texts = {trial.line: trial.whole.text for trial in trials if trial.whole.text is not None}
    done = encode([Text(text, tokenizer) for text in texts.values()])
    return {line: one for line, one in zip(texts, done, strict=True) if one is not None}


def _conversation(trial: Trial, encoded: Encoded | None, marks: bool) -> _Judged:
    wrong = tuple(faults(trial, encoded, marks))
    text = trial.whole.text
    masked = None if text is None else mask_of(trial, text, encoded, marks)
    conversation = Conversation(
        line=trial.line,
        turns=len(trial.asked),
        characters=None if text is None else len(text),
        tokens=len(cut(trial.row, encoded).ids) if encoded else None,
        trained=None if masked is None else len(masked),
        faults=tuple(dict.fromkeys(one.code for one in wrong)),
    )
    return conversation, wrong


def _gathered(judged: list[_Judged]) -> Iterator[Finding]:
    """Yield each code once: how many conversations it is of, and what it says of the first."""
    first: dict[str, tuple[int, Finding]] = {}
    for conversation, wrong in judged:
        for finding in wrong:
            first.setdefault(finding.code, (conversation.line, finding))
    for code, (line, finding) in sorted(first.items()):
        count = sum(code in conversation.faults for conversation, _ in judged)
        yield replace(finding, values={**finding.values, "line": line, "count": count})
