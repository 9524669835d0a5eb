"""From readings to boards: recognise, judge, choose, rank."""

import hashlib
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, get_args

from msgspec.structs import replace

from ...eval.records import value
from ..model import Board, Boards, Class, Entry, Reading
from ..notes.notes import rules
from ..read.cache import kept_or_made
from ..read.reader import read_results
from ..statistics.measurement import Kept
from ..words.findings import JUDGING, Finding
from ..words.findings import reading as finding_on_file
from ..words.names import slugs
from ..workers import collector_paused
from ..workspace.settings import Workspace
from ..workspace.store import check_locked
from .attempts import Judged, Line, Times, attempt, choose
from .claims import corrected
from .comparability import compare
from .identity import Placed, models_of, told
from .judge import blocks, judge
from .neighbours import compared
from .profiles import Named
from .ranking import rank
from .recognition import recognise
from .resolution import resolve, worth_of

Progress = Callable[[int, int], None]

CLASSES: tuple[Class, ...] = get_args(Class)
RANKABLE_KINDS = ("result", "partial", "postprocessed", "published-table")


def load_boards(workspace: Workspace, *, progress: Progress | None = None) -> Boards:
    """Read every file of the workspace's results and return its boards."""
    rules(workspace.settings)  # a mistake in a note is told before anything is read
    cache = workspace.root / ".cardboard" / "readings.sqlite"
    with collector_paused():
        readings = read_results(
            workspace.results,
            cache=cache,
            progress=progress,
            workers=None,
            tables=workspace.tables,
        )
        check_locked(workspace.root, workspace.settings.results.source, _hashes(readings))
        return build_boards(readings, workspace, kept=partial(kept_or_made, cache))


def _hashes(readings: Iterable[Reading]) -> Iterator[tuple[str, str]]:
    """Yield the name and hash of every file that was read, and of those that were read along."""
    for reading in readings:
        yield reading.file, reading.sha256
        for where, sha256 in reading.beside.items():
            yield posixpath.normpath(posixpath.join(posixpath.dirname(reading.file), where)), sha256


