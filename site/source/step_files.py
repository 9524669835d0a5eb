"""The files that hold every step of a model, and every prompt of a suite, for pages to load."""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ...board.model import Board, Boards, Entry
from ...board.words.catalogue import Words
from ...board.workspace.settings import Suite as Known
from ...eval.metrics import Metric
from ...eval.suites.kinds.kind import Line, Row, Saying
from ...eval.suites.suite import Suite
from ..data.manifest import STEPS
from ..frame.security import printable
from .result_texts import Texts, stand_in
from .steps import (
    Beside,
    Telling,
    Told,
    beside,
    best_of,
    most_telling,
    names_of,
    per_step,
    steps_of,
    values_of,
)

MOST_WRITTEN = 150 * 2**20
"""Bytes of such files on a site; the best ranks of the first boards come first."""
MOST_PROMPTS = 64 * 2**20
"""Letters of a suite's different messages; a larger suite keeps its prompts to itself."""
MOST_LISTED = 20_000
"""Steps of all results of a site up to which they are listed for browsers without scripts."""
EACH = 3
"""Steps behind and ahead of the field that a model's page names."""


class StepRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step as its file has it: `Told`, with scores in the order of the suite's metrics."""

    key: str
    step: str
    task: str
    number: int
    trial: int | None = None
    value: float | None = None
    scores: list[str | None] = []
    finish: str | None = None
    groups: dict[str, str] = {}
    answer: str | None = None
    reference: str | None = None
    lines: list[tuple[str, str | int]] = []
    """Mark, and a text, or the place of a sentence among those of the reader's language."""
    error: str | None = None
    anchor: str | None = None


class StepFile(Struct, frozen=True, kw_only=True):
    """All steps of a result; a step's sentences stand once, in each language."""

    version: int = 1
    steps: list[StepRow]
    said: dict[str, list[str]]


class FieldFile(Struct, frozen=True, kw_only=True):
    """How the ranked entries of a board do on each step: models, median, with a full score."""

    version: int = 1
    steps: dict[str, tuple[int, float, int]]


class PromptFile(Struct, frozen=True, kw_only=True):
    """What a suite asks at each step: places of messages, which steps of a task share."""

    version: int = 1
    messages: list[tuple[str, str]]
    """Role and text."""
    steps: dict[str, list[int]]


class Explored(Struct, frozen=True, kw_only=True):
    """The file of a result's steps, and what a page tells of it."""

    path: str
    """Below the folder of data."""
    size: int
    steps: int
    prompts: bool
    """Whether the suite at hand holds the very same steps."""
    values: dict[str, float]
    """Of each step, as the ranked metric is printed."""
    places: dict[str, tuple[int, str]]
    """Where the first answer to each step stands in the file, and its key."""


class StepField(Struct, frozen=True, kw_only=True):
    """The steps of a board: how its entries do on each, and what they are asked."""

    known: Known
    beside: dict[str, Beside]
    tasks: dict[str, tuple[str, int]]
    """Task and number of each step, in the suite's order."""
    path: str | None
    """Of the file with the same figures."""
    prompts: str | None
    """Of the file of prompts, where the suite is at hand."""
    suite: Suite | None

    def telling(self, one: Explored) -> tuple[tuple[Telling, ...], tuple[Telling, ...]]:
        """Return the steps on which a result is furthest behind and ahead of the field."""
        return most_telling(one.values, self.beside, self.tasks, self.known.ranked, EACH)

    def alone(self, one: Explored, *, ranked: bool) -> tuple[int, int]:
        """Return how many steps all others have right and a result has not, and the reverse.

        *ranked* says whether it is of the field itself.
        """
        best = best_of(self.known)
        failed = solved = 0
        for step, value in one.values.items():
            field = self.beside.get(step)
            if field is None or best is None or (others := field.models - ranked) < 1:
                continue
            right = abs(value - best) < 1e-6
            solvers = field.full - (right and ranked)
            failed += not right and solvers == others
            solved += right and solvers == 0
        return failed, solved