def build_boards(
    readings: Iterable[Reading], workspace: Workspace, *, kept: Kept | None = None
) -> Boards:
    """Return the boards that *readings* make; the order of *readings* changes nothing.

    What takes long is taken from where it is *kept*.
    """
    ordered = tuple(sorted(readings, key=lambda reading: reading.file))
    placed: dict[_Place, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    rankable = [
        reading
        for read in _without_copies(ordered)
        for reading in read.results
        if reading.result is not None and reading.kind in RANKABLE_KINDS
    ]
    known = compared(rankable, models_of(rankable, workspace), workspace)
    times = Times(rankable)
    for reading in rankable:
        model = known[reading.identity]
        place, judged = _judge(reading, model, times, workspace)
        placed[place][model.named.name].append(judged)
    for place, models in placed.items():
        if place.suite is not None:
            compare(models, workspace.settings.suites[place.suite], workspace)
    lines = {
        place: [
            line for _, judged in sorted(named.items()) for line in choose(judged, workspace, times)
        ]
        for place, named in placed.items()
    }
    entries = _entries(lines, workspace)
    return Boards(
        boards=_boards(entries, workspace, kept),
        unplaced=tuple(
            entry for class_ in CLASSES for entry in rank(entries.get(_Place(None, class_), []))
        ),
        readings=_mark_copies(ordered),
        sha256=hashlib.sha256(
            "\n".join(sorted({one.identity for one in ordered if one.kind != "other"})).encode()
        ).hexdigest(),
        audits=workspace.audits,
        settings=workspace.settings,
        sources=workspace.sources,
    )


class _Place(NamedTuple):
    """Where a result is listed: a configured suite by its number, or nowhere; and a class."""

    suite: int | None
    class_: Class


def _judge(
    reading: Reading, model: Placed, times: Times, workspace: Workspace
) -> tuple[_Place, Judged]:
    assert reading.result is not None
    suites = workspace.settings.suites
    recognised = recognise(reading, suites)
    named = model.named
    findings = judge(reading, recognised, workspace) + _guesses(reading, named, workspace)
    findings += model.findings
    if (stamp := times.unusable(reading)) is not None:
        findings += told("time-unusable", reading, workspace, time=stamp)
    score = None
    if recognised is not None:
        metric = recognised.suite.ranked
        # What the rows give stands from here on, whatever the file says.
        result = corrected(reading.result, reading.facts, recognised.suite)
        reading = replace(reading, result=result)
        found = value(result, metric.id)
        score = None if found is None or not metric.holds(found) else metric.printed(found)
    judged = Judged(
        reading=reading,
        place=model,
        suite=recognised.suite if recognised else None,
        score=score,
        findings=(*reading.findings, *findings),
        rankable=score is not None and not blocks(findings, workspace),
    )
    number = suites.index(recognised.suite) if recognised else None
    return _Place(number, named.profile.class_), judged


def _without_copies(readings: Sequence[Reading]) -> Iterable[Reading]:
    seen: set[str] = set()
    for reading in readings:
        if reading.identity not in seen:
            seen.add(reading.identity)
            yield reading


def _guesses(reading: Reading, named: Named, workspace: Workspace) -> tuple[Finding, ...]:
    if not named.profile.guessed:
        return ()
    return told("name-guessed", reading, workspace, fields=", ".join(named.profile.guessed))


def _entries(lines: dict[_Place, list[Line]], workspace: Workspace) -> dict[_Place, list[Entry]]:
    """Return the entries of every place, one slug a label throughout the workspace."""
    suites = workspace.settings.suites
    labels = {
        (place, line.judged.result_id): _label(
            line, suites[place.suite].steps if place.suite is not None else None
        )
        for place, members in lines.items()
        for line in members
    }
    unique = sorted(set(labels.values()))
    slug = dict(zip(unique, slugs(unique), strict=True))
    return {
        place: [
            _entry(line, labels[place, line.judged.result_id], slug, place.class_)
            for line in members
        ]
        for place, members in lines.items()
    }


def _label(line: Line, expected: int | None) -> str:
    """Return the model's name, and for one of several that do not stand what it was run with."""
    name, reading = line.judged.named.name, line.judged.reading
    if line.alone:
        return name
    assert reading.result is not None
    scored, protocol = reading.result.counts.scored, reading.result.protocol
    told = (
        [f"{scored}/{expected}"] if expected is not None and scored not in (None, expected) else []
    )
    told += [
        f"{key}={value}"
        for key in ("temperature", "max_tokens", "thinking")
        if (value := getattr(protocol, key)) is not None
    ]
    return f"{name} ({', '.join([*told, line.judged.result_id[:8]])})"


def _entry(line: Line, label: str, slug: dict[str, str], class_: Class) -> Entry:
    judged = line.judged
    result = judged.reading.result
    assert result is not None
    return Entry(
        model=judged.named.name,
        name=judged.place.plain,
        slug=slug[label],
        label=label,
        result_id=judged.result_id,
        score=judged.score,
        metrics=result.metrics,
        template_status=result.prompts.template_status or "unknown",
        class_=class_,
        evidence=judged.reading.evidence,
        rankable=judged.rankable,
        findings=judged.findings,
        file=judged.reading.file,
        sha256=judged.reading.sha256,
        part=judged.reading.part,
        beside=tuple(judged.reading.beside),
        profile=judged.named.profile,
        result=result,
        facts=judged.reading.facts,
        attempts=tuple(attempt(other) for other in line.others),
    )


def _boards(
    entries: dict[_Place, list[Entry]], workspace: Workspace, kept: Kept | None
) -> tuple[Board, ...]:
    policy: dict[str, str] = {code: workspace.verdict(code) for code in sorted(JUDGING)}
    boards = []
    for number, suite in enumerate(workspace.settings.suites):
        places = [place for class_ in CLASSES if (place := _Place(number, class_)) in entries]
        worth = worth_of(suite, [entry for place in places for entry in entries[place]])
        for place in places:
            ranked = rank(entries[place], suite.metrics)
            board = Board(
                suite=suite, class_=place.class_, entries=ranked, policy=policy, worth=worth
            )
            boards.append(resolve(board, kept))
    return tuple(boards)


def _mark_copies(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Return *readings* with a finding on every file that repeats an earlier one's bytes."""
    first: dict[str, str] = {}
    marked = []
    for reading in readings:
        original = first.setdefault(reading.identity, reading.file)
        if original != reading.file and reading.sha256:
            copy = finding_on_file(
                "duplicate-file", file=reading.file, sha256=reading.sha256, original=original
            )
            reading = replace(reading, findings=(*reading.findings, copy))
        marked.append(reading)
    return tuple(marked)