class StepFiles(Struct, frozen=True, kw_only=True):
    """All such files of a site."""

    folder: Path | None = None
    explored: dict[str, Explored] = {}
    """By result id."""
    fields: dict[int, StepField] = {}
    """By the number of the board."""
    left_out: int = 0
    """Results whose steps would have gone beyond the most that a site holds."""

    def read(self, one: Explored) -> StepFile:
        """Return the steps of a result, read from their file."""
        assert self.folder is not None, "what was explored was written"
        return read_packed((self.folder / one.path).read_bytes())


def read_packed(content: bytes) -> StepFile:
    """Return what a file of steps holds."""
    return msgspec.json.decode(zlib.decompress(content, wbits=31), type=StepFile)


def write_step_files(
    boards: Boards, texts: Texts, folder: Path, words: Mapping[str, Words]
) -> StepFiles:
    """Write the steps of every result that holds some into *folder*, the folder of data."""
    explored: dict[str, Explored] = {}
    fields: dict[int, StepField] = {}
    room, left_out = MOST_WRITTEN, 0
    for number, board in enumerate(boards.boards):
        tasks: dict[str, tuple[str, int]] = {}
        for entry in board.entries:
            told = _steps(texts, board.suite, entry)
            if not told:
                continue
            if room <= 0:
                left_out += 1
                continue
            found = _explored(told, board.suite, entry, texts, folder, words)
            room -= found.size
            explored[entry.result_id] = found
            if entry.rank is not None:
                tasks |= {one.step: (one.task, one.number) for one in told if one.step not in tasks}
        if here := [e for e in board.entries if e.result_id in explored]:
            fields[number] = _field(board, here, explored, tasks, texts, folder)
    for entry in boards.unplaced:
        suite = stand_in(entry)
        if room > 0 and (told := _steps(texts, suite, entry)):
            found = _explored(told, suite, entry, texts, folder, words)
            room -= found.size
            explored[entry.result_id] = found
    return StepFiles(folder=folder, explored=explored, fields=fields, left_out=left_out)


def _steps(texts: Texts, suite: Known, entry: Entry) -> tuple[Told, ...]:
    result = texts.result(entry)
    return () if result is None else steps_of(result, suite)


def _explored(
    told: Sequence[Told],
    suite: Known,
    entry: Entry,
    texts: Texts,
    folder: Path,
    words: Mapping[str, Words],
) -> Explored:
    content = step_file(told, suite, words)
    path, size = _write(folder, entry.slug[:60], msgspec.json.encode(content))
    places: dict[str, tuple[int, str]] = {}
    for at, one in enumerate(told):
        places.setdefault(one.step, (at, printable(one.key)))
    return Explored(
        path=path,
        size=size,
        steps=len(told),
        prompts=texts.suite(suite, entry) is not None,
        places=places,
        values={step: round(value, 6) for step, value in values_of(told).items()},
    )


def step_file(told: Sequence[Told], suite: Known, words: Mapping[str, Words]) -> StepFile:
    """Return what the file of these steps holds."""
    metrics = per_step(suite)
    places: dict[tuple[tuple[str, tuple[tuple[str, object], ...]], ...], int] = {}
    said: dict[str, list[str]] = {one: [] for one in words}

    def line(one: Line) -> tuple[str, str | int]:
        if not one.said or not all(_has(words, suite.kind, part) for part in one.said):
            return one.mark, printable(one.text)
        key = tuple((part.key, tuple(sorted(part.values.items()))) for part in one.said)
        if key not in places:
            places[key] = len(places)
            for language, sayings in said.items():
                parts = (
                    words[language].of_kind(suite.kind, part.key, **part.values)
                    for part in one.said
                )
                sayings.append(printable(" – ".join(parts)))
        return one.mark, places[key]

    # A fact without words is one that a file made up.
    rows = [_row(one, metrics, [x for x in map(line, one.lines) if x[1] != ""]) for one in told]
    return StepFile(steps=rows, said=said)


def _has(words: Mapping[str, Words], kind: str, part: Saying) -> bool:
    return all(one.has(f"{kind}:{part.key}") for one in words.values())


def _row(one: Told, metrics: Sequence[Metric], lines: list[tuple[str, str | int]]) -> StepRow:
    def clean(text: str | None) -> str | None:
        return None if text is None else printable(text)

    return StepRow(
        key=printable(one.key),
        step=printable(one.step),
        task=printable(one.task),
        number=one.number,
        trial=one.trial,
        value=None if one.value is None else round(one.value, 6),
        scores=[one.scores.get(metric.id) for metric in metrics],
        finish=clean(one.finish),
        groups={printable(name): printable(group) for name, group in one.groups.items()},
        answer=clean(one.answer),
        reference=clean(one.reference),
        lines=lines,
        error=clean(one.error),
        anchor=one.anchor,
    )


def _field(
    board: Board,
    here: Sequence[Entry],
    explored: Mapping[str, Explored],
    tasks: dict[str, tuple[str, int]],
    texts: Texts,
    folder: Path,
) -> StepField:
    """Return the steps of *board*, of which *here* are the entries whose steps are at hand."""
    ranked = [explored[entry.result_id].values for entry in here if entry.rank is not None]
    found = beside(ranked, board.suite)
    slug = f"{board.suite.slug}-{board.class_}"
    told = {step: (one.models, round(one.median, 6), one.full) for step, one in found.items()}
    path, _ = _write(folder, slug, msgspec.json.encode(FieldFile(steps=told)))
    suite = next((s for entry in here if (s := texts.suite(board.suite, entry))), None)
    prompts = None
    if suite is not None and (content := prompt_file(suite.rows)) is not None:
        prompts, _ = _write(folder, f"{slug}.prompts", msgspec.json.encode(content))
    if suite is not None:
        order = names_of([row.key for row in suite.rows])
        tasks |= {
            name: (row.task_id, row.step_idx + 1)
            for name, row in zip(order, suite.rows, strict=True)
        }
        tasks = {name: tasks[name] for name in dict.fromkeys((*order, *tasks))}
    return StepField(
        known=board.suite,
        beside=found,
        tasks=tasks,
        path=path,
        prompts=prompts,
        suite=suite,
    )


def prompt_file(rows: Sequence[Row]) -> PromptFile | None:
    """Return what is asked at each of *rows*; `None` where that is more than a site bears."""
    places: dict[tuple[str, str], int] = {}
    steps: dict[str, list[int]] = {}
    letters = 0
    for name, row in zip(names_of([row.key for row in rows]), rows, strict=True):
        steps[printable(name)] = numbers = []
        for message in messages_of(row):
            if message not in places:
                letters += len(message[1])
                if letters > MOST_PROMPTS:
                    return None
                places[message] = len(places)
            numbers.append(places[message])
    return PromptFile(messages=list(places), steps=steps)


def messages_of(row: Row) -> Iterator[tuple[str, str]]:
    """Yield role and text of all that is asked; tools, and what is no text, as JSON."""
    if row.tools:
        yield "tools", printable(_json(row.tools))
    for message in row.conversation:
        beside = f"\n{_json(message.beside)}" if message.beside else ""
        yield printable(message.role), printable(f"{message.content}{beside}".strip("\n"))


def _json(value: object) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=1)


def _write(folder: Path, name: str, content: bytes) -> tuple[str, int]:
    """Write *content*, packed, under a name that holds its hash; return its path and size.

    The packed bytes know neither a time nor a system.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    tail = zlib.crc32(content).to_bytes(4, "little") + (len(content) % 2**32).to_bytes(4, "little")
    path = f"{STEPS}/{name}.{hashlib.sha256(content).hexdigest()[:12]}.json.gz"
    (folder / STEPS).mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(head + packed + tail)
    return path, len(packed) + 18
